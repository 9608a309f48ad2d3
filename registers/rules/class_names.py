"""What the classes of the next school year are probably called."""

import re
from collections.abc import Mapping, Sequence

YEARS = ("N", "R", *(str(year) for year in range(1, 14)))


def year_after(year_group: str) -> str:
    """Return the year group after another; empty after the last."""
    place = YEARS.index(year_group) + 1
    return YEARS[place] if place < len(YEARS) else ""


def next_class_name(name: str, year_group: str, classes: Mapping[str, Sequence[str]]) -> str:
    """
    Return the class that pupils of a year group in this class probably go up to.

    In a class of both years the older move on and the younger stay. A name with its year goes up with it
    ("3B" to "4B", "R Oak" to "1 Oak", "Year 3" to "Year 4"); otherwise the classes of the two years are
    paired in their order when there are as many, or only one above; otherwise the class keeps its name.
    `classes` are this year's names by year group; a person checks every answer.
    """
    above = year_after(year_group)
    here, there = sorted(classes.get(year_group, ())), sorted(classes.get(above, ()))
    if name in there:
        return name
    is_of_one_year = not any(name in names for year, names in classes.items() if year != year_group)
    pattern = r"\bR(?=[A-Z]?\b)" if year_group == "R" else rf"(?<!\d){year_group}(?!\d)"
    if is_of_one_year and year_group != "N":
        risen = re.sub(pattern, above, name, count=1)
        if risen != name:
            return risen
    if len(there) == 1:
        return there[0]
    if name in here and len(here) == len(there):
        return there[here.index(name)]
    return name
