"""What each school's document says of leave, and the examples that concern it."""

from datetime import date, time

import pytest
from django_scopes import scope, scopes_disabled

from absences.models import LeaveOutcome, LeaveRequest
from absences.selectors.leave_outcomes import proposals_of
from absences.services import leave_outcomes
from letters.models import Letter, Message
from registers.models import Contact, Mark, Pupil, Session
from tests.absences.leave_pages import (
    ASKED,
    FRIDAY,
    MONDAY,
    THURSDAY,
    at,
    date_parts,
    give_policy,
    parent_of,
    requests_of,
    walk,
    words_of,
)
from tests.arranging import write_marks
from tests.factories.absences import ReportFactory
from tests.factories.absences_leave import LeaveRequestFactory, LeaveTravellerFactory
from tests.factories.accounts import UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london

pytestmark = pytest.mark.django_db

DECIDED = london(date(2025, 9, 8), time(9, 0))
AFTERWARDS = london(date(2025, 10, 7), time(10, 0))
SCHOOLS = ("werrington", "strathmore", "lunts_heath", "welbourn", "leedon")


@pytest.fixture(autouse=True)
def friday_evening():
    with at(ASKED):
        yield


def asked(parent, sign_in, pupil: Pupil, **answers) -> LeaveRequest:
    """Ask for leave through the pages and return the request."""
    key, response = walk(sign_in(parent), [pupil], **answers)
    assert response.status_code == 302, words_of(response)
    return requests_of(key)[0]


def notice_until(parent, sign_in, pupil, first_day: date) -> LeaveRequest:
    days = {**date_parts("first_day", first_day), **date_parts("return_on", date(2025, 10, 20))}
    return asked(parent, sign_in, pupil, days=days)


def decision_page(head, sign_in, row) -> str:
    with at(DECIDED):
        return words_of(sign_in(head).get(f"/s/hill/absences/leave/{row.pk}/"))


def refuse(head, sign_in, row, **more):
    with at(DECIDED):
        return sign_in(head).post(
            f"/s/hill/absences/leave/{row.pk}/",
            {
                "version": "1",
                "outcome": "refuse",
                "note": "A holiday.",
                "told": "It can be taken in August.",
                "granted_from_half": "AM",
                "granted_to_half": "PM",
                **more,
            },
        )


def mark(pupil, days, codes):
    """Let the register show the pupil with these codes in turn on these days."""
    with scopes_disabled():
        sessions = Session.objects.filter(school=pupil.school, on__in=days).order_by("on", "half")
        write_marks(pupil, sessions, codes, by=UserFactory())


def taken(pupil, codes="N"):
    """Let the register show the pupil away on the days of the leave."""
    mark(pupil, (THURSDAY, FRIDAY), codes)


