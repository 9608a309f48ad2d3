"""A constraint that two periods of one thing may not overlap, without contrib modules of PostgreSQL."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import BigIntegerRangeField
from django.db.models import Func, Value


def no_overlap(name: str, *, of: str, starts: str, ends: str, message: str) -> ExclusionConstraint:
    """
    Return a constraint that refuses two rows with the same `of` and a day in common (both ends included).

    The embedded PostgreSQL has no btree_gist, so equality of `of` is written as the overlap of one-element
    ranges.
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
