"""What the hatch shows: today's pupils and what stands for them, late book, departures, late gate."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time

from django.db import connection
from django.db.models import Max, Min, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import School
from registers.models import (
    ClassMembership,
    DayTimes,
    DepartureReturn,
    EarlyDeparture,
    LateArrival,
    LateGate,
    LateGatePupil,
    Pupil,
    Session,
    YearGroupTimes,
)
from registers.rules.arrivals import Kind, kind_of
from registers.rules.times import SessionTimes


@dataclass(frozen=True)
class KnownMark:
    """What stands, or is known ahead, for a pupil in a session."""

    code: str = ""
    arrived_at: time | None = None
    nature: str = ""
    expected: str = ""
    expected_nature: str = ""

    @property
    def known(self) -> str:
        """Return the mark, or the code known ahead where there is none."""
        return self.code or self.expected

    @property
    def kind(self) -> Kind:
        """Return how firmly it stands."""
        return kind_of(self.known)


@dataclass(frozen=True)
class DeskPupil:
    """One pupil on roll and in a class today, as the desk's list shows them."""

    id: int
    name: str
    class_id: int
    class_name: str
    year_group: str
    halves: dict[str, KnownMark]

    def is_in(self, half: str) -> bool:
        """Say whether the pupil is marked in for this half already."""
        return self.halves.get(half, KnownMark()).kind is Kind.ATTENDED


DESK_PUPILS = """
SELECT p.id, p.surname || ', ' || p.forename, g.id, g.name, m.year_group, s.half,
    coalesce(k.code, ''), k.arrived_at, coalesce(k.nature, ''), coalesce(x.code, ''), coalesce(x.nature, '')
FROM registers_classmembership AS m
JOIN registers_classgroup AS g ON g.id = m.class_group_id
JOIN registers_pupil AS p ON p.id = m.pupil_id
LEFT JOIN registers_session AS s ON s.school_id = m.school_id AND s."on" = %(on)s AND s.status = 'held'
LEFT JOIN registers_mark AS k
    ON k.academic_year = s.academic_year AND k.pupil_id = p.id AND k.session_id = s.id
LEFT JOIN LATERAL (
    SELECT e.code, e.nature FROM registers_expectation AS e
    WHERE e.pupil_id = p.id AND e.session_id = s.id AND k.code IS NULL ORDER BY e.rank LIMIT 1
) AS x ON true
WHERE m.school_id = %(school)s AND (%(pupil)s::bigint IS NULL OR m.pupil_id = %(pupil)s)
    AND m.starts_on <= %(on)s AND (m.ends_on IS NULL OR m.ends_on >= %(on)s)
    AND EXISTS (
        SELECT FROM registers_enrolment AS e WHERE e.pupil_id = p.id AND e.starts_on <= %(on)s
            AND (e.leaving_on IS NULL OR e.leaving_on >= %(on)s)
    )
ORDER BY p.surname, p.forename, p.id, s.half
"""


def desk_pupils(school: School, *, on: date, pupil_id: int | None = None) -> list[DeskPupil]:
    """Return the pupils of a day with what stands for them, by name. One statement, however many."""
    with connection.cursor() as cursor:
        cursor.execute(DESK_PUPILS, {"school": school.pk, "on": on, "pupil": pupil_id})
        found: dict[int, DeskPupil] = {}
        for key, name, class_id, class_name, year_group, half, *values in cursor.fetchall():
            line = found.setdefault(key, DeskPupil(key, name, class_id, class_name, year_group, {}))
            if half is not None:
                line.halves[half] = KnownMark(*values)
    return list(found.values())


def desk_pupil(pupil: Pupil, *, on: date) -> DeskPupil | None:
    """Return one pupil as the desk's list shows them, None when not on roll and in a class that day."""
    return next(iter(desk_pupils(pupil.school, on=on, pupil_id=pupil.pk)), None)


