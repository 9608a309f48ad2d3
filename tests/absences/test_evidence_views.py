"""Pages of evidence: staff ask and judge, families send, files are given out to whom they are for."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
import time_machine
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from absences.models import Attachment, EvidenceRequest, UnauthorisingNotice
from accounts.models import School, User
from registers.models import Pupil, Session
from tests.absences.evidence_world import code_of, days, ill, under
from tests.cast import SignIn
from tests.factories.absences import ReportFactory
from tests.factories.absences_evidence import (
    EvidenceDemandFactory,
    EvidenceRequestFactory,
    asked_for,
    picture,
    sent,
    stored_attachment,
)
from tests.factories.absences_leave import LeaveDesignateFactory, LeaveRequestFactory
from tests.factories.accounts import UserFactory
from tests.factories.registers import ContactFactory, PupilContactFactory, london

pytestmark = pytest.mark.django_db
TUESDAY = date(2025, 9, 9)
LATER = london(date(2025, 9, 22), time(10, 0))


@pytest.fixture(autouse=True)
def _on_a_monday() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False), scopes_disabled():
        yield


@pytest.fixture
def lunts_heath(school: School) -> School:
    under(school, "lunts_heath")
    return school


@pytest.fixture
def client(office: User, sign_in: SignIn) -> Client:
    return sign_in(office)


@pytest.fixture
def parent(pupil: Pupil) -> User:
    user: User = UserFactory(name="Alex Parent")
    contact = ContactFactory(school=pupil.school, user=user, name="Alex Parent", email="alex@example.org")
    PupilContactFactory(pupil=pupil, contact=contact, priority=1)
    return user


@pytest.fixture
def morning(lunts_heath: School, pupil: Pupil, office: User) -> Session:
    session = days(TUESDAY, TUESDAY, lunts_heath)[TUESDAY, "AM"]
    ill(pupil, [session], by=office)
    return session


def url(name: str, school: School, *args: int) -> str:
    return reverse(f"absences:{name}", args=[school.key, *args])


def on(field: str, day: int) -> dict[str, str]:
    """Return a day of September 2025 as a form sends it."""
    return {f"{field}_day": str(day), f"{field}_month": "9", f"{field}_year": "2025"}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


class TestThePageOfARequest:
    def test_asks_the_parent(self, client: Client, lunts_heath: School, pupil: Pupil, parent: User) -> None:
        row = EvidenceRequestFactory(pupil=pupil)
        page = url("evidence_one", lunts_heath, row.pk)
        assert "Ask for proof" in text_of(client.get(page))

        done = client.post(
            url("evidence_ask", lunts_heath, row.pk),
            {
                "version": 1,
                "ask-contact": pupil.pupil_contacts.get().contact_id,
                "ask-way": "phone",
                **on("ask-due_on", 29),
                "ask-words": "",
            },
        )

        assert (done.status_code, done["Location"]) == (302, page)
        row.refresh_from_db()
        assert (row.state, row.due_on, row.asked_how) == (
            "asked",
            date(2025, 9, 29),
            "Alex Parent, by telephone",
        )

    def test_takes_it_to_the_register_once_the_parent_is_told(
        self, client: Client, lunts_heath: School, pupil: Pupil, parent: User, morning: Session
    ) -> None:
        row = asked_for(pupil)
        page = url("evidence_one", lunts_heath, row.pk)
        client.post(
            url("evidence_judge", lunts_heath, row.pk),
            {"version": 1, "judge-verdict": "no", "judge-why": "Nothing came"},
        )

        refused = client.post(url("evidence_unauthorise", lunts_heath, row.pk), {"unauthorise-code": "O"})
        assert refused.status_code == 422
        assert "This illness cannot become unauthorised yet." in text_of(refused)
        assert code_of(pupil, morning) == "I"
        assert "Tell the parent first" in text_of(client.get(page))

        told = client.post(
            url("evidence_notice", lunts_heath, row.pk),
            {
                "notice-contact": pupil.pupil_contacts.get().contact_id,
                "notice-how": "phone",
                **on("notice-told_on", 22),
                "notice-told_at": "9:30",
                **on("notice-first_day", 9),
                "notice-first_half": "AM",
                **on("notice-last_day", 9),
                "notice-last_half": "PM",
                "notice-words": "Will be recorded as unauthorised",
            },
        )
        assert (told.status_code, UnauthorisingNotice.objects.count()) == (302, 1)
        done = client.post(url("evidence_unauthorise", lunts_heath, row.pk), {"unauthorise-code": "O"})
        assert done.status_code == 302
        assert code_of(pupil, morning) == "O"

    def test_says_beside_the_field_what_is_wrong(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        row = EvidenceRequestFactory(pupil=pupil)

        response = client.post(url("evidence_withdraw", lunts_heath, row.pk), {"version": 1})

        text = text_of(response)
        assert response.status_code == 422
        assert "<title>Error: Proof:" in text
        assert '<a href="#id_withdraw-why">Say why proof is not needed</a>' in text
        row.refresh_from_db()
        assert row.state == "proposed"

    def test_tells_the_second_of_two_people(self, client: Client, lunts_heath: School, pupil: Pupil) -> None:
        row = asked_for(pupil, version=2)

        response = client.post(
            url("evidence_withdraw", lunts_heath, row.pk), {"version": 1, "withdraw-why": "No"}
        )

        assert response.status_code == 422
        assert "Somebody else acted on this request meanwhile" in text_of(response)
        row.refresh_from_db()
        assert row.state == "asked"

    def test_keeps_a_picture_and_shows_it(self, client: Client, lunts_heath: School, pupil: Pupil) -> None:
        row = asked_for(pupil)

        client.post(
            url("evidence_receive", lunts_heath, row.pk),
            {"version": 1, "receive-kind": "letter", "receive-files": [sent(picture())]},
        )

        file = Attachment.objects.get()
        assert f'src="{url("attachment", lunts_heath, file.pk)}"' in text_of(
            client.get(url("evidence_one", lunts_heath, row.pk))
        )

    def test_refuses_a_bad_file_beside_its_field(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        row = asked_for(pupil)

        response = client.post(
            url("evidence_receive", lunts_heath, row.pk),
            {"version": 1, "receive-kind": "letter", "receive-files": [sent(b"MZ", "a.exe")]},
        )

        assert response.status_code == 422
        assert "“a” is not a photo (JPEG, PNG or WebP) or a PDF." in text_of(response)
        assert not Attachment.objects.exists()


class TestTheList:
    def test_groups_what_is_to_be_done(self, client: Client, lunts_heath: School, pupil: Pupil) -> None:
        asked_for(pupil)
        EvidenceRequestFactory(pupil=pupil)

        text = text_of(client.get(url("evidence", lunts_heath)))

        assert text.index("Asked for, and overdue") < text.index("Proposed: ask")
        assert "Due Sat 20 Sept, overdue" in text or "Due Sat 20 Sep, overdue" in text

    def test_says_what_happens_next_when_it_is_empty(self, client: Client, lunts_heath: School) -> None:
        assert "No proof is needed" in text_of(client.get(url("evidence", lunts_heath)))

    def test_opens_before_a_school_has_a_policy(self, client: Client, school: School) -> None:
        assert client.get(url("evidence", school)).status_code == 200


class TestThePagesOfAPupil:
    def test_show_what_is_demanded_and_end_it(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        demand = EvidenceDemandFactory(pupil=pupil)
        page = url("pupil_evidence", lunts_heath, pupil.pk)
        assert "Every illness needs proof" in text_of(client.get(page))

        done = client.post(url("demand_end", lunts_heath, pupil.pk, demand.pk), {"why": "Attendance is 97 %"})

        assert (done.status_code, done["Location"]) == (302, page)
        assert "Every illness needs proof" not in text_of(client.get(page))

    def test_let_a_person_propose(self, client: Client, lunts_heath: School, pupil: Pupil) -> None:
        done = client.post(
            url("evidence_new", lunts_heath, pupil.pk),
            {
                "rule": "doubt",
                "first_day_day": "9",
                "first_day_month": "9",
                "first_day_year": "2025",
                "last_day_day": "9",
                "last_day_month": "9",
                "last_day_year": "2025",
                "why": "Seen in town",
            },
        )

        row = EvidenceRequest.objects.get()
        assert (done.status_code, done["Location"]) == (302, url("evidence_one", lunts_heath, row.pk))


class TestAFile:
    def test_is_given_out_so_that_nothing_in_it_runs(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        file = stored_attachment(report=ReportFactory(pupil=pupil))

        response = client.get(url("attachment", lunts_heath, file.pk))

        assert response.content == picture()
        assert {
            name: response[name]
            for name in (
                "Content-Type",
                "Content-Disposition",
                "X-Content-Type-Options",
                "Cache-Control",
                "Content-Security-Policy",
            )
        } == {
            "Content-Type": "image/jpeg",
            "Content-Disposition": 'inline; filename="letter.jpg"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }

    def test_of_a_document_is_saved_not_shown(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        file = stored_attachment(
            report=ReportFactory(pupil=pupil), kind="application/pdf", name="letter.pdf", content=b"%PDF-"
        )

        response = client.get(url("attachment", lunts_heath, file.pk))

        assert response["Content-Disposition"] == 'attachment; filename="letter.pdf"'

    def test_that_is_not_what_was_kept_is_not_given_out(
        self, client: Client, lunts_heath: School, pupil: Pupil
    ) -> None:
        file = stored_attachment(report=ReportFactory(pupil=pupil))
        storages["attachments"].delete(file.stored_as)
        assert client.get(url("attachment", lunts_heath, file.pk)).status_code == 404

        swapped = stored_attachment(report=ReportFactory(pupil=pupil))
        Attachment.objects.filter(pk=swapped.pk).update(sha256="0" * 64)
        assert client.get(url("attachment", lunts_heath, swapped.pk)).status_code == 404

    def test_is_open_to_the_parent_who_sent_it_while_the_child_is_theirs(
        self, pupil: Pupil, parent: User, sign_in: SignIn
    ) -> None:
        own = stored_attachment(report=ReportFactory(pupil=pupil), uploaded_by=parent)
        of_the_other = stored_attachment(report=ReportFactory(pupil=pupil))
        client = sign_in(parent)

        def statuses() -> list[int]:
            return [
                client.get(reverse("absences:family_attachment", args=[file.pk])).status_code
                for file in (own, of_the_other)
            ]

        assert statuses() == [200, 404]
        pupil.pupil_contacts.update(court_order_restricts=True)
        assert statuses() == [404, 404]

    def test_of_leave_is_open_to_a_designate_and_others_are_not(
        self, school: School, pupil: Pupil, class_teacher: User, sign_in: SignIn
    ) -> None:
        leave = LeaveRequestFactory(pupil=pupil)
        of_leave = stored_attachment(report=None, leave_request=leave, pupil=pupil)
        of_report = stored_attachment(report=ReportFactory(pupil=pupil))
        client = sign_in(class_teacher)

        def statuses() -> list[int]:
            return [
                client.get(url("attachment", school, file.pk)).status_code for file in (of_leave, of_report)
            ]

        assert statuses() == [403, 403]
        LeaveDesignateFactory(
            school=school, user=class_teacher, first_day=LATER.date(), last_day=LATER.date()
        )
        assert statuses() == [200, 403]


class TestAParent:
    def test_sends_the_proof_that_was_asked_for(
        self, pupil: Pupil, parent: User, sign_in: SignIn, lunts_heath: School
    ) -> None:
        asked = asked_for(pupil, due_on=LATER.date())
        client = sign_in(parent)
        page = reverse("absences:family_evidence", args=[asked.pk])

        assert "You do not need to pay for a doctor’s letter." in text_of(client.get(page))
        empty = client.post(page, {})
        assert empty.status_code == 422
        assert "Select a photo or a file" in text_of(empty)

        done = client.post(page, {"kind": "prescription", "files": [sent(picture())]})

        assert (done.status_code, done["Location"]) == (302, page)
        asked.refresh_from_db()
        assert (asked.state, asked.received_by) == ("received", parent)
        assert "letter.jpg" in text_of(client.get(page))

    def test_does_not_see_what_nobody_asked_for(self, pupil: Pupil, parent: User, sign_in: SignIn) -> None:
        proposed = EvidenceRequestFactory(pupil=pupil)

        response = sign_in(parent).get(reverse("absences:family_evidence", args=[proposed.pk]))

        assert response.status_code == 404

    def test_is_reminded_on_the_first_page_until_it_is_sent(
        self, pupil: Pupil, parent: User, sign_in: SignIn, lunts_heath: School
    ) -> None:
        asked = asked_for(pupil)
        client = sign_in(parent)
        page = reverse("absences:family_evidence", args=[asked.pk])
        assert page in text_of(client.get(reverse("absences:family")))

        client.post(page, {"kind": "prescription", "files": [sent(picture())]})

        assert page not in text_of(client.get(reverse("absences:family")))
