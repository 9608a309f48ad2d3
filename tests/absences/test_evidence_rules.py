"""When proof may be asked for, school by school."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from absences.rules.evidence import (
    AbsentSession,
    Demand,
    Proposal,
    held_because,
    must_speak_first,
    proposals,
    rules_of,
    spells,
)
from tests.absences.evidence_world import SCHOOLS, shipped

# Monday 4 November 2024 is the 39th school day: its sessions are numbers 77 and 78.
MONDAY = date(2024, 11, 4)
FIRST = 77
LONG_AGO = date(2024, 9, 1)


def sessions(first: int, last: int, code: str = "I", *, halves: str = "AM PM") -> list[AbsentSession]:
    """Return absences from one school day to another, counted from Monday 4 November 2024."""
    found = []
    for place in range(first, last + 1):
        on = MONDAY + timedelta(days=place + 2 * (place // 5))
        for half in halves.split():
            found.append(AbsentSession(on, half, code, FIRST + 2 * place + (half == "PM")))
    return found


def proposed(key: str, absences: Sequence[AbsentSession], **more: object) -> list[tuple[str, date, date]]:
    found = proposals(shipped(key), absences, since=LONG_AGO, **more)  # type: ignore[arg-type]
    return [(one.rule, one.first_day, one.last_day) for one in found]


class TestLuntsHeath:
    """LUN 002:175-177, LUN-08: more than five school days in a row; never unnecessarily."""

    def test_LUN_S4_asks_on_the_sixth_day_and_not_on_the_fifth(self) -> None:
        week = sessions(5, 9)  # 11 to 15 November
        monday = sessions(10, 10, halves="AM")  # 18 November

        assert proposed("lunts_heath", week) == []
        assert proposals(shipped("lunts_heath"), [*week, *monday], since=LONG_AGO) == [
            Proposal(
                "long_illness",
                "illness:2024-11-11",
                date(2024, 11, 11),
                date(2024, 11, 18),
                "Ill for 6 school days in a row; the policy asks for proof after 5.",
            )
        ]

    def test_counts_days_in_a_row_alone(self) -> None:
        with_a_day_in_school = [*sessions(0, 2), *sessions(4, 7)]

        assert proposed("lunts_heath", with_a_day_in_school) == []

    def test_does_not_count_several_short_illnesses(self) -> None:
        assert proposed("lunts_heath", [*sessions(0, 0), *sessions(2, 2), *sessions(4, 4)]) == []

    def test_lets_a_person_ask_on_doubt_and_after_long_illness(self) -> None:
        assert rules_of(shipped("lunts_heath")) == ("doubt", "long_illness")
        assert not must_speak_first(shipped("lunts_heath").evidence, "doubt")

    def test_asks_for_no_proof_of_appointments(self) -> None:
        assert proposed("lunts_heath", sessions(0, 0, "M", halves="AM")) == []


class TestWerrington:
    """WER 000:142, 000:272: multiple periods of absence for medical reasons; genuine concern after a talk."""

    def test_asks_after_the_third_illness_within_thirty_school_days(self) -> None:
        two = [*sessions(0, 1), *sessions(4, 4)]

        assert proposed("werrington", two) == []
        assert proposed("werrington", [*two, *sessions(8, 8, halves="AM")]) == [
            ("several_illnesses", date(2024, 11, 14), date(2024, 11, 14))
        ]

    def test_does_not_count_illnesses_further_back(self) -> None:
        assert proposed("werrington", [*sessions(0, 0), *sessions(20, 20), *sessions(30, 30)]) == []
        assert len(proposed("werrington", [*sessions(1, 1), *sessions(20, 20), *sessions(30, 30)])) == 1

    def test_does_not_count_an_illness_that_was_proved(self) -> None:
        ill = [*sessions(0, 0), *sessions(4, 4), *sessions(8, 8)]

        assert proposed("werrington", ill, judged=[(MONDAY, MONDAY)]) == []

    def test_asks_for_no_proof_of_one_long_illness(self) -> None:
        assert proposed("werrington", sessions(0, 9)) == []

    def test_speaks_to_the_parent_about_its_doubt_first(self) -> None:
        assert rules_of(shipped("werrington")) == ("doubt", "several_illnesses")
        assert must_speak_first(shipped("werrington").evidence, "doubt")
        assert not must_speak_first(shipped("werrington").evidence, "several_illnesses")


class TestStrathmore:
    """STR 001:134, 001:362, 001:183, STR-15: doubt or several; every illness after a letter; appointments."""

    DEMAND = Demand(MONDAY, date(2025, 7, 31), frozenset({"I"}), "str_3")

    def test_asks_after_several_illnesses(self) -> None:
        assert proposed("strathmore", [*sessions(0, 0), *sessions(2, 2), *sessions(4, 4)]) == [
            ("several_illnesses", date(2024, 11, 8), date(2024, 11, 8))
        ]

    def test_asks_of_every_illness_after_the_letter(self) -> None:
        assert proposed("strathmore", sessions(0, 0, halves="AM")) == []
        assert proposed("strathmore", sessions(0, 0, halves="AM"), demands=[self.DEMAND]) == [
            ("after_letter", MONDAY, MONDAY)
        ]

    def test_does_not_ask_of_an_illness_before_the_letter(self) -> None:
        later = Demand(MONDAY + timedelta(days=1), date(2025, 7, 31), frozenset({"I"}), "str_3")

        assert proposed("strathmore", sessions(0, 0), demands=[later]) == []

    def test_asks_for_proof_of_every_appointment_once(self) -> None:
        appointment = sessions(0, 0, "M", halves="AM")

        assert proposed("strathmore", appointment) == [("appointment", MONDAY, MONDAY)]
        assert proposed("strathmore", appointment, judged=[(MONDAY, MONDAY)]) == []

    def test_holds_reports_of_illness_after_the_letter(self) -> None:
        terms = shipped("strathmore")

        assert held_because("I", [MONDAY], terms=terms, demands=[self.DEMAND], has_file=False) == (
            "Every illness of this pupil needs proof, and none was sent."
        )
        assert held_because("I", [MONDAY], terms=terms, demands=[self.DEMAND], has_file=True) == (
            "Every illness of this pupil needs proof: look at what was sent with the report."
        )
        assert held_because("I", [LONG_AGO], terms=terms, demands=[self.DEMAND], has_file=False) == ""

    def test_holds_reports_of_appointments_that_come_without_proof(self) -> None:
        terms = shipped("strathmore")

        assert held_because("M", [MONDAY], terms=terms, has_file=False) == (
            "The policy asks for proof of appointments, and none was sent."
        )
        assert held_because("M", [MONDAY], terms=terms, has_file=True) == ""

    def test_lets_a_person_ask_for_its_own_reasons(self) -> None:
        assert rules_of(shipped("strathmore")) == ("doubt", "several_illnesses", "appointment")


class TestWelbourn:
    """WEL 003:157-158, 003:103, 003:201: appointments, leaving early, leave for exceptional reasons."""

    def test_asks_for_proof_of_appointments(self) -> None:
        assert proposed("welbourn", sessions(0, 1, "M")) == [
            ("appointment", MONDAY, MONDAY + timedelta(days=1))
        ]

    def test_asks_for_no_proof_of_illness(self) -> None:
        many = [*sessions(0, 6), *sessions(8, 8), *sessions(10, 10), *sessions(12, 12)]

        assert proposed("welbourn", many) == []

    def test_lets_a_person_ask_about_leaving_early_and_leave(self) -> None:
        assert rules_of(shipped("welbourn")) == (
            "doubt",
            "appointment",
            "leave_early",
            "exceptional_leave",
        )


class TestLeedon:
    """LEE 004:117: several medical absences; no number of days, nothing of appointments."""

    def test_asks_after_several_illnesses(self) -> None:
        assert proposed("leedon", [*sessions(0, 0), *sessions(2, 2), *sessions(4, 4)]) == [
            ("several_illnesses", date(2024, 11, 8), date(2024, 11, 8))
        ]

    def test_asks_for_no_proof_of_one_long_illness_nor_of_appointments(self) -> None:
        assert proposed("leedon", [*sessions(0, 9), *sessions(12, 12, "M")]) == []

    def test_lets_a_person_ask_on_several_and_on_doubt(self) -> None:
        assert rules_of(shipped("leedon")) == ("doubt", "several_illnesses")


class TestASpell:
    def test_goes_on_over_a_weekend(self) -> None:
        [spell] = spells(sessions(3, 6), "I")

        assert (spell.first_day, spell.last_day, spell.days) == (date(2024, 11, 7), date(2024, 11, 12), 4)

    def test_ends_with_a_session_in_school(self) -> None:
        morning, *_ = sessions(0, 0, halves="AM")
        next_morning, *_ = sessions(1, 1, halves="AM")

        assert [one.days for one in spells([next_morning, morning], "I")] == [1, 1]

    def test_goes_on_over_sessions_in_which_nobody_expects_the_pupil(self) -> None:
        mornings = sessions(0, 2, halves="AM")
        afternoons = sessions(0, 2, "C2", halves="PM")

        [spell] = spells([*afternoons, *mornings], "I")

        assert (spell.days, len(spell.sessions)) == (3, 3)

    def test_is_of_one_code(self) -> None:
        mixed = [*sessions(0, 0, halves="AM"), *sessions(0, 0, "M", halves="PM")]

        assert [len(spells(mixed, code)) for code in ("I", "M", "C")] == [1, 1, 0]


class TestEverySchool:
    @pytest.mark.parametrize("key", SCHOOLS)
    def test_proposes_nothing_of_a_single_day(self, key: str) -> None:
        assert proposed(key, sessions(0, 0)) == []

    @pytest.mark.parametrize("key", SCHOOLS)
    def test_proposes_nothing_of_an_absence_long_past(self, key: str) -> None:
        absences = [*sessions(0, 9), *sessions(11, 11, "M")]

        assert proposals(shipped(key), absences, since=date(2025, 2, 1)) == []
