"""From an approval to frozen copies, one for each address."""

import threading
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.db import connection, transaction
from django_scopes import scopes_disabled

from accounts.models import Event, School, User
from letters import services
from letters.errors import MergeRefused, MissingFields, NoRecipient, UnknownTemplate
from letters.models import Letter, LetterFile
from letters.rules.content import from_json
from letters.services import preparing
from registers.models import Pupil
from tests.factories.registers import ContactFactory, PupilContactFactory, london
from tests.letters.conftest import MarkDays
from tests.letters.test_known import FIVE_DAYS

pytestmark = pytest.mark.django_db

AT = london(date(2025, 10, 8), time(10, 0))
# What the policy knows and the register does not.
WER_1 = {"target_pct": 97, "next_trigger_days": 8}


@pytest.fixture
def five_days(family: Pupil, mark_days: MarkDays) -> Pupil:
    """The pupil of worked example WER-S2, with five days of absence on 7 October."""
    mark_days(family, up_to=date(2025, 10, 7), codes=FIVE_DAYS)
    return family


def prepare(pupil: Pupil, by: User, **changes: Any) -> list[Letter]:
    """Prepare the first letter for the pupil."""
    arguments: dict[str, Any] = {
        "school": pupil.school,
        "pupil": pupil,
        "template_key": "wer_1",
        "origin": "step:1",
        "merge": WER_1,
        "by": by,
        "at": AT,
    }
    return services.prepare_letters(**arguments | changes)


def words_of(letter: Letter) -> str:
    """Return the paragraphs of a letter."""
    blocks = letter.content["blocks"]
    return "\n".join(
        "".join(run["text"] for run in block["runs"]) for block in blocks if block["kind"] == "text"
    )


