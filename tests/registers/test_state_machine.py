"""Ten thousand acts of schools in any order: marks, history, figures and chain agree after each of them."""

# ruff: noqa: E501, S608 - statements of this module's own table, as somebody would type them

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time

import pytest
from django.db import connection, transaction
from django_scopes import scope
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from accounts.errors import DomainError
from registers.models import CalendarPeriod
from registers.services import arrivals, closures
from registers.services.calendar import Period
from registers.services.mark_sets import WantedMark, set_marks
from registers.services.marks import MarkRow, load_marks
from tests.factories.registers import london
from tests.registers.machine import watch
from tests.registers.machine.marking import Effect
from tests.registers.machine.run import ACTS, WEIGHTS, Act, Run
from tests.registers.machine.small_school import Chance, Die, Searched, SmallSchool, make_small_school

# For each seed some schools, one after the other.
SEEDS, SCHOOLS, STEPS = 4, 5, 500
# What a search for short ways to a fault does beside: schools and steps at each, at most.
SEARCHED_SCHOOLS, SEARCHED_STEPS = 12, 30
TUESDAY, WEDNESDAY = date(2025, 11, 4), date(2025, 11, 5)
MARKS = "registers_mark_2025"
ENTRIES = "registers_markentry_2025"


def run_of(seed: int, steps: int) -> Run:
    """Let so many things happen at a new school."""
    run, chance = Run(make_small_school()), Die(seed)
    while run.steps < steps:
        run.step(chance.pick(ACTS), chance)
    return run


