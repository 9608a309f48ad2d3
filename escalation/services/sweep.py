"""
The nightly sweep of one school: judge every pupil under the policy in force, and propose, hold, pass or
withdraw.

Nothing is sent: each proposal waits for a person (GEN-01). The sweep reads one snapshot, writes in one
transaction and can be run again: an evening already judged gives no new line.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from django.db import OperationalError, connection, transaction

from accounts.models import School, User
from escalation.models import OPEN_STATES, PolicyVersion, Step, SweepRun
from escalation.rules import loading
from escalation.rules.engine import Engine
from escalation.rules.facts import Decision, PupilFacts
from escalation.rules.replay import Line, PupilTrack, line_of
from escalation.rules.schema import Policy
from escalation.selectors import judging
from escalation.selectors.judging import Calendar, JudgedPupil
from escalation.services.policies import policy_in_force
from registers.services.marks import settle_unexplained

SERIALIZATION_FAILURE = "40001"
TRIES = 3
CLOSING = ("passed", "withdrawn")
CHANGED_BY_SWEEP = (
    *("state", "held_because", "decided_at", "decided_by", "decision_reason"),
    *("judged_on", "why", "figures", "session_ids", "unresolved_n"),
)
LEFT_THE_ROLL = "the pupil is no longer on roll"


@dataclass(frozen=True)
class Swept:
    """What a sweep did: a line for each step proposed, held, passed or withdrawn, and counts."""

    lines: tuple[Line, ...]
    judged: int
    settled: int

    def counts(self) -> dict[str, int]:
        """Return the counts that the run record keeps."""
        found = {"judged": self.judged, "settled": self.settled}
        for state in ("proposed", "held", "passed", "withdrawn"):
            found[state] = sum(line.state == state for line in self.lines)
        return found


def sweep_school(school: School, *, on: date, by: User, at: datetime) -> Swept:
    """
    Sweep one school for one day and return what was done.

    First each N whose five school days have passed becomes O; then every pupil on roll is judged on the marks
    up to that day. Two sweeps of one school wait for each other; a decision taken at the same moment makes
    the sweep start again with what then stands.

    :raises NoPolicyInForce: the school has no policy on that day
    """
    version, policy = policy_in_force(school, on)
    with _alone_at(school):
        run = _begin(school, on=on, at=at)
        try:
            settled = settle_unexplained(school, on=on, by=by, at=at)
            swept = _judge_and_write(school, version, policy, settled=settled, on=on, by=by, at=at)
        except Exception:
            _finish(run, "failed", {}, at=at)
            raise
        _finish(run, "finished", swept.counts(), at=at)
    return swept


def engine_for(policy: Policy) -> Engine:
    """Return the engine that judges by this policy and the national values."""
    return Engine(policy, loading.national())


@contextmanager
def _alone_at(school: School) -> Iterator[None]:
    """
    Let one sweep of a school run at a time.

    A lock of the connection and not of the transaction: it must be held before the snapshot is taken, or the
    one who waited would judge by what stood before the other wrote.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('rollcall sweep'), %s)", [school.pk])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtext('rollcall sweep'), %s)", [school.pk])


def _judge_and_write(
    school: School,
    version: PolicyVersion,
    policy: Policy,
    *,
    settled: int,
    on: date,
    by: User,
    at: datetime,
) -> Swept:
    for left in reversed(range(TRIES)):
        try:
            with _one_snapshot():
                return _sweep_once(school, version, policy, settled=settled, on=on, by=by, at=at)
        except OperationalError as error:
            code = getattr(error.__cause__, "sqlstate", None)
            if code != SERIALIZATION_FAILURE or not left or connection.in_atomic_block:
                raise
    raise AssertionError("unreachable")


