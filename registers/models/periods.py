"""Constraints of periods: that they end after they start, and that two of one thing do not overlap."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import BigIntegerRangeField
from django.db.models import CheckConstraint, F, Func, Q, Value


def ends_after_start(
    name: str, *, starts: str, ends: str, may_stay_open: bool = False, message: str | None = None
) -> CheckConstraint:
    """Return a constraint that a period's last day is not before its first; an open one has no last day."""
    in_order = Q(**{f"{ends}__gte": F(starts)})
    return CheckConstraint(
        name=name,
        condition=Q(**{f"{ends}__isnull": True}) | in_order if may_stay_open else in_order,
        violation_error_message=message,
    )


def no_overlap(name: str, *, of: str, starts: str, ends: str, message: str) -> ExclusionConstraint:
    """
    Return a constraint that refuses two rows with the same `of` and a day in common (both ends included).

    Without contrib modules of PostgreSQL: the embedded one has no btree_gist, so equality of `of` is written
    as the overlap of one-element ranges.
    """
    return ExclusionConstraint(
        name=name,
        expressions=[
            (
                Func(
                    of,
                    of,
                    Value("[]"),
                    function="int8range",
                    output_field=BigIntegerRangeField(),
                ),
                RangeOperators.OVERLAPS,
            ),
            (
                Func(
                    starts,
                    ends,
                    Value("[]"),
                    function="daterange",
                    output_field=DateRangeField(),
                ),
                RangeOperators.OVERLAPS,
            ),
        ],
        violation_error_message=message,
    )
