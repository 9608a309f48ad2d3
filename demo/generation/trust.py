"""The whole demo trust, from a seed, a size and a day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from demo.generation import calendars, families, marks, rolls, schools, staff
from demo.generation.calendars import SchoolYear
from demo.generation.marks import YearOfMarks
from demo.generation.people import Contact, ParentAccount, Pupil, StaffMember
from demo.generation.schools import ClassPlan, SchoolPlan
from demo.generation.sheets import DayRow, Sheet
from registers.rules.calendar import academic_year_of


@dataclass(frozen=True)
class Trust:
    """Five schools with their people and two years of marks, the current one to its end."""

    seed: int
    current: int  # the current academic year: 2026 is 2026/27
    pupils: list[Pupil]
    families: list[families.Family]
    contacts: list[Contact]
    classes: list[ClassPlan]
    staff: list[StaffMember]
    parents: list[ParentAccount]
    rows: dict[int, dict[str, DayRow]]  # by academic year and school key
    calendars: dict[int, dict[str, SchoolYear]]

    @property
    def schools(self) -> tuple[SchoolPlan, ...]:
        """Return the plans of the five schools."""
        return schools.SCHOOLS

    def year_of_marks(self, academic_year: int) -> YearOfMarks:
        """Draw the marks of one of the two years; a year is drawn once."""
        if academic_year not in self._drawn:
            self._drawn[academic_year] = marks.draw_year(
                self.pupils, self.families, self.rows[academic_year], seed=self.seed
            )
        return self._drawn[academic_year]

    @cached_property
    def _drawn(self) -> dict[int, YearOfMarks]:
        return {}

    def sheets(self, academic_year: int, school_key: str) -> Iterator[Sheet]:
        """Yield the sheets of one school in one year."""
        for sheet in self.year_of_marks(academic_year).sheets:
            if sheet.pupil.school_key == school_key:
                yield sheet


def generate(*, pupils: int, seed: int, today: date) -> Trust:
    """
    Return the demo trust: `pupils` on roll on every school day of the academic year of `today`.

    :raises ValueError: fewer pupils than the smallest trust
    """
    current = academic_year_of(calendars.latest_school_day(today))
    sizes = schools.cohort_sizes(pupils)
    people = families.People()
    classes: list[ClassPlan] = []
    for school in schools.SCHOOLS:
        drafts = rolls.draft_roll(school, sizes[school.key], current=current, seed=seed)
        families.add_school_people(people, drafts, seed=seed)
        classes += _classes(school, sizes[school.key], current)
    of_years = {
        starts: {
            school.key: schools.calendar_of(school, starts, current=current) for school in schools.SCHOOLS
        }
        for starts in (current - 1, current)
    }
    rows = {
        starts: {school.key: DayRow(school, years[school.key]) for school in schools.SCHOOLS}
        for starts, years in of_years.items()
    }
    return Trust(
        seed=seed,
        current=current,
        pupils=people.pupils,
        families=people.families,
        contacts=people.contacts,
        classes=classes,
        staff=staff.staff_of_trust(classes, seed=seed),
        parents=staff.parent_accounts(people.families, people.pupils, people.contacts, current=current),
        rows=rows,
        calendars=of_years,
    )


def _classes(school: SchoolPlan, sizes: dict[str, int], current: int) -> Iterator[ClassPlan]:
    layout = schools.class_layout(school, sizes)
    groups_of: dict[str, list[str]] = {}
    for year_group, class_names in layout.items():
        for name in class_names:
            groups_of.setdefault(name, []).append(year_group)
    for academic_year in (current - 1, current):
        for name, year_groups in groups_of.items():
            yield ClassPlan(school.key, academic_year, name, tuple(year_groups))
