"""A teacher's browser, as quick as a test can be, with the forms of a register ready to be sent."""

import re
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

from demo.benchmarks.scene import Scene

# Each saving changes every mark: from the first to the second and back.
STATES = ("/", "N")


def client_of(scene: Scene, place: int) -> Client:
    """Return a browser in which a class's teacher has signed in."""
    client = Client(
        enforce_csrf_checks=True,
        headers={"x-forwarded-proto": "https", "host": "testserver", "referer": "https://testserver/"},
    )
    client.cookies[settings.SESSION_COOKIE_NAME] = scene.cookies[place]
    return client


def token_of(html: str) -> str:
    """Return the form's token."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert found is not None  # noqa: S101 - every form has one
    return found[1]


def seen_in(html: str) -> str:
    """Return the code that stood for a form's first pupil; all of a class have the same here."""
    found = re.search(r'name="seen_\d+" value="([^|"]*)\|', html)
    assert found is not None  # noqa: S101 - every row has one
    return found[1]


def body_of(scene: Scene, place: int, token: str, *, seen: str, code: str) -> str:
    """Return what a browser sends when every pupil of a class gets a code where another stood."""
    fields = {"csrfmiddlewaretoken": token}
    for pupil in scene.pupils[place]:
        fields[f"mark_{pupil}"] = code
        fields[f"code_{pupil}"] = ""
        fields[f"seen_{pupil}"] = f"{seen}||"
        fields[f"arrived_{pupil}"] = ""
        fields[f"nature_{pupil}"] = ""
    return urlencode(fields)
