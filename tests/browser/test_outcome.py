"""
The main job from end to end, on the running application: `./start` with its own PostgreSQL, Redis, web
server, worker and beat, and a small demo trust.

A teacher takes a register with the keyboard, the office amends a mark, the sweep runs in the worker, the
champion approves a step at the desk, and a letter's PDF exists, addressed to the parents. The pictures of the
README come from here.
"""

import contextlib
import csv
import io
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from attendance_site import embedded
from tests.browser.conftest import WIDE, violations_of

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "docs" / "images"
NOW = "2026-11-20T08:52"
TODAY = "2026-11-20"
SCHOOL = "werrington"
FIRST_DAY = "2026-09-01"
READY_SECONDS = 240
WORK_SECONDS = 90
# Werrington writes at 3, 5, 8, 10 and 17 days of absence: sessions at which a rung is reached (000:157).
RUNGS = {6: "wer_d3", 10: "wer_d5"}


class Trial:
    """A running Rollcall with a demo trust, as a person has it after `./start`."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        settings = {"ROLLCALL_HOME": str(home), "PORT": str(port), "ROLLCALL_NOW": NOW}
        inherited = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "DEBUG")
        }
        self.environment = {**inherited, **settings}
        self.log = home / "start.txt"
        self.manage("demo", "--pupils", "150")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["./start"], cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def manage(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            ["./manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def wait_until_ready(self) -> None:
        def answers() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{self.base}/healthz", timeout=2) as page:  # noqa: S310
                    return bool(page.read() == b"ok")
            except OSError:
                return False

        wait_for(answers, seconds=READY_SECONDS)

    def figures(self) -> dict[str, dict[str, Any]]:
        lines = self.manage("figures", "--school", SCHOOL, "--from", FIRST_DAY, "--to", TODAY, "--json")
        return {figure["upn"]: figure for figure in map(json.loads, lines.splitlines())}

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def wait_for(answers: Any, *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not answers():
        assert time.monotonic() < ends, f"waited {seconds} seconds"
        time.sleep(0.3)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    home = tmp_path_factory.mktemp("trial")
    # The trial's first command starts the servers and ./start leaves them running: they end with the home.
    with contextlib.ExitStack() as afterwards:
        afterwards.callback(embedded.remove, home)
        running = Trial(home)
        try:
            running.wait_until_ready()
            yield running
        finally:
            running.stop()
            # Like Ctrl-C at the terminal: nothing of it may be left listening.
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", int(running.base.rsplit(":", 1)[1])))


@pytest.fixture
def as_role(browser: Browser, trial: Trial) -> Iterator[Any]:
    """Return a function that signs in as a demo user with one click and gives the page they arrive at."""
    contexts = []

    def sign_in(role: str, *, email: str | None = None) -> Page:
        context = browser.new_context(viewport=WIDE, base_url=trial.base)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.goto("/demo/users.json")
        users = json.loads(page.inner_text("body"))
        user = next(
            one
            for one in users
            if one["role"] == role and one["school"] == SCHOOL and email in (None, one["email"])
        )
        page.goto("/demo/")
        page.locator(
            f'form:has(input[value="{user["email"]}"]) button, button[value="{user["email"]}"]'
        ).first.click()
        page.wait_for_url(f"**{user['landing']}")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def picture(page: Page, name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / f"{name}.png")


def assert_accessible(page: Page) -> None:
    assert violations_of(page) == []


def test_a_register_becomes_a_letter_that_a_person_approved(trial: Trial, as_role: Any) -> None:
    # --- the teacher takes the register of this morning
    page = as_role("teacher")
    assert_accessible(page)
    page.locator(".tile__link").filter(has_text="AM register of ").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("AM")
    assert_accessible(page)
    names = page.locator("tr[data-pupil] th[scope=row]").all_inner_texts()
    assert len(names) >= 10
    place, pupil = pupil_below_a_rung(trial, names)

    # The pupil was away before: so often that one more half day reaches a rung of the policy.
    expected = make_absent_up_to_a_rung(trial, pupil["upn"])
    page.reload()

    for _ in range(place):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("i")
    page.keyboard.press("Alt+Shift+P")
    expect(page.get_by_text(f"{len(names)} of {len(names)} marked").first).to_be_visible()
    picture(page, "register")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#unsaved")).to_have_text("· all saved")
    register_url = page.url
    assert exported(trial, pupil["upn"])[TODAY, "AM"] == "I"

    # --- the office amends a mark of a closed register, and the original stays
    page = as_role("office")
    assert_accessible(page)
    page.goto(register_url.replace(TODAY, "2026-11-19"))
    assert_accessible(page)
    expect(page.get_by_text(re.compile("A change needs a reason")).first).to_be_visible()
    page.get_by_label("Reason for the change").fill("The late book has the arrival")
    row = page.locator("tr[data-pupil]").nth(place + 1)
    row.locator("td.register__mark").click()
    page.keyboard.press("l")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#unsaved")).to_have_text("· all saved")
    page.locator("tr[data-pupil]").nth(place + 1).get_by_role("link", name=re.compile("History")).click()
    expect(page.get_by_text("The late book has the arrival")).to_be_visible()
    assert_accessible(page)

    # --- the sweep runs in the real worker; the champion reads why, and approves
    page = as_role("champion")
    page.get_by_role("button", name="Run tonight’s sweep now").click()

    def step_is_there() -> bool:
        page.goto(f"/s/{SCHOOL}/desk/")
        return page.get_by_role("link", name=pupil["name"]).count() > 0

    wait_for(step_is_there, seconds=WORK_SECONDS)
    assert_accessible(page)
    picture(page, "desk")
    page.get_by_role("link", name=pupil["name"]).first.click()
    expect(page.get_by_text(re.compile(rf"{expected // 2} days of absence")).first).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name=re.compile("^Approve [0-9]+ letter")).first.click()
    expect(page.get_by_text(re.compile("approved", re.IGNORECASE)).first).to_be_visible()

    # --- the letter exists, made by the worker, addressed to the parents
    page.goto(f"/s/{SCHOOL}/letters/")
    assert_accessible(page)
    pdf = letter_when_made(page, surname=pupil["surname"])
    text = " ".join("".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf)).pages).split())
    assert f"{pupil['forename']} {pupil['surname']}" in text
    assert f"{expected // 2} days" in text
    assert "Werrington Primary School" in text
    contacts = addressees(trial, pupil["upn"])
    assert any(contact.split(" ")[-1] in text for contact in contacts), (contacts, text)
    pypdfium2.PdfDocument(pdf)[0].render(scale=1.4).to_pil().save(IMAGES / "letter.png", optimize=True)


def pupil_below_a_rung(trial: Trial, names: list[str]) -> tuple[int, dict[str, str]]:
    """Return place and pupil in the register: one who can still reach the rung of five days."""
    code = (
        "import json; from registers.models import Pupil; from django_scopes import scopes_disabled\n"
        "with scopes_disabled(): print(json.dumps([dict(upn=one.upn, surname=one.surname,"
        " forename=one.forename, name=one.register_name)"
        f" for one in Pupil.objects.filter(school__key={SCHOOL!r})]))"
    )
    pupils = {one["name"]: one for one in json.loads(trial.manage("shell", "--no-imports", "-c", code))}
    figures = trial.figures()
    for place, shown in enumerate(names):
        pupil = pupils[shown.split("\n")[0].strip()]
        if figures[pupil["upn"]]["absent"] < max(RUNGS):
            return place, pupil
    raise AssertionError("every pupil of the class has climbed past the rung of five days")


def addressees(trial: Trial, upn: str) -> list[str]:
    code = (
        "from registers.models import PupilContact; from django_scopes import scopes_disabled\n"
        f"with scopes_disabled(): print(*PupilContact.objects.filter(pupil__upn={upn!r},"
        f" pupil__school__key={SCHOOL!r}, receives_letters=True)"
        ".values_list('contact__name', flat=True), sep='\\n')"
    )
    return trial.manage("shell", "--no-imports", "-c", code).strip().splitlines()


def exported(trial: Trial, upn: str) -> dict[tuple[str, str], str]:
    text = trial.manage("export_marks", "--school", SCHOOL, "--from", FIRST_DAY, "--to", TODAY, "--upn", upn)
    return {(row["date"], row["session"]): row["code"] for row in csv.DictReader(io.StringIO(text))}


def make_absent_up_to_a_rung(trial: Trial, upn: str) -> int:
    """
    Amend earlier marks so that one more absent session reaches the next rung; return that many sessions.
    """
    absent = trial.figures()[upn]["absent"]
    target = next(sessions for sessions in RUNGS if sessions > absent)
    marks = exported(trial, upn)
    present = [place for place, code in sorted(marks.items()) if code in ("/", "\\") and place[0] < TODAY]
    rows = ["upn,date,session,code", *(f"{upn},{on},{half},I" for on, half in present[: target - 1 - absent])]
    file = trial.log.parent / "amended.csv"
    file.write_text("\n".join(rows) + "\n")
    office = next(
        one["email"]
        for one in json.loads(urllib.request.urlopen(f"{trial.base}/demo/users.json").read())  # noqa: S310
        if one["role"] == "office" and one["school"] == SCHOOL
    )
    trial.manage(
        "import_marks", str(file), "--school", SCHOOL, "--amend-reason", "Doctor's letter", "--by", office
    )
    assert trial.figures()[upn]["absent"] == target - 1
    return target


def letter_when_made(page: Page, *, surname: str) -> bytes:
    """Open the pupil's newest letter once the worker has made it, and return its file."""

    def is_made() -> bool:
        page.goto(f"/s/{SCHOOL}/letters/?name={surname}")
        page.locator("tbody a").first.click()
        return page.locator('a[href$="file.pdf"]').count() > 0

    wait_for(is_made, seconds=WORK_SECONDS)
    assert_accessible(page)
    href = page.locator('a[href$="file.pdf"]').first.get_attribute("href")
    answer = page.request.get(href or "")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    return answer.body()