@dataclass(frozen=True)
class DayOfTimes:
    """The times by which arrivals of a day are judged: the school's, and those of single year groups."""

    sessions: dict[str, Session]
    school: dict[str, SessionTimes]
    year_groups: dict[tuple[str, str], SessionTimes]
    gates_open_at: time | None

    def of(self, half: str, year_group: str) -> SessionTimes:
        """Return the times of a half for a year group."""
        return self.year_groups.get((half, year_group), self.school[half])

    @property
    def afternoon_opens(self) -> time | None:
        """Return when the afternoon's register opens, None without an afternoon."""
        return self.school["PM"].opens_at if "PM" in self.school else None


def times_of_day(school: School, *, on: date) -> DayOfTimes:
    """Return the times of a day's sessions, empty on a closed day. Four statements."""
    sessions = {
        session.half: session
        for session in Session.objects.filter(school=school, on=on, status="held").order_by("half")
    }
    own = {
        (row.session.half, row.year_group): _times(row.session.half, row)
        for row in YearGroupTimes.objects.filter(session__in=sessions.values()).select_related("session")
    }
    in_force = DayTimes.objects.filter(school=school, starts_on__lte=on)
    latest = in_force.aggregate(latest=Max("starts_on"))["latest"]
    gates = in_force.filter(starts_on=latest, half="AM").aggregate(gates=Min("gates_open_at"))["gates"]
    return DayOfTimes(
        sessions=sessions,
        school={half: _times(half, session) for half, session in sessions.items()},
        year_groups=own,
        gates_open_at=gates,
    )


def _times(half: str, row: Session | YearGroupTimes) -> SessionTimes:
    opens, late_after, closes = (
        timezone.localtime(at).time().replace(second=0, microsecond=0)
        for at in (row.opens_at, row.late_after_at, row.closes_at)
    )
    return SessionTimes(half, opens, late_after, closes)


# --- the late book ------------------------------------------------------------------------------------------


def current_arrivals(school: School) -> QuerySet[LateArrival]:
    """Return the entries of the late book that stand: neither replaced nor withdrawn."""
    return LateArrival.objects.filter(school=school, is_withdrawal=False, replaced_by__isnull=True)


@dataclass(frozen=True)
class LateLine:
    """One line of the late book."""

    entry: LateArrival
    class_name: str

    @property
    def is_late(self) -> bool:
        """Say whether the pupil came after arrivals count as late."""
        return self.entry.minutes_late > 0

    @property
    def reason(self) -> str:
        """Return the reason in words."""
        entry = self.entry
        return in_words(str(entry.get_reason_display()), entry.reason_text, is_other=entry.reason == "other")

    @property
    def company(self) -> str:
        """Return who came along, in words."""
        return in_words(str(self.entry.get_company_display()), self.entry.company_name)


def in_words(chosen: str, text: str, *, is_other: bool = False) -> str:
    """Return a choice in words with what was written to it; of "other" what was written alone."""
    if not text:
        return chosen
    return text if is_other else f"{chosen}: {text}"


def late_book(school: School, *, first_day: date, last_day: date) -> list[LateLine]:
    """Return the late book from a first to a last day, latest entry first. Two statements."""
    entries = list(
        current_arrivals(school)
        .filter(session__on__range=(first_day, last_day))
        .select_related("pupil", "session", "recorded_by")
        .order_by("-session__on", "-arrived_at", "-pk")
    )
    classes = classes_on((entry.pupil_id, entry.session.on) for entry in entries)
    return [LateLine(entry, classes.get((entry.pupil_id, entry.session.on), "")) for entry in entries]


