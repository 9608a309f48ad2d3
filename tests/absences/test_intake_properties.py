"""Whatever happens to reports and registers in any order: one consistent state, and nothing is lost."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from random import Random
from uuid import uuid4

import pytest
from django.db import connection
from django_scopes import scope

from absences.models import Report, ReportEvent
from absences.selectors.report_trust import overlap
from absences.services import reports
from absences.services.reports import Told
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import AbsenceWord, ClassGroup, Contact, Mark, Pupil, Session
from registers.selectors.figures import figures_for
from registers.services import closing, history
from registers.services.marks import MarkInput, save_marks
from tests.absences.intake_world import at, give_terms
from tests.factories.registers import PupilContactFactory, held_sessions, pupil_in_class

FIRST, LAST = date(2025, 11, 10), date(2025, 11, 21)
SEEDS, STEPS = 4, 60
REASONS = ("illness", "illness", "sickness", "religious", "other", "overslept")
CODES = ("I", "M", "R", "O", "C", None, None)
MARKS = ("/", "N", "N", "L", "I")
MOVES = {
    "waiting": {"waiting", "accepted", "refused", "withdrawn", "replaced"},
    "accepted": {"accepted", "withdrawn"},
    "refused": {"refused"},
    "withdrawn": {"withdrawn"},
    "replaced": {"replaced"},
}
# The latest entry of each place, counted without the selectors: attended, absent, possible.
RECOUNT = """
SELECT pupil_id, count(*) FILTER (WHERE class IN ('P', 'A')), count(*) FILTER (WHERE class IN ('AU', 'UN'))
FROM (
    SELECT DISTINCT ON (e.pupil_id, e.session_id) e.pupil_id, c.statistical_class AS class
    FROM registers_markentry AS e
    JOIN registers_entrybatch AS b ON b.id = e.batch_id
    LEFT JOIN registers_code AS c ON c.symbol = e.new_code
    ORDER BY e.pupil_id, e.session_id, b.number DESC
) AS latest
GROUP BY pupil_id ORDER BY pupil_id
"""


class Fortnight:
    """Two pupils, their parents, a teacher and the office, who do one thing after another at random."""

    def __init__(self, school: School, group: ClassGroup, parent: User, office: User, *, seed: int) -> None:
        self.school, self.group, self.parent, self.office = school, group, parent, office
        self.chance = Random(seed)
        self.sessions = [one for one in held_sessions(school, FIRST, LAST)]
        contact = Contact.objects.get(user=parent)
        self.contact = contact
        self.pupils = [pupil_in_class(group, surname=f"Pupil{number}") for number in range(2)]
        for pupil in self.pupils:
            PupilContactFactory(pupil=pupil, contact=contact)
        self.now: datetime = at(FIRST, "8:00")
        self.told: dict[int, tuple[object, ...]] = {}
        self.state: dict[int, str] = {}
        self.events: set[int] = set()
        self.done: Counter[str] = Counter()

    # --- what they do

    def report(self) -> None:
        reports.submit(
            self.school,
            self.chance.sample(self.pupils, self.chance.choice((1, 2))),
            self.something(),
            submission=uuid4(),
            by=self.parent,
            at=self.now,
            on=self.now.date(),
        )

    def change(self) -> None:
        if (row := self.some_report()) is not None:
            reports.change(row, self.something(), version=row.version, by=self.parent, at=self.now)

    def accept(self) -> None:
        if (row := self.some_report()) is not None:
            code = self.chance.choice(CODES)
            reports.accept(row, version=row.version, code=code, by=self.office, at=self.now, position="")

    def accept_trusted(self) -> None:
        seen = dict(Report.objects.filter(state="waiting").values_list("pk", "version"))
        reports.accept_trusted(self.school, seen, by=self.office, at=self.now, position="")

    def refuse(self) -> None:
        if (row := self.some_report()) is not None:
            code = self.chance.choice(("O", None))
            reports.refuse(
                row, version=row.version, code=code, note="No.", by=self.office, at=self.now, position=""
            )

    def withdraw(self) -> None:
        if (row := self.some_report()) is not None:
            by_school = self.chance.random() < 0.5
            reports.withdraw(
                row,
                version=row.version,
                by=self.office if by_school else self.parent,
                at=self.now,
                why="A mistake",
                by_school=by_school,
            )

    def mark(self) -> None:
        """Take the register that is open, or put marks right that are older, as its page would."""
        begun = [one for one in self.sessions if one.opens_at <= self.now]
        if not begun:
            return
        session = self.chance.choice(begun[-3:])
        save_marks(
            self.group,
            session,
            marks=[
                MarkInput(pupil.pk, self.present(session, self.chance.choice(MARKS)))
                for pupil in self.chance.sample(self.pupils, self.chance.choice((1, 2)))
            ],
            pupils={pupil.pk: pupil for pupil in self.pupils},
            with_timetable=frozenset(),
            by=self.office,
            at=self.now,
            reason="Put right",
        )

    def wait(self) -> None:
        """Let some hours pass; registers close meanwhile, and accepted reports count in them."""
        self.now += timedelta(minutes=self.chance.choice((10, 45, 240, 600)))
        if self.now.date() > LAST:
            self.now = at(LAST, "15:00")
        for session in self.sessions:
            if self.now > session.closes_at:
                closing.close_session(self.school, session, by=self.office, at=session.closes_at)
        reports.follow_accepted(self.school, by=self.office, at=self.now)
        reports.ask_again(self.school, by=self.office, at=self.now)

    def something(self) -> Told:
        first = self.now.date() + timedelta(days=self.chance.randrange(-2, 4))
        said = Told(
            first_day=first,
            last_day=first + timedelta(days=self.chance.choice((0, 0, 1, 2))),
            reason=self.chance.choice(REASONS),
            channel="online",
            received_at=self.now,
            contact=self.contact,
        )
        if self.chance.random() < 0.3:
            said = replace(said, first_half="PM")
        return said

    def some_report(self) -> Report | None:
        known = list(Report.objects.select_related("school", "pupil").order_by("pk"))
        return self.chance.choice(known) if known else None

    @staticmethod
    def present(session: Session, code: str) -> str:
        return "\\" if code == "/" and session.half == "PM" else code

    def step(self) -> None:
        acts = (
            *(self.report,) * 3,
            self.change,
            *(self.accept,) * 3,
            self.accept_trusted,
            self.refuse,
            self.withdraw,
            *(self.mark,) * 2,
            *(self.wait,) * 3,
        )
        act = self.chance.choice(acts)
        before = self.everything()
        try:
            act()
        except DomainError:
            assert self.everything() == before, act.__name__  # what is refused changes nothing
            self.done[f"{act.__name__} refused"] += 1
        else:
            self.done[act.__name__] += 1

    # --- what must hold

    def everything(self) -> tuple[object, ...]:
        return (
            sorted(Report.objects.values_list("pk", "state", "version", "code", "known_ahead__withdrawn_at")),
            sorted(Mark.objects.values_list("pupil_id", "session_id", "code_id")),
            ReportEvent.objects.count(),
            sorted(AbsenceWord.objects.values_list("about", "settled_at")),
        )

    def look(self) -> None:
        rows = list(Report.objects.select_related("known_ahead").order_by("pk"))
        words = {one.about: one.settled_at is None for one in AbsenceWord.objects.all()}
        for row in rows:
            said = (row.pupil_id, row.first_day, row.last_day, row.reason, row.note, row.received_at)
            assert self.told.setdefault(row.pk, said) == said  # what was told is never rewritten
            assert row.state in MOVES[self.state.get(row.pk, "waiting")]
            self.state[row.pk] = row.state
            is_open = row.known_ahead is not None and row.known_ahead.withdrawn_at is None
            assert not is_open or row.state in ("waiting", "accepted")
            assert not (is_open and row.state == "accepted") or row.known_ahead.code_id == row.code
            assert words[f"report:{row.pk}"] is (row.state == "waiting")
        assert self.told.keys() == {row.pk for row in rows}  # nothing is deleted
        events = set(ReportEvent.objects.values_list("pk", flat=True))
        assert self.events <= events
        self.events = events
        accepted = [row for row in rows if row.state == "accepted"]
        for one, other in combinations(accepted, 2):
            assert one.pupil_id != other.pupil_id or one.code == other.code or not overlap(one, other)
        opened = [row for row in rows if row.known_ahead and row.known_ahead.withdrawn_at is None]
        for one, other in combinations(opened, 2):
            assert (
                one.pupil_id != other.pupil_id
                or one.known_ahead.code_id == other.known_ahead.code_id
                or not overlap(one, other)
            )
        self.look_at_marks(accepted)

    def look_at_marks(self, accepted: list[Report]) -> None:
        """No session that closed says "not known why" where the school accepted a reason."""
        marks = {(mark.pupil_id, mark.session_id): mark for mark in Mark.objects.filter(school=self.school)}
        followed = max((one.closes_at for one in self.sessions if one.closes_at < self.now), default=self.now)
        for row in accepted:
            for session in self.sessions:
                place = (session.on, session.half)
                if not (row.first_day, row.first_half) <= place <= (row.last_day, row.last_half):
                    continue
                mark = marks.get((row.pupil_id, session.pk))
                if session.closes_at < min(self.now, followed) and mark and mark.source == "system":
                    assert mark.code_id != "N", (row.reference, place)
        with connection.cursor() as cursor:
            cursor.execute(RECOUNT)
            counted = {row[0]: (row[1], row[2]) for row in cursor.fetchall()}
        figures = figures_for(
            self.school, first_day=FIRST, last_day=LAST, pupil_ids=[pupil.pk for pupil in self.pupils]
        )
        for pupil in self.pupils:
            found = figures[pupil.pk]
            assert (found.attended, found.absent) == counted.get(pupil.pk, (0, 0))


@pytest.mark.django_db
class TestAFortnightInWhichAnythingHappens:
    @pytest.mark.parametrize("seed", range(SEEDS))
    def test_keeps_reports_registers_and_figures_together(
        self,
        school: School,
        class_group: ClassGroup,
        pupil: Pupil,
        parent: User,
        office: User,
        seed: int,
    ) -> None:
        with scope(school=school):
            give_terms(school, "welbourn" if seed % 2 else "werrington")
            here = Fortnight(school, class_group, parent, office, seed=seed)
            for _ in range(STEPS):
                here.step()
                here.look()

            assert history.first_fault(school) is None
            assert {"report", "accept", "mark", "wait"} <= here.done.keys()
            assert Report.objects.count() >= 5
