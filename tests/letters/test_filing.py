"""From a prepared letter to its file, once, whatever happens to workers and messages."""

import hashlib
import io
import threading
from datetime import datetime, timedelta
from typing import Any

import pypdf
import pytest
from django.db import IntegrityError, connection, transaction

from letters import rendering, tasks
from letters.models import Letter, LetterFile
from letters.rendering import RenderedLetter
from letters.services import filing, try_again, withdraw_letters
from registers.models import Pupil
from tests.factories.letters import LetterFactory, LetterFileFactory, sample_content
from tests.factories.registers import london

pytestmark = pytest.mark.django_db

AT: datetime = LetterFactory.prepared_at + timedelta(minutes=1)


class WorkerDied(BaseException):
    """The process is gone: nothing after this point runs in it."""


@pytest.fixture
def letter(pupil: Pupil) -> Letter:
    """A letter that waits for a worker."""
    made: Letter = LetterFactory(pupil=pupil)
    return made


class TestMakingALetter:
    def test_stores_its_file_under_the_digest_of_its_bytes(self, letter: Letter) -> None:
        assert filing.make_file(letter.pk, at=AT) is True

        letter.refresh_from_db()
        assert (letter.state, letter.rendered_at, letter.failure) == ("rendered", AT, "")
        assert letter.file is not None
        content = bytes(letter.file.content)
        assert letter.file.sha256 == hashlib.sha256(content).hexdigest()
        assert (letter.file.pages, letter.file.school, letter.file.created_at) == (1, letter.school, AT)
        assert "every single session" in " ".join(
            pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text().split()
        )

    def test_twice_makes_it_once(self, letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
        filing.make_file(letter.pk, at=AT)
        monkeypatch.setattr(rendering, "render_letter", self.refuse)

        assert filing.make_file(letter.pk, at=AT + timedelta(hours=1)) is False
        assert Letter.objects.get(pk=letter.pk).rendered_at == AT

    def test_with_words_that_were_printed_before_takes_that_file(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filing.make_file(letter.pk, at=AT)
        monkeypatch.setattr(rendering, "render_letter", self.refuse)
        words = sample_content(reference=letter.reference)
        twin = LetterFactory(pupil=letter.pupil, words=words, reference="HIL-9999-9999")

        assert filing.make_file(twin.pk, at=AT) is True
        assert Letter.objects.get(pk=twin.pk).file_id == Letter.objects.get(pk=letter.pk).file_id
        assert LetterFile.objects.count() == 1

    @pytest.mark.parametrize("state", ["rendering", "failed", "withdrawn"])
    def test_leaves_one_alone_that_does_not_wait(self, pupil: Pupil, state: str) -> None:
        letter = LetterFactory(
            pupil=pupil,
            state=state,
            failure="why" if state == "failed" else "",
            claimed_at=AT if state == "rendering" else None,
        )

        assert filing.make_file(letter.pk, at=AT) is False
        assert Letter.objects.get(pk=letter.pk).state == state

    def test_that_cannot_be_made_says_so_and_can_be_tried_again(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(rendering, "render_letter", self.refuse)
            assert filing.make_file(letter.pk, at=AT) is False
        failed = Letter.objects.get(pk=letter.pk)
        assert (failed.state, failed.failure, failed.file) == (
            "failed",
            "RuntimeError while making the page",
            None,
        )

        assert try_again(failed) is True
        assert try_again(failed) is False
        assert filing.make_file(letter.pk, at=AT) is True

    def test_does_not_hold_a_transaction_while_the_page_is_made(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        depth: list[int] = []
        original = rendering.render_letter
        before = len(connection.savepoint_ids)

        def watched(content: Any) -> RenderedLetter:
            depth.append(len(connection.savepoint_ids) - before)
            return original(content)

        monkeypatch.setattr(rendering, "render_letter", watched)
        filing.make_file(letter.pk, at=AT)

        assert depth == [0]

    @staticmethod
    def refuse(_content: Any) -> RenderedLetter:
        raise RuntimeError("no page")


class TestAWorkerThatDies:
    def test_while_making_leaves_a_letter_that_is_made_later(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as dying:
            dying.setattr(rendering, "render_letter", self.die)
            with pytest.raises(WorkerDied):
                filing.make_file(letter.pk, at=AT)
        assert Letter.objects.get(pk=letter.pk).state == "rendering"

        assert filing.return_stuck(at=AT + timedelta(minutes=10)) == 0
        assert filing.return_stuck(at=AT + timedelta(minutes=11)) == 1
        assert filing.make_file(letter.pk, at=AT + timedelta(minutes=11)) is True

    def test_between_making_and_storing_leaves_no_half_stored_letter(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as dying:
            dying.setattr(filing, "_settle", self.die)
            with pytest.raises(WorkerDied):
                filing.make_file(letter.pk, at=AT)
        assert LetterFile.objects.count() == 0
        assert Letter.objects.get(pk=letter.pk).state == "rendering"

        filing.return_stuck(at=AT + timedelta(minutes=11))
        assert filing.make_file(letter.pk, at=AT + timedelta(minutes=11)) is True
        assert LetterFile.objects.count() == 1

    def test_but_comes_back_late_changes_nothing(
        self, letter: Letter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The page took longer than the wait: another worker has stored the same bytes meanwhile."""
        original = rendering.render_letter

        def slow(content: Any) -> RenderedLetter:
            monkeypatch.setattr(rendering, "render_letter", original)
            filing.return_stuck(at=AT + timedelta(minutes=11))
            assert filing.make_file(letter.pk, at=AT + timedelta(minutes=11)) is True
            return original(content)

        monkeypatch.setattr(rendering, "render_letter", slow)

        assert filing.make_file(letter.pk, at=AT) is False
        assert Letter.objects.get(pk=letter.pk).rendered_at == AT + timedelta(minutes=11)
        assert LetterFile.objects.count() == 1

    @staticmethod
    def die(*_: Any, **__: Any) -> RenderedLetter:
        raise WorkerDied


class TestWithdrawing:
    def test_stops_a_letter_that_waits(self, letter: Letter) -> None:
        assert withdraw_letters(origin=letter.origin) == 1
        assert filing.make_file(letter.pk, at=AT) is False
        assert Letter.objects.get(pk=letter.pk).state == "withdrawn"

    def test_keeps_the_file_of_a_letter_that_is_made(self, letter: Letter) -> None:
        filing.make_file(letter.pk, at=AT)

        assert withdraw_letters(origin=letter.origin) == 1

        letter.refresh_from_db()
        assert letter.state == "withdrawn"
        assert letter.file is not None

    def test_touches_no_other_letter(self, letter: Letter) -> None:
        assert withdraw_letters(origin="step:none") == 0
        assert Letter.objects.get(pk=letter.pk).state == "ready"


class TestTheMinutelyLook:
    def test_makes_letters_whose_message_was_lost(self, pupil: Pupil, school: Any) -> None:
        letters = [LetterFactory(pupil=pupil) for _ in range(3)]

        tasks.render_waiting()

        assert {Letter.objects.get(pk=letter.pk).state for letter in letters} == {"rendered"}

    def test_takes_back_letters_of_workers_that_are_gone(self, pupil: Pupil) -> None:
        lost = LetterFactory(pupil=pupil, state="rendering", claimed_at=london(AT.date(), AT.time()))

        tasks.render_waiting()

        assert Letter.objects.get(pk=lost.pk).state == "rendered"

    def test_takes_the_oldest_first(self, pupil: Pupil) -> None:
        new = LetterFactory(pupil=pupil, prepared_at=AT)
        old = LetterFactory(pupil=pupil, prepared_at=AT - timedelta(days=1))

        assert filing.next_waiting(1) == [old.pk]
        assert filing.next_waiting(5) == [old.pk, new.pk]

    def test_the_message_for_one_letter_makes_that_one(self, pupil: Pupil) -> None:
        first, second = LetterFactory(pupil=pupil), LetterFactory(pupil=pupil)

        tasks.render_letter(letter_id=second.pk)

        assert Letter.objects.get(pk=first.pk).state == "ready"
        assert Letter.objects.get(pk=second.pk).state == "rendered"


@pytest.mark.django_db(transaction=True)
class TestSeveralWorkers:
    def test_make_each_letter_once(self, pupil: Pupil, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each message arrives three times, at three workers, all at once."""
        letters = [LetterFactory(pupil=pupil) for _ in range(4)]
        made: list[str] = []
        original = rendering.render_letter

        def counted(content: Any) -> RenderedLetter:
            made.append(content.reference)
            return original(content)

        monkeypatch.setattr(rendering, "render_letter", counted)

        def work() -> None:
            try:
                for letter in letters:
                    tasks.render_letter(letter_id=letter.pk)
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert sorted(made) == sorted(letter.reference for letter in letters)
        assert set(Letter.objects.values_list("state", flat=True)) == {"rendered"}
        assert LetterFile.objects.count() == 4


class TestTheDatabase:
    """What it refuses, whoever asks: raw SQL as well as Django."""

    def refused(self, sql: str, *values: object) -> str:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
        return str(refusal.value).split("\n")[0]

    @pytest.mark.parametrize(
        "change",
        [
            "content = jsonb_set(content, '{subject}', '\"x\"')",
            "recipients = ARRAY['x']",
            "address = ARRAY['x']",
            "salutation = 'x'",
            "template_version = 2",
            "reference = 'x'",
            "prepared_at = now()",
            "content_digest = 'x'",
            "pupil_id = pupil_id + 1",
        ],
    )
    def test_keeps_what_a_letter_says_from_the_start(self, letter: Letter, change: str) -> None:
        message = self.refused(f"UPDATE letters_letter SET {change} WHERE id = %s", letter.pk)  # noqa: S608
        assert message == "What a letter says, and to whom, cannot be changed."

    @pytest.mark.parametrize(
        "change", ["file_id = NULL, rendered_at = NULL", "rendered_at = now()", "state = 'ready'"]
    )
    def test_keeps_the_file_of_a_letter_that_is_made(self, letter: Letter, change: str) -> None:
        filing.make_file(letter.pk, at=AT)
        message = self.refused(f"UPDATE letters_letter SET {change} WHERE id = %s", letter.pk)  # noqa: S608
        assert message == "A letter that was made keeps its file."

    def test_keeps_a_letter_that_is_made(self, letter: Letter) -> None:
        filing.make_file(letter.pk, at=AT)
        message = self.refused("DELETE FROM letters_letter WHERE id = %s", letter.pk)
        assert message == "A letter that was made cannot be removed."

    @pytest.mark.parametrize(
        "sql", ["UPDATE letters_letterfile SET content = 'x'", "DELETE FROM letters_letterfile"]
    )
    def test_keeps_every_file(self, sql: str) -> None:
        LetterFileFactory()
        assert self.refused(sql) == "The file of a letter cannot be changed or removed."

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [
            ({"state": "lost"}, "letter_state_is_known"),
            ({"state": "rendered"}, "letter_rendered_has_file"),
            ({"state": "failed"}, "letter_failed_says_why"),
            ({"failure": "why"}, "letter_failed_says_why"),
            ({"state": "rendering"}, "letter_rendering_since_when"),
            ({"rendered_at": AT}, "letter_file_and_time_together"),
            ({"recipients": []}, "letter_has_recipient"),
        ],
    )
    def test_takes_no_letter_that_makes_no_sense(
        self, pupil: Pupil, wrong: dict[str, Any], constraint: str
    ) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            LetterFactory(pupil=pupil, **wrong)

    def test_takes_one_letter_for_an_address(self, letter: Letter) -> None:
        with pytest.raises(IntegrityError, match="letter_goes_once_to_an_address"), transaction.atomic():
            LetterFactory(pupil=letter.pupil, origin=letter.origin)

    @pytest.mark.parametrize(
        ("wrong", "constraint"),
        [({"sha256": "x" * 64}, "letterfile_sha256_is_hex"), ({"pages": 0}, "letterfile_has_pages")],
    )
    def test_takes_no_file_that_makes_no_sense(self, wrong: dict[str, Any], constraint: str) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            LetterFileFactory(**wrong)
