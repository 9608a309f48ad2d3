"""Marks of previous schools: taken in whole or not at all, replaced, taken away."""

from datetime import date, time
from io import BytesIO
from pathlib import Path

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.imports.faults import FileRefused
from registers.imports.previous_marks import import_previous_marks
from registers.models import Mark, PreviousMark, Pupil
from registers.selectors.roll import PreviousSession, previous_sessions
from registers.services.previous_marks import (
    PreviousMarkInput,
    PreviousMarksSet,
    record_previous_marks,
    remove_previous_marks,
)
from registers.services.refusals import RowsRefused
from tests.commands import done, run, write_csv
from tests.factories.registers import ClassGroupFactory, london, pupil_in_class
from tests.factories.registers_roll import PreviousMarkFactory

TODAY = date(2025, 9, 12)  # the pupil is on roll since 1 September
AT = london(TODAY, time(10, 0))
JULY = date(2025, 7, 14)


def given(pupil: Pupil, **values: object) -> PreviousMarkInput:
    one: dict[str, object] = {
        "pupil_id": pupil.pk,
        "on": JULY,
        "half": "AM",
        "code": "O",
        "source_school": "Vale",
    }
    return PreviousMarkInput(**{**one, **values})  # type: ignore[arg-type]


def record(school: School, by: User, *rows: PreviousMarkInput) -> PreviousMarksSet:
    with scope(school=school):
        return record_previous_marks(school, rows, on=TODAY, by=by, at=AT)


def standing() -> list[tuple[date, str, str, str]]:
    with scopes_disabled():
        return list(
            PreviousMark.objects.order_by("pupil", "on", "half").values_list(
                "on", "half", "code_id", "source_school"
            )
        )


