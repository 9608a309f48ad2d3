"""The head or a designate decides leave in advance, with reasons; registers, letters and messages follow."""

from datetime import date, time
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from absences.models import LeaveNote, LeavePart, LeaveRequest
from absences.rules.leave import Half, Span
from absences.services import leave_decisions
from absences.services.leave import Asked, LeaveChangedMeanwhile, LeaveRefused, ask
from absences.services.leave_decisions import Decision
from letters.models import Letter, Message
from registers.models import Contact, KnownAhead, PupilContact
from tests.absences.leave_pages import (
    ASKED,
    FRIDAY,
    MONDAY,
    THURSDAY,
    at,
    date_parts,
    give_policy,
    words_of,
)
from tests.factories.absences_leave import LeaveDesignateFactory, LeaveRequestFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london, pupil_in_class

pytestmark = pytest.mark.django_db

DECIDED = london(date(2025, 9, 8), time(9, 0))
BEGUN = london(THURSDAY, time(8, 50))


@pytest.fixture(autouse=True)
def monday_at_nine():
    """Monday 8 September 2025 at nine."""
    with at(DECIDED):
        yield


@pytest.fixture
def contact(parent, school):
    with scopes_disabled():
        return Contact.objects.get(user=parent)


def asked_for(*pupils, contact, **changed):
    """Send a request as its service takes it."""
    form = Asked(
        **{
            "kind": "family",
            "first_day": THURSDAY,
            "return_on": MONDAY,
            "reasons": "My sister marries abroad.",
            "signed_name": "Pat Parent",
            "signed_on": date(2025, 9, 5),
            "understood_penalty": True,
            **changed,
        }
    )
    return ask(
        pupils,
        form,
        applicants={contact.school_id: contact},
        submission=uuid4(),
        by=contact.user,
        at=ASKED,
    )


@pytest.fixture
def werrington(school):
    return give_policy(school, "werrington")


@pytest.fixture
def row(werrington, pupil, contact):
    return asked_for(pupil, contact=contact)[0]


def decide(row, head, *, at=DECIDED, version=1, **decision):
    usual = {"outcome": "grant", "note": "Rare, short and unavoidable.", "code": "C"}
    with scope(school=row.school):
        return leave_decisions.decide(
            [(row, version)], Decision(**usual | decision), by=head, at=at, position="Headteacher"
        )


REFUSAL = {"outcome": "refuse", "told": "It can be held in the holidays.", "code": ""}


