"""What governors see of a school's rates: aggregates, with every small number of pupils hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.rules.groups import Group, Share
from reports.rules.suppression import Count, Hidden, hidden_in, is_small


@dataclass(frozen=True)
class Row:
    """One group of the governors' table; None stands for a hidden cell."""

    name: str
    pupils: int | None
    attendance: Share | None
    authorised: Share | None
    unauthorised: Share | None
    late: Share | None
    persistent: Share | None
    severe: Share | None

    @property
    def shares(self) -> tuple[Share | None, ...]:
        """Return the cells after the number of pupils, as the table's columns stand."""
        return (
            self.attendance,
            self.authorised,
            self.unauthorised,
            self.late,
            self.persistent,
            self.severe,
        )

    @property
    def has_hidden(self) -> bool:
        """Say whether anything in this row is hidden."""
        return self.pupils is None or None in self.shares


@dataclass(frozen=True)
class GovernorsTable:
    """The whole school, the groups that add up to it, and those outside the rates."""

    whole: Row
    years: tuple[Row, ...]
    outside: tuple[Row, ...]

    @property
    def has_hidden(self) -> bool:
        """Say whether the page must explain hidden numbers."""
        return any(row.has_hidden for row in (self.whole, *self.years, *self.outside))


def governors_table(whole: Group, years: Sequence[Group], outside: Sequence[Group]) -> GovernorsTable:
    """
    Return the rates with small numbers of pupils hidden, so that none can be worked out from the rest.

    `years` must add up to `whole`. A group of 1 to 4 pupils shows nothing at all. `outside` adds up to
    nothing that is shown: its groups are judged one by one.
    """
    size = hidden_in([Count(group.pupils, most=whole.pupils, least=1) for group in years])
    persistent, severe = _hidden_absence(whole, years, size.rows)
    return GovernorsTable(
        whole=_row(whole, is_hidden=size.total, hide_persistent=persistent.total, hide_severe=severe.total),
        years=tuple(
            _row(
                group,
                is_hidden=index in size.rows,
                hide_persistent=index in persistent.rows,
                hide_severe=index in severe.rows,
            )
            for index, group in enumerate(years)
        ),
        outside=tuple(
            _row(
                group,
                is_hidden=is_small(group.pupils),
                hide_persistent=is_small(group.persistent_pupils),
                hide_severe=is_small(group.severe_pupils),
            )
            for group in outside
        ),
    )


def _hidden_absence(whole: Group, years: Sequence[Group], rows: frozenset[int]) -> tuple[Hidden, Hidden]:
    """
    Return what to hide of the columns of persistent and severe absence.

    Each tells of the other: a severely absent pupil is persistently absent too. Hiding only ever grows, so
    the two are judged in turn until neither changes.
    """
    persistent, severe = Hidden(rows), Hidden(rows)
    while True:
        before = persistent, severe
        persistent = hidden_in(
            [
                Count(
                    group.persistent_pupils,
                    most=whole.pupils if index in rows else group.pupils,
                    least=0 if index in severe.rows else group.severe_pupils,
                )
                for index, group in enumerate(years)
            ],
            hidden_already=persistent.rows,
        )
        severe = hidden_in(
            [
                Count(
                    group.severe_pupils,
                    most=_most_severe(whole, group, index, rows, persistent),
                )
                for index, group in enumerate(years)
            ],
            hidden_already=severe.rows,
        )
        if (persistent, severe) == before:
            return persistent, severe


def _most_severe(whole: Group, group: Group, index: int, rows: frozenset[int], persistent: Hidden) -> int:
    if index in rows:
        return whole.pupils
    return group.pupils if index in persistent.rows else group.persistent_pupils


def _row(group: Group, *, is_hidden: bool, hide_persistent: bool, hide_severe: bool) -> Row:
    return Row(
        name=group.name,
        pupils=None if is_hidden else group.pupils,
        attendance=None if is_hidden else group.attendance,
        authorised=None if is_hidden else group.authorised,
        unauthorised=None if is_hidden else group.unauthorised,
        late=None if is_hidden else group.late,
        persistent=None if is_hidden or hide_persistent else group.persistent,
        severe=None if is_hidden or hide_severe else group.severe,
    )