class TestWerrington:
    """000:240-250, 000:278, 000:282."""

    @pytest.fixture
    def school(self, school):
        return give_policy(school, "werrington")

    def test_sets_no_time_for_asking(self, school, pupil, parent, sign_in):
        row = notice_until(parent, sign_in, pupil, date(2025, 9, 8))  # 000:242: "in advance"

        assert (row.notice_days, row.notice_met, row.state) == (3, None, "waiting")

    def test_weighs_value_and_four_words_whatever_the_attendance(self, school, pupil, parent, head, sign_in):
        """000:242 "irrespective of the child's overall attendance", 000:246 the test."""
        row = asked(parent, sign_in, pupil)
        page = decision_page(head, sign_in, row)

        for words in ("emotional, educational or spiritual value", "Is it rare?", "Is it significant?"):
            assert words in page
        assert "Is it unavoidable" in page
        assert "Is it short?" in page
        assert "attendance" not in page.lower()

    def test_lets_any_parent_ask(self, school, pupil, sign_in):
        """000:242 names no home."""
        away = UserFactory(name="Away Parent")
        parent_of(away, pupil, lives_with=False)

        row = asked(away, sign_in, pupil)

        assert (row.state, row.applicant_ok) == ("waiting", True)

    def test_takes_a_religious_day_on_written_notice(self, school, pupil, parent, head, sign_in):
        """000:278: advance notice in writing; the day is recognised by the religious authority."""
        row = asked(
            parent,
            sign_in,
            pupil,
            kind={"kind": "religious"},
            reasons={"reasons": "Eid al-Fitr", "detail": "Our mosque"},
        )

        assert row.detail == "Our mosque"
        assert '<option value="R" selected>' in decision_page(head, sign_in, row)

    def test_gives_written_permission_for_performances(self, school, pupil, parent, sign_in):
        """000:282: permission in writing from the headteacher."""
        key, _ = walk(sign_in(parent), [pupil], until="days", kind={"kind": "performance"})

        page = words_of(sign_in(parent).get("/family/leave/"))
        assert key not in page
        client = sign_in(parent)
        key, _ = walk(client, [pupil], until="days", kind={"kind": "performance"})
        page = words_of(client.get(f"/family/leave/new/{key}/reasons/"))
        assert "has to give its permission in writing" in page

    def test_says_that_no_work_is_set(self, school, pupil, parent, head, sign_in):
        """000:250: no work; read together and keep a diary."""
        row = asked(parent, sign_in, pupil)
        with at(DECIDED):
            sign_in(head).post(
                f"/s/hill/absences/leave/{row.pk}/",
                {
                    "version": "1",
                    "outcome": "grant",
                    "note": "Rare.",
                    "code": "C",
                    "granted_from_half": "AM",
                    "granted_to_half": "PM",
                },
            )

        with scopes_disabled():
            assert "We do not set work for this time." in str(Letter.objects.get().content)


class TestStrathmore:
    """001:230-240."""

    @pytest.fixture
    def school(self, school):
        return give_policy(school, "strathmore")

    def test_sets_no_time_for_asking(self, school, pupil, parent, sign_in):
        assert notice_until(parent, sign_in, pupil, date(2025, 9, 8)).notice_met is None  # 001:232

    def test_weighs_four_words_without_the_value(self, school, pupil, parent, head, sign_in):
        page = decision_page(head, sign_in, asked(parent, sign_in, pupil))  # 001:236

        assert "Is it rare?" in page
        assert "spiritual value" not in page
        assert "attendance" not in page.lower()  # 001:232: whatever the attendance

    def test_lets_any_parent_ask(self, school, pupil, sign_in):
        away = UserFactory(name="Away Parent")
        parent_of(away, pupil, lives_with=False)

        assert asked(away, sign_in, pupil).state == "waiting"


class TestLuntsHeath:
    """002:203-225."""

    @pytest.fixture
    def school(self, school):
        return give_policy(school, "lunts_heath")

    @pytest.mark.parametrize(
        ("first_day", "days", "is_met"),
        [(date(2025, 10, 3), 28, True), (date(2025, 10, 2), 27, False), (date(2025, 9, 8), 3, False)],
    )
    def test_asks_for_four_weeks_and_refuses_nothing(
        self, school, pupil, parent, sign_in, first_day, days, is_met
    ):
        """002:224: at least 4 weeks before, where possible: a warning, never a refusal."""
        row = notice_until(parent, sign_in, pupil, first_day)

        assert (row.notice_days, row.notice_met, row.state) == (days, is_met, "waiting")

    def test_lets_any_parent_ask(self, school, pupil, sign_in):
        """002:224 names no home."""
        away = UserFactory(name="Away Parent")
        parent_of(away, pupil, lives_with=False)

        row = asked(away, sign_in, pupil)

        assert (row.state, row.applicant_ok) == ("waiting", True)

    def test_warns_the_family_of_short_notice(self, school, pupil, parent, sign_in):
        client = sign_in(parent)
        key, _ = walk(client, [pupil], until="address")

        page = words_of(client.get(f"/family/leave/new/{key}/check/"))
        assert "Please ask at least 4 weeks before, where you can. There is less time now." in page

    def test_names_what_may_be_exceptional_and_what_is_not(self, school, pupil, parent, head, sign_in):
        """002:208-220: a list of six; protest never, a family holiday unlikely."""
        page = decision_page(head, sign_in, asked(parent, sign_in, pupil))

        for words in ("country of origin", "a religious festival", "seriously ill", "armed forces"):
            assert words in page
        assert "elite sport" in page
        assert "taking part in a protest" in page
        assert "a family holiday (unlikely)" in page
        assert "usual attendance" not in page.lower()

    def test_offers_its_lawful_grounds_alone(self, school, pupil, parent, head, sign_in):
        page = decision_page(head, sign_in, asked(parent, sign_in, pupil))  # 002:203-207, LUN-12

        for code in ("C", "C1", "J1", "S", "R"):
            assert f'<option value="{code}"' in page
        assert '<option value="C2"' not in page

    def test_never_grants_leave_for_a_protest(self, school, pupil, parent, head, sign_in):
        row = asked(parent, sign_in, pupil, kind={"kind": "protest"})  # 002:220
        response = refuse(head, sign_in, row, outcome="grant", code="C")

        assert response.status_code == 422
        assert "Leave cannot be granted for a protest in school hours" in words_of(response)


