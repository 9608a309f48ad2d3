"""The list of pupils, and what the admission register says of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import School
from registers.models import (
    ClassGroup,
    ClassMembership,
    Enrolment,
    Joining,
    Pupil,
    PupilAddress,
    PupilFlag,
)
from registers.rules.calendar import academic_year_of
from registers.rules.flags import flag_label

YEAR_GROUPS = ("N", "R", *(str(year) for year in range(1, 14)))
SEN = {"N": "None", "K": "SEN support", "E": "Education, health and care plan"}
SEX = {"": "", "F": "Female", "M": "Male"}


@dataclass(frozen=True)
class Wanted:
    """Which pupils a list shows; empty words, class, year or flag ask for nothing."""

    on: date
    words: str = ""
    class_id: int | None = None
    year_group: str = ""
    flag: str = ""  # the name of a flag, or "sen", "ehcp" or "fsm"
    roll: str = "on"  # "on" roll that day, "left" before it, "coming" after it, "all"


@dataclass(frozen=True)
class PupilLine:
    """One pupil in a list."""

    pupil: Pupil
    class_name: str
    year_group: str
    starts_on: date | None
    leaving_on: date | None
    known: tuple[str, ...]  # flags of the day, need and plan, in words


def _on(day: date, starts: str = "starts_on", ends: str = "ends_on") -> Q:
    return Q(**{f"{starts}__lte": day}) & (Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gte": day}))


def pupils_wanted(school: School, wanted: Wanted) -> QuerySet[Pupil]:
    """Return the pupils that a list asks for, as registers sort them."""
    mine = Enrolment.objects.filter(pupil=OuterRef("pk"))
    on_roll = mine.filter(_on(wanted.on, ends="leaving_on"))
    pupils: QuerySet[Pupil] = Pupil.objects.filter(school=school)
    if wanted.roll == "on":
        pupils = pupils.filter(Exists(on_roll))
    elif wanted.roll == "left":
        pupils = pupils.filter(
            Exists(mine.filter(leaving_on__lt=wanted.on)),
            ~Exists(on_roll),
            ~Exists(mine.filter(starts_on__gt=wanted.on)),
        )
    elif wanted.roll == "coming":
        pupils = pupils.filter(Exists(mine.filter(starts_on__gt=wanted.on)), ~Exists(on_roll))
    if wanted.class_id is not None or wanted.year_group:
        memberships = ClassMembership.objects.filter(pupil=OuterRef("pk"))
        if wanted.roll == "on":
            memberships = memberships.filter(_on(wanted.on))
        if wanted.class_id is not None:
            memberships = memberships.filter(class_group=wanted.class_id)
        if wanted.year_group:
            memberships = memberships.filter(year_group=wanted.year_group)
        pupils = pupils.filter(Exists(memberships))
    pupils = _with_flag(pupils, wanted)
    for word in wanted.words.split():
        pupils = pupils.filter(
            Q(surname__icontains=word)
            | Q(forename__icontains=word)
            | Q(middle_names__icontains=word)
            | Q(known_as__icontains=word)
            | Q(upn__istartswith=word)
        )
    return pupils.order_by("surname", "forename", "pk")


def _with_flag(pupils: QuerySet[Pupil], wanted: Wanted) -> QuerySet[Pupil]:
    if wanted.flag == "sen":
        return pupils.filter(sen__in=["K", "E"])
    if wanted.flag in ("ehcp", "fsm"):
        return pupils.filter(**{wanted.flag: True})
    if wanted.flag:
        flags = PupilFlag.objects.filter(_on(wanted.on), pupil=OuterRef("pk"), name=wanted.flag)
        return pupils.filter(Exists(flags))
    return pupils


def pupil_lines(pupils: Sequence[Pupil], *, on: date) -> list[PupilLine]:
    """
    Return lines of a list: class and year of that day, or the last ones. Three statements, however many.
    """
    ids = [pupil.pk for pupil in pupils]
    classes: dict[int, ClassMembership] = {}
    memberships = ClassMembership.objects.filter(pupil__in=ids).select_related("class_group")
    for membership in memberships.order_by("starts_on"):
        held = classes.get(membership.pupil_id)
        if held is None or membership.starts_on <= on:
            classes[membership.pupil_id] = membership
    times: dict[int, Enrolment] = {}
    for enrolment in Enrolment.objects.filter(pupil__in=ids).order_by("starts_on"):
        if enrolment.pupil_id not in times or enrolment.starts_on <= on:
            times[enrolment.pupil_id] = enrolment
    flags: dict[int, list[str]] = {}
    for pupil_id, name in (
        PupilFlag.objects.filter(_on(on), pupil__in=ids)
        .order_by("name")
        .values_list("pupil_id", "name")
        .distinct()
    ):
        flags.setdefault(pupil_id, []).append(flag_label(name))
    lines = []
    for pupil in pupils:
        member, time = classes.get(pupil.pk), times.get(pupil.pk)
        lines.append(
            PupilLine(
                pupil=pupil,
                class_name=member.class_group.name if member else "",
                year_group=member.year_group if member else "",
                starts_on=time.starts_on if time else None,
                leaving_on=time.leaving_on if time else None,
                known=(*needs_of(pupil), *flags.get(pupil.pk, [])),
            )
        )
    return lines


def needs_of(pupil: Pupil) -> tuple[str, ...]:
    """Return a pupil's need and plan in words; nothing where there is none."""
    if pupil.ehcp or pupil.sen == "E":
        return ("Education, health and care plan",)
    return ("SEN support",) if pupil.sen == "K" else ()


