"""A parent at the report of an absence: weeks of school, and one question after another."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.test import Client

LONDON = ZoneInfo("Europe/London")
# A Tuesday of November 2025; sessions are held from two weeks before it to three weeks after.
TUESDAY, WEDNESDAY, THURSDAY = date(2025, 11, 11), date(2025, 11, 12), date(2025, 11, 13)
FIRST_HELD, LAST_HELD = date(2025, 10, 27), date(2025, 12, 5)
EARLY = datetime(2025, 11, 11, 8, 10, tzinfo=LONDON)


class Parent:
    """A client that answers one question after another, as a browser without scripts does."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.at = ""  # the address of the page that is open
        self.page: Any = None

    def open(self, address: str) -> Any:
        """Open a page."""
        return self._arrive(self.client.get(address, follow=True), address)

    def send(self, address: str, /, **answers: Any) -> Any:
        """Send a form and go where it leads."""
        return self._arrive(self.client.post(address, answers, follow=True), address)

    def begin(self, *children: Any) -> Any:
        """Tap "Report an absence"."""
        return self.send("/family/report/", children=[child.pk for child in children])

    def answer(self, **answers: Any) -> Any:
        """Answer the question that is open."""
        return self.send(self.at, **answers)

    def go(self, step: str) -> Any:
        """Follow a link to another question of this report."""
        return self.open(f"{self.draft}{step}/")

    @property
    def draft(self) -> str:
        """Return the address of this report."""
        return "/".join(self.at.split("/")[:4]) + "/"

    @property
    def step(self) -> str:
        """Return the question that is open."""
        return self.at.rstrip("/").rsplit("/", 1)[-1]

    @property
    def text(self) -> str:
        """Return the page that is open, without line breaks."""
        return " ".join(self.page.content.decode().split())

    def _arrive(self, answer: HttpResponse, address: str) -> Any:
        chain = getattr(answer, "redirect_chain", [])
        self.at, self.page = (chain[-1][0] if chain else address), answer
        return answer
