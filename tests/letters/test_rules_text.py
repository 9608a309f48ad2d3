"""Text that comes from people, made safe to print."""

import pytest

from letters.rules.text import clean_line, clean_passage


class TestALineOfText:
    @pytest.mark.parametrize(
        ("given", "printed"),
        [
            ("  Robin \t Ashdown\n", "Robin Ashdown"),
            ("Zo\u0065\u0308", "Zoë"),
            ("Robin\u00a0\u2003Ashdown", "Robin Ashdown"),
            ("Robin\u202e nwodhsA\u202c", "Robin nwodhsA"),
            ("\u2066Robin\u2069\u200f", "Robin"),
            ("Ro\u200bbin\ufeff", "Robin"),
            ("Ro\x00b\x1bin\x7f", "Robin"),
            ("one\r\ntwo\u2028three", "one two three"),
            ("Róisín Ní Bhriain-Łuczak", "Róisín Ní Bhriain-Łuczak"),
            ("<b>Robin</b> & Co.", "<b>Robin</b> & Co."),
        ],
    )
    def test_keeps_what_is_seen_and_nothing_else(self, given: str, printed: str) -> None:
        assert clean_line(given) == printed

    def test_cuts_a_pile_of_accents_to_three(self) -> None:
        assert clean_line("a" + "\u0316" * 40 + "b") == "a" + "\u0316" * 3 + "b"

    def test_drops_private_and_unassigned_characters(self) -> None:
        assert clean_line("a\ue000b\U000e0001c\ud800d") == "abcd"


class TestAPassage:
    def test_keeps_its_lines_and_one_empty_line_between(self) -> None:
        assert clean_passage(" one \r\n\r\n\r\n\r\n two\u2029three ") == "one\n\ntwo\nthree"

    def test_loses_direction_marks_too(self) -> None:
        assert clean_passage("a\u202eb\nc") == "ab\nc"