class TestWelbourn:
    """003:96-136, 003:273-311."""

    @pytest.fixture
    def school(self, school):
        return give_policy(school, "welbourn")

    @pytest.mark.parametrize(
        ("first_day", "days", "is_met"),
        [(date(2025, 9, 15), 10, True), (date(2025, 9, 12), 7, False)],
    )
    def test_asks_for_ten_days_and_takes_less(self, school, pupil, parent, sign_in, first_day, days, is_met):
        """003:276 and 003:299: at least 10 days; calendar days, flagged when shorter (WEL-14)."""
        row = notice_until(parent, sign_in, pupil, first_day)

        assert (row.notice_days, row.notice_met, row.state) == (days, is_met, "waiting")

    def test_lets_any_parent_ask(self, school, pupil, sign_in):
        """003:273-311: the form asks for a parent's name alone."""
        away = UserFactory(name="Away Parent")
        parent_of(away, pupil, lives_with=False)

        row = asked(away, sign_in, pupil)

        assert (row.state, row.applicant_ok) == ("waiting", True)

    def test_weighs_attendance_above_95_with_its_basis(self, school, pupil, parent, head, sign_in):
        """003:117: the only document that weighs it."""
        row = asked(parent, sign_in, pupil)
        mark(pupil, [date(2025, 9, day) for day in (1, 2, 3, 4, 5)], "I/////////")

        page = decision_page(head, sign_in, row)
        assert "90.0 % (9 of 10 sessions) this school year: not above 95 %." in page
        assert "Is the usual attendance above 95 %?" in page

    def test_names_its_examples(self, school, pupil, parent, head, sign_in):
        page = decision_page(head, sign_in, asked(parent, sign_in, pupil))  # 003:100-110

        assert "the wedding of a parent" in page
        assert "long military deployment" in page
        assert "what a holiday costs" in page

    def test_offers_the_warning_ticked_with_a_holiday(self, school, pupil, parent, head, sign_in):
        """The head's decision approves the letter (GEN-01); 003:126."""
        row = asked(parent, sign_in, pupil, kind={"kind": "holiday"})
        page = decision_page(head, sign_in, row)
        assert 'name="warn" type="checkbox" value="on" checked' in page.replace(
            'aria-describedby="id_warn_hint" ', ""
        )

        assert refuse(head, sign_in, row, warn="on").status_code == 302

        with scopes_disabled():
            letters = {letter.template_key: str(letter.content) for letter in Letter.objects.all()}
        assert set(letters) == {"wel_leave_decision", "wel_holiday_warning"}
        assert "£80" in letters["wel_holiday_warning"]
        assert "£60" not in letters["wel_holiday_warning"]

    def test_sends_no_warning_that_nobody_ticked(self, school, pupil, parent, head, sign_in):
        row = asked(parent, sign_in, pupil, kind={"kind": "holiday"})

        refuse(head, sign_in, row)

        with scopes_disabled():
            assert [letter.template_key for letter in Letter.objects.all()] == ["wel_leave_decision"]

    def test_prints_the_slip_of_its_form(self, school, pupil, parent, head, sign_in):
        """003:303-311: authorised from and to, or unauthorised because; the headteacher's signature."""
        row = asked(parent, sign_in, pupil)
        with at(DECIDED):
            sign_in(head).post(
                f"/s/hill/absences/leave/{row.pk}/",
                {
                    "version": "1",
                    "outcome": "part",
                    "note": "One day is enough.",
                    "told": "The wedding is on the Friday.",
                    "code": "C",
                    **date_parts("granted_from", FRIDAY),
                    "granted_from_half": "AM",
                    **date_parts("granted_to", FRIDAY),
                    "granted_to_half": "PM",
                },
            )

        with scopes_disabled():
            letter = Letter.objects.get()
        assert letter.template_key == "wel_leave_decision"
        printed = dict(letter.content["printed"])
        assert (printed["dates_from"], printed["dates_to"]) == ("Friday\xa03\xa0October 2025",) * 2
        assert printed["refusal_reason"] == "The wedding is on the Friday."
        assert letter.content["signature"]["name"] == "Hilary Head"
        assert "Signed: Hilary Head" in str(letter.content["blocks"])

    def test_prints_the_slip_below_the_blank_form(self, school, head, sign_in):
        page = words_of(sign_in(head).get("/s/hill/absences/leave/form/"))

        assert "Please ask at least 10 days before the first day." in page
        assert "Not authorised, because" in page