def classes_of_year(school: School, *, on: date) -> list[ClassGroup]:
    """Return the classes of the day's academic year, by name. One statement."""
    return list(
        ClassGroup.objects.filter(school=school, academic_year=academic_year_of(on)).order_by("name", "pk")
    )


def flags_in_use(school: School) -> list[str]:
    """Return the names of flags that any pupil of the school ever had. One statement."""
    return sorted(PupilFlag.objects.filter(school=school).values_list("name", flat=True).distinct())


@dataclass(frozen=True)
class PupilStanding:
    """Where a pupil stands on a day: class, year, time on roll."""

    pupil: Pupil
    membership: ClassMembership | None
    enrolments: tuple[Enrolment, ...]  # oldest first
    on: date

    @property
    def enrolment(self) -> Enrolment | None:
        """Return the time on roll of the day, else the last one before it, else the first to come."""
        begun = [each for each in self.enrolments if each.starts_on <= self.on]
        return begun[-1] if begun else next(iter(self.enrolments), None)

    @property
    def caption(self) -> str:
        """Return class and year in words."""
        if self.membership is None:
            return "In no class"
        return f"{self.membership.class_group.name}, {year_words(self.membership.year_group)}"

    @property
    def is_on_roll(self) -> bool:
        """Say whether the pupil is on roll that day."""
        return any(each.starts_on <= self.on <= (each.leaving_on or date.max) for each in self.enrolments)


def year_words(year_group: str) -> str:
    """Return a year group in words."""
    return {"N": "Nursery", "R": "Reception"}.get(year_group, f"Year {year_group}")


def standing_of(pupil: Pupil, *, on: date) -> PupilStanding:
    """Return where a pupil stands that day. Two statements."""
    membership = (
        ClassMembership.objects.filter(_on(on), pupil=pupil)
        .select_related("class_group")
        .order_by("starts_on")
        .last()
    )
    enrolments = tuple(Enrolment.objects.filter(pupil=pupil).order_by("starts_on"))
    return PupilStanding(pupil, membership, enrolments, on)


@dataclass(frozen=True)
class Address:
    """One address at which a pupil lives, lived or will live."""

    id: int
    lines: tuple[str, ...]
    with_name: str
    is_confidential: bool  # of the person with whom the pupil lives there
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class Addresses:
    """Where a pupil lives on a day, lived before and will live."""

    now: tuple[Address, ...]
    ahead: tuple[Address, ...]
    past: tuple[Address, ...]  # newest first


def addresses_of(pupil: Pupil, *, on: date) -> Addresses:
    """Return a pupil's addresses as the register holds them. One statement."""
    now, ahead, past = [], [], []
    rows = PupilAddress.objects.filter(pupil=pupil).select_related("with_contact")
    for row in rows.order_by("starts_on", "pk"):
        shown = Address(
            id=row.pk,
            lines=tuple(line for line in row.lines.splitlines() if line.strip()),
            with_name=row.with_contact.name if row.with_contact else "",
            is_confidential=bool(row.with_contact and row.with_contact.address_confidential),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
        )
        if row.starts_on > on:
            ahead.append(shown)
        elif row.ends_on is not None and row.ends_on < on:
            past.append(shown)
        else:
            now.append(shown)
    return Addresses(tuple(now), tuple(ahead), tuple(reversed(past)))


@dataclass(frozen=True)
class FlagShown:
    """One flag of a pupil in words."""

    id: int
    label: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True)
class FlagsShown:
    """What is known of a pupil on a day, and what was or will be."""

    now: tuple[FlagShown, ...]
    other: tuple[FlagShown, ...]  # newest first


def flags_of(pupil: Pupil, *, on: date) -> FlagsShown:
    """Return a pupil's flags. One statement."""
    now: list[FlagShown] = []
    other: list[FlagShown] = []
    for flag in PupilFlag.objects.filter(pupil=pupil).order_by("-starts_on", "name", "pk"):
        shown = FlagShown(flag.pk, flag_label(flag.name), flag.starts_on, flag.ends_on)
        stands = flag.starts_on <= on <= (flag.ends_on or date.max)
        (now if stands else other).append(shown)
    return FlagsShown(tuple(now), tuple(other))


def last_school_of(pupil: Pupil) -> tuple[str, str]:
    """Return name and address of the last school attended: as corrected, else as the joining said."""
    if pupil.last_school_name:
        return pupil.last_school_name, pupil.last_school_address
    joining = (
        Joining.objects.filter(enrolment__pupil=pupil)
        .exclude(previous_school_name="")
        .order_by("enrolment__starts_on")
        .last()
    )
    return (joining.previous_school_name, joining.previous_school_address) if joining else ("", "")
