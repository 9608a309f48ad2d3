"""The log of what people did only grows."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import events
from accounts.models import Event

AT = datetime(2025, 9, 9, 9, 0, tzinfo=UTC)


@pytest.fixture
def event(school, head):
    return events.record(
        "step.approved", school=school, by=head, at=AT, subject=school, data={"rung": "wer_1"}
    )


class TestAnEvent:
    def test_says_who_did_what_when_to_what(self, event, school, head):
        found = Event.objects.get()

        assert (found.kind, found.school_id, found.by_id, found.by_name, found.at) == (
            "step.approved",
            school.pk,
            head.pk,
            "Hilary Head",
            AT,
        )
        assert (found.subject_type, found.subject_id, found.data) == (
            "accounts.school",
            school.pk,
            {"rung": "wer_1"},
        )

    def test_can_be_of_nobody_and_no_school(self, db):
        event = events.record("sweep.finished", school=None, by=None, at=AT)

        assert (event.school_id, event.by_id, event.by_name, event.subject_type) == (None, None, "", "")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounts_event SET by_name = 'Somebody Else'",
            "DELETE FROM accounts_event",
        ],
    )
    def test_cannot_be_changed_or_removed(self, event, statement):
        with (
            pytest.raises(IntegrityError, match="The log of what people did can only grow"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

        assert Event.objects.get().by_name == "Hilary Head"