class TestLeedon:
    """004:192-202."""

    @pytest.fixture
    def school(self, school):
        return give_policy(school, "leedon")

    @pytest.fixture
    def away(self, pupil):
        """The parent whom the child does not live with."""
        user = UserFactory(name="Away Parent", email="away@family.example")
        parent_of(user, pupil, lives_with=False, priority=2, address="1 Far Street")
        return user

    def test_takes_a_request_of_the_parent_the_child_lives_with(self, school, pupil, parent, sign_in):
        row = asked(parent, sign_in, pupil)  # 004:194

        assert (row.state, row.applicant_ok, row.notice_met) == ("waiting", True, None)

    def test_lee_s6_takes_no_application_of_the_other_parent(self, school, pupil, parent, away, sign_in):
        """LEE-S6, 004:194: not accepted as an application; the other parent is invited."""
        row = asked(away, sign_in, pupil)

        assert (row.state, row.applicant_ok) == ("not_an_application", False)
        with scopes_disabled():
            (message,) = Message.objects.all()
        assert message.contact.name == "Pat Parent"
        assert "only a parent whom the child normally lives with can ask for leave" in message.body
        assert "Far Street" not in message.body
        assert "Away Parent" not in message.body

    def test_lee_s6_tells_the_other_parent_why(self, school, pupil, parent, away, sign_in):
        client = sign_in(away)
        key, _ = walk(client, [pupil], until="address")
        check = words_of(client.get(f"/family/leave/new/{key}/check/"))
        assert "By its records Robin does not live with you." in check

        client.post(f"/family/leave/new/{key}/check/")
        sent = client.post(
            f"/family/leave/new/{key}/sign/", {"understood_penalty": "on", "signed_name": "Away Parent"}
        )

        page = words_of(client.get(sent["Location"]))
        assert "Sent, but not as a request" in page
        assert "2 Valley Road" not in page

    def test_lee_s6_cannot_be_decided_as_a_request(self, school, pupil, parent, away, head, sign_in):
        row = asked(away, sign_in, pupil)

        assert refuse(head, sign_in, row).status_code == 409

    def test_lee_s6_holds_each_parent_liable_who_allowed_it(
        self, school, pupil, parent, away, office, sign_in
    ):
        """LEE-13: one applicant, but every parent who allowed the absence."""
        with scopes_disabled():
            mother = Contact.objects.get(user=parent)
        row = asked(away, sign_in, pupil, going={"adults": ["self", str(mother.pk)]})
        taken(pupil)

        with at(AFTERWARDS):
            (proposal,) = proposals_of_school(school)
            response = sign_in(office).post(
                f"/s/hill/absences/leave/{row.pk}/went/",
                {
                    "went": "yes",
                    "note": "The child told the teacher.",
                    "liable": [str(one.contact_id) for one in proposal.allowing],
                },
            )

        assert response.status_code == 302
        assert {one.name for one in proposal.allowing} == {"Pat Parent", "Away Parent"}
        with scopes_disabled():
            outcome = LeaveOutcome.objects.get()
            named = {row.contact.name for row in outcome.liable.select_related("contact")}
            codes = set(Mark.objects.filter(pupil=pupil).values_list("code_id", flat=True))
        assert (outcome.code, outcome.sessions, outcome.amended) == ("O", 4, 4)
        assert named == {"Pat Parent", "Away Parent"}
        assert codes == {"O"}

    def test_pays_no_heed_to_attendance(self, school, pupil, parent, head, sign_in):
        page = decision_page(head, sign_in, asked(parent, sign_in, pupil))

        assert "attendance" not in page.lower()


