"""
What kind of data each column holds: read by whoever copies, scrubs or deletes rows.

- personal: says something of a person who can be found by it (UK GDPR article 4);
- special: health, religion, ethnic origin, disability, offences, or text in which they may stand (articles 9
  and 10): a code of absence tells of illness or of a religious day, so marks belong here;
- operational: keys, times and states that say nothing of a person once personal and special columns are gone;
- public: what the school publishes anyway.

Each app keeps its own table; a test fails on a column that nobody has classed.
"""

from enum import StrEnum


class DataClass(StrEnum):
    """What kind of data a column holds."""

    PERSONAL = "personal"
    SPECIAL = "special"
    OPERATIONAL = "operational"
    PUBLIC = "public"


def classed(
    *, personal: str = "", special: str = "", operational: str = "", public: str = ""
) -> dict[str, DataClass]:
    """
    Return the class of each column of one table, from the names of its columns, separated by blanks.

    :raises ValueError: a column is named twice
    """
    found: dict[str, DataClass] = {}
    for data_class, names in (
        (DataClass.PERSONAL, personal),
        (DataClass.SPECIAL, special),
        (DataClass.OPERATIONAL, operational),
        (DataClass.PUBLIC, public),
    ):
        for name in names.split():
            if name in found:
                raise ValueError(f"column {name} is classed twice")
            found[name] = data_class
    return found


COLUMNS: dict[str, dict[str, DataClass]] = {
    "accounts.School": classed(
        operational="id",
        public="key name trust phase local_authority leaving_year office_phone office_email address",
    ),
    "accounts.Installation": classed(operational="id is_demo"),
    # That somebody does without single keys may tell of a disability.
    "accounts.User": classed(
        personal="email name password last_login",
        special="uses_single_keys",
        operational="id is_active created_at",
    ),
    "accounts.RoleAssignment": classed(
        personal="role title", operational="id user_id school_id starts_on ends_on"
    ),
    "accounts.Event": classed(
        personal="by_name data", operational="id school_id kind subject_type subject_id by_id at"
    ),
    # Tables of the libraries that sign people in.
    "account.EmailAddress": classed(personal="email", operational="id user_id verified primary"),
    "account.EmailConfirmation": classed(personal="key", operational="id email_address_id created sent"),
    "mfa.Authenticator": classed(personal="data", operational="id user_id type created_at last_used_at"),
    "sessions.Session": classed(personal="session_key session_data", operational="expire_date"),
    # Tables of the framework that hold nothing of anybody.
    "auth.Group": classed(operational="id name"),
    "auth.Permission": classed(operational="id name content_type_id codename"),
    "contenttypes.ContentType": classed(operational="id app_label model"),
}