class TestGrantingWholly:
    def test_opens_the_registers_with_the_code(self, row, head, pupil):
        decide(row, head)

        row.refresh_from_db()
        assert (row.state, row.decided_by, row.decided_at, row.version) == ("granted", head, DECIDED, 2)
        with scopes_disabled():
            (part,) = LeavePart.objects.all()
            ahead = KnownAhead.objects.get()
            assert (part.is_granted, part.code, part.known_ahead) == (True, "C", ahead)
            assert (ahead.code_id, ahead.first_day, ahead.last_day) == ("C", THURSDAY, FRIDAY)
            assert ahead.name == f"Leave {row.reference}"  # teachers read it: no reason stands in it
            assert [taking.pupil for taking in ahead.taking_part.all()] == [pupil]

    def test_writes_to_the_parent_who_asked_alone(self, row, head, pupil, school, contact):
        other = ContactFactory(school=school, name="Other Parent", address="77 Elsewhere Road")
        PupilContactFactory(pupil=pupil, contact=other, priority=2)
        decide(row, head)

        with scopes_disabled():
            (letter,) = Letter.objects.all()
        assert (letter.template_key, letter.recipients) == ("leave_decision", ["Pat Parent"])
        assert "77 Elsewhere Road" not in str(letter.content)

    def test_tells_the_parent_without_saying_what_was_decided(self, row, head):
        decide(row, head)

        with scopes_disabled():
            (message,) = Message.objects.all()
        assert row.reference in message.body
        assert "granted" not in message.body
        assert "married" not in message.body

    def test_needs_what_was_weighed(self, row, head):
        with pytest.raises(LeaveRefused) as refused:
            decide(row, head, note=" ")

        assert refused.value.faults == {"note": "Enter what you weighed and why you decide so"}
        row.refresh_from_db()
        assert (row.state, row.version) == ("waiting", 1)
        with scopes_disabled():
            assert (KnownAhead.objects.count(), Letter.objects.count()) == (0, 0)

    @pytest.mark.parametrize("code", ["M", "I", "V", "", "C2"])
    def test_takes_codes_of_leave_alone(self, row, head, code):
        with pytest.raises(LeaveRefused) as refused:
            decide(row, head, code=code)

        assert refused.value.faults == {"code": "Choose the code that registers will show"}

    @pytest.mark.parametrize("code", ["C", "J1", "S", "R"])
    def test_takes_each_code_of_leave(self, row, head, code):
        decide(row, head, code=code)

        with scopes_disabled():
            assert KnownAhead.objects.get().code_id == code

    def test_of_a_performance_names_the_licence(self, row, head):
        with pytest.raises(LeaveRefused) as refused:
            decide(row, head, code="C1")
        assert refused.value.faults == {
            "licence": "Enter the reference of the licence, or why none is needed"
        }

        decide(row, head, code="C1", licence="BOPA 1234")

        row.refresh_from_db()
        assert (row.state, row.detail) == ("granted", "BOPA 1234")

    def test_is_impossible_once_the_first_register_has_opened(self, row, head):
        """No retrospective grant (SI 2024/208 reg 11)."""
        for outcome in (
            {"outcome": "grant"},
            {"outcome": "part", "told": "x", "granted": Span(Half(FRIDAY, "AM"), Half(FRIDAY, "PM"))},
        ):
            with pytest.raises(LeaveRefused) as refused:
                decide(row, head, at=BEGUN, **outcome)
            assert refused.value.faults["outcome"].startswith("This leave has begun")

        decide(row, head, at=BEGUN, **REFUSAL)
        row.refresh_from_db()
        assert row.state == "refused"

    def test_is_possible_on_the_morning_before(self, row, head):
        decide(row, head, at=london(THURSDAY, time(8, 49)))

        row.refresh_from_db()
        assert row.state == "granted"

    def test_is_impossible_for_a_protest(self, werrington, pupil, contact, head):
        """Never (000:240, 001:228, 002:220)."""
        (row,) = asked_for(pupil, contact=contact, kind="protest")

        with pytest.raises(LeaveRefused) as refused:
            decide(row, head)

        assert refused.value.faults == {"outcome": "Leave cannot be granted for a protest in school hours"}


class TestGrantingAPart:
    def test_grants_some_days_and_refuses_the_rest(self, row, head):
        decide(
            row,
            head,
            outcome="part",
            told="One day of travel is enough.",
            granted=Span(Half(THURSDAY, "PM"), Half(FRIDAY, "AM")),
        )

        row.refresh_from_db()
        assert row.state == "partly"
        with scopes_disabled():
            parts = [
                (part.is_granted, part.first_day, part.first_half, part.last_day, part.last_half)
                for part in LeavePart.objects.order_by("first_day", "first_half")
            ]
            ahead = KnownAhead.objects.get()
            letter = Letter.objects.get()
        assert parts == [
            (False, THURSDAY, "AM", THURSDAY, "AM"),
            (True, THURSDAY, "PM", FRIDAY, "AM"),
            (False, FRIDAY, "PM", FRIDAY, "PM"),
        ]
        assert (ahead.first_day, ahead.first_half, ahead.last_day, ahead.last_half) == (
            THURSDAY,
            "PM",
            FRIDAY,
            "AM",
        )
        assert "One day of travel is enough." in str(letter.content)

    @pytest.mark.parametrize(
        ("granted", "field"),
        [
            (None, "granted_from"),
            (Span(Half(date(2025, 10, 6), "AM"), Half(date(2025, 10, 7), "PM")), "granted_from"),
            (Span(Half(THURSDAY, "AM"), Half(FRIDAY, "PM")), "granted_to"),
            (Span(Half(FRIDAY, "AM"), Half(date(2025, 10, 7), "PM")), "granted_to"),
        ],
    )
    def test_lies_within_what_was_asked_and_leaves_some(self, row, head, granted, field):
        with pytest.raises(LeaveRefused) as refused:
            decide(row, head, outcome="part", told="Not all.", granted=granted)

        assert list(refused.value.faults) == [field]
        row.refresh_from_db()
        assert row.state == "waiting"

    def test_says_why_the_rest_is_refused(self, row, head):
        with pytest.raises(LeaveRefused) as refused:
            decide(row, head, outcome="part", granted=Span(Half(FRIDAY, "AM"), Half(FRIDAY, "PM")))

        assert refused.value.faults == {"told": "Enter why, in the words that the family reads"}

    def test_may_be_for_some_children_alone(self, werrington, pupil, contact, head, class_group):
        sister = pupil_in_class(class_group, forename="Sky")
        with scopes_disabled():
            PupilContact.objects.create(
                school=pupil.school, pupil=sister, contact=contact, relationship="mother", priority=1
            )
        first, second = asked_for(pupil, sister, contact=contact)

        decide(first, head)

        second.refresh_from_db()
        assert second.state == "waiting"
        decide(second, head, **REFUSAL)
        with scopes_disabled():
            assert [ahead.taking_part.get().pupil for ahead in KnownAhead.objects.all()] == [pupil]


