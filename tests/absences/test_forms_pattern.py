"""
Every form of absences, sent wrong: the summary first, links that resolve, the same words, what was typed.

Every address of absences that takes a POST has a row in the table of access: one that refuses an empty form
is sent one here; any other is named in `SENT_OTHERWISE` or `BUTTONS`. Forms that take more to come to, or
have more to say, stand in `CASES`; those of a module in `WHOLE_MODULES` must all be there.
"""

import html
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django import forms
from django.test import Client
from django.urls import reverse

from absences.forms import details as details_forms
from absences.forms import parents as parents_forms
from absences.forms.intake import AppForm
from tests.absences.intake_world import give_terms
from tests.absences.leave_pages import ANSWERS, ASKED, begin, give_policy, walk
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, Parent
from tests.cast import person
from tests.factories.absences_parents import DetailsRequestFactory
from tests.factories.accounts import UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, held_sessions, pupil_in_class
from tests.whole.access_row import HEAD, OFFICE, PARENT, Row
from tests.whole.access_table import TABLE
from tests.whole.world import NOW, World, give_to_family, world_of

pytestmark = pytest.mark.django_db

WHOLE_MODULES = (parents_forms, details_forms)


@dataclass(frozen=True)
class Place:
    """What a case may need to open its form: the people, signed in, and a child."""

    family: Parent
    office: Parent
    pupil: Any


@dataclass(frozen=True)
class Case:
    """One form: how to come to it, what is sent, and what must still stand there afterwards."""

    form: type[forms.BaseForm]
    open: Callable[[Place], Parent]
    sent: dict[str, Any] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def question(step: str, *before: dict[str, str]) -> Callable[[Place], Parent]:
    """Return how a family comes to a question of a report."""

    def opened(place: Place) -> Parent:
        place.family.begin(place.pupil)
        for answers in before:
            place.family.answer(**answers)
        place.family.go(step)
        return place.family

    return opened


def page(address: str, *, of_office: bool = False) -> Callable[[Place], Parent]:
    """Return how somebody comes to a page; `{pupil}` and `{asked}` are filled in."""

    def opened(place: Place) -> Parent:
        who = place.office if of_office else place.family
        asked = DetailsRequestFactory(pupil=place.pupil).pk if "{asked}" in address else 0
        who.open(address.format(pupil=place.pupil.pk, asked=asked))
        return who

    return opened


def files_page(place: Place) -> Parent:
    """Send a report, and come to the form that adds files to it."""
    from absences.models import Report

    place.family.begin(place.pupil)
    place.family.answer(reason="illness")
    place.family.answer()
    place.family.at = f"/family/reports/{Report._base_manager.get().pk}/files/"
    return place.family


def withdrawal_page(place: Place) -> Parent:
    """Send a report, and come to the form that takes it back."""
    files_page(place)
    place.family.open(place.family.at.replace("files", "withdrawal"))
    return place.family


LONG = "x" * 1001
CASES = (
    Case(parents_forms.ChildrenForm, page("/family/report/"), {}, ("Select who is away",)),
    Case(parents_forms.WhenForm, question("when"), {"when": "never"}, ("Select the day",)),
    Case(
        parents_forms.DaysForm,
        question("days"),
        {"first_day": "2025-11-13", "last_day": "2025-11-11", "part": "AM"},
        ("The last day must be the first day or later",),
        ('value="2025-11-13" selected', 'value="AM" checked'),
    ),
    Case(parents_forms.ReasonForm, question("reason"), {"reason": "x"}, ("Select a reason",)),
    Case(
        parents_forms.AppointmentForm,
        question("appointment", {"reason": "hospital"}),
        {"appointment_at": "noonish", "part": "PM"},
        ("Enter a time like 9:15 or 1:30pm",),
        ('value="noonish"', 'value="PM" checked'),
    ),
    Case(
        parents_forms.NoteForm,
        question("note", {"reason": "illness"}),
        {"note": LONG},
        ("The note must be 1,000 characters or fewer",),
        (LONG,),
    ),
    Case(parents_forms.NoteForm, question("note", {"reason": "other"}), {}, ("Say in a few words why",)),
    Case(
        parents_forms.BackForm,
        question("back", {"reason": "illness"}),
        {"back": "2020-01-01"},
        ("Select a day",),
    ),
    Case(parents_forms.FilesForm, files_page, {}, ("Select a photo or a file",)),
    Case(
        parents_forms.WithdrawalForm,
        withdrawal_page,
        {"why": "y" * 301},
        ("The reason must be 300 characters or fewer",),
        ("y" * 301,),
    ),
    Case(
        parents_forms.LimitsForm,
        page("/s/hill/absences/settings/", of_office=True),
        {"days_ahead": "many", "days_at_once": "5", "days_back": ""},
        (
            "Days ahead must be a whole number from 0 to 365",
            "School days back must be a whole number from 0 to 60",
        ),
        ('value="many"',),
    ),
    Case(
        details_forms.DetailsForm,
        page("/family/children/{pupil}/details/"),
        {"name": "", "email": "nothing", "phone": "01632 960777"},
        ("Enter your name", "Enter an e-mail address like name@example.com"),
        ('value="nothing"', 'value="01632 960777"'),
    ),
    Case(
        AppForm,
        page("/s/hill/absences/reports/app/", of_office=True),
        {"name": "z" * 41},
        ("The name must be 40 characters or fewer",),
        ("z" * 41,),
    ),
    Case(
        details_forms.DecisionForm,
        page("/s/hill/absences/details/{asked}/", of_office=True),
        {"do": "decline"},
        ("Say why: the parent reads it",),
    ),
)


