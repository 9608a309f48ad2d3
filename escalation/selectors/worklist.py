"""The champion's worklist: every open step of a school in groups and rows, fully loaded."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import School
from escalation.models import OPEN_STATES, Step, StepState, SweepRun
from escalation.rules.schema import Policy
from escalation.selectors import wording
from registers.models import ClassMembership, Mark, Pupil, Session
from registers.rules.calendar import academic_year_of
from registers.rules.codes import StatisticalClass
from registers.words import day

STRIP_WEEKS = 10
# Ten school weeks fit into twenty weeks of the calendar with any holidays but a closure of months.
STRIP_REACH = timedelta(weeks=20)
PAGE_LENGTH = 50
YEAR_GROUPS = ("N", "R", *(str(number) for number in range(1, 14)))
HELD = "held"
# Choices of the filter by age, in school days.
AGES = (5, 10, 20)


@dataclass(frozen=True)
class Filters:
    """What the desk is narrowed to; an empty value narrows nothing. `rung` may be "held"."""

    rung: str = ""
    year: str = ""
    class_id: int | None = None
    age: int | None = None  # at least so many school days waiting
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but the group narrows the list."""
        return bool(self.year or self.class_id or self.age)


@dataclass(frozen=True)
class Week:
    """One school week of a pupil: how many of its sessions were missed (or late, for lateness)."""

    label: str
    count: int
    of: int

    @property
    def level(self) -> str:
        """Return how much that is, as the strip draws it."""
        if not self.count:
            return ""
        if self.count == self.of:
            return "all"
        return "much" if self.count * 2 >= self.of else "some"


@dataclass(frozen=True)
class Group:
    """The open steps of one rung: what it is called, how many, and how long the oldest has waited."""

    key: str
    name: str
    count: int
    oldest: int  # school days


@dataclass(frozen=True)
class Row:
    """One open step as the desk lists it."""

    step: Step
    pupil: Pupil
    class_name: str
    class_id: int | None
    year_group: str
    rung: str
    letters: tuple[str, ...]
    waiting: int  # school days
    weeks: tuple[Week, ...] = ()
    counts_lateness: bool = False

    @property
    def is_held(self) -> bool:
        """Say whether the step is held and cannot be approved before it is released."""
        return self.step.state == StepState.HELD

    @property
    def held_because(self) -> str:
        """Return why the step is held."""
        return wording.held_because(self.step)

    @property
    def why(self) -> str:
        """Return the condition with its figures."""
        return wording.why_of(self.step)

    @property
    def place(self) -> str:
        """Return year and class in words."""
        year = year_words(self.year_group)
        return ", ".join(part for part in (self.class_name, year) if part)

    @property
    def strip_caption(self) -> str:
        """Return what the numbers of the strip count."""
        counted = "Times late" if self.counts_lateness else "Sessions missed"
        return f"{counted} in each of the last {len(self.weeks)} school weeks, oldest first"


@dataclass(frozen=True)
class Choice:
    """One option of a filter."""

    value: str
    label: str


