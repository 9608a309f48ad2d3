"""
The languages of families' pages, and which of them a page is shown in.

Staff pages are English whatever the browser prefers: a parent chooses a language once, on the page, and the
browser keeps its code in a cookie. Dates and times follow the language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation
from django.utils.dateformat import format as date_format

from registers import words
from registers.rules.calendar import academic_year_of

P = ParamSpec("P")

ENGLISH = "en-gb"
KEPT_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Language:
    """One language as the switch shows it: its code, its own name, and its tag for screen readers."""

    code: str
    name: str
    tag: str
    is_current: bool


def languages() -> list[Language]:
    """Return the languages of families' pages, each by its own name."""
    current = translation.get_language()
    return [
        Language(code, str(name), "en-GB" if code == ENGLISH else code, code == current)
        for code, name in settings.LANGUAGES
    ]


def language_of(request: HttpRequest) -> str:
    """Return the language that the person chose in this browser; English where none was."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else ENGLISH


def keep_language(response: HttpResponseBase, code: str) -> None:
    """Let the browser keep the chosen language for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        code,
        max_age=KEPT_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def in_family_language(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Show a page in the language that the person chose."""

    @wraps(view)
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with translation.override(language_of(request)):
            response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Language", language_of(request))
        return response

    return page


def day(on: date, today: date | None = None) -> str:
    """Return a day in the language of the page: "Tue 24 Nov", "Wt 24 listopada"; of another year with it."""
    if translation.get_language() in (ENGLISH, "en", None):
        return words.day(on, today)
    is_of_year = today is None or academic_year_of(on) == academic_year_of(today)
    return date_format(on, "D j E" if is_of_year else "D j E Y")


def clock(at: datetime | time | None) -> str:
    """Return a time in the language of the page: "8:50am" in English, "8:50" elsewhere."""
    if at is None or translation.get_language() in (ENGLISH, "en", None):
        return words.clock(at)
    shown = timezone.localtime(at) if isinstance(at, datetime) else at
    return f"{shown.hour}:{shown.minute:02d}"


def local(at: datetime) -> datetime:
    """Return an instant as the clock of an English school shows it."""
    return timezone.localtime(at)
