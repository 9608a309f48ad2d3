"""The only reader of environment variables: strict, and with a sentence when something is wrong.

django-environ reads ``DEBUG=ture`` as False without a word. These readers accept the spellings listed
here and refuse everything else, so that a slip in a settings file stops the program instead of changing what
it does. An empty value counts as unset everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})
_ADVICE = {
    "SECRET_KEY": (
        "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))' "
        "and keep it out of version control; every server of one installation has the same."
    ),
}
_reader = environ.Env()


def read_file(path: Path = ROOT / ".env") -> None:
    """Add the variables of a `.env` file to the environment; what is set already wins."""
    if path.is_file():
        environ.Env.read_env(path, overwrite=False)


def text(name: str, default: str = "") -> str:
    """The variable's text without surrounding blanks, or `default` when it is unset or empty."""
    return str(_reader.str(name, default="")).strip() or default


def required(name: str) -> str:
    """The variable's text; it has no default.

    Raises ImproperlyConfigured with advice on how to get a value when it is unset or empty.
    """
    value = text(name)
    if not value:
        advice = _ADVICE.get(name, ".env.example says what it is for.")
        raise ImproperlyConfigured(f"{name} is not set. {advice}")
    return value


def boolean(name: str, *, default: bool) -> bool:
    """True for true, 1 and yes, False for false, 0 and no, in any case; `default` when unset or empty.

    Raises ImproperlyConfigured for any other text.
    """
    value = text(name).lower()
    if not value:
        return default
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise ImproperlyConfigured(
        f"{name}={text(name)} is neither yes nor no: write True or False (or true, false, 1, 0, yes, no)."
    )


def number(name: str, default: int, *, least: int = 0) -> int:
    """The variable as a whole number, `default` when unset or empty.

    Raises ImproperlyConfigured when it is no whole number or below `least`.
    """
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or int(value) < least:
        raise ImproperlyConfigured(f"{name}={value} is not a whole number of {least} or more.")
    return int(value)


def moment(name: str) -> str:
    """The variable as local ISO date and time (`2026-11-20T08:50`), or nothing when unset or empty.

    Raises ImproperlyConfigured when it is anything else.
    """
    said = text(name)
    try:
        datetime.fromisoformat(said or "2026-11-20T08:50")
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}={said} is no local date and time: write it like 2026-11-20T08:50."
        ) from None
    return said


def choice(name: str, among: Iterable[str], *, default: str) -> str:
    """The variable as one of the words of `among`, in small letters; `default` when unset or empty.

    Raises ImproperlyConfigured for any other word.
    """
    value = text(name, default).lower()
    if value not in (words := list(among)):
        raise ImproperlyConfigured(f"{name}={value} is none of {', '.join(words)}.")
    return value


def hours(name: str, default: str) -> tuple[time, time] | None:
    """The variable as two times of day, `21:00-07:00`, or None for the word none.

    Raises ImproperlyConfigured when it is anything else.
    """
    value = text(name, default)
    if value.lower() == "none":
        return None
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in value.split("-"))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}={value} is no span of hours: write it like 21:00-07:00, or none."
        ) from None
    return begin, end


def items(name: str, default: Iterable[str] = ()) -> list[str]:
    """The variable's comma-separated words without blanks, `default` when it is unset or empty."""
    return [word for part in text(name).split(",") if (word := part.strip())] or list(default)


def folder(name: str, default: Path) -> Path:
    """The variable as an absolute path (`~` allowed; relative paths count from the checkout)."""
    value = text(name)
    return (ROOT / Path(value).expanduser()).absolute() if value else default


def database(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a PostgreSQL URL; the folder of a socket is given as `?host=/folder`.

    Raises ImproperlyConfigured for any other database: the registers keep their rules in PostgreSQL triggers.
    """
    config = environ.Env.db_url_config(url) if url.startswith(("postgres://", "postgresql://")) else {}
    if not config.get("NAME"):
        raise ImproperlyConfigured(
            "DATABASE_URL must be like postgres://USER:PASSWORD@HOST:5432/NAME: Rollcall needs PostgreSQL."
        )
    options = config.setdefault("OPTIONS", {})
    # Django's own commands (dbshell) read the host from HOST only.
    config["HOST"] = options.pop("host", config["HOST"])
    return config
