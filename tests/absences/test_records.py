"""Returns to school and support that was offered, with their reviews."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from absences.models import RecordReview, ReintegrationProgramme, SupportNote, Task
from absences.selectors.records import running
from absences.services import records
from absences.services.records import Programme, RecordRefused, Support
from accounts.models import School, User
from registers.models import Pupil
from tests.cast import SignIn
from tests.factories.absences_records import (
    RecordReviewFactory,
    ReintegrationProgrammeFactory,
    ReintegrationStepFactory,
    SupportNoteFactory,
)
from tests.factories.registers import PartTimeTimetableFactory, london

pytestmark = pytest.mark.django_db
MONDAY = date(2025, 9, 15)
AT = london(MONDAY, time(10, 0))
FORTNIGHT = timedelta(days=14)


@pytest.fixture(autouse=True)
def _everything_in_sight() -> Iterator[None]:
    with scopes_disabled():
        yield


def planned(by: User, **values: Any) -> Programme:
    return Programme(
        **{
            "designated": by,
            "starts_on": MONDAY,
            "review_on": MONDAY + FORTNIGHT,
            "circumstances": "Eight weeks in hospital",
            "agreed_with": "Both parents",
            **values,
        }
    )


class TestWerringtonsReintegration:
    """000:171: designated staff, tailored to the child, may be phased, reviewed regularly."""

    def test_has_staff_steps_and_a_review_among_the_tasks(self, pupil: Pupil, office: User) -> None:
        timetable = PartTimeTimetableFactory(pupil=pupil)

        made = records.start_programme(
            pupil,
            planned(
                office, is_phased=True, timetable=timetable, steps=[(MONDAY, "Every morning of the week")]
            ),
            by=office,
            at=AT,
        )

        assert (made.designated, made.is_phased, made.timetable) == (office, True, timetable)
        assert [(step.on, step.what) for step in made.steps.all()] == [(MONDAY, "Every morning of the week")]
        task = Task.objects.get()
        assert (task.kind, task.cause, task.due_at) == (
            "review",
            f"reintegration:{made.pk}:2025-09-29",
            london(MONDAY + FORTNIGHT, time(15, 0)),
        )

    def test_is_reviewed_again_and_again_until_it_ends(self, pupil: Pupil, office: User) -> None:
        made = records.start_programme(pupil, planned(office), by=office, at=AT)
        later = AT + FORTNIGHT

        with pytest.raises(RecordRefused, match="next review"):
            records.review(made, words="Goes well", next_on=None, by=office, at=later)
        records.review(made, words="Goes well", next_on=later.date() + FORTNIGHT, by=office, at=later)
        assert [(task.outcome, task.closed_at is None) for task in Task.objects.order_by("pk")] == [
            ("Reviewed: Goes well", False),
            ("", True),
        ]

        records.end(made, outcome="Full time again", by=office, at=later)
        made.refresh_from_db()
        assert (made.ended_on, made.outcome, made.review_on) == (later.date(), "Full time again", None)
        assert not Task.objects.filter(closed_at=None).exists()
        with pytest.raises(RecordRefused, match="has ended"):
            records.review(made, words="More", next_on=None, by=office, at=later)
        assert RecordReview.objects.count() == 1

    def test_is_one_at_a_time(self, pupil: Pupil, office: User) -> None:
        records.start_programme(pupil, planned(office), by=office, at=AT)

        with pytest.raises(RecordRefused, match="has a programme already"):
            records.start_programme(pupil, planned(office), by=office, at=AT)

        assert ReintegrationProgramme.objects.count() == 1


class TestLuntsHeathsReintegration:
    """002:114, 002:290: plans made with pupil and parents, families on an individual basis."""

    def test_says_with_whom_it_is_agreed(self, pupil: Pupil, office: User) -> None:
        made = records.start_programme(
            pupil, planned(office, agreed_with="Robin and both parents"), by=office, at=AT
        )

        assert made.agreed_with == "Robin and both parents"

    def test_is_not_reviewed_before_it_starts(self, pupil: Pupil, office: User) -> None:
        with pytest.raises(RecordRefused) as refused:
            records.start_programme(
                pupil, planned(office, review_on=MONDAY - timedelta(days=1)), by=office, at=AT
            )

        assert refused.value.field == "review_on"
        assert not ReintegrationProgramme.objects.exists()


class TestSupport:
    def test_is_kept_with_the_familys_answer(self, pupil: Pupil, office: User) -> None:
        records.note_support(
            pupil,
            Support("early_help", "An early help assessment", MONDAY, "declined", "The father"),
            by=office,
            at=AT,
        )

        made = SupportNote.objects.get()
        assert (made.kind, made.answer, made.agreed_with, made.offered_by) == (
            "early_help",
            "declined",
            "The father",
            office,
        )
        assert not Task.objects.exists()

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"offered": " "}, "offered"),
            ({"offered_on": MONDAY + timedelta(days=1)}, "offered_on"),
            ({"review_on": MONDAY}, "review_on"),
        ],
    )
    def test_that_cannot_be_is_refused(
        self, values: dict[str, Any], field: str, pupil: Pupil, office: User
    ) -> None:
        given = {"kind": "school", "offered": "Club", "offered_on": MONDAY, "answer": "open", **values}
        with pytest.raises(RecordRefused) as refused:
            records.note_support(pupil, Support(**given), by=office, at=AT)

        assert refused.value.field == field
        assert not SupportNote.objects.exists()


class TestTheDatabase:
    @pytest.mark.parametrize(
        ("make", "constraint"),
        [
            (lambda: RecordReviewFactory(words=""), "recordreview_says_what_was_found"),
            (lambda: RecordReviewFactory(next_on=date(2025, 9, 29)), "recordreview_next_is_later"),
            (lambda: RecordReviewFactory(note=SupportNoteFactory()), "recordreview_is_of_one_thing"),
            (lambda: SupportNoteFactory(outcome="Good"), "supportnote_ends_with_an_outcome"),
            (
                lambda: ReintegrationProgrammeFactory(review_on=None),
                "reintegration_is_reviewed_until_it_ends_with_an_outcome",
            ),
            (lambda: ReintegrationStepFactory(done_on=MONDAY), "reintegrationstep_done_by_somebody"),
        ],
    )
    def test_refuses_what_cannot_be(self, make: Any, constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint):
            make()


class TestThePages:
    @pytest.fixture
    def client(self, office: User, sign_in: SignIn) -> Client:
        return sign_in(office)

    def test_plan_a_return_and_end_it(
        self, client: Client, school: School, pupil: Pupil, office: User
    ) -> None:
        wrong = client.post(reverse("absences:programme_new", args=[school.key, pupil.pk]), {})
        assert wrong.status_code == 422
        assert "Choose who runs it" in wrong.content.decode()

        done = client.post(
            reverse("absences:programme_new", args=[school.key, pupil.pk]),
            {
                "designated": office.pk,
                "starts_on_day": "15",
                "starts_on_month": "9",
                "starts_on_year": "2030",
                "review_on_day": "29",
                "review_on_month": "9",
                "review_on_year": "2030",
                "circumstances": "Long illness",
                "agreed_with": "Both parents",
            },
        )
        made = ReintegrationProgramme.objects.get()
        page = reverse("absences:programme", args=[school.key, made.pk])
        assert (done.status_code, done["Location"]) == (302, page)
        assert "Long illness" in client.get(page).content.decode()

        client.post(
            reverse("absences:programme_end", args=[school.key, made.pk]), {"end-outcome": "Full time"}
        )
        made.refresh_from_db()
        assert made.outcome == "Full time"
        assert "Full time" in client.get(page).content.decode()

    @pytest.mark.parametrize("count", [3, 30])
    def test_cost_the_same_for_3_and_for_30(
        self, count: int, school: School, django_assert_num_queries: Any
    ) -> None:
        for _ in range(count):
            ReintegrationProgrammeFactory(pupil__school=school)
            SupportNoteFactory(pupil__school=school)

        with django_assert_num_queries(3):
            found = running(school, on=MONDAY)
            assert len([row.pupil.register_name for row in (*found.programmes, *found.notes)]) == 2 * count
