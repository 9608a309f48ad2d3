"""The five schools of the demo trust: size, years, class names and times of the day."""

from dataclasses import dataclass
from datetime import time
from itertools import pairwise

from demo.generation import calendars

LARGEST_CLASS = 30  # the legal limit of an infant class, kept here for every class
SMALLEST_TRUST = 60  # below this some year groups would be empty


@dataclass(frozen=True, slots=True)
class SchoolPlan:
    """One school of the demo: the facts its policy leaves to the school, and its shape."""

    key: str  # the key of the policy that ships for it
    trust: str
    establishment: int  # four digits, invented: the second part of its pupils' UPNs
    year_groups: tuple[str, ...]
    per_thousand: int  # of the trust's pupils
    am_late_after: time
    am_closes: time
    pm_opens: time
    pm_closes: time
    day_ends: time | None  # only where the policy does not state it
    class_words: tuple[str, ...]
    boiler_fails: bool = False  # one unplanned closure in the current year


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """One class of one academic year."""

    school_key: str
    academic_year: int
    name: str
    year_groups: tuple[str, ...]


NURSERY = "N"
RECEPTION_TO_SIX = ("R", "1", "2", "3", "4", "5", "6")

SCHOOLS = (
    SchoolPlan(
        key="werrington",
        trust="Soke Education Trust",
        establishment=2000,
        year_groups=RECEPTION_TO_SIX,
        per_thousand=275,
        am_late_after=time(8, 50),
        am_closes=time(9, 20),
        pm_opens=time(13, 0),
        pm_closes=time(13, 30),
        day_ends=None,
        class_words=("Oak", "Willow", "Elm", "Rowan"),
    ),
    SchoolPlan(
        key="strathmore",
        trust="",
        establishment=3000,
        year_groups=(NURSERY, "R", "1", "2"),
        per_thousand=182,
        am_late_after=time(9, 0),
        am_closes=time(9, 15),
        pm_opens=time(13, 0),
        pm_closes=time(13, 30),
        day_ends=None,
        class_words=("Robins", "Wrens", "Swifts", "Finches"),
    ),
    SchoolPlan(
        key="lunts_heath",
        trust="",
        establishment=4000,
        year_groups=RECEPTION_TO_SIX,
        per_thousand=277,
        am_late_after=time(8, 45),
        am_closes=time(8, 55),
        pm_opens=time(13, 0),
        pm_closes=time(13, 30),
        day_ends=None,
        class_words=("A", "B", "C", "D"),
    ),
    SchoolPlan(
        key="welbourn",
        trust="",
        establishment=5000,
        year_groups=RECEPTION_TO_SIX,
        per_thousand=69,
        am_late_after=time(9, 0),
        am_closes=time(9, 15),
        pm_opens=time(13, 0),
        pm_closes=time(13, 30),
        day_ends=time(15, 30),
        class_words=("Acorn", "Beech", "Cedar", "Damson"),
        boiler_fails=True,
    ),
    SchoolPlan(
        key="leedon",
        trust="",
        establishment=6000,
        year_groups=("R", "1", "2", "3", "4"),
        per_thousand=197,
        am_late_after=time(8, 45),
        am_closes=time(9, 0),
        pm_opens=time(12, 50),
        pm_closes=time(13, 15),
        day_ends=None,
        class_words=("Amber", "Jade", "Opal", "Pearl"),
    ),
)

NURSERY_SHARE = 0.19  # of an infant and nursery school: one 26-place nursery, mornings and afternoons


def calendar_of(school: SchoolPlan, starts: int, *, current: int) -> calendars.SchoolYear:
    """Return the school's calendar; in the current year one school lost a day when its boiler failed."""
    year = calendars.school_year(starts)
    if not (school.boiler_fails and starts == current):
        return year
    day = year.school_days()[20]
    return year.without(calendars.Period("emergency_closure", "Boiler failure", day, day))


def cohort_sizes(pupils: int) -> dict[str, dict[str, int]]:
    """
    Return pupils on roll by school key and year group; they sum to the number asked for.

    :raises ValueError: fewer pupils than `SMALLEST_TRUST`
    """
    if pupils < SMALLEST_TRUST:
        raise ValueError(f"The demo trust needs at least {SMALLEST_TRUST} pupils, not {pupils}.")
    shares = [school.per_thousand for school in SCHOOLS]
    return {
        school.key: _by_year_group(school, size)
        for school, size in zip(SCHOOLS, share_out(pupils, shares), strict=True)
    }


def _by_year_group(school: SchoolPlan, size: int) -> dict[str, int]:
    weights = [1.0] * len(school.year_groups)
    if NURSERY in school.year_groups:
        others = len(weights) - 1
        weights = [NURSERY_SHARE, *[(1 - NURSERY_SHARE) / others] * others]
    return dict(zip(school.year_groups, share_out(size, weights), strict=True))


def share_out(total: int, weights: list[int] | list[float]) -> list[int]:
    """Return whole numbers in proportion to the weights that sum to the total (running remainder)."""
    whole = sum(weights)
    bounds = [0]
    running = 0.0
    for weight in weights[:-1]:
        running += weight
        bounds.append(round(total * running / whole))
    bounds.append(total)
    return [after - before for before, after in pairwise(bounds)]


def class_layout(school: SchoolPlan, sizes: dict[str, int]) -> dict[str, tuple[str, ...]]:
    """
    Return the class names of each year group, for cohorts of these sizes.

    Cohorts of up to 15 share a class with the next ones; cohorts over 30 are split. The nursery has a
    morning and an afternoon class. A cohort keeps its place in the list from year to year, so that a
    class moves up together.
    """
    layout: dict[str, tuple[str, ...]] = {}
    whole_years = [group for group in school.year_groups if group != NURSERY]
    largest = max(sizes[group] for group in whole_years)
    if NURSERY in sizes:
        per_half = -(-max(sizes[NURSERY], 2) // (2 * LARGEST_CLASS))
        layout[NURSERY] = tuple(
            f"N {word}{'' if per_half == 1 else f' {number}'}"
            for word in ("Morning", "Afternoon")
            for number in range(1, per_half + 1)
        )
    if largest <= LARGEST_CLASS // 2:
        together = LARGEST_CLASS // largest
        for first in range(0, len(whole_years), together):
            groups = whole_years[first : first + together]
            name = f"{_word(school, first // together)} ({', '.join(groups)})"
            layout.update(dict.fromkeys(groups, (name,)))
        return layout
    classes = -(-largest // LARGEST_CLASS)
    joint = "" if school.class_words[0] == "A" else " "
    for group in whole_years:
        layout[group] = tuple(f"{group}{joint}{_word(school, number)}" for number in range(classes))
    return layout


def _word(school: SchoolPlan, number: int) -> str:
    """Return the name of the n-th class; a number follows when a very large school runs out of words."""
    again, place = divmod(number, len(school.class_words))
    return school.class_words[place] + (f"{again + 1}" if again else "")