def classes_on(wanted: Iterable[tuple[int, date]]) -> dict[tuple[int, date], str]:
    """Return the name of the class of each pupil on each day asked for. One statement."""
    asked = set(wanted)
    if not asked:
        return {}
    days = [on for _, on in asked]
    rows = ClassMembership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=min(days)),
        pupil_id__in={pupil_id for pupil_id, _ in asked},
        starts_on__lte=max(days),
    ).values_list("pupil_id", "class_group__name", "starts_on", "ends_on")
    spans: dict[int, list[tuple[str, date, date | None]]] = {}
    for pupil_id, name, starts_on, ends_on in rows:
        spans.setdefault(pupil_id, []).append((name, starts_on, ends_on))
    return {
        (pupil_id, on): name
        for pupil_id, on in asked
        for name, starts_on, ends_on in spans.get(pupil_id, [])
        if starts_on <= on and (ends_on is None or on <= ends_on)
    }


@dataclass(frozen=True)
class LateCount:
    """How often one pupil came late in a period, and by how many minutes together."""

    pupil: Pupil
    class_name: str
    before_close: int
    after_close: int
    minutes: int

    @property
    def times(self) -> int:
        """Return how often the pupil came late."""
        return self.before_close + self.after_close


def late_counts(lines: Iterable[LateLine]) -> list[LateCount]:
    """Count the late book by pupil, the most often late first. Arrivals in time do not count."""
    by_pupil: dict[int, list[LateLine]] = {}
    for line in lines:
        if line.is_late:
            by_pupil.setdefault(line.entry.pupil_id, []).append(line)
    counts = [
        LateCount(
            pupil=found[0].entry.pupil,
            class_name=found[0].class_name,
            before_close=sum(line.entry.proposed_code_id != "U" for line in found),
            after_close=sum(line.entry.proposed_code_id == "U" for line in found),
            minutes=sum(line.entry.minutes_late for line in found),
        )
        for found in by_pupil.values()
    ]
    return sorted(
        counts,
        key=lambda count: (
            -count.times,
            -count.minutes,
            count.pupil.surname,
            count.pupil.forename,
            count.pupil.pk,
        ),
    )


def corrections_of(entry: LateArrival | EarlyDeparture) -> list[LateArrival | EarlyDeparture]:
    """Return an entry and everything it replaces, oldest first. One statement for each correction made."""
    chain = [entry]
    while chain[0].replaces_id is not None:
        model = type(entry)
        chain.insert(0, model.objects.select_related("recorded_by").get(pk=chain[0].replaces_id))
    return chain


# --- leaving early and coming back --------------------------------------------------------------------------


def current_departures(school: School) -> QuerySet[EarlyDeparture]:
    """Return the entries of departures that stand."""
    return EarlyDeparture.objects.filter(school=school, is_withdrawal=False, replaced_by__isnull=True)


@dataclass(frozen=True)
class DepartureLine:
    """One departure with the return, where there is one."""

    entry: EarlyDeparture
    class_name: str
    returned: DepartureReturn | None
    afternoon: KnownMark | None = None  # what stands for the afternoon, where the pupil left before it

    @property
    def reason(self) -> str:
        """Return the reason in words."""
        entry = self.entry
        return in_words(str(entry.get_reason_display()), entry.reason_text, is_other=entry.reason == "other")

    @property
    def proof(self) -> str:
        """Return the proof in words."""
        return in_words(str(self.entry.get_proof_display()), self.entry.proof_text)


def departures(
    school: School, *, first_day: date, last_day: date, pupil: Pupil | None = None
) -> list[DepartureLine]:
    """Return the departures from a first to a last day, latest first. Five statements."""
    rows = current_departures(school).filter(on__range=(first_day, last_day))
    if pupil is not None:
        rows = rows.filter(pupil=pupil)
    entries = list(rows.select_related("pupil", "recorded_by").order_by("-on", "-left_at", "-pk"))
    classes = classes_on((entry.pupil_id, entry.on) for entry in entries)
    by_departure = _returns(school, first_day=first_day, last_day=last_day)
    marks = _afternoon_marks(school, entries)
    return [
        DepartureLine(
            entry,
            classes.get((entry.pupil_id, entry.on), ""),
            by_departure.get(entry.pk),
            marks.get((entry.pupil_id, entry.on)),
        )
        for entry in entries
    ]