def proposals_of_school(school):
    with scope(school=school):
        return proposals_of(school, on=AFTERWARDS.date())


class TestEverySchool:
    @pytest.mark.parametrize("key", SCHOOLS)
    @pytest.mark.parametrize(("kind", "code"), [("holiday", "G"), ("family", "O")])
    def test_proposes_g_for_a_holiday_and_o_for_anything_else(
        self, school, pupil, parent, head, sign_in, key, kind, code
    ):
        """000:242, 001:232, 003:128, 004:194; LUN by the national codes (002:354-511)."""
        give_policy(school, key)
        row = asked(parent, sign_in, pupil, kind={"kind": kind})
        refuse(head, sign_in, row)
        taken(pupil)

        with at(AFTERWARDS):
            (proposal,) = proposals_of_school(school)

        assert (proposal.code, len(proposal.marks), proposal.to_change) == (code, 4, 4)
        assert [one.name for one in proposal.allowing] == ["Pat Parent"]

    @pytest.mark.parametrize("key", SCHOOLS)
    def test_proposes_g_for_a_holiday_nobody_asked_for(self, school, pupil, parent, key):
        give_policy(school, key)
        with scopes_disabled():
            contact = Contact.objects.get(user=parent)
        ReportFactory(
            pupil=pupil, contact=contact, reason="holiday", first_day=THURSDAY, last_day=FRIDAY, code="G"
        )
        taken(pupil)

        with at(AFTERWARDS):
            (proposal,) = proposals_of_school(school)

        assert (proposal.code, proposal.request) == ("G", None)
        assert [(one.name, one.why) for one in proposal.allowing] == [("Pat Parent", "reported the holiday")]

    @pytest.mark.parametrize("key", [key for key in SCHOOLS if key != "welbourn"])
    def test_but_welbourn_never_shows_attendance(self, school, pupil, parent, head, sign_in, key):
        """Only 003:117 weighs it: elsewhere the figure is not even counted."""
        give_policy(school, key)
        row = asked(parent, sign_in, pupil)
        taken(pupil, "/")

        assert "sessions) since" not in decision_page(head, sign_in, row)