@pytest.mark.django_db
class TestSchoolsAtWhichAnythingHappens:
    def test_live_through_ten_thousand_acts_in_all(self) -> None:
        assert SEEDS * SCHOOLS * STEPS == 10_000

    @pytest.mark.parametrize("seed", range(SEEDS))
    def test_keep_marks_history_figures_and_chain_together(self, seed: int) -> None:
        done, refused = Counter[str](), Counter[str]()
        for number in range(SCHOOLS):
            run = run_of(1000 * seed + number, STEPS)
            assert run.look_at_all() == []
            done.update(run.here.done)
            refused.update(run.here.refused)
        assert done.total() + refused.total() == SCHOOLS * STEPS
        assert done.keys() == {act.__name__ for act in WEIGHTS}
        assert {"mark", "amend", "undo", "set_some", "join", "move", "take_in_file"} <= refused.keys()

    def test_have_no_short_way_to_a_fault(self) -> None:
        run_state_machine_as_test(
            AnySchool,
            settings=settings(
                max_examples=SEARCHED_SCHOOLS,
                stateful_step_count=SEARCHED_STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


@pytest.mark.django_db
class TestTwoClosuresOverTheSameDay:
    def test_are_undone_the_later_first_so_that_no_mark_is_lost(self) -> None:
        here = make_small_school()
        here.now = london(WEDNESDAY, time(15, 0))
        with scope(school=here.school):
            for session in here.sessions()[2:6]:
                row = MarkRow(here.pupils()[0].pk, session.pk, session.academic_year, "I")
                load_marks(here.school, [row], by=here.teacher, at=session.opens_at, source="register")
            stood = watch.known_of(here.school).marks.keys()
            days = (Period("emergency_closure", "Snow", TUESDAY, last) for last in (TUESDAY, WEDNESDAY))
            first, second = (
                closures.close_school(here.school, period, by=here.office, at=here.moment()).period_id
                for period in days
            )

            with pytest.raises(DomainError, match="Another closure keeps the school closed over marks"):
                self.undo(here, first)
            assert CalendarPeriod.objects.filter(pk=first).exists()

            assert [self.undo(here, period) for period in (second, first)] == [2, 2]
            assert watch.known_of(here.school).marks.keys() == stood

    def undo(self, here: SmallSchool, period_id: int) -> int:
        row = CalendarPeriod.objects.get(pk=period_id)
        return closures.reopen_school(here.school, row, by=here.office, at=here.moment()).restored


@pytest.mark.django_db
class TestTheLateBookOfAMorningThatWasClosedLater:
    def test_stays_as_it_is_with_a_sentence(self) -> None:
        here = make_small_school()
        here.now = london(TUESDAY, time(15, 0))
        arrival = arrivals.Arrival(time(9, 5), reason="overslept", company="parent")
        acting = {"by": here.office, "position": "Office staff"}
        with scope(school=here.school):
            pupil = here.pupils()[0]
            entry = arrivals.sign_in(pupil, arrival, on=TUESDAY, at=here.moment(), **acting).entry
            snow = Period("emergency_closure", "Snow", TUESDAY, TUESDAY, "AM", "AM")
            closures.close_school(here.school, snow, at=here.moment(), **acting)
            before = watch.fingerprint_of(here.school)

            with pytest.raises(DomainError, match="The school was closed this morning"):
                arrivals.withdraw_arrival(entry, why="Wrong pupil", at=here.moment(), **acting)
            with pytest.raises(DomainError, match="The school was closed this morning"):
                arrivals.correct_arrival(entry, arrival, why="Wrong time", at=here.moment(), **acting)

            assert watch.fingerprint_of(here.school) == before


class AnySchool(RuleBasedStateMachine):
    """One school of the search, taken back at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.undoing = transaction.atomic()
        self.undoing.__enter__()
        self.run = Run(make_small_school())

    @rule(act=strategies.sampled_from(ACTS), data=strategies.data())
    def act(self, act: Act, data: strategies.DataObject) -> None:
        """Let anything happen."""
        self.run.step(act, Searched(data))

    def teardown(self) -> None:
        """Look at everything once more, and take the school back."""
        try:
            assert self.run.look_at_all() == []
        finally:
            transaction.set_rollback(True)
            self.undoing.__exit__(None, None, None)


# What somebody, or a slip in a service, could do behind the back of the triggers; and what is reported.
PLANTED = {
    "a mark that is not the history's": (
        f"UPDATE {MARKS} SET code = 'O' WHERE ctid = (SELECT min(ctid) FROM {MARKS} WHERE code <> 'O')",
        "the history ends with",
    ),
    "a mark recorded by somebody else": (
        f"UPDATE {MARKS} SET recorded_by_id = (SELECT max(id) FROM accounts_user)"
        f" WHERE ctid = (SELECT min(m.ctid) FROM {MARKS} AS m JOIN accounts_user AS u ON u.id = m.recorded_by_id"
        " WHERE u.name = 'Tess Teacher')",
        "the history ends with",
    ),
    "a mark that went without a trace": (
        f"DELETE FROM {MARKS} WHERE ctid = (SELECT min(ctid) FROM {MARKS})",
        "and None stands there",
    ),
    "a mark of a pupil off roll": (
        "UPDATE registers_enrolment SET leaving_on = starts_on"
        f" WHERE pupil_id = (SELECT min(pupil_id) FROM {MARKS})",
        "when not on roll",
    ),
    "a mark of a session not held": (
        "UPDATE registers_session SET status = 'closed', number = NULL, school_week = NULL"
        f" WHERE id = (SELECT min(session_id) FROM {MARKS})",
        "when the school was closed",
    ),
    "a code of nobody on roll": (
        f"UPDATE {MARKS} SET code = 'Z' WHERE ctid = (SELECT min(ctid) FROM {MARKS})",
        "has the code Z",
    ),
    "an entry that follows nothing": (
        f"UPDATE {ENTRIES} SET old_code = 'E', old_nature = ''"
        f" WHERE ctid = (SELECT min(ctid) FROM {ENTRIES} WHERE old_code IS NULL)",
        "replaces ('E', None, '')",
    ),
    "a reason struck out": (
        "UPDATE registers_entrybatch SET reason = '' WHERE reason <> ''",
        "of a closed register",
    ),
    "a link written anew": (
        "UPDATE registers_entrybatch SET by_name = 'Nobody' WHERE number = 2",
        "batch 2 of the history is broken: its author, time or reason was altered",
    ),
    "a key that was forgotten": (
        "DELETE FROM registers_receivedentry WHERE id = (SELECT max(id) FROM registers_receivedentry)",
        "keys were sent and",
    ),
}


@pytest.mark.django_db
class TestAFault:
    @pytest.fixture
    def run(self) -> Iterator[Run]:
        """A school after a hundred and twenty acts, whose tables anybody may write to now."""
        run = run_of(3, 120)
        with connection.cursor() as cursor:
            for table in (MARKS, ENTRIES, "registers_mark", "registers_entrybatch", "registers_enrolment"):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE registers_session DISABLE TRIGGER USER")
        assert [*run.look(), *run.look_at_all()] == []
        yield run

    def test_is_reported_whatever_it_is(self, run: Run) -> None:
        for what, (statement, report) in PLANTED.items():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                assert cursor.rowcount >= 1, what
                assert report in " ".join([*run.look(), *run.look_at_all()]), what
                transaction.set_rollback(True)
            assert [*run.look(), *run.look_at_all()] == []

    def test_of_the_figures_is_reported(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(watch.CLASS_OF_CODE, "N", "P")

        assert "has the figures" in " ".join(run.look_at_all())

    def test_of_a_key_that_wrote_twice_is_reported(self, run: Run) -> None:
        changes = watch.changes_after(run.here.school, 0)
        typed = [change for change in changes if change.by == run.here.device.pk]

        found = watch.faults_of_keys(
            run.here.school, run.here.device, run.here.keys, [*typed, *typed, *typed]
        )

        assert "entries were saved at" in " ".join(found)

    def test_of_what_the_tables_refuse_is_reported_too(self, run: Run) -> None:
        place, standing = run.known.rows[0]
        absent = replace(standing, values=("I", time(9, 0), ""))
        on, half, *_ = run.known.held[place[1]]

        assert watch.faults_of_marks(replace(run.known, rows=[(place, standing), (place, standing)])) == [
            "a pupil has two marks in one session"
        ]
        assert watch.faults_of_marks(replace(run.known, rows=[(place, absent)])) == [
            f"pupil {place[0]} has a time of arrival with I on {on} {half}"
        ]

    @pytest.mark.parametrize(
        ("ending", "report"),
        [
            (Effect(), "not this act's business"),
            (Effect(only=frozenset({(1, 1)})), "not this act's business"),
            (DomainError("No."), "rows changed though it was refused"),
        ],
    )
    def test_of_an_act_that_does_what_it_does_not_say_is_reported(
        self, ending: Effect | DomainError, report: str
    ) -> None:
        run = run_of(3, 60)
        place = next(iter(run.known.marks))

        def meddle(here: SmallSchool, chance: Chance) -> Effect:
            wanted = WantedMark(*place, "G" if run.known.marks[place].values[0] != "G" else "O")
            set_marks(here.school, [wanted], by=here.office, at=here.moment(), reason="Meddling")
            if isinstance(ending, DomainError):
                raise ending
            return ending

        with pytest.raises(AssertionError, match=report):
            run.step(meddle, Die(0))

    def test_of_an_act_that_does_not_do_what_it_says_is_reported(self) -> None:
        run = run_of(3, 60)

        with pytest.raises(AssertionError, match=r"\(1, 1\) was to be \('/', None, ''\) and is None"):
            run.step(lambda here, chance: Effect({(1, 1): ("/", None, "")}), Die(0))