class TestRecording:
    def test_keeps_code_and_school_and_leaves_the_register_alone(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        done = record(school, office, given(pupil), given(pupil, half="PM", code="I"))

        assert done == PreviousMarksSet(recorded=2, changed=0, unchanged=0)
        assert standing() == [(JULY, "AM", "O", "Vale"), (JULY, "PM", "I", "Vale")]
        with scopes_disabled():
            assert Mark.objects.count() == 0
            assert PreviousMark.objects.first().recorded_by == office
        event = Event.objects.get(kind="previous_marks.recorded")
        assert event.data == {"recorded": 2, "changed": 0, "unchanged": 0, "pupils": [pupil.pk]}

    def test_replaces_what_stands_and_says_nothing_of_what_is_the_same(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        record(school, office, given(pupil), given(pupil, half="PM"))
        assert record(school, office, given(pupil, code="I"), given(pupil, half="PM")) == PreviousMarksSet(
            0, 1, 1
        )
        assert record(school, office, given(pupil, code="I")) == PreviousMarksSet(0, 0, 1)
        assert standing() == [(JULY, "AM", "I", "Vale"), (JULY, "PM", "O", "Vale")]
        assert Event.objects.filter(kind="previous_marks.recorded").count() == 2

    def test_is_refused_whole_with_every_fault(
        self, school: School, other_school: School, pupil: Pupil, office: User
    ) -> None:
        stranger = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025))
        rows = [
            given(pupil),
            given(pupil),
            given(pupil, on=TODAY),
            given(pupil, on=date(2025, 9, 1)),
            given(pupil, on=date(2022, 7, 1)),
            given(pupil, half="PM", code="H"),
            given(pupil, half="AM", on=date(2025, 7, 15), code="\\"),
            given(pupil, on=date(2025, 7, 16), source_school=" "),
            given(stranger),
        ]
        with pytest.raises(RowsRefused) as refused:
            record(school, office, *rows)

        assert [(fault.place, fault.field, fault.text) for fault in refused.value.faults] == [
            (1, "session", "stands twice for 2025-07-14 AM"),
            (2, "date", "2025-09-12 is not in the past"),
            (3, "date", "the pupil was on roll here on 2025-09-01"),
            (4, "date", "2022-07-01 is more than three years ago"),
            (5, "code", "code H was withdrawn after 2024-08-18"),
            (6, "code", "code \\ is for PM sessions only"),
            (7, "school", "is empty"),
            (8, "upn", "there is no such pupil at this school"),
        ]
        assert standing() == []
        assert not Event.objects.filter(kind="previous_marks.recorded").exists()

    def test_costs_the_same_for_three_and_for_thirty(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        counts = []
        for number, month in ((3, 6), (30, 5)):
            rows = [given(pupil, on=date(2025, month, place + 1)) for place in range(number)]
            with CaptureQueriesContext(connection) as captured:
                record(school, office, *rows)
            counts.append(len([one for one in captured if "SAVEPOINT" not in one["sql"]]))

        assert counts[0] == counts[1]

    def test_is_kept_unique_by_the_database(self, pupil: Pupil) -> None:
        PreviousMarkFactory(pupil=pupil)
        with pytest.raises(IntegrityError, match="previousmark_stands_once"):
            PreviousMarkFactory(pupil=pupil)


class TestTakingAway:
    def test_needs_a_reason_and_keeps_what_stood_in_the_log(
        self, school: School, pupil: Pupil, office: User
    ) -> None:
        record(school, office, given(pupil), given(pupil, half="PM"))
        with scope(school=school):
            ids = list(PreviousMark.objects.order_by("half").values_list("pk", flat=True))
            with pytest.raises(DomainError, match="Enter why"):
                remove_previous_marks(pupil, ids, reason=" ", by=office, at=AT)
            with pytest.raises(DomainError, match="Select at least one mark"):
                remove_previous_marks(pupil, [], reason="Wrong child", by=office, at=AT)
            assert remove_previous_marks(pupil, ids[:1], reason=" Wrong child ", by=office, at=AT) == 1

        assert standing() == [(JULY, "PM", "O", "Vale")]
        event = Event.objects.get(kind="previous_marks.removed")
        assert event.data == {"marks": [["2025-07-14", "AM", "O"]], "reason": "Wrong child"}


class TestThePreviousSessionsOfPupils:
    def test_come_by_pupil_in_order_within_the_days(self, school: School, pupil: Pupil, office: User) -> None:
        record(school, office, given(pupil, half="PM"), given(pupil), given(pupil, on=date(2025, 7, 1)))
        with scope(school=school):
            found = previous_sessions(school, since=JULY, until=TODAY)
            none = previous_sessions(school, since=JULY, until=TODAY, pupil_ids=[])

        assert found == {pupil.pk: (PreviousSession(JULY, "AM", "O"), PreviousSession(JULY, "PM", "O"))}
        assert none == {}


class TestTheCommand:
    HEADER = "upn,date,session,code,school"

    def test_takes_a_file_in_and_a_dry_run_does_not(
        self, school: School, pupil: Pupil, tmp_path: Path
    ) -> None:
        path = write_csv(tmp_path, "old.csv", self.HEADER, f"{pupil.upn},2025-07-14,AM,O,Vale")
        done("import_previous_marks", path, "--school", "hill", "--dry-run")
        assert standing() == []
        done("import_previous_marks", path, "--school", "hill")
        assert standing() == [(JULY, "AM", "O", "Vale")]

    def test_refuses_with_one_line_and_status_1(self, school: School, tmp_path: Path) -> None:
        path = write_csv(tmp_path, "old.csv", self.HEADER, "X1,2025-07-14,AM,O,Vale")
        ran = run("import_previous_marks", path, "--school", "hill")

        assert ran.status == 1
        assert ran.problems == ["old.csv: line 2, column upn: X1: there is no such pupil here"]
        assert standing() == []


class TestTheFile:
    HEADER = "upn,date,session,code,school\n"

    def take_in(self, school: School, by: User, text: str, pupil: Pupil | None = None) -> PreviousMarksSet:
        with scope(school=school):
            return import_previous_marks(
                school, BytesIO(text.encode()), name="old.csv", on=TODAY, by=by, at=AT, pupil=pupil
            )

    def test_is_taken_in(self, school: School, pupil: Pupil, office: User) -> None:
        text = f"{self.HEADER}{pupil.upn},2025-07-14,AM,O,Vale\n{pupil.upn},2025-07-14,PM,G,Vale\n"

        assert self.take_in(school, office, text) == PreviousMarksSet(2, 0, 0)
        assert standing() == [(JULY, "AM", "O", "Vale"), (JULY, "PM", "G", "Vale")]

    def test_of_one_pupil_needs_no_upn(self, school: School, pupil: Pupil, office: User) -> None:
        text = "date,session,code,school\n2025-07-14,am,O,Vale\n"

        assert self.take_in(school, office, text, pupil) == PreviousMarksSet(1, 0, 0)

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("", "old.csv: line 1: is missing"),
            ("upn,date,session,code,school\n", "old.csv: has no rows"),
            ("upn,date,session,code,school\nX1,2025-07-14,AM,O,Vale\n", "X1: there is no such pupil here"),
            ("upn,date,session,code,school\nUPN,2025-07-14,AM,ZZ,Vale\n", "'ZZ' is not a national"),
            (
                "upn,date,session,code,school\nUPN,2025-09-08,AM,O,Vale\n",
                "line 2, column date: the pupil was on roll",
            ),
        ],
    )
    def test_is_refused_with_the_line(
        self, school: School, pupil: Pupil, office: User, text: str, line: str
    ) -> None:
        with pytest.raises(FileRefused) as refused:
            self.take_in(school, office, text.replace("UPN", pupil.upn))
        if text:
            assert line in refused.value.lines[0]
        assert standing() == []

    def test_of_one_pupil_refuses_rows_of_another(self, school: School, pupil: Pupil, office: User) -> None:
        text = f"{self.HEADER}A1,2025-07-14,AM,O,Vale\n"
        with pytest.raises(FileRefused) as refused:
            self.take_in(school, office, text, pupil)

        assert refused.value.lines == ("old.csv: line 2, column upn: A1: this page is of another pupil",)