class TestRefusing:
    def test_changes_no_register(self, row, head):
        decide(row, head, **REFUSAL)

        with scopes_disabled():
            assert KnownAhead.objects.count() == 0
            assert [part.is_granted for part in LeavePart.objects.all()] == [False]
            letter = Letter.objects.get()
        assert "It can be held in the holidays." in str(letter.content)

    def test_recording_that_it_is_no_application_writes_no_letter(self, row, head):
        decide(row, head, outcome="not_an_application", told="It came after the first day.", code="")

        row.refresh_from_db()
        with scopes_disabled():
            assert (row.state, Letter.objects.count(), LeavePart.objects.count()) == (
                "not_an_application",
                0,
                0,
            )

    def test_stands_when_nobody_may_have_letters(self, row, head):
        with scopes_disabled():
            PupilContact.objects.update(receives_letters=False)

        done = decide(row, head, **REFUSAL)

        assert len(done.without_letter) == 1
        row.refresh_from_db()
        assert row.state == "refused"


class TestTwoDeciders:
    def test_find_out_about_each_other(self, row, head, champion):
        decide(row, head)

        with pytest.raises(
            LeaveChangedMeanwhile, match="changed by Hilary Head meanwhile: it is now “agreed”"
        ):
            decide(row, champion, **REFUSAL)

        row.refresh_from_db()
        assert (row.state, row.decided_by) == ("granted", head)
        with scopes_disabled():
            assert KnownAhead.objects.count() == 1

    def test_see_one_result_on_the_page(self, row, head, sign_in):
        client = sign_in(head)
        decide(row, head)

        response = client.post(
            f"/s/hill/absences/leave/{row.pk}/",
            {"version": "1", "outcome": "refuse", "note": "n", "told": "t"},
        )

        assert response.status_code == 409
        assert "Nothing else was changed." in words_of(response)
        row.refresh_from_db()
        assert row.state == "granted"


def post_of(row, **changed):
    return {
        "version": str(row.version),
        "outcome": "grant",
        "note": "Rare and short.",
        "told": "",
        "code": "C",
        "licence": "",
        **date_parts("granted_from", row.first_day),
        "granted_from_half": "AM",
        **date_parts("granted_to", row.last_day),
        "granted_to_half": "PM",
        **changed,
    }


