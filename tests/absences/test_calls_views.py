"""Calling through the pages, without a script: claim, outcome, next contact, next child, tasks and lists."""

import csv
import io
import re
from datetime import date, time
from uuid import uuid4

import pytest
from django.test import Client
from django_scopes import scope, scopes_disabled

from absences.models import ContactAttempt, Report, Task
from letters.models import Message
from registers.models import Mark
from tests.absences.calling import TUESDAY, Calls, make_calls
from tests.cast import SignIn
from tests.factories.absences import ReportFactory, TaskFactory
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.registers import PupilContactFactory, RegisterFactory
from tests.factories.registers_admission import OutsideContactFactory, PupilOutsideContactFactory
from tests.registers import taking
from tests.registers.taking import clock_at, london, queries_of

LIST = "/s/hill/absences/"
DAY = f"{LIST}2025-11-11/"
AT = time(9, 40)
STATEMENTS = 7


@pytest.fixture
def calls(school, class_group, office) -> Calls:
    made = make_calls(school, class_group, office)
    RegisterFactory(class_group=class_group, session=made.session())
    return made


@pytest.fixture
def client(calls: Calls, office, sign_in: SignIn) -> Client:
    return sign_in(office)


def words_of(response) -> str:
    return taking.words_of(response.content.decode())


def attempt_url(pupil) -> str:
    return f"{DAY}pupils/{pupil.pk}/attempt/"


def said(pupil, contact, outcome="no_answer", **values):
    return {
        "who": f"c{contact.pk}",
        "channel": "call",
        "address": contact.phone,
        "outcome": outcome,
        "entry": str(uuid4()),
        **values,
    }


def attempts() -> list[tuple[str, str]]:
    with scopes_disabled():
        return [
            (one.pupil.surname, one.outcome)
            for one in ContactAttempt.objects.select_related("pupil").order_by("pk")
        ]


class TestTheList:
    def test_shows_whom_to_call_and_begins_with_a_button_for_the_next(self, calls, client):
        pupil = calls.missing()
        calls.contact(pupil, language="Polish")

        with clock_at(AT):
            words = words_of(client.get(LIST))

        assert "1 to call" in words
        assert "Call the next: Robin Ashdown" in words
        assert "Jo Ashdown, mother 01733 555 0101" in words

    def test_before_its_time_says_when_calls_begin(self, calls, client):
        calls.missing()

        with clock_at(time(9, 19)):
            words = words_of(client.get(LIST))

        assert "Calls begin at 9:20am" in words
        assert "Ashdown" not in words

    def test_without_a_policy_in_force_says_so(self, class_group, office, sign_in):
        with clock_at(AT):
            response = sign_in(office).get(LIST)

        assert "has no attendance policy in force on 11 November 2025" in words_of(response)

    def test_never_shows_the_number_of_somebody_kept_away(self, calls, client):
        pupil = calls.missing()
        calls.contact(
            pupil, "Kept Away", phone="07700 900666", court_order_restricts=True, email="kept@family.example"
        )

        with clock_at(AT):
            html = client.get(f"{LIST}?pupil={pupil.pk}").content.decode()

        assert "Do not call" in html
        assert "900666" not in html
        assert "kept@family.example" not in html

    def test_says_which_registers_nobody_took(self, school, class_group, office, sign_in):
        calls = make_calls(school, class_group, office)
        calls.pupil()

        with clock_at(AT):
            words = words_of(sign_in(office).get(LIST))

        assert "Nobody took the register of Oak (AM, 1 pupil)" in words
        assert "0 to call" in words

    @pytest.mark.parametrize("count", [3, 30])
    def test_takes_seven_statements_for_3_and_for_30(self, calls, client, count):
        for number in range(count):
            pupil = calls.missing(f"Pupil{number:02}")
            ContactAttemptFactory(pupil=pupil, on=TUESDAY, contact=calls.contact(pupil), address="1")
        with clock_at(AT):
            client.get(LIST)
            in_hand = pupil.pk

            # The person and the role; terms, days, pupils, tasks, contacts. Eight would be allowed.
            assert len(queries_of(client, LIST)) == STATEMENTS
            assert len(queries_of(client, f"{LIST}?pupil={in_hand}")) == STATEMENTS