@pytest.fixture(autouse=True)
def ten_past_eight():
    """Tuesday 11 November 2025, ten past eight."""
    with time_machine.travel(EARLY, tick=False):
        yield


@pytest.fixture
def place(parent, office, school, pupil, class_group, sign_in) -> Place:
    """A family with two children, so that "who is away?" is a question."""
    from registers.models import Contact

    held_sessions(school, FIRST_HELD, LAST_HELD)
    give_terms(school, "werrington")
    sister = pupil_in_class(class_group, forename="Wren")
    PupilContactFactory(pupil=sister, contact=Contact._base_manager.get(user=parent))
    return Place(Parent(sign_in(parent)), Parent(sign_in(office)), pupil)


# Addresses whose form an empty POST does not reach or does not displease, and where it is sent wrong.
SENT_OTHERWISE = {
    "absences:report_step": "CASES: every question of a report",
    "absences:leave_step": "TestTheQuestionsAboutLeave",
    "absences:leave_request": "test_leave_decisions",
    "absences:leave_went": "test_leave_schools",
    "absences:leave_report_went": "test_leave_schools",
    "absences:reporting_app": "CASES",
    "absences:step": "test_calls_views",
}
# Addresses behind a button: nothing is entered that could be wrong.
BUTTONS = {
    "absences:call_claim",
    "absences:text",
    "absences:reports_accept_trusted",
    "absences:leave_designate_end",
    "absences:step_done",
    "absences:family_language",
    "absences:family_report_change",
}
POSTED = [row for row in TABLE if row.name.startswith("absences:") and row.method == "post"]


def words_at_fault(answer: Any) -> list[str]:
    """Check a page that refuses a form: the title, the summary first, its links; return what it says."""
    text = html.unescape(answer.content.decode())
    assert re.search(r"<title>Error: [^<]+ – Rollcall</title>", " ".join(text.split()))
    summary = re.search(r'<div class="govuk-error-summary" .*?</ul>', text, re.DOTALL)[0]
    assert text.index(summary) < text.index("<h1")
    links = re.findall(r'<a href="#([^"]+)">([^<]+)</a>', summary)
    said = re.findall(r"<li>(?:<a [^>]+>)?([^<]+)", summary)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert [target for target, _ in links if ids.count(target) != 1] == []
    form = re.search(r"<main.*</main>", text, re.DOTALL)[0]
    assert "novalidate" in form
    assert not re.search(r"\s(required|maxlength|min|max|pattern)(=|\s|>)", form)
    return said


def send_empty(clients: dict[str, Client], row: Row, world: World) -> Any:
    """Send nothing to an address, as the first of these people who may."""
    client = next(client for role, client in clients.items() if role in row.roles)
    parts = {part: world.arguments[source] for part, source in row.parts.items()}
    answer = client.post(reverse(row.name, kwargs=parts))
    assert (row.name, answer.status_code) == (row.name, 422)
    return answer


def form_classes(module: Any) -> set[type[forms.BaseForm]]:
    return {
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, forms.BaseForm) and found.__module__ == module.__name__
    }


class TestTheTable:
    @pytest.mark.parametrize("module", WHOLE_MODULES, ids=lambda module: module.__name__)
    def test_has_every_form_of_the_module(self, module):
        assert form_classes(module) - {case.form for case in CASES} == set()


class TestAFormSentWrong:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.form.__name__}-{case.faults[0]}")
    def test_says_so_first_and_keeps_what_was_typed(self, place: Place, case: Case):
        who = case.open(place)
        answer = who.answer(**case.sent)

        assert answer.status_code == 422
        assert tuple(words_at_fault(answer)) == case.faults
        text = html.unescape(answer.content.decode())
        beside = re.findall(r'govuk-error-message">.*?</span>\s*([^<]+)</p>', text, re.DOTALL)
        assert tuple(words.strip() for words in beside) == case.faults
        assert [words for words in case.kept if words not in text] == []


class TestEveryAddressThatTakesAPost:
    def test_is_sent_an_empty_form_here_or_named_with_the_reason_why_not(self):
        sent_here = {row.name for row in POSTED if row.status == 422}

        assert {row.name for row in POSTED} - sent_here == set(SENT_OTHERWISE) | BUTTONS

    def test_answers_an_empty_form_in_the_one_way(self, school, class_group, pupil, sign_in):
        with time_machine.travel(NOW, tick=False):
            world = world_of(school, class_group, pupil)
            people = {PARENT: UserFactory()} | {
                role: person(school, role, name=role) for role in (OFFICE, HEAD)
            }
            contact = ContactFactory(school=school, user=people[PARENT])
            give_to_family(world, contact)
            # With two children, who is away is a question.
            PupilContactFactory(pupil=pupil_in_class(class_group, forename="Wren"), contact=contact)
            clients = {role: sign_in(user) for role, user in people.items()}
            silent = [
                row.name
                for row in POSTED
                if row.status == 422 and not words_at_fault(send_empty(clients, row, world))
            ]

        assert silent == []


class TestTheQuestionsAboutLeave:
    # Who goes too may be left empty, and what is to be checked is not entered.
    @pytest.mark.parametrize("question", sorted(set(ANSWERS) - {"going", "check"}))
    def test_answer_an_empty_form_in_the_one_way(self, question, school, pupil, parent, sign_in):
        with time_machine.travel(ASKED, tick=False):
            give_policy(school, "werrington")
            client = sign_in(parent)
            before = list(ANSWERS)[: list(ANSWERS).index(question)]
            key = walk(client, [pupil], until=before[-1])[0] if before else begin(client, [pupil])
            answer = client.post(f"/family/leave/new/{key}/{question}/")

        assert answer.status_code == 422
        assert words_at_fault(answer) != []
