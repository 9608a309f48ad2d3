"""What a message says, what a text costs, which numbers take one, and how long a message waits."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letters.rules import outbox, texts
from letters.rules.reaching import first_mobile, mobile

LONDON = ZoneInfo("Europe/London")


class TestPartsOfAText:
    @pytest.mark.parametrize(
        ("length", "parts"), [(1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)]
    )
    def test_are_counted_as_the_networks_do(self, length: int, parts: int) -> None:
        assert texts.parts_of("a" * length) == parts

    @pytest.mark.parametrize(("length", "parts"), [(70, 1), (71, 2), (134, 2), (135, 3), (201, 3)])
    def test_are_shorter_with_one_letter_outside_the_alphabet(self, length: int, parts: int) -> None:
        assert texts.parts_of("ł" + "a" * (length - 1)) == parts

    def test_count_some_signs_twice(self) -> None:
        assert texts.parts_of("€" * 80) == 1
        assert texts.parts_of("€" * 81) == 2

    def test_count_a_pictograph_as_two_wide_characters(self) -> None:
        assert texts.parts_of("😀" * 35) == 1
        assert texts.parts_of("😀" * 36) == 2


class TestTheWordsOfAText:
    SCHOOL = {"school": "Hill School", "phone": "01733 000000"}

    def test_end_with_the_school_and_its_number(self) -> None:
        assert texts.text_body("Come.", **self.SCHOOL) == "Come.\nHill School 01733 000000"

    def test_end_with_the_name_alone_when_there_is_no_number(self) -> None:
        assert texts.text_body("Come.", school="Hill School", phone="") == "Come.\nHill School"

    @pytest.mark.parametrize(
        ("said", "left"),
        [
            ("Amara Ashdown is ill.", "Amara is ill."),
            ("AMARA ASHDOWN is ill.", "AMARA is ill."),
            ("Amara  Ashdown’s class", "Amara's class"),
            ("Miss Ashdown is ill.", "Miss A. is ill."),
            ("Ashdownham is a village.", "Ashdownham is a village."),
        ],
    )
    def test_hold_no_surname_of_the_child(self, said: str, left: str) -> None:
        body = texts.text_body(said, **self.SCHOOL, forename="Amara", surname="Ashdown")

        assert body == f"{left}\nHill School 01733 000000"

    def test_keep_a_word_that_is_a_surname_with_a_capital_only(self) -> None:
        body = texts.text_body("Amara May may come.", **self.SCHOOL, forename="Amara", surname="May")

        assert body.startswith("Amara may come.\n")

    def test_have_no_greeting(self) -> None:
        assert texts.text_body("Dear Mrs Ashdown,\n\nCome.", **self.SCHOOL).startswith("Come.\n")

    def test_use_signs_that_cost_no_more(self) -> None:
        assert texts.text_body("“Don’t” – …", **self.SCHOOL).startswith('"Don\'t" - ...\n')

    def test_that_do_not_fit_end_at_a_sentence_and_say_so(self) -> None:
        body = texts.text_body("One sentence of a long note. " * 40, **self.SCHOOL)

        assert texts.parts_of(body) == 3
        assert body.endswith(
            "One sentence of a long note. (The school can tell you the rest.)\nHill School 01733 000000"
        )

    def test_without_sentences_end_at_a_word(self) -> None:
        body = texts.text_body("word " * 200, **self.SCHOOL)

        assert texts.parts_of(body) == 3
        assert body.endswith("word (The school can tell you the rest.)\nHill School 01733 000000")

    @given(st.text(max_size=1500), st.text(max_size=40), st.text(max_size=40))
    def test_never_cost_more_than_three_parts(self, said: str, forename: str, surname: str) -> None:
        body = texts.text_body(said, **self.SCHOOL, forename=forename, surname=surname)

        assert texts.parts_of(body) <= 3
        assert body.endswith("Hill School 01733 000000")


class TestAnEMailsWords:
    def test_end_with_the_school_and_its_number(self) -> None:
        body = texts.email_body("Dear Mona,\r\n\r\nCome.\x00", school="Hill School", phone="01733 000000")

        assert body == "Dear Mona,\n\nCome.\n\nHill School\n01733 000000"

    def test_have_a_subject_of_one_line(self) -> None:
        assert texts.subject_line("Amara\r\nBcc: all@example.com") == "Amara Bcc: all@example.com"
        assert len(texts.subject_line("x" * 300)) == 200


class TestANumber:
    @pytest.mark.parametrize(
        ("written", "number"),
        [
            ("07700 900123", "07700900123"),
            ("+44 7700 900123", "07700900123"),
            ("+44 (0)7700 900123", "07700900123"),
            ("0044 7700-900-123", "07700900123"),
            ("07624 900123", "07624900123"),
            ("+48 123 456 789", "+48123456789"),
            ("0048123456789", "+48123456789"),
        ],
    )
    def test_that_takes_texts_is_written_one_way(self, written: str, number: str) -> None:
        assert mobile(written) == number

    @pytest.mark.parametrize(
        "written",
        ["", "01733 222333", "+44 1733 222333", "07000 900123", "07600 900123", "0770090012", "mum's mobile"],
    )
    def test_that_takes_none_is_none(self, written: str) -> None:
        assert mobile(written) == ""

    def test_is_the_first_that_takes_texts(self) -> None:
        assert first_mobile(["01733 222333", "07700 900123", "07700 900456"]) == "07700900123"
        assert first_mobile([]) == ""


class TestQuietHours:
    NIGHT = outbox.QuietHours(time(21), time(7))

    @pytest.mark.parametrize(
        ("now", "until"),
        [
            (datetime(2026, 11, 20, 20, 59, tzinfo=LONDON), None),
            (datetime(2026, 11, 20, 21, 0, tzinfo=LONDON), datetime(2026, 11, 21, 7, 0, tzinfo=LONDON)),
            (datetime(2026, 11, 20, 6, 59, tzinfo=LONDON), datetime(2026, 11, 20, 7, 0, tzinfo=LONDON)),
            (datetime(2026, 11, 20, 7, 0, tzinfo=LONDON), None),
        ],
    )
    def test_over_midnight_end_in_the_morning(self, now: datetime, until: datetime | None) -> None:
        assert self.NIGHT.until(now) == until

    def test_within_a_day_end_on_that_day(self) -> None:
        midday = outbox.QuietHours(time(12), time(13))

        assert midday.until(datetime(2026, 11, 20, 12, 30, tzinfo=LONDON)) == datetime(
            2026, 11, 20, 13, 0, tzinfo=LONDON
        )
        assert midday.until(datetime(2026, 11, 20, 13, 0, tzinfo=LONDON)) is None

    def test_end_at_seven_on_the_morning_after_the_clocks_went_back(self) -> None:
        until = self.NIGHT.until(datetime(2026, 10, 24, 22, 0, tzinfo=LONDON))

        assert until is not None
        assert until.isoformat() == "2026-10-25T07:00:00+00:00"


class TestWaiting:
    def test_doubles_up_to_an_hour(self) -> None:
        waits = [outbox.wait_after(attempts, luck=1.0).total_seconds() for attempts in range(1, 10)]

        assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]

    @given(st.integers(1, 500), st.floats(0, 1), st.integers(0, 7200))
    def test_is_spread_by_chance_and_never_below_the_least(
        self, attempts: int, luck: float, seconds: int
    ) -> None:
        least = timedelta(seconds=seconds)
        wait = outbox.wait_after(attempts, luck=luck, least=least)

        assert least <= wait
        assert wait <= max(outbox.LONGEST_WAIT, least * 1.5)
        assert wait >= outbox.FIRST_WAIT / 2

    def test_for_news_of_delivery_goes_beyond_the_three_days_of_the_networks(self) -> None:
        assert sum(outbox.DELIVERY_WAITS, timedelta()) > timedelta(hours=72)
        assert all(earlier <= later for earlier, later in pairwise(outbox.DELIVERY_WAITS))


class TestMoves:
    def test_lead_nowhere_from_an_end(self) -> None:
        ends = {state for state, after in outbox.MOVES.items() if not after}

        assert ends == {"delivered", "failed", "returned", "withdrawn"}

    def test_name_known_states_only(self) -> None:
        assert {after for each in outbox.MOVES.values() for after in each} <= set(outbox.MOVES)