class TestCalling:
    def test_takes_the_next_child_in_hand(self, calls, client):
        first, _ = calls.missing("Abel"), calls.missing("Baker")
        calls.contact(first)

        with clock_at(AT):
            response = client.post(f"{DAY}claim/", {"pupil": ""})
            panel = client.get(LIST).content.decode()

        assert response.url == f"{LIST}?pupil={first.pk}#call-now"
        assert 'href="tel:017335550101"' in panel

    def test_leads_two_people_to_two_children(self, calls, client, head, sign_in):
        first, second = calls.missing("Abel"), calls.missing("Baker")
        with clock_at(AT):
            urls = [one.post(f"{DAY}claim/", {"pupil": ""}).url for one in (client, sign_in(head))]
            words = words_of(client.get(LIST))

        assert urls == [f"{LIST}?pupil={one.pk}#call-now" for one in (first, second)]
        assert "Hilary Head is calling" in words

    def test_about_a_child_that_somebody_else_has_in_hand_is_refused(self, calls, client, head, sign_in):
        pupil = calls.missing()
        with clock_at(AT):
            client.post(f"{DAY}claim/", {"pupil": pupil.pk})
            response = sign_in(head).post(f"{DAY}claim/", {"pupil": pupil.pk}, follow=True)

        assert "Olive Office is calling about this pupil until 9:45am." in words_of(response)

    def test_keeps_an_outcome_with_one_press_and_prompts_the_next_contact(self, calls, client):
        pupil = calls.missing()
        first = calls.contact(pupil, "First")
        calls.contact(pupil, "Second", priority=2)

        with clock_at(AT):
            response = client.post(attempt_url(pupil), said(pupil, first))
            html = client.get(LIST).content.decode()

        assert response.url == f"{LIST}?pupil={pupil.pk}#call-now"
        assert attempts() == [("Ashdown", "no_answer")]
        assert re.search(r"<strong>Second</strong>, mother <span class=\"govuk-tag\">Next</span>", html)

    def test_goes_on_to_the_next_child_when_it_is_settled(self, calls, client):
        first, second = calls.missing("Abel"), calls.missing("Baker")
        contact = calls.contact(first)

        with clock_at(AT):
            response = client.post(
                attempt_url(first), said(first, contact, "spoke_knew", reason="not_said"), follow=True
            )

        assert response.redirect_chain[-1][0] == f"{LIST}?pupil={second.pk}#call-now"
        words = words_of(response)
        assert "1 to call" in words
        assert "Robin Abel: spoke: knew." in words

    def test_offers_the_policys_steps_when_everybody_was_tried(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)

        with clock_at(AT):
            response = client.post(attempt_url(pupil), said(pupil, contact), follow=True)
            words = words_of(response)
            refused = client.post(
                f"{DAY}pupils/{pupil.pk}/step/", {"step": "home_visit", "choice": "no", "why": ""}
            )
            kept = client.post(f"{DAY}pupils/{pupil.pk}/step/", {"step": "home_visit", "choice": "yes"})
            after = words_of(client.get(f"{LIST}?pupil={pupil.pk}"))

        assert "Everybody was tried. The policy’s next steps: Write home Choose" in words
        assert (refused.status_code, kept.status_code) == (422, 302)
        assert "Error: " in refused.content.decode()
        assert "Visit the home On the list of tasks" in after
        with scopes_disabled():
            assert Task.objects.get().kind == "home_visit"

    def test_has_no_step_that_the_policy_has_not(self, calls, client):
        pupil = calls.missing()

        with clock_at(AT):
            response = client.get(f"{DAY}pupils/{pupil.pk}/step/?step=welfare_check")

        assert response.status_code == 404

    def test_for_brothers_and_sisters_keeps_one_call_for_each(self, calls, client):
        elder, younger = calls.missing("Elder"), calls.missing("Younger")
        shared = calls.contact(elder)
        PupilContactFactory(pupil=younger, contact=shared)

        with clock_at(AT):
            words = words_of(client.get(f"{LIST}?pupil={elder.pk}"))
            client.post(attempt_url(elder), said(elder, shared, "voicemail", also=[younger.pk]))

        assert "Also away: Robin Younger , Oak. One call serves them all." in words
        assert sorted(attempts()) == [("Elder", "voicemail"), ("Younger", "voicemail")]

    def test_from_paper_keeps_the_real_time(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)

        with clock_at(time(11, 0)):
            client.post(attempt_url(pupil), said(pupil, contact, happened_at="9:25am"))

        with scopes_disabled():
            one = ContactAttempt.objects.get()
        assert (one.at, one.recorded_at) == (london(TUESDAY, time(9, 25)), london(TUESDAY, time(11, 0)))

    def test_to_a_professional_or_a_grandmother_is_kept_as_well(self, calls, client):
        pupil = calls.missing()
        worker = OutsideContactFactory(school=calls.school, name="Sam Social")
        PupilOutsideContactFactory(pupil=pupil, outside_contact=worker)

        with clock_at(AT):
            for values in ({"who": f"o{worker.pk}"}, {"who": "other", "person": "Grandmother"}):
                client.post(attempt_url(pupil), {**values, "channel": "call", "outcome": "no_answer"})

        with scope(school=calls.school):
            found = list(ContactAttempt.objects.order_by("pk").values_list("outside_contact", "person"))
        assert found == [(worker.pk, ""), (None, "Grandmother")]

    @pytest.mark.parametrize(
        ("values", "href"),
        [
            ({"channel": "", "outcome": "no_answer"}, "#id_channel"),
            ({"channel": "call", "outcome": "no_answer"}, "#id_who"),
            ({"channel": "call", "outcome": "spoke_knew", "who": "other", "person": "Aunt"}, "#id_reason"),
            ({"channel": "letter", "outcome": "no_answer"}, "#id_outcome"),
            (
                {
                    "channel": "call",
                    "outcome": "no_answer",
                    "who": "other",
                    "person": "A",
                    "happened_at": "x",
                },
                "#id_happened_at",
            ),
            (
                {
                    "channel": "call",
                    "outcome": "no_answer",
                    "who": "other",
                    "person": "A",
                    "happened_at": "11:00",
                },
                "#id_happened_at",
            ),
        ],
    )
    def test_that_cannot_stand_is_shown_again_with_what_was_entered(self, calls, client, values, href):
        pupil = calls.missing()

        with clock_at(AT):
            response = client.post(attempt_url(pupil), {**values, "note": "they were kind"})

        html = response.content.decode()
        assert response.status_code == 422
        assert "<title>Error: " in html
        assert f'<a href="{href}">' in html
        assert f'id="{href[1:]}"' in html
        assert "they were kind" in html
        assert attempts() == []