class TestThePageOfARequest:
    def test_takes_the_decision_of_the_head(self, row, head, sign_in):
        response = sign_in(head).post(f"/s/hill/absences/leave/{row.pk}/", post_of(row, weighed=["rare"]))

        assert response.status_code == 302
        row.refresh_from_db()
        assert (row.state, row.weighed) == ("granted", ["rare"])

    def test_shows_what_is_missing(self, row, head, sign_in):
        response = sign_in(head).post(f"/s/hill/absences/leave/{row.pk}/", post_of(row, outcome="", note=""))

        page = words_of(response)
        assert response.status_code == 422
        assert "<title>Error:" in page
        assert "Choose what you decide" in page
        assert "Enter what you weighed and why you decide so" in page

    def test_refuses_those_who_may_not_decide(self, row, office, champion, sign_in):
        for user in (office, champion):
            response = sign_in(user).post(f"/s/hill/absences/leave/{row.pk}/", post_of(row))
            assert response.status_code == 403
        row.refresh_from_db()
        assert row.state == "waiting"

    def test_takes_the_decision_of_a_designate_on_their_days_alone(self, row, office, head, sign_in):
        """Only the headteacher or a designate (000:242, 001:232, 004:194)."""
        LeaveDesignateFactory(school=row.school, user=office, named_by=head)  # 8 to 12 September
        page = f"/s/hill/absences/leave/{row.pk}/"
        with at(london(date(2025, 9, 7), time(12, 0))):
            assert sign_in(office).post(page, post_of(row)).status_code == 403
        with at(london(date(2025, 9, 13), time(12, 0))):
            assert sign_in(office).post(page, post_of(row)).status_code == 403
        with at(london(date(2025, 9, 12), time(12, 0))):
            client = sign_in(office)
            assert "Record the decision" in words_of(client.get(page))
            assert client.post(page, post_of(row)).status_code == 302

        row.refresh_from_db()
        assert (row.state, row.decided_by) == ("granted", office)

    def test_offers_no_decision_to_the_office(self, row, office, sign_in):
        page = words_of(sign_in(office).get(f"/s/hill/absences/leave/{row.pk}/"))

        assert "Record the decision" not in page
        assert "Only the headteacher, or whom they named for today, may decide leave." in page

    def test_decides_for_brothers_and_sisters_together(
        self, werrington, pupil, contact, head, class_group, sign_in
    ):
        sister = pupil_in_class(class_group, forename="Sky")
        with scopes_disabled():
            PupilContact.objects.create(
                school=pupil.school, pupil=sister, contact=contact, relationship="mother", priority=1
            )
        first, second = asked_for(pupil, sister, contact=contact)

        sign_in(head).post(f"/s/hill/absences/leave/{first.pk}/", post_of(first, together=[f"{second.pk}-1"]))

        second.refresh_from_db()
        assert second.state == "granted"

    def test_keeps_what_others_said_for_ever(self, row, office, sign_in):
        client = sign_in(office)
        url = f"/s/hill/absences/leave/{row.pk}/notes/"

        assert client.post(url, {"consulted": "", "words": ""}).status_code == 422
        assert client.post(url, {"consulted": "other_settings", "words": "Not decided."}).status_code == 302

        with scopes_disabled():
            (note,) = LeaveNote.objects.all()
        assert (note.by, note.words) == (office, "Not decided.")

    def test_shows_earlier_requests_of_the_child_and_of_siblings(
        self, row, head, sign_in, pupil, contact, class_group
    ):
        sister = pupil_in_class(class_group, forename="Sky")
        with scopes_disabled():
            PupilContact.objects.create(
                school=pupil.school, pupil=sister, contact=contact, relationship="mother", priority=1
            )
        LeaveRequestFactory(
            pupil=pupil, state="withdrawn", first_day=date(2025, 3, 3), last_day=date(2025, 3, 4)
        )
        LeaveRequestFactory(pupil=sister, first_day=date(2025, 5, 6), last_day=date(2025, 5, 6))

        page = words_of(sign_in(head).get(f"/s/hill/absences/leave/{row.pk}/"))

        assert "1 earlier for this child, 0 of them agreed wholly or in part." in page
        assert "Tue 6 May 2025" in page

    def test_asks_the_same_of_the_database_however_many_came_before(self, row, head, sign_in, pupil):
        client, counts = sign_in(head), []
        for more in (3, 9):
            for _ in range(more):
                LeaveRequestFactory(pupil=pupil)
            with CaptureQueriesContext(connection) as seen:
                client.get(f"/s/hill/absences/leave/{row.pk}/")
            counts.append(len(seen))

        assert counts[0] == counts[1]


class TestTheDesk:
    def test_lists_what_waits_with_the_first_day_that_comes_first(self, row, office, sign_in, class_group):
        soon = LeaveRequestFactory(
            pupil=pupil_in_class(class_group, surname="Zander"),
            first_day=date(2025, 9, 10),
            last_day=date(2025, 9, 10),
            return_on=date(2025, 9, 11),
        )

        page = words_of(sign_in(office).get("/s/hill/absences/leave/"))

        assert page.index(soon.pupil.full_name) < page.index(row.pupil.full_name)

    def test_asks_the_same_of_the_database_for_three_and_thirty(
        self, werrington, office, sign_in, class_group
    ):
        client, counts = sign_in(office), []
        for more in (3, 27):
            for _ in range(more):
                child = pupil_in_class(class_group)
                LeaveRequestFactory(pupil=child)
                LeaveRequestFactory(
                    pupil=child, state="withdrawn", first_day=date(2025, 9, 3), last_day=date(2025, 9, 4)
                )
            with CaptureQueriesContext(connection) as seen:
                client.get("/s/hill/absences/leave/")
            counts.append(len(seen))

        assert counts[0] == counts[1]

    def test_prints_a_blank_form_with_the_amounts_of_today(self, werrington, office, sign_in):
        page = words_of(sign_in(office).get("/s/hill/absences/leave/form/"))

        for label in (
            "Pupil’s name",
            "Class",
            "Home address",
            "First day of absence",
            "Date of return to school",
        ):
            assert label in page
        assert "£80 if it is paid within 21 days" in page
        assert "£60" not in page


