"""The national code table in the database."""

from registers.models import Code
from registers.rules.codes import NATIONAL_CODES

FIELDS = (
    "name",
    "group",
    "statistical_class",
    "half",
    "is_late",
    "nature_required",
    "age_rule",
    "valid_from",
    "valid_to",
    "is_mark",
)


def write_national_codes() -> None:
    """Write every code of the pure table, and change those that differ."""
    Code.objects.bulk_create(
        [
            Code(symbol=rule.symbol, **{name: getattr(rule, name) for name in FIELDS})
            for rule in NATIONAL_CODES
        ],
        update_conflicts=True,
        unique_fields=["symbol"],
        update_fields=list(FIELDS),
    )
