"""What an arrival, a return and a collector's age mean, without a database."""

from datetime import date, time

import pytest

from registers.rules import arrivals as rules
from registers.rules.arrivals import Kind, Proposal
from registers.rules.times import SessionTimes

# Opens and late after 8:50, closes 9:20 (000:181-194).
MORNING = SessionTimes("AM", time(8, 50), time(8, 50), time(9, 20))


class TestHowFirmlyAMarkStands:
    @pytest.mark.parametrize(
        ("codes", "kind"),
        [
            (["", "N", "O", "G"], Kind.OPEN),
            (["M", "I", "C", "C1", "C2", "J1", "R", "S", "T"], Kind.EXPLAINED),
            (["E", "B", "D", "K", "P", "Q", "V", "W", "X", "Y1", "Y7"], Kind.FIXED),
            (["/", "\\", "L", "U"], Kind.ATTENDED),
        ],
    )
    def test_follows_from_its_code(self, codes: list[str], kind: Kind) -> None:
        assert {code: rules.kind_of(code) for code in codes} == dict.fromkeys(codes, kind)


class TestAnArrival:
    @pytest.mark.parametrize(
        ("arrived_at", "code", "late"),
        [
            (time(8, 49), "/", 0),
            (time(8, 50), "/", 0),
            (time(8, 51), "L", 1),
            (time(9, 20), "L", 30),
            (time(9, 21), "U", 31),
        ],
    )
    def test_is_judged_by_the_minute(self, arrived_at: time, code: str, late: int) -> None:
        assert rules.propose(MORNING, arrived_at, standing="") == Proposal(code, code)
        assert rules.minutes_late(MORNING, arrived_at) == late

    @pytest.mark.parametrize("standing", ["N", "O", "G"])
    def test_settles_an_absence_nobody_explained(self, standing: str) -> None:
        assert rules.propose(MORNING, time(9, 25), standing=standing) == Proposal("U", "U")

    @pytest.mark.parametrize("standing", ["M", "I", "C2"])
    def test_leaves_an_explained_absence_after_the_close(self, standing: str) -> None:
        assert rules.propose(MORNING, time(10, 40), standing=standing) == Proposal(
            "U", standing, is_kept=True
        )

    def test_leaves_an_absence_known_ahead_after_the_close(self) -> None:
        assert rules.propose(MORNING, time(10, 40), standing="", expected="M") == Proposal(
            "U", "M", is_kept=True
        )

    def test_is_attending_while_the_register_is_open_whatever_was_expected(self) -> None:
        assert rules.propose(MORNING, time(9, 5), standing="M") == Proposal("L", "L")

    @pytest.mark.parametrize("standing", ["V", "E", "X"])
    def test_says_nothing_of_those_who_are_elsewhere_or_not_expected(self, standing: str) -> None:
        assert rules.propose(MORNING, time(9, 5), standing=standing) == Proposal("L", standing, is_kept=True)

    def test_needs_a_person_when_the_pupil_is_marked_in_otherwise(self) -> None:
        assert rules.propose(MORNING, time(9, 5), standing="/") == Proposal(
            "L", "/", is_kept=True, is_doubtful=True
        )
        assert not rules.propose(MORNING, time(9, 5), standing="L").is_doubtful

    def test_belongs_to_the_morning_until_the_afternoon_opens(self) -> None:
        halves = [
            rules.half_of_arrival(at, afternoon_opens=time(13, 0))
            for at in (time(9, 5), time(12, 59), time(13, 0))
        ]
        assert halves == ["AM", "AM", "PM"]
        assert rules.half_of_arrival(time(14, 0), afternoon_opens=None) == "AM"


class TestATimeThatIsTooEarly:
    def test_is_before_the_gates_where_the_school_says_when_they_open(self) -> None:
        assert rules.is_too_early(MORNING, time(8, 39), gates_open_at=time(8, 40))
        assert not rules.is_too_early(MORNING, time(8, 40), gates_open_at=time(8, 40))

    def test_is_an_hour_before_the_register_otherwise(self) -> None:
        assert rules.is_too_early(MORNING, time(7, 49), gates_open_at=None)
        assert not rules.is_too_early(MORNING, time(7, 50), gates_open_at=None)


class TestAChosenCode:
    @pytest.mark.parametrize(
        ("code", "at", "stands"),
        [
            ("L", time(9, 20), True),
            ("L", time(9, 21), False),
            ("U", time(9, 20), False),
            ("U", time(9, 21), True),
            ("/", time(9, 5), True),
            ("/", time(9, 21), False),
            ("M", time(9, 21), True),
        ],
    )
    def test_must_fit_the_time(self, code: str, at: time, stands: bool) -> None:
        proposal = rules.propose(MORNING, at, standing="")
        assert (rules.fault_of_choice(code, proposal) is None) is stands


class TestAReturn:
    def test_takes_the_reason_for_leaving_after_the_close(self) -> None:
        found = rules.propose_return(MORNING, time(10, 0), standing="N", explained="M")
        assert found == Proposal("U", "M")

    def test_is_u_without_a_reason_that_explains(self) -> None:
        assert rules.propose_return(MORNING, time(10, 0), standing="", explained="").code == "U"

    def test_is_attending_while_the_register_is_open(self) -> None:
        assert rules.propose_return(MORNING, time(9, 0), standing="", explained="M").code == "L"


class TestACollector:
    @pytest.mark.parametrize(
        ("born", "on", "old_enough"),
        [
            (date(2009, 11, 24), date(2025, 11, 23), False),
            (date(2009, 11, 24), date(2025, 11, 24), True),
            (date(2012, 2, 29), date(2028, 2, 29), True),
            (date(2012, 2, 29), date(2028, 2, 28), False),
        ],
    )
    def test_is_sixteen_on_the_day(self, born: date, on: date, old_enough: bool) -> None:
        assert rules.is_old_enough(born, on=on) is old_enough
