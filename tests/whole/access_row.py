"""What a row of the access table is (see `access_table`)."""

from dataclasses import dataclass, field

TEACHER, OFFICE, CHAMPION, HEAD = "teacher", "office", "champion", "head"
GOVERNOR, TRUST, PARENT = "governor", "trust", "parent"
ROLES = (TEACHER, OFFICE, CHAMPION, HEAD, GOVERNOR, TRUST, PARENT)
EVERYBODY = frozenset(ROLES)
SCHOOL_STAFF = frozenset({TEACHER, OFFICE, CHAMPION, HEAD})
RECORD_KEEPERS = frozenset({OFFICE, CHAMPION, HEAD})
DECIDERS = frozenset({CHAMPION, HEAD})


@dataclass(frozen=True)
class Row:
    """
    One address and method: which roles get through, and with what status.

    `parts` maps each argument of the address to the thing of `tests.whole.world` that fills it in; those in
    `of_school` are rows that belong to a school, those in `of_family` rows that belong to one family. An
    address that `is_of_family` does not exist for anybody else.
    """

    name: str
    roles: frozenset[str]
    method: str = "get"
    status: int = 200
    parts: dict[str, str] = field(default_factory=dict)
    of_school: tuple[str, ...] = ()
    of_family: tuple[str, ...] = ()
    is_of_family: bool = False

    @property
    def is_of_a_school(self) -> bool:
        """Say whether the address stands under /s/<school_key>/."""
        return "school_key" in self.parts


def of_school(name: str, roles: frozenset[str], *rows: str, **options: object) -> Row:
    """Return the row of a school's address; `rows` are the arguments that name something of the school."""
    parts = {"school_key": "school_key", **options.pop("parts", {})}  # type: ignore[dict-item]
    return Row(name, roles, parts=parts, of_school=rows, **options)  # type: ignore[arg-type]


def of_family(name: str, *rows: str, **options: object) -> Row:
    """Return the row of a family's address; `rows` are the arguments that name something of the family."""
    return Row(name, frozenset({PARENT}), of_family=rows, is_of_family=True, **options)  # type: ignore[arg-type]
