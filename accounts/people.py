"""The account under which the program itself acts."""

from django.contrib.auth.hashers import make_password

from accounts.models import User

SYSTEM_EMAIL = "system@rollcall.invalid"


def system_user() -> User:
    """Return the program's own account: it imports, sweeps and settles, and can never sign in."""
    user, _ = User.objects.get_or_create(
        email=SYSTEM_EMAIL,
        # None makes a password that no text matches.
        defaults={"name": "Rollcall", "is_active": False, "password": make_password(None)},
    )
    return user


def set_single_keys(user: User, *, are_on: bool) -> None:
    """Keep whether keys of one character are shortcuts for this person (WCAG 2.1.4)."""
    user.uses_single_keys = are_on
    user.save(update_fields=["uses_single_keys"])
