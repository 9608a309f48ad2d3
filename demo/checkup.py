"""Proves on a running demo that Rollcall does its main job: `./start --check`.

As a person would: sign in as each role and look at the first page. Then tonight's sweep through the real
worker, one step approved by the attendance champion, and the letter's file made by the worker again.
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connections
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import School, User
from escalation import tasks
from escalation.models import Step, StepState, SweepRun
from escalation.services import decisions
from letters.models import Letter, LetterState
from registers.clock import present_moment

ROLES = ("teacher", "office", "champion", "head", "governor", "parent", "trust")
SWEEP_SECONDS = 60.0
LETTER_SECONDS = 60.0
LOOK_SECONDS = 0.1

Found = TypeVar("Found")


class NotWellError(Exception):
    """Something does not work; the message says what."""


def run_checkup(base_url: str) -> int:
    """Check the demo that runs at `base_url`, print what was seen, and return 0, or 1 if not well."""
    try:
        users = _json(f"{base_url}/demo/users.json")
        for role in ROLES:
            _say(look_at_landing_page(base_url, users, role))
        at = present_moment()
        with scopes_disabled():
            _say(sweep_through_the_worker(at.date()))
            step, letter = approve_one_step(users, at=at)
            _say(f"step approved: {step.rung_id} at {step.school.key}, {step.why}")
            _say(letter_from_the_worker(letter))
    except (NotWellError, DomainError, OSError) as error:
        print(f"not well: {error}", file=sys.stderr)
        return 1
    finally:
        connections.close_all()
    print("All is well.")
    return 0


# --- pages


def look_at_landing_page(base_url: str, users: Iterable[dict[str, str]], role: str) -> str:
    """Sign in as the first demo user of a role and load the page that role starts at; return what was seen.

    Raises NotWellError when there is no such user or the page does not answer 200.
    """
    user = next((one for one in users if one["role"] == role), None)
    if user is None:
        raise NotWellError(f"the demo has no user for the role {role}")
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', _page(browser, f"{base_url}/demo/")[1])
    if token is None:
        raise NotWellError("/demo/ has no form to sign in with")
    form = {"email": user["email"], "csrfmiddlewaretoken": token[1]}
    _page(browser, f"{base_url}/demo/sign-in/", urllib.parse.urlencode(form).encode())
    address, text, milliseconds = _timed_page(browser, urllib.parse.urljoin(base_url, user["landing"]))
    if urllib.parse.urlsplit(address).path != urllib.parse.urlsplit(user["landing"]).path:
        raise NotWellError(f"{role} {user['email']} is sent from {user['landing']} to {address}")
    title = re.search(r"<title>\s*(.*?)\s*</title>", text, flags=re.DOTALL)
    return f"signed in as {role:<8} {user['landing']} “{title[1] if title else '?'}” in {milliseconds} ms"


def _timed_page(browser: urllib.request.OpenerDirector, url: str) -> tuple[str, str, int]:
    started = time.monotonic()
    address, text = _page(browser, url)
    return address, text, round((time.monotonic() - started) * 1000)


def _page(browser: urllib.request.OpenerDirector, url: str, form: bytes | None = None) -> tuple[str, str]:
    """The address where a request ends, and the page there; raise NotWellError for any answer but 200."""
    # The origin stands in for the browser's own: Django compares it with the address.
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url))
    request = urllib.request.Request(url, form, headers={"Origin": origin} if form else {})  # noqa: S310 - ours
    try:
        with browser.open(request, timeout=30) as answer:
            return answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        raise NotWellError(f"{url} answers {error.code} {error.reason}") from error


def _json(url: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(_page(urllib.request.build_opener(), url)[1])
    return found


# --- work


def sweep_through_the_worker(on: date) -> str:
    """Queue the sweep of every school for a day, as beat does at night, and wait for the worker to finish it.

    A sweep that ran before for the same day runs again; raises NotWellError when it fails or takes too long.
    """
    before = dict(SweepRun.objects.filter(on=on).values_list("school_id", "runs"))
    schools = {school.pk: school.key for school in School.objects.all()}
    started = time.monotonic()
    for school_id in schools:
        tasks.sweep_school.delay(school_id=school_id, on=on.isoformat())

    def all_done() -> list[SweepRun] | None:
        runs = [run for run in SweepRun.objects.filter(on=on) if run.runs > before.get(run.school_id, 0)]
        failed = [schools[run.school_id] for run in runs if run.state == "failed"]
        if failed:
            raise NotWellError(f"the sweep of {', '.join(failed)} failed; see the worker's log")
        done = [run for run in runs if run.state == "finished"]
        return done if len(done) == len(schools) else None

    _wait(all_done, SWEEP_SECONDS, f"the worker did not finish the sweep of {on}")
    seconds = time.monotonic() - started
    waiting = Step.objects.filter(state=StepState.PROPOSED).count()
    return f"sweep of {len(schools)} schools for {on} in {seconds:.1f} s; {waiting} steps wait for a person"


def approve_one_step(users: Iterable[dict[str, str]], *, at: datetime) -> tuple[Step, Letter]:
    """Let a school's champion approve the first of its steps that is ready; return it with its first letter.

    Steps that need a date or a signature first are passed over. Raises NotWellError when none is left.
    """
    refusal = "no step is proposed"
    champions = {one["school"]: one["email"] for one in users if one["role"] == "champion"}
    steps = Step.objects.filter(state=StepState.PROPOSED).exclude(letters=[]).select_related("school")
    for step in steps.order_by("pk")[:200]:
        email = champions.get(step.school.key)
        if email is None:
            continue
        try:
            with scope(school=step.school):
                letters = decisions.approve_step(step, by=User.objects.get(email=email), at=at)
        except DomainError as error:
            refusal = str(error)
            continue
        if letters:
            return step, letters[0]
    raise NotWellError(f"no step with a letter can be approved: {refusal}")


def letter_from_the_worker(letter: Letter) -> str:
    """Wait for a letter's file; raises NotWellError when it fails, takes too long or is no PDF."""

    def made() -> Letter | None:
        now = Letter.objects.select_related("file").get(pk=letter.pk)
        if now.state == LetterState.FAILED:
            raise NotWellError(f"letter {now.reference} could not be made: {now.failure}")
        return now if now.state == LetterState.RENDERED else None

    rendered = _wait(made, LETTER_SECONDS, f"the worker did not make letter {letter.reference}")
    content = bytes(rendered.file.content) if rendered.file else b""
    if not content.startswith(b"%PDF-"):
        raise NotWellError(f"the file of letter {letter.reference} is no PDF")
    return (
        f"letter {rendered.reference} “{rendered.title}” to {', '.join(rendered.recipients)}: "
        f"PDF of {len(content):,} bytes, SHA-256 {rendered.file_id}"
    )


def _wait(look: Callable[[], Found | None], seconds: float, complaint: str) -> Found:
    """What `look` finds within so many seconds; raise NotWellError with the complaint otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(LOOK_SECONDS)
    raise NotWellError(f"{complaint} within {seconds:.0f} s; see the worker's log")


def _say(line: Any) -> None:
    print(line, flush=True)