class TestAGuardianWhoDidNotKnow:
    def test_stands_on_top_until_somebody_closes_the_task(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)
        with clock_at(AT):
            client.post(attempt_url(pupil), said(pupil, contact, "spoke_did_not_know"))
            words = words_of(client.get(LIST))
        with scopes_disabled():
            task = Task.objects.get()
        with clock_at(time(10, 11)):
            late = words_of(client.get(LIST))
            refused = client.post(f"{LIST}tasks/{task.pk}/", {"outcome": " "})
            client.post(f"{LIST}tasks/{task.pk}/", {"outcome": "At the dentist with an aunt"})
            after = words_of(client.get(LIST))

        assert "Safeguarding: a guardian did not know Robin Ashdown due 10:10am" in words
        assert "Robin Ashdown overdue since 10:10am" in late
        assert refused.status_code == 422
        assert "overdue since" not in after
        task.refresh_from_db()
        assert (task.outcome, task.closed_by_id) == ("At the dentist with an aunt", calls.by.pk)


class TestAnExplanationInTheCall:
    def test_becomes_a_report_that_the_register_follows(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)

        with clock_at(AT):
            response = client.post(
                attempt_url(pupil),
                said(pupil, contact, "spoke_knew", reason="illness", note="a cold", record_now="on"),
                follow=True,
            )

        with scope(school=calls.school):
            report = Report.objects.get()
            mark = Mark.objects.get(pupil=pupil, session=calls.session())
        assert (report.channel, report.contact, report.reason, report.state) == (
            "phone",
            contact,
            "illness",
            "accepted",
        )
        assert mark.code_id == "I"
        assert "The register follows." in words_of(response)

    def test_waits_for_a_decision_when_the_caller_leaves_it_open(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)

        with clock_at(AT):
            client.post(attempt_url(pupil), said(pupil, contact, "spoke_knew", reason="bereavement"))

        with scope(school=calls.school):
            assert Report.objects.get().state == "waiting"
            assert Mark.objects.get(pupil=pupil, session=calls.session()).code_id == "N"

    def test_until_a_later_day_covers_the_days(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil)

        with clock_at(AT):
            client.post(
                attempt_url(pupil),
                said(pupil, contact, "spoke_knew", reason="illness", last_day="2025-11-13"),
            )

        with scope(school=calls.school):
            assert Report.objects.get().last_day == date(2025, 11, 13)