@dataclass(frozen=True)
class Worklist:
    """The desk of one school at one moment."""

    groups: tuple[Group, ...]
    rows: tuple[Row, ...]  # of this page
    row_ids: tuple[int, ...]  # of all pages, in order
    open_count: int  # of all groups, unfiltered
    held_count: int
    oldest: int
    years: tuple[Choice, ...]
    classes: tuple[Choice, ...]
    last_run: SweepRun | None
    filters: Filters

    @property
    def count(self) -> int:
        """Return how many steps the list holds, on all its pages."""
        return len(self.row_ids)

    @property
    def pages(self) -> int:
        """Return how many pages the list has, one at least."""
        return max(1, -(-self.count // PAGE_LENGTH))

    @property
    def first(self) -> int:
        """Return the place of the first row of this page, from 1; 0 for an empty list."""
        return (self.filters.page - 1) * PAGE_LENGTH + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """Return the place of the last row of this page."""
        return self.first + len(self.rows) - 1 if self.rows else 0

    def after(self, step_id: int) -> int | None:
        """Return the step below this one in the list, or above it when it is the last."""
        if step_id not in self.row_ids:
            return self.row_ids[0] if self.row_ids else None
        place = self.row_ids.index(step_id)
        others = (*self.row_ids[place + 1 :], *reversed(self.row_ids[:place]))
        return others[0] if others else None


def worklist(school: School, policy: Policy | None, *, on: date, filters: Filters | None = None) -> Worklist:
    """
    Return the school's open steps as on that day: groups by rung, and the rows of one page fully loaded.

    Five statements, however many steps: steps with pupils, classes, school days, weeks of the pupils on the
    page, the latest sweep.
    """
    filters = filters or Filters()
    steps = list(
        Step.objects.filter(school=school, state__in=OPEN_STATES)
        .select_related("pupil")
        .defer("session_ids", "figures", "edits")
        .order_by("proposed_at", "pupil__surname", "pupil__forename", "pk")
    )
    places = _places(step.pupil_id for step in steps)
    oldest = min((timezone.localdate(step.proposed_at) for step in steps), default=on)
    calendar = _calendar(school, since=min(oldest, on - STRIP_REACH), on=on)
    all_rows = [_row(step, policy, places, calendar, on=on) for step in steps]
    all_rows.sort(key=lambda row: wording.rank(policy, row.step.ladder, row.step.rung_id))
    narrowed = [row for row in all_rows if _is_in(row, filters)]
    listed = [row for row in narrowed if _is_of_group(row, filters.rung)]
    pages = max(1, -(-len(listed) // PAGE_LENGTH))
    filters = replace(filters, page=min(max(filters.page, 1), pages))
    start = (filters.page - 1) * PAGE_LENGTH
    return Worklist(
        groups=_groups(narrowed),
        rows=_with_weeks(listed[start : start + PAGE_LENGTH], policy, calendar, on=on),
        row_ids=tuple(row.step.pk for row in listed),
        open_count=len(narrowed),
        held_count=sum(row.is_held for row in narrowed),
        oldest=max((row.waiting for row in narrowed), default=0),
        years=_years(all_rows),
        classes=_classes(all_rows),
        last_run=SweepRun.objects.filter(school=school).order_by("-on").first(),
        filters=filters,
    )


def year_words(year_group: str) -> str:
    """Return a year group as people say it."""
    if not year_group:
        return ""
    return {"N": "Nursery", "R": "Reception"}.get(year_group, f"Year {year_group}")


@dataclass(frozen=True)
class _Calendar:
    """The school days of the last months with their school weeks, oldest first."""

    days: tuple[date, ...]
    weeks: Mapping[int, date]  # school week -> its first school day

    def waiting(self, since: date) -> int:
        """Return how many school days lie after a day."""
        return sum(on > since for on in self.days)


def _calendar(school: School, *, since: date, on: date) -> _Calendar:
    rows = (
        Session.objects.filter(school=school, status="held", on__gte=since, on__lte=on)
        .order_by("on")
        .values_list("on", "school_week")
        .distinct()
    )
    weeks: dict[int, date] = {}
    days = []
    for school_day, week in rows:
        days.append(school_day)
        weeks.setdefault(week or 0, school_day)
    return _Calendar(tuple(days), weeks)


def _places(pupil_ids: Iterable[int]) -> dict[int, ClassMembership]:
    """Return each pupil's latest class."""
    found: dict[int, ClassMembership] = {}
    for membership in (
        ClassMembership.objects.filter(pupil__in=set(pupil_ids))
        .select_related("class_group")
        .order_by("starts_on")
    ):
        found[membership.pupil_id] = membership
    return found


def _row(
    step: Step, policy: Policy | None, places: Mapping[int, ClassMembership], calendar: _Calendar, *, on: date
) -> Row:
    membership = places.get(step.pupil_id)
    return Row(
        step=step,
        pupil=step.pupil,
        class_name=membership.class_group.name if membership else "",
        class_id=membership.class_group_id if membership else None,
        year_group=membership.year_group if membership else "",
        rung=wording.rung_name(policy, step.ladder, step.rung_id, step.letters),
        letters=tuple(wording.letter_title(key) for key in step.letters),
        waiting=calendar.waiting(timezone.localdate(step.proposed_at)),
    )


def _is_in(row: Row, filters: Filters) -> bool:
    return (
        (not filters.year or row.year_group == filters.year)
        and (filters.class_id is None or row.class_id == filters.class_id)
        and (filters.age is None or row.waiting >= filters.age)
    )


def _is_of_group(row: Row, rung: str) -> bool:
    return not rung or (row.is_held if rung == HELD else row.step.rung_id == rung)


def _groups(rows: Sequence[Row]) -> tuple[Group, ...]:
    """Return a group for each rung, in the order of the rows."""
    found: dict[str, Group] = {}
    for row in rows:
        group = found.get(row.step.rung_id) or Group(row.step.rung_id, row.rung, 0, 0)
        found[row.step.rung_id] = replace(group, count=group.count + 1, oldest=max(group.oldest, row.waiting))
    return tuple(found.values())


def _years(rows: Iterable[Row]) -> tuple[Choice, ...]:
    present = {row.year_group for row in rows}
    return tuple(Choice(year, year_words(year)) for year in YEAR_GROUPS if year in present)


def _classes(rows: Iterable[Row]) -> tuple[Choice, ...]:
    present = {row.class_id: row.class_name for row in rows if row.class_id is not None}
    return tuple(Choice(str(key), name) for key, name in sorted(present.items(), key=lambda item: item[1]))


def _with_weeks(
    rows: Sequence[Row], policy: Policy | None, calendar: _Calendar, *, on: date
) -> tuple[Row, ...]:
    """Return the rows with the last ten school weeks of their pupils. One statement."""
    weeks = sorted(calendar.weeks)[-STRIP_WEEKS:]
    counted = _weeks_of({row.pupil.pk for row in rows}, weeks, on=on)
    late_rungs = {rung.id for rung in policy.lateness.rungs} if policy is not None else set()
    found = []
    for row in rows:
        is_late = row.step.rung_id in late_rungs
        strip = []
        for week in weeks:
            possible, missed, late = counted.get((row.pupil.pk, week), (0, 0, 0))
            label = f"week of {day(calendar.weeks[week], on)}"
            strip.append(Week(label, late if is_late else missed, possible))
        found.append(replace(row, weeks=tuple(strip), counts_lateness=is_late))
    return tuple(found)


def _weeks_of(
    pupil_ids: Collection[int], weeks: Collection[int], *, on: date
) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Return sessions possible, missed and late by pupil and school week."""
    if not pupil_ids or not weeks:
        return {}
    year = academic_year_of(on)
    absent = Q(code__statistical_class__in=[StatisticalClass.AUTHORISED, StatisticalClass.UNAUTHORISED])
    rows = (
        Mark.objects.filter(
            academic_year__in=(year - 1, year),
            pupil__in=pupil_ids,
            session__school_week__range=(min(weeks), max(weeks)),
            session__on__lte=on,
        )
        .order_by()
        .values_list("pupil_id", "session__school_week")
        .annotate(
            possible=Count("session_id", filter=~Q(code__statistical_class=StatisticalClass.NOT_POSSIBLE)),
            missed=Count("session_id", filter=absent),
            late=Count("session_id", filter=Q(code__is_late=True)),
        )
    )
    return {(pupil_id, week): (possible, missed, late) for pupil_id, week, possible, missed, late in rows}
