"""The links of the history that leave the database, and the command that proves a chain with them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import EntryBatch, HistoryAnchor
from registers.services import anchors, history
from registers.services.history import Anchor
from registers.services.marks import MarkRow, load_marks
from tests.commands import run
from tests.factories.registers import ClassGroupFactory, held_sessions, pupil_in_class

pytestmark = pytest.mark.django_db
EVENING = datetime(2025, 11, 3, 20, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def take_register(school: School, by: User, day: date) -> None:
    """Take one register, which makes one batch."""
    class_group = ClassGroupFactory(school=school)
    session = held_sessions(school, day, day, half_term="Autumn 2")[0]
    row = MarkRow(pupil_in_class(class_group).pk, session.pk, 2025, "/")
    with scopes_disabled():
        load_marks(school, [row], by=by, at=session.opens_at, source="register")


class TestEveryEvening:
    def test_the_last_link_goes_to_the_heads_and_to_a_file(
        self, school: School, head: User, office: User, tmp_path: Path
    ) -> None:
        take_register(school, office, date(2025, 11, 3))

        with scopes_disabled():
            told = anchors.tell_head(school, at=EVENING, on=EVENING.date())
            batch = EntryBatch.objects.get()
            noted = HistoryAnchor.objects.get()

        assert told == Anchor(school.key, 1, bytes(batch.digest).hex())
        assert (noted.number, bytes(noted.digest), noted.at) == (1, bytes(batch.digest), EVENING)
        assert (tmp_path / f"history-anchors/{school.key}/1.txt").read_text() == f"{told}\n"
        assert [message.to for message in mail.outbox] == [[head.email]]
        assert str(told) in mail.outbox[0].body

    def test_nothing_is_told_twice(self, school: School, head: User, office: User) -> None:
        take_register(school, office, date(2025, 11, 3))
        with scopes_disabled():
            first = anchors.tell_head(school, at=EVENING, on=EVENING.date())
            second = anchors.tell_head(school, at=EVENING, on=EVENING.date())

            assert (first is None, second) == (False, None)
            assert HistoryAnchor.objects.count() == 1
        assert len(mail.outbox) == 1

    def test_nothing_is_told_of_an_empty_history(self, school: School, head: User) -> None:
        with scopes_disabled():
            assert anchors.tell_head(school, at=EVENING, on=EVENING.date()) is None
            assert HistoryAnchor.objects.count() == 0
        assert mail.outbox == []

    @pytest.mark.parametrize("statement", ["UPDATE {} SET number = 5", "DELETE FROM {}"])
    def test_what_was_told_stays(self, school: School, office: User, statement: str) -> None:
        take_register(school, office, date(2025, 11, 3))
        with scopes_disabled():
            anchors.tell_head(school, at=EVENING, on=EVENING.date())
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement.format("registers_historyanchor"))
            assert HistoryAnchor.objects.get().number == 1


class TestALink:
    def test_is_read_as_it_is_written(self) -> None:
        anchor = Anchor("hill", 17, "ab" * 32)

        assert Anchor.from_text(f" {anchor}\n") == anchor

    @pytest.mark.parametrize(
        "text", ["", "hill", "hill:1", "hill:x:" + "ab" * 32, "hill:1:ab", "hill:1:" + "zz" * 32]
    )
    def test_is_refused_otherwise(self, text: str) -> None:
        with pytest.raises(history.NotAnAnchor):
            Anchor.from_text(text)


class TestVerifyHistory:
    @pytest.fixture(autouse=True)
    def _history(self, school: School, office: User) -> None:
        take_register(school, office, date(2025, 11, 3))
        take_register(school, office, date(2025, 11, 4))

    def test_says_of_each_school_that_its_history_holds(self, school: School, other_school: School) -> None:
        with scopes_disabled():
            head = history.verify(school).head

        ran = run("verify_history")

        lines = ran.out.splitlines()
        assert (ran.status, ran.err, len(lines)) == (0, "", 2)
        mine = next(line for line in lines if line.startswith(f"{school.key}:"))
        assert "the history holds: 2 batches, 2 entries; last written " in mine
        assert mine.endswith(f"link {head}.")
        assert f"{other_school.key}: the history is empty." in lines

    def test_gives_one_object_for_each_school(self, school: School) -> None:
        ran = run("verify_history", "--school", school.key, "--json")

        found = json.loads(ran.out)
        assert (ran.status, found["school"], found["ok"], found["fault"]) == (0, school.key, True, None)
        assert (found["batches"], found["entries"], found["number"], len(found["digest"])) == (2, 2, 2, 64)

    def test_ends_with_1_and_the_first_broken_link(self, school: School) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE registers_entrybatch DISABLE TRIGGER USER")
            cursor.execute("UPDATE registers_entrybatch SET reason = 'other' WHERE number = 2")

        ran = run("verify_history", "--school", school.key)

        broken = f"{school.key}: batch 2 of the history is broken: its author, time or reason was altered.\n"
        assert (ran.status, ran.out, ran.err) == (1, "", broken)

    def test_looks_for_links_on_the_line_and_in_files(self, school: School, tmp_path: Path) -> None:
        with scopes_disabled():
            head = history.verify(school).head
        (tmp_path / "kept.txt").write_text(f"{head}\n\n")

        ran = run("verify_history", "--anchor", str(head), "--anchor", str(tmp_path / "kept.txt"), "--json")

        assert (ran.status, json.loads(ran.out.splitlines()[0])["anchors"]) == (0, 2)

    def test_finds_a_chain_that_is_another_one(self, school: School) -> None:
        ran = run("verify_history", "--anchor", f"{school.key}:2:{'ab' * 32}")

        assert (ran.status, ran.err) == (
            1,
            f"{school.key}: batch 2 of the history is not the one once told outside.\n",
        )

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--anchor", "nonsense:1"], "is no link of a history: write it as SCHOOL:NUMBER:DIGEST."),
            (["--anchor", "nowhere.txt"], "nowhere.txt: no such file or directory."),
            (["--anchor", f"elsewhere:1:{'ab' * 32}"], "No history of 'elsewhere' is looked at here."),
            (["--school", "elsewhere"], "There is no school with the key 'elsewhere'"),
        ],
    )
    def test_refuses_what_it_cannot_read(self, words: list[str], said: str) -> None:
        ran = run("verify_history", *words)

        assert (ran.status, ran.out) == (1, "")
        assert said in ran.err