class TestAText:
    def test_names_no_surname_and_is_one_attempt_however_often_it_is_pressed(self, calls, client):
        pupil = calls.missing()
        contact = calls.contact(pupil, phone="07700 900123")

        with clock_at(AT):
            for _ in range(2):
                client.post(f"{DAY}pupils/{pupil.pk}/text/", {"contact": contact.pk})

        with scope(school=calls.school):
            message = Message.objects.get()
            one = ContactAttempt.objects.get()
        assert (one.channel, one.outcome, one.address) == ("text", "sent", message.address)
        assert "Robin" in message.body
        assert "Ashdown" not in message.body

    def test_does_not_go_to_a_land_line_or_somebody_kept_away(self, calls, client):
        pupil = calls.missing()
        line = calls.contact(pupil, phone="01733 555 0101")
        kept = calls.contact(pupil, "Kept", priority=2, phone="07700 900124", court_order_restricts=True)

        with clock_at(AT):
            for contact in (line, kept):
                client.post(f"{DAY}pupils/{pupil.pk}/text/", {"contact": contact.pk})

        with scope(school=calls.school):
            assert (Message.objects.count(), ContactAttempt.objects.count()) == (0, 0)


class TestTheTasksPage:
    def test_puts_safeguarding_first_then_what_is_due_first(self, calls, client):
        for surname, kind, due in (
            ("None", "review", None),
            ("Late", "evidence", time(15, 0)),
            ("Early", "evidence", time(9, 0)),
            ("Guarded", "safeguarding", time(16, 0)),
        ):
            TaskFactory(pupil=calls.pupil(surname), kind=kind, due_at=london(TUESDAY, due) if due else None)

        with clock_at(AT):
            words = words_of(client.get(f"{LIST}tasks/"))

        order = [words.index(f"{name}, Robin") for name in ("Guarded", "Early", "Late", "None")]
        assert order == sorted(order)

    @pytest.mark.parametrize("count", [3, 30])
    def test_takes_as_many_statements_for_3_as_for_30(self, calls, client, count):
        for number in range(count):
            TaskFactory(pupil=calls.pupil(f"Pupil{number:02}"))
        with clock_at(AT):
            client.get(f"{LIST}tasks/")

            assert len(queries_of(client, f"{LIST}tasks/")) == 4

    def test_says_who_closed_a_task_meanwhile(self, calls, client, head):
        task = TaskFactory(pupil=calls.pupil())
        with clock_at(AT):
            task.closed_at, task.closed_by, task.outcome = london(TUESDAY, time(9, 0)), head, "Done"
            task.save()
            response = client.post(f"{LIST}tasks/{task.pk}/", {"outcome": "I did it"})

        assert response.status_code == 422
        assert "Hilary Head closed this meanwhile: Done" in words_of(response)


class TestThePupilsPage:
    def test_shows_every_attempt_and_crosses_out_what_was_struck(self, calls, client):
        pupil = calls.missing()
        one = ContactAttemptFactory(pupil=pupil, on=TUESDAY, outcome="voicemail", at=london(TUESDAY, AT))
        with clock_at(AT):
            refused = client.post(f"{LIST}attempts/{one.pk}/strike/", {"reason": ""})
            client.post(f"{LIST}attempts/{one.pk}/strike/", {"reason": "Wrong child"})
            html = client.get(f"{LIST}pupils/{pupil.pk}/").content.decode()

        assert refused.status_code == 422
        assert "<s>Voicemail left</s> Struck out: Wrong child" in html

    def test_is_one_of_the_pages_of_the_pupil(self, calls, client):
        pupil = calls.missing()

        with clock_at(AT):
            html = client.get(f"{LIST}pupils/{pupil.pk}/").content.decode()

        assert re.search(r'href="/s/hill/absences/pupils/\d+/" aria-current="page">Follow-up', html)


