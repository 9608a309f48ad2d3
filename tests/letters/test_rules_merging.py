"""Filling a template: strictly, every problem at once, values never as markup."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from letters.errors import MergeRefused, MissingFields
from letters.rules import samples
from letters.rules.catalogue import template_for
from letters.rules.content import Bullets, LetterContent, Run, Table, Text, Wording, from_json
from letters.rules.fields import Share
from letters.rules.merging import address_letter, merge_template
from tests.letters.hostile import HOSTILE, SHAPELESS


def merged(key: str, *, without: tuple[str, ...] = (), **changes: Any) -> Wording:
    """Merge a template's sample values, some changed and some left out."""
    values = samples.sample_values(template_for(key)) | changes
    for name in without:
        del values[name]
    return merge_template(
        template_for(key),
        values,
        on=samples.ON,
        reference=samples.REFERENCE,
        school="Harbour Lane Primary School",
        signature="Rosalind Achterberg",
    )


def addressed(wording: Wording, **changes: Any) -> LetterContent:
    """Address a wording to the sample family."""
    return address_letter(
        wording,
        **{
            "letterhead": samples.LETTERHEAD,
            "names": samples.NAMES,
            "address": samples.ADDRESS,
            "on": samples.ON,
            "reference": samples.REFERENCE,
            "signature": samples.SIGNATURE,
        }
        | changes,
    )


def text_of(wording: Wording) -> str:
    """Return all words of a wording, no-break spaces as spaces."""
    lines = [wording.subject]
    for block in wording.blocks:
        match block:
            case Text():
                lines.append("".join(run.text for run in block.runs))
            case Bullets():
                lines += ["".join(run.text for run in item) for item in block.items]
            case Table():
                lines += [" | ".join(row) for row in (block.columns, *block.rows, block.total)]
    return "\n".join(lines).replace("\u00a0", " ")


class TestALetterIsRefused:
    def test_when_fields_are_missing_and_all_are_named(self) -> None:
        with pytest.raises(MissingFields) as refusal:
            merged("wel_2", without=("meeting_at", "since"))

        assert refusal.value.missing == ("since", "meeting_at")
        assert refusal.value.message == (
            "“Letter 2: invitation to meet” cannot be printed: the first day of the school year is missing; "
            "the day and time of the meeting is missing."
        )

    def test_when_a_value_belongs_to_no_field(self) -> None:
        with pytest.raises(MergeRefused) as refusal:
            merged("wer_1", amount="£60", colour="red")

        assert refusal.value.unknown == ("amount", "colour")
        assert "there is no field called amount; there is no field called colour" in refusal.value.message

    def test_with_everything_wrong_with_it_at_once(self) -> None:
        with pytest.raises(MissingFields) as refusal:
            merged("wer_1", without=("office_phone",), amount=60, absence_days=Decimal("5.25"), pupil=7)

        assert refusal.value.problems == (
            "there is no field called amount",
            "the pupil’s name is not a line of text",
            "days of absence this year is not whole or half days",
            "the school office’s phone number is missing",
        )

    @pytest.mark.parametrize(
        ("key", "field", "value", "problem"),
        [
            ("wer_1", "absence_days", -1, "days of absence this year is not whole or half days"),
            ("wer_1", "absence_days", True, "days of absence this year is not a number of days"),
            ("wer_1", "absence_days", 5.0, "days of absence this year is not a number of days"),
            ("wer_1", "target_pct", 101, "the attendance the school expects is not between 0 and 100"),
            ("str_B", "attendance_pct", "92.3", "attendance is not a share of sessions"),
            ("str_B", "attendance_pct", Fraction(1, 2), "attendance is not a share of sessions"),
            ("str_B", "attendance_pct", Share(3, 2), "attendance is not a part of a whole"),
            ("str_B", "attendance_pct", Share(0, 0), "attendance is not a part of a whole"),
            ("str_A", "late_count", -2, "how often the pupil was late is below nought"),
            ("str_A", "late_count", "ten", "how often the pupil was late is not a whole number"),
            ("str_C", "next_half_term", "2026-02-13", "the last day of the next half term is not a date"),
            (
                "wel_2",
                "meeting_at",
                date(2025, 12, 9),
                "the day and time of the meeting is not a date with a time",
            ),
            ("wer_late", "late_after", "9:00", "the time after which a pupil is late is not a time of day"),
            ("wer_1", "absent_dates", ["Monday"], "the sessions missed is not a list of sessions"),
            ("wer_1", "significant_medical", "yes", "a significant medical need is not yes or no"),
            (
                "wer_nti",
                "nti_rows",
                [("a", "b")],
                "what must improve, the help for it and by when is not rows of 3 cells",
            ),
            (
                "wer_nti",
                "nti_rows",
                [("a", " ", "c")],
                "what must improve, the help for it and by when is a row with an empty cell",
            ),
            (
                "wel_holiday_warning",
                "leave_dates",
                (date(2026, 3, 6), date(2026, 3, 2)),
                "the first and last day of the leave is a period that ends before it begins",
            ),
            (
                "wer_1",
                "pupil",
                "\u202e\u200b",
                "the pupil’s name is empty once characters that cannot be printed are taken out",
            ),
            ("wer_1", "pupil", "x" * 10_000, "the pupil’s name is longer than 200 characters"),
            (
                "lun_concern",
                "concern",
                "x " * 5_000,
                "what the school has noticed is longer than 3,000 characters",
            ),
        ],
    )
    def test_when_a_value_is_not_what_its_field_holds(
        self, key: str, field: str, value: object, problem: str
    ) -> None:
        with pytest.raises(MergeRefused) as refusal:
            merged(key, **{field: value})

        assert refusal.value.problems == (problem,)

    def test_when_it_would_warn_about_authorised_absence(self) -> None:
        with pytest.raises(MergeRefused, match="there is no unauthorised session"):
            merged("wer_nti", absent_dates=samples.LONG_ILLNESS)

    def test_when_a_session_it_warns_of_has_no_settled_reason(self) -> None:
        with pytest.raises(MergeRefused, match="some sessions still have code N"):
            merged("wer_nti", absent_dates=samples.HOLIDAY + samples.UNHEARD)

    def test_when_the_pupil_is_too_young_for_the_law(self) -> None:
        with pytest.raises(MergeRefused, match="the pupil is below compulsory school age"):
            merged("wel_4", below_compulsory_age=True)

    def test_when_a_formal_warning_has_no_unauthorised_session_in_its_period(self) -> None:
        with pytest.raises(MergeRefused, match="there is no unauthorised session in the period"):
            merged("wel_4", sessions_absent_unauthorised=0)

    @pytest.mark.parametrize(
        ("values", "without"),
        [
            ({"decision": "perhaps"}, ()),
            ({"decision": "granted"}, ("dates_to",)),
            ({"decision": "refused"}, ("refusal_reason",)),
        ],
    )
    def test_when_a_decision_on_leave_is_not_complete(
        self, values: dict[str, str], without: tuple[str, ...]
    ) -> None:
        with pytest.raises(MergeRefused, match=r"the decision is neither|granted leave needs"):
            merged("wel_leave_decision", without=without, **values)