def departures_of(pupil: Pupil, *, on: date) -> list[DepartureLine]:
    """Return one pupil's departures of a day, latest first."""
    return departures(pupil.school, first_day=on, last_day=on, pupil=pupil)


def _returns(school: School, *, first_day: date, last_day: date) -> dict[int, DepartureReturn]:
    """Return each return by the entry of its departure that stands now: a correction keeps the return."""
    replaced_by = {
        replaced: pk
        for pk, replaced in EarlyDeparture.objects.filter(
            school=school, on__range=(first_day, last_day), replaces__isnull=False
        ).values_list("pk", "replaces_id")
    }
    found: dict[int, DepartureReturn] = {}
    for row in DepartureReturn.objects.filter(
        school=school,
        departure__on__range=(first_day, last_day),
        is_withdrawal=False,
        replaced_by__isnull=True,
    ):
        standing = row.departure_id
        while standing in replaced_by:
            standing = replaced_by[standing]
        found[standing] = row
    return found


AFTERNOON_MARKS = """
SELECT w.pupil_id, w."on", coalesce(k.code, '')
FROM unnest(%(pupils)s::bigint[], %(days)s::date[], %(times)s::time[]) AS w (pupil_id, "on", left_at)
JOIN registers_session AS s
    ON s.school_id = %(school)s AND s."on" = w."on" AND s.half = 'PM' AND s.status = 'held'
LEFT JOIN registers_mark AS k
    ON k.academic_year = s.academic_year AND k.pupil_id = w.pupil_id AND k.session_id = s.id
WHERE (s.opens_at AT TIME ZONE 'Europe/London')::time > w.left_at
"""


def _afternoon_marks(school: School, entries: list[EarlyDeparture]) -> dict[tuple[int, date], KnownMark]:
    """Return what stands for the afternoon of each pupil who left before it."""
    if not entries:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            AFTERNOON_MARKS,
            {
                "school": school.pk,
                "pupils": [entry.pupil_id for entry in entries],
                "days": [entry.on for entry in entries],
                "times": [entry.left_at for entry in entries],
            },
        )
        return {(pupil_id, on): KnownMark(code) for pupil_id, on, code in cursor.fetchall()}


# --- the late gate ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GateCheck:
    """One check at the gate with the pupils greeted, and the greetings that were struck out since."""

    gate: LateGate
    greeted: tuple[LateGatePupil, ...]
    struck: tuple[LateGatePupil, ...]  # each with its `strike`


def gate_checks(school: School, *, first_day: date, last_day: date) -> list[GateCheck]:
    """Return the checks at the gate from a first to a last day, latest first. Two statements."""
    rows = LateGate.objects.filter(school=school, on__range=(first_day, last_day))
    return _checks(rows.order_by("-on", "-started_at", "-pk"))


def gate_check(gate: LateGate) -> GateCheck:
    """Return one check at the gate. Two statements."""
    return _checks(LateGate.objects.filter(pk=gate.pk))[0]


def _checks(rows: QuerySet[LateGate]) -> list[GateCheck]:
    greetings = LateGatePupil.objects.select_related("pupil", "strike__recorded_by").order_by("seen_at", "pk")
    return [
        GateCheck(
            row,
            tuple(one for one in row.greeted.all() if not hasattr(one, "strike")),
            tuple(one for one in row.greeted.all() if hasattr(one, "strike")),
        )
        for row in rows.select_related("recorded_by").prefetch_related(Prefetch("greeted", greetings))
    ]


def seen_at_gate(school: School, *, on: date) -> dict[int, time]:
    """Return when each pupil was last greeted at the gate that day. One statement."""
    return dict(
        LateGatePupil.objects.filter(school=school, gate__on=on, strike__isnull=True)
        .values("pupil_id")
        .annotate(seen=Max("seen_at"))
        .values_list("pupil_id", "seen")
    )