class TestDesignates:
    def test_are_named_by_the_head_from_a_day_to_a_day(self, werrington, head, office, sign_in):
        client = sign_in(head)
        days = {**date_parts("first_day", date(2025, 9, 8)), **date_parts("last_day", date(2025, 9, 12))}

        response = client.post("/s/hill/absences/leave/designates/", {"user": str(office.pk), **days})

        assert response.status_code == 302
        assert "Olive Office" in words_of(client.get("/s/hill/absences/leave/designates/"))

    def test_are_people_who_follow_up_absences(self, werrington, head, class_teacher, governor, sign_in):
        page = words_of(sign_in(head).get("/s/hill/absences/leave/designates/"))

        assert "Tess Teacher" not in page
        assert "Gale Governor" not in page

    def test_end_when_the_head_says_so(self, werrington, head, office, sign_in):
        named = LeaveDesignateFactory(school=werrington, user=office, named_by=head)

        sign_in(head).post(f"/s/hill/absences/leave/designates/{named.pk}/end/")

        page = words_of(sign_in(head).get("/s/hill/absences/leave/designates/"))
        assert "Nobody is named: only you decide." in page


class TestAPaperForm:
    def form(self, contact, **changed):
        return {
            "key": str(uuid4()),
            "applicant": str(contact.pk),
            "channel": "paper",
            **date_parts("received_on", date(2025, 9, 8)),
            "kind": "holiday",
            "detail": "",
            **date_parts("first_day", THURSDAY),
            "first_half": "AM",
            **date_parts("return_on", MONDAY),
            "return_half": "AM",
            "reasons": "A holiday that grandmother booked.",
            "other_adults": "",
            "home_address": "",
            "understood_penalty": "on",
            "signed_name": "Pat Parent",
            **date_parts("signed_on", date(2025, 9, 5)),
            **changed,
        }

    def test_is_entered_by_the_office(self, werrington, pupil, contact, office, sign_in):
        client = sign_in(office)
        assert pupil.register_name in words_of(client.get("/s/hill/absences/leave/paper/?q=ashd"))

        response = client.post(f"/s/hill/absences/leave/paper/{pupil.pk}/", self.form(contact))

        assert response.status_code == 302
        with scopes_disabled():
            (row,) = LeaveRequest.objects.all()
        assert (row.channel, row.asked_by, row.applicant, row.sessions) == ("paper", office, contact, 4)

    def test_that_came_after_the_first_day_is_kept_and_cannot_be_granted(
        self, werrington, pupil, contact, office, head, sign_in
    ):
        days = {**date_parts("first_day", date(2025, 9, 4)), **date_parts("return_on", date(2025, 9, 9))}

        response = sign_in(office).post(
            f"/s/hill/absences/leave/paper/{pupil.pk}/", self.form(contact, **days)
        )

        assert response.status_code == 302
        with scopes_disabled():
            (row,) = LeaveRequest.objects.all()
        assert (row.state, row.notice_days) == ("waiting", -4)
        with pytest.raises(LeaveRefused):
            decide(row, head)
        page = words_of(sign_in(head).get(f"/s/hill/absences/leave/{row.pk}/"))
        assert "Grant it wholly" not in page

    def test_shows_what_is_missing(self, werrington, pupil, contact, office, sign_in):
        response = sign_in(office).post(
            f"/s/hill/absences/leave/paper/{pupil.pk}/", self.form(contact, applicant="", signed_name="")
        )

        page = words_of(response)
        assert response.status_code == 422
        assert "Choose who asks" in page
        assert "Enter the name that is signed" in page