class TestFigures:
    def test_one_more_day_is_said_only_while_it_is_true(self) -> None:
        """6 days of 190 are 96.8 per cent, 5 are 97.3: so it is right at 5 days of a full year only."""
        sentence = "If Olumide misses one more day, that is out of reach for this year."
        assert sentence in text_of(merged("wer_1", absence_days=5, year_sessions=380))
        assert sentence not in text_of(merged("wer_1", absence_days=4, year_sessions=380))
        assert sentence not in text_of(merged("wer_1", absence_days=6, year_sessions=380))
        assert sentence not in text_of(merged("wer_1", absence_days=5, year_sessions=240))

    def test_a_target_out_of_reach_is_said_with_the_best_that_is_left(self) -> None:
        text = text_of(merged("wer_1", absence_days=6, year_sessions=380, max_year_pct=Share(368, 380)))
        assert "The best that Olumide can reach now is 96.8 % (368 of 380 sessions)." in text

    @pytest.mark.parametrize(("days", "certain"), [("18.5", False), ("19", True)])
    def test_persistent_absence_for_the_year_is_certain_from_nineteen_days(
        self, days: str, certain: bool
    ) -> None:
        text = text_of(merged("wer_4", absence_days=Decimal(days), year_sessions=380))
        assert ("They will also count as persistently absent for this year" in text) is certain

    def test_half_days_print_as_they_are(self) -> None:
        assert "**" not in text_of(merged("wer_1", absence_days=Decimal("5.5")))
        assert "Olumide has now missed 5.5 days of school this year." in text_of(
            merged("wer_1", absence_days=Decimal("5.5"))
        )

    def test_seventeen_days_leave_ninety_one_per_cent(self) -> None:
        assert "the best they can reach for the year is 91.0 % (346 of 380 sessions)" in text_of(
            merged("wer_4")
        )

    def test_ten_days_leave_the_year_the_policy_names(self) -> None:
        assert "is 94.7 % (360 of 380 sessions)" in text_of(merged("wer_2"))

    def test_below_ninety_is_said_only_when_true(self) -> None:
        assert "now below 90 %" in text_of(merged("wel_3", attendance_pct=Share(106, 118)))
        assert "now below 90 %" not in text_of(merged("wel_3", attendance_pct=Share(9, 10)))