@contextmanager
def _one_snapshot() -> Iterator[None]:
    """Read and write in one transaction that sees one moment; inside a caller's transaction, that one's."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _sweep_once(
    school: School,
    version: PolicyVersion,
    policy: Policy,
    *,
    settled: int,
    on: date,
    by: User,
    at: datetime,
) -> Swept:
    engine = engine_for(policy)
    years = judging.years_before(on)
    calendar = judging.calendar_of(school, years=years)
    pupils = judging.pupils_to_judge(school, engine, calendar, on=on)
    then = _facts_of_open_steps(school, engine, calendar, pupils, years=years)
    book = _Book(school, version, calendar, on=on, by=by, at=at)
    for judged in pupils:
        for decision in engine.decide(judged.facts, judged.standing, then.get(judged.pupil_id, {})):
            book.enter(judged, decision)
    book.withdraw_leavers({judged.pupil_id for judged in pupils})
    book.write()
    return Swept(tuple(book.lines), len(pupils), settled)


def _facts_of_open_steps(
    school: School,
    engine: Engine,
    calendar: Calendar,
    pupils: Iterable[JudgedPupil],
    *,
    years: tuple[int, int],
) -> dict[int, dict[str, PupilFacts]]:
    """
    Return, for each open step that is judged by its own day, that day's facts with the marks as they now are.
    """
    waiting = {
        judged.pupil_id: {ladder: step for ladder, step in judged.open_steps.items() if looked_back}
        for judged in pupils
        if (
            looked_back := [
                step for step in judged.open_steps.values() if engine.looks_back(step.ladder, step.rung_id)
            ]
        )
    }
    histories = judging.histories_of(school, pupil_ids=waiting.keys(), years=years)
    found: dict[int, dict[str, PupilFacts]] = {}
    for pupil_id, steps in waiting.items():
        track = PupilTrack(histories[pupil_id], calendar.school_calendar)
        found[pupil_id] = {
            ladder: track.facts_on(calendar.school_calendar.day(step.judged_on))
            for ladder, step in steps.items()
        }
    return found


class _Book:
    """Collects what a sweep decides and writes it with a fixed number of statements."""

    def __init__(
        self, school: School, version: PolicyVersion, calendar: Calendar, *, on: date, by: User, at: datetime
    ) -> None:
        self.lines: list[Line] = []
        self._school = school
        self._version = version
        self._calendar = calendar
        self._on = on
        self._by = by
        self._at = at
        self._new: list[Step] = []
        self._changed: list[Step] = []

    def enter(self, judged: JudgedPupil, decision: Decision) -> None:
        """Take up one decision: a new step, or a change of the open one on its ladder."""
        waiting = judged.open_steps.get(decision.ladder)
        if waiting is None or waiting.rung_id != decision.rung or not waiting.is_open:
            if decision.state != "withdrawn":
                self._note(judged.upn, decision)
                self._add(judged, decision)
        elif decision.state in CLOSING or not judging.is_held_by_person(waiting):
            self._note(judged.upn, decision)
            self._change(waiting, decision)

    def withdraw_leavers(self, on_roll: set[int]) -> None:
        """Withdraw the open steps of pupils who have left the roll."""
        for step in (
            Step.objects.filter(school=self._school, state__in=OPEN_STATES)
            .exclude(pupil_id__in=on_roll)
            .select_related("pupil")
            .order_by("pk")
        ):
            decision = Decision(step.ladder, step.rung_id, "withdrawn", LEFT_THE_ROLL)
            self._note(step.pupil.upn, decision)
            self._change(step, decision)

    def write(self) -> None:
        """
        Write everything: changes first, so that a ladder's place is free before its next step is proposed.
        """
        Step.objects.bulk_update(
            self._changed,
            CHANGED_BY_SWEEP,
            batch_size=len(self._changed) or None,
        )
        Step.objects.bulk_create(self._new, batch_size=len(self._new) or None)

    def _note(self, upn: str, decision: Decision) -> None:
        self.lines.append(line_of(self._school.key, self._on, upn, decision))

    def _change(self, step: Step, decision: Decision) -> None:
        step.state = decision.state
        step.held_because = decision.held_because
        if decision.state in CLOSING:
            step.decided_at, step.decided_by = self._at, self._by
            step.decision_reason = decision.why
        else:
            # It was judged again: at a later review, or because marks behind it changed.
            step.judged_on = decision.judged_on or step.judged_on
            step.why = decision.why
            step.figures = dict(decision.figures)
            step.session_ids = judging.session_ids(self._calendar, decision.sessions)
            step.unresolved_n = decision.unresolved_n
        self._changed.append(step)

    def _add(self, judged: JudgedPupil, decision: Decision) -> None:
        is_decided = decision.state == "passed"
        self._new.append(
            Step(
                school=self._school,
                pupil_id=judged.pupil_id,
                policy_version=self._version,
                ladder=decision.ladder,
                rung_id=decision.rung,
                state=decision.state,
                judged_on=self._on,
                letters=list(decision.letters),
                why=decision.why,
                held_because=decision.held_because,
                figures=dict(decision.figures),
                session_ids=judging.session_ids(self._calendar, decision.sessions),
                unresolved_n=decision.unresolved_n,
                proposed_at=self._at,
                decided_at=self._at if is_decided else None,
                decided_by=self._by if is_decided else None,
                decision_reason=decision.why if is_decided else "",
            )
        )


def _begin(school: School, *, on: date, at: datetime) -> SweepRun:
    run, is_new = SweepRun.objects.get_or_create(
        school=school, on=on, defaults={"state": "running", "started_at": at}
    )
    if not is_new:
        run.state, run.started_at, run.finished_at = "running", at, None
        run.runs += 1
        run.save(update_fields=["state", "started_at", "finished_at", "runs"])
    return run


def _finish(run: SweepRun, state: str, counts: dict[str, int], *, at: datetime) -> None:
    run.state, run.finished_at, run.counts = state, at, counts
    run.save(update_fields=["state", "finished_at", "counts"])
