"""A school's rates of the year so far, counted as the Department for Education counts them."""

from dataclasses import dataclass
from datetime import date, timedelta

from accounts.models import School
from registers.models import ClassMembership, Enrolment, Pupil
from registers.rules.calendar import academic_year_name, academic_year_of
from registers.rules.figures import Figures
from registers.selectors.figures import figures_for
from reports.rules import age_band
from reports.rules.groups import Group, group_of, year_name, year_order


@dataclass(frozen=True)
class SchoolRates:
    """
    The year so far: the whole school, its year groups (which add up to it), and pupils outside the rates.
    """

    academic_year: int
    last_day: date
    whole: Group
    years: tuple[Group, ...]
    outside: tuple[Group, ...]

    @property
    def year_name(self) -> str:
        """Return the academic year as schools write it."""
        return academic_year_name(self.academic_year)


def school_rates(school: School, *, on: date) -> SchoolRates:
    """
    Return the rates of the academic year up to and including a day.

    Every pupil who was on roll on any day of the year so far is in them, those who left too. Four statements;
    from the spring bank holiday on three more, for pupils whose year ends there and those who joined after
    it.
    """
    year = academic_year_of(on)
    first_day = date(year, 8, 1)
    figures = figures_for(school, first_day=first_day, last_day=on)
    born = dict(Pupil.objects.filter(school=school).values_list("pk", "date_of_birth"))
    year_groups = _year_groups(school, academic_year=year, on=on)
    late_half = age_band.last_summer_half_starts(year)
    if on >= late_half:
        figures = _without_last_half(
            school, figures, born, year=year, first_day=first_day, late_half=late_half
        )
    in_rate: dict[str, list[Figures]] = {}
    outside: dict[str, list[Figures]] = {}
    for pupil_id, of_pupil in figures.items():
        counts = age_band.is_in_rate(born[pupil_id], academic_year=year)
        groups = in_rate if counts else outside
        groups.setdefault(year_groups.get(pupil_id, ""), []).append(of_pupil)
    return SchoolRates(
        academic_year=year,
        last_day=on,
        whole=group_of("Aged 5 to 15", [f for members in in_rate.values() for f in members]),
        years=_groups(in_rate),
        outside=_groups(outside),
    )


def _groups(members: dict[str, list[Figures]]) -> tuple[Group, ...]:
    groups = [group_of(year_name(year), members[year]) for year in sorted(members, key=year_order)]
    return tuple(group for group in groups if group.pupils)


def _year_groups(school: School, *, academic_year: int, on: date) -> dict[int, str]:
    """Return the latest year group of each pupil in the academic year, by pupil id."""
    return dict(
        ClassMembership.objects.filter(
            school=school, class_group__academic_year=academic_year, starts_on__lte=on
        )
        .order_by("starts_on", "pk")
        .values_list("pupil_id", "year_group")
    )


def _without_last_half(
    school: School,
    figures: dict[int, Figures],
    born: dict[int, date],
    *,
    year: int,
    first_day: date,
    late_half: date,
) -> dict[int, Figures]:
    """Return the figures without what the statistics leave out of the second half of the summer term."""
    oldest = {
        pupil_id
        for pupil_id in figures
        if age_band.leaves_rate_before_summer_ends(born[pupil_id], academic_year=year)
    }
    shortened = (
        figures_for(school, first_day=first_day, last_day=late_half - timedelta(days=1), pupil_ids=oldest)
        if oldest
        else {}
    )
    joined_before = set(
        Enrolment.objects.filter(school=school, starts_on__lt=late_half).values_list("pupil_id", flat=True)
    )
    return {
        pupil_id: shortened.get(pupil_id, of_pupil) if pupil_id in oldest else of_pupil
        for pupil_id, of_pupil in figures.items()
        if pupil_id in joined_before
    }