class TestParagraphs:
    def test_quote_an_earlier_letter_only_if_there_was_one(self) -> None:
        assert "We wrote to you on Wednesday 8 October 2025." in text_of(merged("wer_2"))
        without = text_of(merged("wer_2", without=("prior_letter_date",)))
        assert "We wrote to you" not in without
        assert "Olumide has now missed 8 days of school this year, and we are worried." in without

    def test_ask_for_a_call_when_no_meeting_is_fixed(self) -> None:
        assert "If we have not yet rung you about a time" in text_of(merged("wer_2", without=("meeting_at",)))

    def test_speak_of_a_part_time_timetable_only_where_there_is_one(self) -> None:
        assert "part-time timetable" not in text_of(merged("str_D"))
        assert "part-time timetable that we agreed" in text_of(merged("str_D", part_time_timetable=True))
        assert "medical needs" not in text_of(
            merged("str_D", part_time_timetable=True, significant_medical=False)
        )

    def test_amounts_follow_the_day_of_the_offence(self) -> None:
        assert "£80 if it is paid within 21 days" in text_of(merged("wer_nti"))
        old = text_of(merged("wer_nti", offence_on=date(2024, 7, 1)))
        assert "£60 if it is paid within 21 days" in old
        assert "£80" not in old

    def test_a_passage_of_several_lines_becomes_points(self) -> None:
        wording = merged("lun_nti", support_so_far="A meeting.\nBreakfast club.")
        assert Bullets(((Run("A meeting."),), (Run("Breakfast club."),))) in wording.blocks


class TestHostileValues:
    @pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
    def test_stay_the_characters_they_are(self, value: str) -> None:
        wording = merged("lun_concern", pupil=value, forename=value, concern=value)

        assert wording.subject == f"{value}: something we have noticed"
        assert Text((Run(value),)) in wording.blocks

    @pytest.mark.parametrize(("value", "printed"), SHAPELESS.values(), ids=SHAPELESS.keys())
    def test_lose_what_has_no_shape(self, value: str, printed: str) -> None:
        assert merged("lun_concern", pupil=value).subject == f"{printed}: something we have noticed"

    def test_cannot_name_a_field_into_existence(self) -> None:
        with pytest.raises(MergeRefused, match=r"there is no field called \{pupil\}"):
            merged("wer_1", **{"{pupil}": "x"})


class TestAddressing:
    def test_joins_the_names_as_people_do(self) -> None:
        content = addressed(merged("wer_1"), names=["Ann Ash", "Bo Birch", "Cy Cedar"])
        assert content.salutation == "Dear Ann Ash, Bo Birch and Cy Cedar"
        assert content.recipient[0] == "Ann Ash, Bo Birch and Cy Cedar"

    def test_fits_a_long_address_into_the_window_and_keeps_the_postcode_last(self) -> None:
        content = addressed(merged("wer_1"), address=["Flat 2", "B", "C", "D", "E", "F", "G", "AB1 2CD"])
        assert content.recipient == (
            "Temperance Adeyemi-Holt and Gideon Holt",
            "Flat 2, B, C",
            "D",
            "E",
            "F",
            "G",
            "AB1 2CD",
        )

    def test_needs_somebody(self) -> None:
        with pytest.raises(ValueError, match="at least one person"):
            addressed(merged("wer_1"), names=["\u200b"])

    @pytest.mark.parametrize("key", ["wer_1", "lun_nti", "wel_4", "str_evidence", "wel_praise_year_100"])
    def test_content_survives_the_database_word_for_word(self, key: str) -> None:
        content = addressed(merged(key))
        again = from_json(content.as_json())

        assert again == content
        assert again.digest == content.digest

    def test_content_with_one_other_word_has_another_digest(self) -> None:
        content = addressed(merged("wer_1"))
        assert addressed(merged("wer_1"), reference="X").digest != content.digest

    def test_every_figure_that_was_printed_is_kept_with_the_letter(self) -> None:
        printed = dict(addressed(merged("wer_1")).printed)
        assert printed["absence_days"].replace("\u00a0", " ") == "5 days"
        assert printed["target_pct"].replace("\u00a0", " ") == "97 %"


class TestAMomentInUniversalTime:
    def test_prints_the_clock_of_an_english_school(self) -> None:
        at = datetime(2026, 7, 7, 8, 15, tzinfo=UTC)
        assert "Tuesday 7 July 2026 at 9:15am" in text_of(merged("wel_2", meeting_at=at))
