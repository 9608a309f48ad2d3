"""A browser that sends marks as they are typed, without the browser."""

from datetime import datetime, time
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from registers.live_page import sign_page
from registers.models import Pupil
from tests.factories.registers import london
from tests.registers.taking import TUESDAY, Morning

NOTHING = {"code": "", "arrived": "", "nature": ""}


def at(hour: int, minute: int) -> datetime:
    """Return a moment of the Tuesday."""
    return london(TUESDAY, time(hour, minute))


class Typist:
    """Somebody at one register, which was shown to them at a quarter to nine."""

    def __init__(self, client: Client, user: User, morning: Morning) -> None:
        self.client, self.user, self.morning = client, user, morning
        self.page = sign_page(user, morning.class_group, morning.session, at=at(8, 45))

    def entry(
        self,
        pupil: Pupil,
        code: str,
        *,
        typed: datetime | None = None,
        seen: dict[str, str] | str = "",
        **values: Any,
    ) -> dict[str, Any]:
        """Return an entry as the script makes it, with a key of its own."""
        return {
            "key": str(uuid4()),
            "session": self.morning.session.pk,
            "pupil": pupil.pk,
            "code": code,
            "arrived": "",
            "nature": "",
            "seen": NOTHING | ({"code": seen} if isinstance(seen, str) else seen),
            "typed": (typed or at(8, 55)).isoformat(),
            "reason": "",
            **values,
        }

    def post(self, body: Any, **options: Any) -> HttpResponse:
        """Send any body."""
        return self.client.post(  # type: ignore[return-value]
            f"{self.morning.url}marks/", body, content_type="application/json", **options
        )

    def send(self, *entries: dict[str, Any]) -> HttpResponse:
        """Send entries."""
        return self.post({"page": self.page, "entries": list(entries)})

    def outcomes(self, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Send entries and return what became of them."""
        response = self.send(*entries)
        assert response.status_code == 200, response.content
        return response.json()["outcomes"]  # type: ignore[attr-defined,no-any-return]

    def states(self, *entries: dict[str, Any]) -> list[str]:
        """Send entries and return the state of each."""
        return [outcome["state"] for outcome in self.outcomes(*entries)]