class TestWhetherTheyWent:
    @pytest.fixture
    def refused(self, school, pupil, parent, head, sign_in):
        give_policy(school, "werrington")
        row = asked(parent, sign_in, pupil, kind={"kind": "holiday"})
        refuse(head, sign_in, row)
        return row

    def test_is_not_asked_before_the_last_day_is_over(self, refused, school, pupil):
        taken(pupil)

        with scope(school=school):
            assert proposals_of(school, on=FRIDAY) == []
            assert len(proposals_of(school, on=date(2025, 10, 4))) == 1

    @pytest.mark.parametrize("code", ["I", "M", "C"])
    def test_is_not_asked_where_a_reason_was_accepted(self, refused, school, pupil, code):
        taken(pupil, code)

        assert proposals_of_school(school) == []

    def test_is_not_asked_of_a_child_who_came(self, refused, school, pupil):
        taken(pupil, "///L")

        assert proposals_of_school(school) == []

    def test_changes_no_mark_by_itself(self, refused, school, pupil, office, sign_in):
        taken(pupil)
        with at(AFTERWARDS):
            client = sign_in(office)
            client.get("/s/hill/absences/leave/")
            client.get(f"/s/hill/absences/leave/{refused.pk}/went/")

        with scopes_disabled():
            assert set(Mark.objects.filter(pupil=pupil).values_list("code_id", flat=True)) == {"N"}

    def test_is_confirmed_by_a_person_with_a_reason(self, refused, school, pupil, office, sign_in):
        taken(pupil)
        with at(AFTERWARDS):
            page = f"/s/hill/absences/leave/{refused.pk}/went/"
            client = sign_in(office)
            bad = client.post(page, {"went": "yes", "note": "", "liable": []})
            assert bad.status_code == 422
            assert "Enter how you know" in words_of(bad)
            with scopes_disabled():
                liable = str(Contact.objects.get(name="Pat Parent").pk)
            nobody = client.post(page, {"went": "yes", "note": "Photographs.", "liable": []})
            assert "Choose each parent who allowed the absence" in words_of(nobody)
            good = client.post(page, {"went": "yes", "note": "Photographs.", "liable": [liable]})
            assert good.status_code == 302
            again = client.get(page)

        with scopes_disabled():
            marks = set(Mark.objects.filter(pupil=pupil).values_list("code_id", flat=True))
        assert marks == {"G"}
        assert again.status_code == 302
        assert proposals_of_school(school) == []

    def test_may_be_answered_with_no(self, refused, school, pupil, office, sign_in):
        taken(pupil)
        with at(AFTERWARDS):
            sign_in(office).post(
                f"/s/hill/absences/leave/{refused.pk}/went/", {"went": "no", "note": "In hospital."}
            )

        with scopes_disabled():
            outcome = LeaveOutcome.objects.get()
            marks = set(Mark.objects.filter(pupil=pupil).values_list("code_id", flat=True))
        assert (outcome.went, outcome.code, marks) == (False, "", {"N"})

    def test_is_decided_once(self, refused, school, pupil, office, head):
        taken(pupil)
        with scope(school=school):
            leave_outcomes.dismiss(refused, note="At home.", by=office, at=AFTERWARDS)
            with pytest.raises(leave_outcomes.OutcomeDecidedMeanwhile):
                leave_outcomes.confirm(
                    refused, note="Away.", liable_ids=[1], by=head, at=AFTERWARDS, position="Headteacher"
                )

        with scopes_disabled():
            assert LeaveOutcome.objects.count() == 1

    def test_names_no_parent_of_another_child(self, refused, school, pupil, office):
        taken(pupil)
        stranger = ContactFactory(school=school)
        with scope(school=school), pytest.raises(leave_outcomes.LeaveRefused) as told:
            leave_outcomes.confirm(
                refused, note="Away.", liable_ids=[stranger.pk], by=office, at=AFTERWARDS, position=""
            )

        assert told.value.faults == {"liable": "Choose each parent who allowed the absence"}

    def test_lists_each_parent_who_went_along(self, school, pupil, parent):
        give_policy(school, "strathmore")
        with scopes_disabled():
            contact = Contact.objects.get(user=parent)
        row = LeaveRequestFactory(pupil=pupil, applicant=contact, state="withdrawn", return_on=MONDAY)
        other = ContactFactory(school=school, name="Other Parent")
        PupilContactFactory(pupil=pupil, contact=other, priority=2)
        LeaveTravellerFactory(request=row, contact=other)
        taken(pupil)

        (proposal,) = proposals_of_school(school)

        assert [(one.name, one.why) for one in proposal.allowing] == [
            ("Pat Parent", "asked for the leave"),
            ("Other Parent", "goes along"),
        ]
