"""The sheets on which classes are marked when the network is down, and the registers entered from them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from accounts.models import School
from registers.models import ClassGroup, PaperRegister, Session
from registers.rules.arrivals import Kind
from registers.selectors.arrivals import DeskPupil, desk_pupils


@dataclass(frozen=True)
class SheetRow:
    """One pupil's line: the code known ahead in each half, "" for an empty box."""

    name: str
    known: tuple[tuple[str, str], ...]  # half and code


@dataclass(frozen=True)
class Sheet:
    """The sheet of one class for one day."""

    class_group: ClassGroup
    rows: tuple[SheetRow, ...]


def sheets(
    school: School, *, on: date, class_groups: Collection[ClassGroup], halves: Collection[str]
) -> list[Sheet]:
    """Return a sheet for each class, with known absences filled in. One statement, however many classes."""
    members: dict[int, list[DeskPupil]] = {group.pk: [] for group in class_groups}
    for pupil in desk_pupils(school, on=on):
        if pupil.class_id in members:
            members[pupil.class_id].append(pupil)
    return [
        Sheet(
            group,
            tuple(
                SheetRow(
                    pupil.name,
                    tuple((half, _known(pupil, half)) for half in halves),
                )
                for pupil in members[group.pk]
            ),
        )
        for group in class_groups
    ]


def _known(pupil: DeskPupil, half: str) -> str:
    """Return the absence or activity known of a pupil; who is in is for the teacher to see."""
    mark = pupil.halves.get(half)
    return mark.known if mark is not None and mark.kind in (Kind.EXPLAINED, Kind.FIXED) else ""


def paper_registers(class_group: ClassGroup, session: Session) -> list[PaperRegister]:
    """Return what was entered from paper for a class and session, latest first. One statement."""
    return list(
        PaperRegister.objects.filter(class_group=class_group, session=session)
        .select_related("entered_by")
        .order_by("-entered_at", "-pk")
    )


def paper_of_day(school: School, *, on: date) -> list[PaperRegister]:
    """Return every register of a day entered from paper, latest first. One statement."""
    return list(
        PaperRegister.objects.filter(school=school, session__on=on)
        .select_related("entered_by", "class_group", "session")
        .order_by("-entered_at", "-pk")
    )
