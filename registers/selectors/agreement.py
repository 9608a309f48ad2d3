"""
Whether every way to read the registers of a year reads the same.

The figures count marks in the database, the export reads them row by row, the heat map pupil by pupil, the
registers of a class from the history. Four statements that must never part ways.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date

from accounts.models import School
from registers.models import ClassGroup, Pupil, Session
from registers.rules.figures import NO_SESSIONS, figures_of
from registers.selectors.as_at import class_register, rows_of
from registers.selectors.exports import marks_between
from registers.selectors.figures import figures_for
from registers.selectors.pupil_marks import sessions_of_year

# The marks of one pupil: the code by day and half.
Marks = dict[tuple[date, str], str]


def disagreements(school: School, *, academic_year: int) -> Iterator[str]:
    """
    Yield a sentence for each pupil and reading that differs from the export, by the pupil's id.

    One statement for each pupil and two for each class: this is for a command and for tests.
    """
    days = Session.objects.filter(school=school, academic_year=academic_year).order_by("on")
    first, last = days.first(), days.last()
    if first is None or last is None:
        return
    exported = _exported(school, first.on, last.on)
    in_class = _in_classes(school, academic_year, first.on, last.on)
    figures = figures_for(school, first_day=first.on, last_day=last.on)
    for pupil in Pupil.objects.filter(school=school).order_by("pk"):
        marks = exported.get(pupil.upn, {})
        on_map = {
            (one.on, one.half): one.code
            for one in sessions_of_year(pupil, academic_year=academic_year)
            if one.code and one.is_held and one.is_on_roll
        }
        if on_map != marks:
            yield f"pupil {pupil.pk}: {_apart(on_map, marks)} on the heat map"
        stood = in_class.get(pupil.pk, {})
        if stood != marks:
            yield f"pupil {pupil.pk}: {_apart(stood, marks)} in the registers of the classes"
        if figures.get(pupil.pk, NO_SESSIONS) != figures_of(Counter(marks.values())):
            yield f"pupil {pupil.pk}: the figures do not count the {len(marks)} marks of the export"


def _exported(school: School, first_day: date, last_day: date) -> dict[str, Marks]:
    found: dict[str, Marks] = {}
    for row in marks_between(school, first_day=first_day, last_day=last_day):
        found.setdefault(row.upn, {})[row.on, row.half] = row.code
    return found


def _in_classes(school: School, academic_year: int, first_day: date, last_day: date) -> dict[int, Marks]:
    found: dict[int, Marks] = {}
    for group in ClassGroup.objects.filter(school=school, academic_year=academic_year).order_by("pk"):
        for line, mark in rows_of(class_register(group, first_day=first_day, last_day=last_day)):
            found.setdefault(line.pupil_id, {})[mark.session.on, mark.session.half] = mark.code
    return found


def _apart(read: Mapping[tuple[date, str], str], marks: Mapping[tuple[date, str], str]) -> str:
    """Return where a reading leaves the export first."""
    on, half = min(place for place in {*read, *marks} if read.get(place) != marks.get(place))
    return (
        f"on {on.isoformat()} {half} {marks.get((on, half), 'no mark')} in the export,"
        f" {read.get((on, half), 'no mark')}"
    )
