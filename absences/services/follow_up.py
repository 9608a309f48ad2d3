"""
What follows when calls come to nothing: people outside are told, a case of no contact, steps of the policy.

Tasks are raised by the clock and by nobody's choice where a document demands them; everything else is
offered, and a person's choice, either way, is kept.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from absences.call_rows import ListedPupil
from absences.models import Task, TaskKind
from absences.rules import calling
from absences.rules.calling import Step
from absences.rules.terms import Terms
from absences.selectors.calls import call_list
from absences.selectors.reaching import days_reached
from absences.selectors.terms import NoTerms, terms_on
from absences.services.tasks import close_task, raise_task
from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import Pupil, Session
from registers.words import day

# By then the people outside whom a task names have gone home.
OFFICES_CLOSE = time(16, 0)
# The rule of each school stands in its own document; the task says where.
NO_CONTACT_SOURCES = {"refer_to_la": "000:149", "inform_la": "001:141", "consider_la_referral": "004:123"}


@dataclass(frozen=True)
class FollowedUp:
    """How many tasks were raised."""

    outside: int
    no_contact: int


@transaction.atomic
def follow_up(school: School, *, at: datetime) -> FollowedUp:
    """
    Raise what today's unexplained absences ask for, once calls had an hour; running it again changes nothing.

    People outside the school are told of pupils whose flags ask for it, once for each absence; a case of no
    contact opens on the policy's day of one absence with nobody reached in it. A fixed number of statements
    beside two for each task that is new.
    """
    on = at.date()
    try:
        terms = terms_on(school, on)
    except NoTerms:
        return FollowedUp(0, 0)
    sessions = list(Session.objects.filter(school=school, on=on).order_by("half"))
    calls = call_list(school, on=on, at=at, terms=terms, sessions=sessions, with_contacts=False)
    if calls.begins_at is None or not calling.calls_are_over(calls.begins_at, at):
        return FollowedUp(0, 0)
    missing = list(calls.ready)
    wanted = _outside(missing) + _without_contact(school, terms, missing)
    standing = set(
        Task.objects.filter(school=school, pupil__in=[pupil.id for pupil, _ in wanted]).values_list(
            "pupil_id", "kind", "cause"
        )
    )
    new = [(pupil, asked) for pupil, asked in wanted if (pupil.id, asked.kind, asked.cause) not in standing]
    pupils = Pupil.objects.select_related("school").in_bulk([pupil.id for pupil, _ in new])
    due = timezone.localtime(at).replace(hour=OFFICES_CLOSE.hour, minute=0, second=0, microsecond=0)
    for pupil, asked in new:
        raise_task(
            pupils[pupil.id],
            asked.kind,
            cause=asked.cause,
            what=asked.what,
            source=asked.source,
            is_mandatory=asked.is_mandatory,
            due_at=max(due, at),
            at=at,
        )
    cases = sum(asked.kind == TaskKind.NO_CONTACT for _, asked in new)
    return FollowedUp(len(new) - cases, cases)


@dataclass(frozen=True)
class _Asked:
    kind: str
    cause: str
    what: str
    source: str
    is_mandatory: bool


def _outside(missing: list[ListedPupil]) -> list[tuple[ListedPupil, _Asked]]:
    return [
        (pupil, _Asked(kind, f"absence:{pupil.run.first_day}", words, source, is_mandatory=True))
        for pupil in missing
        for kind, words, source in calling.workers_for(pupil.flags)
    ]


def _without_contact(
    school: School, terms: Terms, missing: list[ListedPupil]
) -> list[tuple[ListedPupil, _Asked]]:
    if terms.no_contact.school_day is None:
        return []
    long = [pupil for pupil in missing if pupil.run.days >= terms.no_contact.school_day]
    if not long:
        return []
    reached = days_reached(
        school, since=min(pupil.run.first_day for pupil in long), pupil_ids=[pupil.id for pupil in long]
    )
    source = NO_CONTACT_SOURCES.get(terms.no_contact.action, "")
    return [
        (
            pupil,
            _Asked(
                TaskKind.NO_CONTACT,
                f"absence:{pupil.run.first_day}",
                calling.no_contact_words(terms, pupil.run),
                source,
                is_mandatory=terms.no_contact.mandatory,
            ),
        )
        for pupil in long
        if calling.is_case_of_no_contact(
            terms, pupil.run, reached[pupil.id][-1] if pupil.id in reached else None
        )
    ]


# --- steps that a person chooses


class StepRefused(DomainError):
    """The choice cannot be kept like this; the message says why."""


@transaction.atomic
def choose_step(
    pupil: Pupil, step: Step, *, on: date, is_wanted: bool, why: str, by: User, at: datetime
) -> Task:
    """
    Keep what a person chose about a step of the policy on one day: to take it, as a task, or not to, and why.

    :raises StepRefused: the step is left out without a reason
    :raises TaskClosedMeanwhile: somebody chose meanwhile
    """
    if not is_wanted and not why.strip():
        raise StepRefused("Say why not")
    task = raise_task(
        pupil,
        step.kind,
        cause=f"calls:{on}",
        what=f"{step.words}: nobody could be reached about {pupil.full_name}’s absence on {day(on)}.",
        source=step.source,
        at=at,
    )
    if not is_wanted:
        close_task(task, outcome=f"Decided against: {why.strip()}", by=by, at=at)
    return task
