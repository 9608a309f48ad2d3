"""The invented marks: lawful one by one, and together as common as England's published ones."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date

import pytest

from demo.generation import facts, showing, trust
from demo.generation.sheets import HALVES, Sheet
from registers.rules.age import is_compulsory_age
from registers.rules.codes import CODE_BY_SYMBOL, StatisticalClass
from registers.rules.figures import Figures, figures_of
from registers.rules.times import SessionTimes, classify_arrival

YEARS = (2025, 2026)
TODAY = date(2026, 11, 20)
TERMS = {"Autumn": 5.17, "Spring": 5.30, "Summer": 5.28}  # published absence, primary, 2024/25


def marks_of(sheet: Sheet) -> Iterator[tuple[date, str, str]]:
    """Yield day, half and code of each session on roll."""
    for session in range(sheet.first, sheet.end):
        yield sheet.row.days[session // 2], HALVES[session % 2], sheet.codes[session]


def figures_of_sheet(sheet: Sheet) -> Figures:
    """Count a sheet as every page counts it."""
    return figures_of(Counter(code for _, _, code in marks_of(sheet)))


def absence_percent(
    sheets: list[Sheet], group_of: Callable[[Sheet, date], str | int], group: str | int
) -> float:
    """Return absence in per cent of possible sessions among the days that a function puts in a group."""
    codes: Counter[str] = Counter()
    for sheet in sheets:
        for day, _, code in marks_of(sheet):
            if group_of(sheet, day) == group:
                codes[code] += 1
    counted = figures_of(codes)
    return 100 * counted.absent / counted.possible


class TestTheRates:
    @pytest.mark.parametrize("year", YEARS)
    def test_of_every_code_are_those_published_for_primary_schools(
        self, whole_trust: trust.Trust, year: int
    ) -> None:
        counted = figures_of(
            Counter(
                code for sheet in whole_trust.year_of_marks(year).sheets for _, _, code in marks_of(sheet)
            )
        )

        for measure, percent in facts.percentages().items():
            if measure.startswith("code "):
                share = 100 * counted.by_code.get(measure.removeprefix("code "), 0) / counted.possible
                assert share == pytest.approx(percent, abs=0.06), measure
        assert 100 * counted.absent / counted.possible == pytest.approx(5.2767, abs=0.02)
        assert 100 * counted.authorised / counted.possible == pytest.approx(3.7292, abs=0.02)
        assert 100 * counted.unauthorised / counted.possible == pytest.approx(1.5474, abs=0.02)

    @pytest.mark.parametrize("year", YEARS)
    def test_of_each_weekday_follow_the_published_shape(self, whole_trust: trust.Trust, year: int) -> None:
        sheets = list(whole_trust.year_of_marks(year).sheets)

        for weekday, factor in enumerate(facts.weekday_factors("overall_absence")):
            share = absence_percent(sheets, lambda _, day: day.weekday(), weekday)
            assert share == pytest.approx(5.2767 * factor, abs=0.1)

    @pytest.mark.parametrize("year", YEARS)
    def test_of_each_term_follow_the_published_shape(self, whole_trust: trust.Trust, year: int) -> None:
        sheets = list(whole_trust.year_of_marks(year).sheets)

        for term, percent in TERMS.items():
            share = absence_percent(
                sheets, lambda sheet, day: sheet.row.half_terms[sheet.row.place_of[day]].split()[0], term
            )
            assert share == pytest.approx(percent, abs=0.15)

    @pytest.mark.parametrize("year", YEARS)
    @pytest.mark.parametrize(
        "year_groups", [("R", "1", "2", "3", "4", "5", "6"), ("1", "2", "3", "4", "5", "6")]
    )
    def test_hold_for_the_pupils_counted_nationally_with_or_without_reception(
        self, whole_trust: trust.Trust, year: int, year_groups: tuple[str, ...]
    ) -> None:
        counted = [
            figures_of_sheet(sheet)
            for sheet in whole_trust.year_of_marks(year).sheets
            if sheet.place.year_group in year_groups
        ]

        possible, absent = sum(one.possible for one in counted), sum(one.absent for one in counted)
        assert 100 * absent / possible == pytest.approx(5.2767, abs=0.05)
        assert 100 * sum(one.persistent for one in counted) / len(counted) == pytest.approx(13.7726, abs=1)
        assert 100 * sum(one.severe for one in counted) / len(counted) == pytest.approx(0.85, abs=0.3)

    @pytest.mark.parametrize("seed", [2, 3])
    def test_hold_for_other_seeds(self, seed: int) -> None:
        other = trust.generate(pupils=1500, seed=seed, today=TODAY)
        counted = [figures_of_sheet(sheet) for sheet in other.year_of_marks(2025).sheets]

        possible, absent = sum(one.possible for one in counted), sum(one.absent for one in counted)
        assert 100 * absent / possible == pytest.approx(5.2767, abs=0.05)
        assert 100 * sum(one.persistent for one in counted) / len(counted) == pytest.approx(13.7726, abs=1)

    def test_are_higher_for_free_meals_and_special_needs(self, whole_trust: trust.Trust) -> None:
        persistent: Counter[str] = Counter()
        pupils: Counter[str] = Counter()
        for sheet in whole_trust.year_of_marks(2025).sheets:
            for group in (f"fsm {sheet.pupil.fsm}", f"sen {sheet.pupil.sen}"):
                pupils[group] += 1
                persistent[group] += figures_of_sheet(sheet).persistent
        share = {group: persistent[group] / pupils[group] for group in pupils}

        assert share["fsm True"] > 1.5 * share["fsm False"]
        assert share["sen E"] > share["sen K"] > 1.3 * share["sen N"]


class TestEveryMark:
    @pytest.mark.parametrize("year", YEARS)
    def test_has_a_code_valid_for_its_day_half_and_age(self, whole_trust: trust.Trust, year: int) -> None:
        for sheet in whole_trust.year_of_marks(year).sheets:
            for day, half, code in marks_of(sheet):
                rule = CODE_BY_SYMBOL[code]
                assert rule.is_mark
                assert rule.is_valid_on(day)
                assert rule.half in ("", half)
                if rule.age_rule:
                    of_age = is_compulsory_age(sheet.pupil.date_of_birth, day)
                    assert of_age == (rule.age_rule == "compulsory")

    @pytest.mark.parametrize("year", YEARS)
    def test_stands_on_an_open_day_while_on_roll_and_nowhere_else(
        self, whole_trust: trust.Trust, year: int
    ) -> None:
        for sheet in whole_trust.year_of_marks(year).sheets:
            open_days = whole_trust.calendars[year][sheet.pupil.school_key].school_days()
            assert sheet.row.days == open_days
            for session, code in enumerate(sheet.codes):
                day = open_days[session // 2]
                on_roll = sheet.pupil.starts_on <= day and (
                    sheet.pupil.leaving_on is None or day <= sheet.pupil.leaving_on
                )
                assert bool(code) == (on_roll and sheet.place.starts_on <= day <= sheet.place.ends_on)

    @pytest.mark.parametrize("year", YEARS)
    def test_of_part_time_attendance_rests_on_a_timetable(self, whole_trust: trust.Trust, year: int) -> None:
        drawn = whole_trust.year_of_marks(year)
        agreed = {
            (timetable.pupil, day, half)
            for timetable in drawn.timetables
            for day in drawn.sheets[0].row.days
            if timetable.first_day <= day <= timetable.last_day
            for weekday, half in timetable.absences
            if weekday == day.weekday()
        }
        part_time = {
            (sheet.pupil.number, day, half)
            for sheet in drawn.sheets
            for day, half, code in marks_of(sheet)
            if code == "C2"
        }

        assert part_time
        assert part_time <= agreed
        assert all(one.agreed_on < one.first_day < one.review_on for one in drawn.timetables)

    @pytest.mark.parametrize("year", YEARS)
    def test_has_an_arrival_or_a_nature_where_its_code_asks_for_one(
        self, whole_trust: trust.Trust, year: int
    ) -> None:
        for sheet in whole_trust.year_of_marks(year).sheets:
            school = sheet.row.school
            times = (
                SessionTimes("AM", school.am_late_after, school.am_late_after, school.am_closes),
                SessionTimes("PM", school.pm_opens, school.pm_opens, school.pm_closes),
            )
            for session in range(sheet.first, sheet.end):
                code = sheet.codes[session]
                assert CODE_BY_SYMBOL[code].nature_required == bool(sheet.natures.get(session))
                assert (code in ("L", "U")) == (session in sheet.arrivals)
                if session in sheet.arrivals:
                    assert classify_arrival(times[session % 2], sheet.arrivals[session]) == code

    def test_of_a_nursery_child_is_of_one_half_of_the_day(self, whole_trust: trust.Trust) -> None:
        halves: Counter[str] = Counter()
        for sheet in whole_trust.year_of_marks(2025).sheets:
            if sheet.place.year_group == "N":
                possible = {
                    half
                    for _, half, code in marks_of(sheet)
                    if CODE_BY_SYMBOL[code].statistical_class is not StatisticalClass.NOT_POSSIBLE
                }
                assert len(possible) == 1
                halves[possible.pop()] += 1

        assert halves["AM"] == pytest.approx(halves["PM"], abs=4)


class TestAbsence:
    def test_of_a_holiday_takes_brothers_and_sisters_together(self, whole_trust: trust.Trust) -> None:
        away: dict[int, list[set[date]]] = {}
        for sheet in whole_trust.year_of_marks(2025).sheets:
            days = {day for day, _, code in marks_of(sheet) if code == "G"}
            if days:
                away.setdefault(sheet.pupil.family, []).append(days)
        together = [families for families in away.values() if len(families) > 1]

        assert len(together) >= 10
        # A suspension or festival of one child can cut its holiday short.
        assert sum(bool(set.intersection(*days)) for days in together) >= 0.95 * len(together)

    def test_of_illness_comes_in_runs_and_single_days(self, whole_trust: trust.Trust) -> None:
        runs: Counter[int] = Counter()
        for sheet in whole_trust.year_of_marks(2025).sheets:
            length = 0
            for _, _, code in (*marks_of(sheet), (TODAY, "AM", "")):
                if code == "I":
                    length += 1
                elif length:
                    runs[length] += 1
                    length = 0

        assert runs[2] > runs[4] > runs[6] > runs[10] > 0
        assert runs[1] > 0.1 * sum(runs.values())


class TestWhatTheSchoolKnowsToday:
    def shown(self, whole_trust: trust.Trust) -> list[showing.ShownMark]:
        return [
            mark
            for sheet in whole_trust.year_of_marks(2026).sheets
            for mark in showing.shown_marks(sheet, today=TODAY, seed=whole_trust.seed)
        ]

    def test_ends_yesterday(self, whole_trust: trust.Trust) -> None:
        days = {mark.sheet.row.days[mark.session // 2] for mark in self.shown(whole_trust)}

        assert max(days) == date(2026, 11, 19)
        assert len(days) == 50

    def test_has_some_absence_of_the_last_five_days_unexplained(self, whole_trust: trust.Trust) -> None:
        days = Counter(
            mark.sheet.row.days[mark.session // 2] for mark in self.shown(whole_trust) if mark.code == "N"
        )

        assert set(days) <= {date(2026, 11, day) for day in (13, 16, 17, 18, 19)}
        assert days[date(2026, 11, 19)] >= 10
        assert days[date(2026, 11, 19)] > days[date(2026, 11, 16)]

    def test_differs_from_what_is_drawn_by_n_only(self, whole_trust: trust.Trust) -> None:
        for mark in self.shown(whole_trust):
            drawn = mark.sheet.codes[mark.session]
            assert mark.code == drawn or (mark.code == "N" and drawn in ("O", "I"))

    def test_a_day_later_is_the_same_with_more_explained(self, whole_trust: trust.Trust) -> None:
        today = {(mark.sheet.pupil.upn, mark.session): mark.code for mark in self.shown(whole_trust)}
        monday = date(2026, 11, 23)
        tomorrow = {
            (mark.sheet.pupil.upn, mark.session): mark.code
            for sheet in whole_trust.year_of_marks(2026).sheets
            for mark in showing.shown_marks(sheet, today=monday, seed=whole_trust.seed)
        }

        assert today.keys() < tomorrow.keys()
        changed = {key for key, code in today.items() if tomorrow[key] != code}
        assert changed
        assert {today[key] for key in changed} == {"N"}

    def test_puts_pupils_on_the_interesting_rungs_of_every_school(self, whole_trust: trust.Trust) -> None:
        days_absent: dict[str, list[float]] = {}
        unauthorised: Counter[str] = Counter()
        often_late: Counter[str] = Counter()
        severe: Counter[str] = Counter()
        by_sheet: dict[int, Counter[str]] = {}
        for mark in self.shown(whole_trust):
            by_sheet.setdefault(mark.sheet.pupil.number, Counter())[mark.code] += 1
        for number, codes in by_sheet.items():
            key = whole_trust.pupils[number].school_key
            counted = figures_of(codes)
            days_absent.setdefault(key, []).append(counted.absent / 2)
            unauthorised[key] += counted.unauthorised >= 10
            often_late[key] += counted.late >= 10
        for sheet in whole_trust.year_of_marks(2026).sheets:
            severe[sheet.pupil.school_key] += figures_of_sheet(sheet).severe

        for days in (3, 5, 8, 10, 17):
            assert sum(missed >= days for missed in days_absent["werrington"]) >= 2
        for key in days_absent:
            assert unauthorised[key] >= 1
            assert often_late[key] >= 1
            assert severe[key] >= 1


class TestRepeatability:
    def digest(self, built: trust.Trust) -> str:
        lines = [repr(pupil) for pupil in built.pupils]
        lines += [repr(contact) for contact in built.contacts]
        lines += [repr(member) for member in built.staff]
        for year in YEARS:
            drawn = built.year_of_marks(year)
            lines += [repr((s.pupil.upn, s.codes, s.arrivals, s.natures)) for s in drawn.sheets]
            lines += [repr(timetable) for timetable in drawn.timetables]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def test_the_same_seed_gives_the_same_trust(self, small_trust: trust.Trust) -> None:
        again = trust.generate(pupils=120, seed=small_trust.seed, today=TODAY)

        assert self.digest(again) == self.digest(small_trust)

    def test_another_day_of_the_same_year_gives_the_same_trust(self, small_trust: trust.Trust) -> None:
        later = trust.generate(pupils=120, seed=small_trust.seed, today=date(2027, 6, 30))

        assert self.digest(later) == self.digest(small_trust)

    def test_another_seed_gives_another_trust(self, small_trust: trust.Trust) -> None:
        other = trust.generate(pupils=120, seed=small_trust.seed + 1, today=TODAY)

        assert self.digest(other) != self.digest(small_trust)


class TestOtherSizesAndYears:
    @pytest.mark.parametrize("pupils", [60, 61, 150, 400, 3000])
    def test_the_roll_is_the_size_asked_for(self, pupils: int) -> None:
        built = trust.generate(pupils=pupils, seed=5, today=TODAY)
        on_roll = [
            pupil
            for pupil in built.pupils
            if pupil.starts_on <= TODAY and (pupil.leaving_on is None or TODAY <= pupil.leaving_on)
        ]

        assert len(on_roll) == pupils

    def test_too_few_pupils_are_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 60 pupils"):
            trust.generate(pupils=59, seed=1, today=TODAY)

    @pytest.mark.parametrize(
        "today", [date(2026, 8, 10), date(2027, 9, 6), date(2028, 1, 4), date(2029, 7, 1)]
    )
    def test_a_trust_of_another_day_has_lawful_marks(self, today: date) -> None:
        built = trust.generate(pupils=150, seed=1, today=today)

        for year in (built.current - 1, built.current):
            for sheet in built.year_of_marks(year).sheets:
                for day, half, code in marks_of(sheet):
                    rule = CODE_BY_SYMBOL[code]
                    assert rule.is_valid_on(day)
                    assert rule.half in ("", half)
                    if rule.age_rule:
                        of_age = is_compulsory_age(sheet.pupil.date_of_birth, day)
                        assert of_age == (rule.age_rule == "compulsory")