class TestContactHealth:
    def test_names_numbers_that_fail_and_families_to_ask(self, calls, client):
        pupil = calls.pupil("Silent")
        silent = calls.contact(pupil, "Sil Ent", phone="07700 900001")
        wrong = calls.contact(calls.pupil("Wrong"), "Wro Ng", phone="07700 900002")
        calls.contact(calls.pupil("Without"), "=With Out", phone="")
        answers = calls.contact(calls.pupil("Answers"), "Ans Wers", phone="07700 900003")
        for contact, outcomes in (
            (silent, ["no_answer", "voicemail", "no_answer"]),
            (wrong, ["number_wrong"]),
            (answers, ["no_answer", "no_answer", "no_answer", "spoke_knew", "no_answer"]),
        ):
            for place, outcome in enumerate(outcomes):
                ContactAttemptFactory(
                    pupil=pupil,
                    contact=contact,
                    address=contact.phone,
                    outcome=outcome,
                    at=london(TUESDAY, time(9, 20 + place)),
                )

        with clock_at(AT):
            words = words_of(client.get(f"{LIST}contact-health/"))
            file = client.get(f"{LIST}contact-health.csv").content.decode()

        assert "Sil Ent 07700 900001 3 of 3 without an answer, last Tue 11 Nov Robin Silent" in words
        assert "Ans Wers 07700" not in words
        rows = [row[:4] for row in csv.reader(io.StringIO(file))][1:]
        assert rows == [
            ["Does not work", "Wro Ng", "07700 900002", "1"],
            ["Never answered", "Sil Ent", "07700 900001", "3"],
            ["No number", "'=With Out", "", "0"],
        ]


class TestThePrintedList:
    def test_has_names_classes_contacts_and_boxes(self, calls, client):
        pupil = calls.missing()
        calls.contact(pupil)
        calls.contact(pupil, "Kept Away", priority=2, phone="07700 900666", court_order_restricts=True)

        with clock_at(AT):
            response = client.get(f"{DAY}paper/")

        words = words_of(response)
        assert "Ashdown, Robin Oak" in words
        assert "Jo Ashdown, mother" in words
        assert "01733 555 0101" in words
        assert "Kept Away" not in words


class TestTheDayBoard:
    def test_counts_whom_to_call_and_leads_there(self, calls, client):
        calls.missing()

        with clock_at(AT):
            html = client.get("/s/hill/registers/").content.decode()

        assert '<a id="strip-calls" href="/s/hill/absences/">1 to call</a>' in html

    def test_leads_to_the_calls_with_g_and_c(self, calls, office, sign_in):
        office.uses_single_keys = True
        office.save()

        with clock_at(AT):
            html = sign_in(office).get(LIST).content.decode()

        assert 'data-jump-c="/s/hill/absences/"' in html

    def test_says_nothing_of_calls_to_a_teacher(self, calls, class_teacher, sign_in):
        calls.missing()

        with clock_at(AT):
            html = sign_in(class_teacher).get("/s/hill/registers/").content.decode()

        assert "to call" not in html


class TestSettings:
    def test_keep_the_minutes_of_the_school(self, calls, client):
        with clock_at(AT):
            refused = client.post(f"{LIST}calls/settings/", {"minutes": "3"})
            kept = client.post(f"{LIST}calls/settings/", {"minutes": "15"})
            shown = client.get(f"{LIST}calls/settings/").content.decode()

        assert (refused.status_code, kept.status_code) == (422, 302)
        assert 'value="15"' in shown


class TestWordThatCame:
    def test_leads_to_the_report(self, calls, client):
        pupil = calls.missing()
        report = ReportFactory(pupil=pupil, first_day=TUESDAY, last_day=TUESDAY)

        with clock_at(AT):
            words = words_of(client.get(LIST))

        assert f"Robin Ashdown , Oak: report {report.reference}, waits for a decision" in words
