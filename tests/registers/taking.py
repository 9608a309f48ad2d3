"""A class with a register to take on Tuesday 11 November 2025 AM, and a browser without a script."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from html.parser import HTMLParser
from typing import Any

import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, EntryBatch, Mark, MarkEntry, Pupil, Register, Session
from registers.services.marks import MarkRow, load_marks
from tests.factories.registers import held_sessions, london, pupil_in_class

TUESDAY = date(2025, 11, 11)
FIRST_DAY, LAST_DAY = date(2025, 11, 3), date(2025, 11, 14)
# Opens at 8:50, late after 8:50, closes at 9:20 (tests.factories.registers.TIMES).
WHILE_OPEN = time(8, 56)
AFTER_CLOSE = time(10, 30)
SURNAMES = ("Abbot", "Baker", "Carter", "Dyer", "Ellis", "Foster", "Glover", "Harper", "Ingram", "Jarvis")


@contextmanager
def clock_at(at: time, on: date = TUESDAY) -> Iterator[datetime]:
    """Stop the clock at a time of an English school day."""
    moment = london(on, at)
    with time_machine.travel(moment, tick=False):
        yield moment


@dataclass(frozen=True)
class Morning:
    """The class, its pupils in the register's order, and the session whose register is taken."""

    class_group: ClassGroup
    session: Session
    pupils: Sequence[Pupil]
    sessions: Sequence[Session]

    @property
    def url(self) -> str:
        """Return the address of the register."""
        return reverse(
            "registers:register",
            kwargs={
                "school_key": self.class_group.school.key,
                "on": self.session.on,
                "half": self.session.half,
                "class_id": self.class_group.pk,
            },
        )


def make_morning(school: School, class_group: ClassGroup, *, pupils: int = 3) -> Morning:
    """Make two weeks of sessions and a class of so many pupils."""
    sessions = held_sessions(school, FIRST_DAY, LAST_DAY, half_term="Autumn 2")
    made = [
        pupil_in_class(
            class_group,
            surname=SURNAMES[number % 10] + (f"-{'ABCDEFGHIJ'[number // 10]}" if number >= 10 else ""),
            forename="Robin",
        )
        for number in range(pupils)
    ]
    session = next(one for one in sessions if one.on == TUESDAY and one.half == "AM")
    return Morning(class_group, session, sorted(made, key=lambda pupil: pupil.surname), sessions)


def mark(session: Session, pupil: Pupil, code: str, *, by: User, **values: Any) -> None:
    """Record one mark as it was taken while the register was open."""
    row = MarkRow(pupil.pk, session.pk, session.academic_year, code, **values)
    load_marks(pupil.school, [row], by=by, at=session.opens_at, source="register")


def standing(session: Session) -> dict[str, tuple[str, time | None, str]]:
    """Return what stands in a session: code, arrival and nature by surname."""
    with scopes_disabled():
        return {
            surname: (code, arrived_at, nature)
            for surname, code, arrived_at, nature in Mark.objects.filter(session=session).values_list(
                "pupil__surname", "code_id", "arrived_at", "nature"
            )
        }


def rows_written() -> tuple[int, int, int, int]:
    """Count marks, registers, entries and batches: a refused save leaves them as they were."""
    with scopes_disabled():
        return (
            Mark.objects.count(),
            Register.objects.count(),
            MarkEntry.objects.count(),
            EntryBatch.objects.count(),
        )


class Controls(HTMLParser):
    """What a browser without a script would send for a page's form, and the page's links and ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.ids: list[str] = []
        self.links: list[str] = []
        self.options: dict[str, list[str]] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a control with its value as it stands."""
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        name = given.get("name")
        if tag == "select" and name:
            self._select = name
            self.options[name] = []
            self.fields.setdefault(name, "")
        elif tag == "option" and self._select:
            self.options[self._select].append(str(given.get("value")))
            if "selected" in given:
                self.fields[self._select] = str(given.get("value"))
        elif tag == "input" and name and (given.get("type") != "radio" or "checked" in given):
            self.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """Leave a list of choices."""
        if tag == "select":
            self._select = ""


def words_of(html: str) -> str:
    """Return a page's text with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


class Browser:
    """A browser without a script at one register: opens it, changes controls, sends the form."""

    def __init__(self, client: Client, morning: Morning) -> None:
        self.client = client
        self.morning = morning
        self.html = ""
        self.fields: dict[str, str] = {}

    def open(self) -> "Browser":
        """Open the register."""
        response = self.client.get(self.morning.url)
        assert response.status_code == 200, response.status_code
        self._read(response.content.decode())
        return self

    def enter(self, pupil: Pupil, *, radio: str | None = None, code: str | None = None, **texts: str) -> None:
        """Touch one pupil's controls: a radio, the list of codes, `arrived` or `nature`."""
        if radio is not None:
            self.fields[f"mark_{pupil.pk}"] = radio
        if code is not None:
            self.fields[f"code_{pupil.pk}"] = code
        for name, text in texts.items():
            self.fields[f"{name}_{pupil.pk}"] = text

    def save(self, **texts: str) -> int:
        """Send the form, follow the redirect of a success, and return the status of the post's answer."""
        response = self.client.post(self.morning.url, {**self.fields, **texts})
        if response.status_code == 302:
            self._read(self.client.get(response["Location"]).content.decode())
        else:
            self._read(response.content.decode())
        return response.status_code

    def _read(self, html: str) -> None:
        self.html = html
        self.controls = Controls(html)
        self.fields = dict(self.controls.fields)

    @property
    def words(self) -> str:
        """Return the page's text."""
        return words_of(self.html)


def queries_of(client: Client, url: str, data: dict[str, str] | None = None) -> list[str]:
    """Return the SQL of one request, savepoints of the test's own transaction left out."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url) if data is None else client.post(url, data)
    assert response.status_code in (200, 302), response.status_code
    return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
