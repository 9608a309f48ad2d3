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

    A name with the year's number goes up with it ("3B" to "4B", "Year 3" to "Year 4"); otherwise the classes
    of the two years are paired in their order when there are as many, or only one above; otherwise the class
    keeps its name. `classes` are this year's names by year group; a person checks every answer.
    """
    above = year_after(year_group)
    if year_group.isdecimal():
        risen = re.sub(rf"(?<!\d){year_group}(?!\d)", above, name, count=1)
        if risen != name:
            return risen
    here, there = sorted(classes.get(year_group, ())), sorted(classes.get(above, ()))
    if name in there:
        return name  # a class of both years: its older pupils move on, the younger stay in it
    if len(there) == 1:
        return there[0]
    if name in here and len(here) == len(there):
        return there[here.index(name)]
    return name