class TestPreparingALetter:
    def test_fills_in_what_the_register_knows(self, five_days: Pupil, champion: User, head: User) -> None:
        (letter,) = prepare(five_days, champion)

        words = words_of(letter).replace("\u00a0", " ")
        assert letter.title.replace("\u00a0", " ") == "Robin Ashdown: 5 days of absence this school year"
        assert "Robin has now missed 5 days of school this year." in words
        assert "at least 97 % of the year. If Robin misses one more day, that is out of reach" in words
        assert "Please ring the school office on 01632 960001" in words
        assert "If the absence comes to 8 days" in words
        assert letter.content["signature"] == {
            "closing": "Yours sincerely",
            "name": "Hilary Head",
            "post": "Headteacher",
        }

    def test_addresses_both_parents_together(self, five_days: Pupil, champion: User) -> None:
        (letter,) = prepare(five_days, champion)

        assert letter.recipients == ["Mona Ashdown", "Paul Ashdown"]
        assert letter.salutation == "Dear Mona Ashdown and Paul Ashdown"
        assert letter.address == ["2 Valley Road", "Anytown", "AN1 2BB"]
        assert letter.content["recipient"] == ["Mona Ashdown and Paul Ashdown", *letter.address]

    def test_makes_a_copy_for_each_address_and_prints_no_other(
        self, five_days: Pupil, champion: User
    ) -> None:
        away = ContactFactory(school=five_days.school, name="Ada Rook", address="9 Quay\nFarport\nFP9 9ZZ")
        PupilContactFactory(pupil=five_days, contact=away, priority=3, lives_with=False)

        home, other = prepare(five_days, champion)

        assert "Farport" not in str(home.content)
        assert "Valley Road" not in str(other.content)
        assert "Mona" not in str(other.content)
        assert home.reference != other.reference
        assert home.content["blocks"] == other.content["blocks"]

    def test_waits_for_a_worker_and_says_who_prepared_it(self, five_days: Pupil, champion: User) -> None:
        (letter,) = prepare(five_days, champion)

        assert (letter.state, letter.file, letter.prepared_by, letter.prepared_at) == (
            "ready",
            None,
            champion,
            AT,
        )
        event = Event.objects.get(kind="letters.prepared")
        assert (event.by_name, event.subject_id) == ("Charlie Champion", five_days.pk)
        assert event.data == {"origin": "step:1", "template": "wer_1", "letters": [letter.pk]}

    def test_tells_a_worker_only_after_the_commit(
        self,
        five_days: Pupil,
        champion: User,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        woken: list[int] = []
        monkeypatch.setattr(preparing, "wake_worker", woken.append)

        with django_capture_on_commit_callbacks(execute=True):
            (letter,) = prepare(five_days, champion)
            assert woken == []

        assert woken == [letter.pk]

    def test_survives_a_broker_that_is_down(
        self,
        five_days: Pupil,
        champion: User,
        monkeypatch: pytest.MonkeyPatch,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        def refuse(_letter_id: int) -> None:
            raise ConnectionError("no broker")

        monkeypatch.setattr(preparing, "wake_worker", refuse)

        with django_capture_on_commit_callbacks(execute=True):
            (letter,) = prepare(five_days, champion)

        assert Letter.objects.get(pk=letter.pk).state == "ready"

    def test_twice_for_the_same_step_makes_no_second_letter(self, five_days: Pupil, champion: User) -> None:
        (first,) = prepare(five_days, champion)
        (again,) = prepare(five_days, champion, merge={**WER_1, "next_trigger_days": 9})

        assert again.pk == first.pk
        assert again.content == first.content
        assert Letter.objects.count() == 1

    def test_for_another_step_makes_another(self, five_days: Pupil, champion: User) -> None:
        (first,) = prepare(five_days, champion)
        (other,) = prepare(five_days, champion, origin="step:2")

        assert first.pk != other.pk
        assert first.reference != other.reference

    def test_keeps_the_figures_of_its_day(self, five_days: Pupil, champion: User) -> None:
        (letter,) = prepare(five_days, champion)
        five_days.forename = "Changed"
        five_days.save(update_fields=["forename"])

        assert "Changed" not in str(Letter.objects.get(pk=letter.pk).content)
        assert dict(from_json(letter.content).printed)["absence_days"] == "5\u00a0days"

    def test_works_out_the_best_year_at_the_next_trigger(self, five_days: Pupil, champion: User) -> None:
        (letter,) = prepare(five_days, champion, template_key="wer_2", merge={"next_trigger_days": 10})

        assert "is 94.7 % (360 of 380 sessions)." in words_of(letter).replace("\u00a0", " ")

    def test_lets_the_caller_know_better(self, five_days: Pupil, champion: User) -> None:
        (letter,) = prepare(five_days, champion, merge={**WER_1, "office_phone": "01632 960999"})

        assert "on 01632 960999 in the next few days" in words_of(letter).replace("\u00a0", " ")


class TestARefusal:
    def refused(self, error: type[Exception], pupil: Pupil, by: User, **changes: Any) -> Any:
        with pytest.raises(error) as refusal, transaction.atomic():
            prepare(pupil, by, **changes)
        assert Letter.objects.count() == 0
        assert Event.objects.filter(kind="letters.prepared").count() == 0
        return refusal.value

    def test_names_every_missing_field(self, five_days: Pupil, champion: User) -> None:
        error = self.refused(MissingFields, five_days, champion, merge={})
        assert error.missing == ("target_pct", "next_trigger_days")

    def test_names_a_value_that_belongs_nowhere(self, five_days: Pupil, champion: User) -> None:
        error = self.refused(MergeRefused, five_days, champion, merge={**WER_1, "fine": "£60"})
        assert error.unknown == ("fine",)

    def test_says_that_nobody_may_have_the_letter(self, five_days: Pupil, champion: User) -> None:
        five_days.pupil_contacts.update(court_order_restricts=True)
        self.refused(NoRecipient, five_days, champion)

    def test_says_that_there_is_no_such_letter(self, five_days: Pupil, champion: User) -> None:
        self.refused(UnknownTemplate, five_days, champion, template_key="wer_99")

    def test_of_a_warning_protects_the_parent_of_an_ill_child(self, five_days: Pupil, champion: User) -> None:
        merge = {"plan_date": date(2025, 10, 1), "nti_rows": [("a", "b", "c")]}
        error = self.refused(MergeRefused, five_days, champion, template_key="wer_nti", merge=merge)
        assert "a warning may not be sent for authorised absence" in error.message


class TestWhatIsMissing:
    def test_is_told_before_anything_is_prepared(self, five_days: Pupil) -> None:
        fields = services.missing_fields(
            school=five_days.school, pupil=five_days, template_key="wer_4", merge={}, at=AT
        )
        assert [(field.name, field.kind) for field in fields] == [("panel_at", "moment")]

    def test_can_be_typed(self) -> None:
        values = services.parse_values("wer_4", {"panel_at": "2025-12-11T14:00"})
        assert values == {"panel_at": datetime(2025, 12, 11, 14, 0)}  # noqa: DTZ001 - as typed

    def test_is_refused_when_it_does_not_read(self) -> None:
        with pytest.raises(MergeRefused) as refusal:
            services.parse_values("wer_4", {"panel_at": "soon", "nobody": "x"})
        assert refusal.value.problems == (
            "the day and time of the panel is not a date with a time",
            "there is no field called nobody",
        )


class TestAPreview:
    def test_is_the_letter_and_leaves_nothing_behind(self, five_days: Pupil) -> None:
        pdf = services.preview_pdf(
            school=five_days.school, pupil=five_days, template_key="wer_1", merge=WER_1, at=AT
        )

        text = " ".join(pypdf.PdfReader(BytesIO(pdf)).pages[0].extract_text().split())
        assert "Dear Mona Ashdown and Paul Ashdown" in text
        assert "Robin has now missed 5 days of school this year." in text
        assert Letter.objects.count() == LetterFile.objects.count() == 0

    def test_says_what_is_missing(self, five_days: Pupil) -> None:
        with pytest.raises(MissingFields):
            services.preview_pdf(
                school=five_days.school, pupil=five_days, template_key="wer_1", merge={}, at=AT
            )


class TestTwoApprovalsAtOnce:
    @pytest.mark.django_db(transaction=True)
    def test_make_one_letter(self, five_days: Pupil, champion: User, school: School) -> None:
        """Both look before either has written: the second writes after the first has committed."""
        barrier = threading.Barrier(2, timeout=20)
        original = preparing.recipients_for
        made: list[list[int]] = []

        def meet(pupil: Pupil, **options: Any) -> Any:
            barrier.wait()
            return original(pupil, **options)

        def approve() -> None:
            try:
                with scopes_disabled():
                    made.append([letter.pk for letter in prepare(five_days, champion)])
            finally:
                connection.close()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(preparing, "recipients_for", meet)
            patch.setattr(preparing, "wake_worker", lambda _letter_id: None)
            threads = [threading.Thread(target=approve) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert len(made) == 2
        assert made[0] == made[1]
        assert Letter.objects.count() == 1
