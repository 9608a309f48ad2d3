"""One step with all that a person needs to decide it: why, the very sessions, letters, what was before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from accounts.models import Event
from escalation.models import Step, StepState
from escalation.rules.schema import Policy
from escalation.selectors import merging, readiness, rejudging, wording
from escalation.selectors.readiness import Problem
from escalation.selectors.worklist import year_words
from letters import services as letters
from letters.errors import LetterError, NoRecipient
from letters.models import Letter
from letters.rules.content import LetterContent
from letters.rules.templates import LetterTemplate
from letters.selectors.recipients import Addressee, recipients_for
from registers.models import ClassMembership, PupilFlag, Session
from registers.rules.age import is_compulsory_age
from registers.rules.calendar import academic_year_of
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.figures import figures_for
from registers.words import code_name

_HAPPENED: dict[str, str] = {
    "step.approved": "approved it",
    "step.dismissed": "dismissed it",
    "step.edited": "entered details of the letter",
    "step.held": "held it",
    "step.released": "released it",
}
_STATE_WORDS: dict[str, str] = {
    StepState.PROPOSED: "waiting",
    StepState.HELD: "held",
    StepState.APPROVED: "approved",
    StepState.DISMISSED: "dismissed",
    StepState.WITHDRAWN: "withdrawn",
    StepState.PASSED: "passed without a letter",
}


@dataclass(frozen=True)
class CausingSession:
    """One of the sessions that caused a step, with the mark that stands there now."""

    on: date
    half: str
    code: str
    has_changed: bool  # the mark no longer counts: it is not an absence, or not late

    @property
    def meaning(self) -> str:
        """Return what the code means."""
        return code_name(self.code)


@dataclass(frozen=True)
class Preview:
    """One letter of a step as it would be sent now, or what keeps it from being printed."""

    key: str
    title: str
    is_from_policy: bool
    content: LetterContent | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Happening:
    """One thing somebody did to the step."""

    at: datetime
    who: str
    what: str
    reason: str


@dataclass(frozen=True)
class EarlierStep:
    """A step of the pupil before this one, on any ladder, with its letters."""

    step: Step
    rung: str
    state: str
    letters: tuple[Letter, ...]


@dataclass(frozen=True)
class StepDetail:
    """Everything about one step."""

    step: Step
    policy: Policy
    rung: str
    class_name: str
    year_group: str
    actions: tuple[str, ...]
    sessions: tuple[CausingSession, ...]
    figures: Figures  # of the academic year up to the day of judgement
    flags: tuple[str, ...]
    is_compulsory_age: bool
    previews: tuple[Preview, ...]
    addressees: tuple[Addressee, ...]
    problems: tuple[Problem, ...]  # everything that keeps the step from being approved
    unsettled: int  # causing sessions that are N now
    sent: tuple[Letter, ...]
    happenings: tuple[Happening, ...]
    earlier: tuple[EarlierStep, ...] = field(default=())

    @property
    def place(self) -> str:
        """Return class and year in words."""
        return ", ".join(part for part in (self.class_name, year_words(self.year_group)) if part)

    @property
    def days(self) -> tuple[tuple[date, CausingSession | None, CausingSession | None], ...]:
        """Return the sessions by day: the day, its morning and its afternoon."""
        by_day: dict[date, dict[str, CausingSession]] = {}
        for session in self.sessions:
            by_day.setdefault(session.on, {})[session.half] = session
        return tuple((on, halves.get("AM"), halves.get("PM")) for on, halves in by_day.items())

    @property
    def basis(self) -> str:
        """Return what the percentage of the year rests on."""
        return f"{self.figures.attended} of {self.figures.possible} sessions"

    @property
    def changed(self) -> int:
        """Return how many of the sessions no longer count as they did."""
        return sum(session.has_changed for session in self.sessions)

    @property
    def why(self) -> str:
        """Return the condition with its figures."""
        return wording.why_of(self.step)

    @property
    def held_because(self) -> str:
        """Return why the step is held."""
        return wording.held_because(self.step)

    @property
    def is_held(self) -> bool:
        """Say whether the step is held."""
        return self.step.state == StepState.HELD


def step_detail(step: Step, policy: Policy, *, on: date, at: datetime) -> StepDetail:
    """
    Return everything about a step as it stands at that moment.

    `step` comes with school, pupil, policy version and decider, as `access.step_for` gives it. The number of
    statements follows the number of the step's letters (one, seldom two) and nothing else.
    """
    membership = (
        ClassMembership.objects.filter(pupil=step.pupil_id, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .select_related("class_group")
        .first()
    )
    sessions = causing_sessions(step)
    previews = previews_of(step, policy, at=at) if step.is_open else ()
    against = readiness.problems_of_step(step, policy) if step.is_open else []
    first_day = date(academic_year_of(step.judged_on), 8, 1)
    counted = figures_for(
        step.school, first_day=first_day, last_day=step.judged_on, pupil_ids=[step.pupil_id]
    )
    earlier = _earlier(step, policy)
    return StepDetail(
        step=step,
        policy=policy,
        rung=wording.rung_name(policy, step.ladder, step.rung_id, step.letters),
        class_name=membership.class_group.name if membership else "",
        year_group=membership.year_group if membership else "",
        actions=tuple(wording.actions_of(policy, step.ladder, step.rung_id)),
        sessions=sessions,
        figures=counted.get(step.pupil_id, NO_SESSIONS),
        flags=_flags(step, on=on),
        is_compulsory_age=is_compulsory_age(step.pupil.date_of_birth, on),
        previews=previews,
        addressees=_addressees(step) if previews else (),
        problems=_without_repeats([*against, *(problem for one in previews for problem in one.problems)]),
        unsettled=sum(session.code == readiness.UNSETTLED_CODE for session in sessions),
        sent=_letters_of([step]).get(step.pk, ()),
        happenings=_happenings(step),
        earlier=earlier,
    )


def causing_sessions(step: Step) -> tuple[CausingSession, ...]:
    """
    Return exactly the sessions that caused a step, oldest first, with what stands there now.

    There are as many as the step names, whatever became of their marks. Two statements.
    """
    codes, counting = rejudging.codes_of_sessions(step), rejudging.counting_codes(step)
    return tuple(
        CausingSession(
            on=on,
            half=half,
            code=codes.get(session_id, ""),
            has_changed=codes.get(session_id, "") not in counting,
        )
        for session_id, on, half in Session.objects.filter(pk__in=step.session_ids)
        .order_by("on", "half")
        .values_list("pk", "on", "half")
    )


def previews_of(step: Step, policy: Policy, *, at: datetime) -> tuple[Preview, ...]:
    """Return each letter of the step as it would be sent now, to the first of its addresses."""
    return tuple(_preview(step, policy, template, at=at) for template in merging.templates_of(step))


def preview_arguments(step: Step, policy: Policy, template: LetterTemplate, at: datetime) -> dict[str, Any]:
    """Return what `letters` needs to show one letter of the step."""
    return {
        "school": step.school,
        "pupil": step.pupil,
        "template_key": template.key,
        "merge": merging.merge_values(step, policy, template),
        "at": at,
    }


def _preview(step: Step, policy: Policy, template: LetterTemplate, *, at: datetime) -> Preview:
    try:
        content = letters.preview_content(**preview_arguments(step, policy, template, at))
    except LetterError as error:
        problems = tuple(readiness.problems_of_letter(error, template))
        return Preview(template.key, template.title, template.from_policy, None, problems)
    return Preview(template.key, template.title, template.from_policy, content)


def _addressees(step: Step) -> tuple[Addressee, ...]:
    try:
        return recipients_for(step.pupil)
    except NoRecipient:
        return ()


def _flags(step: Step, *, on: date) -> tuple[str, ...]:
    names = (
        PupilFlag.objects.filter(pupil=step.pupil_id, starts_on__lte=on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
        .order_by("name")
        .values_list("name", flat=True)
    )
    return tuple(name.replace("_", " ") for name in names)


def _earlier(step: Step, policy: Policy) -> tuple[EarlierStep, ...]:
    """Return the pupil's other steps, latest first, with their letters. Two statements."""
    steps = list(
        Step.objects.filter(pupil=step.pupil_id)
        .exclude(pk=step.pk)
        .select_related("decided_by")
        .order_by("-judged_on", "-pk")
    )
    sent = _letters_of(steps)
    return tuple(
        EarlierStep(
            other,
            wording.rung_name(policy, other.ladder, other.rung_id, other.letters),
            _STATE_WORDS[other.state],
            sent.get(other.pk, ()),
        )
        for other in steps
    )


def _letters_of(steps: Sequence[Step]) -> dict[int, tuple[Letter, ...]]:
    """Return the letters that steps have sent, by step. One statement."""
    origins = {f"step:{step.pk}": step.pk for step in steps}
    found: dict[int, tuple[Letter, ...]] = {}
    for letter in Letter.objects.filter(origin__in=origins).order_by("pk"):
        step_id = origins[letter.origin]
        found[step_id] = (*found.get(step_id, ()), letter)
    return found


def _happenings(step: Step) -> tuple[Happening, ...]:
    events = Event.objects.filter(
        school_id=step.school_id, subject_type="escalation.step", subject_id=step.pk
    ).order_by("at", "pk")
    return tuple(
        Happening(event.at, event.by_name, _HAPPENED[event.kind], str(event.data.get("reason", "")))
        for event in events
        if event.kind in _HAPPENED
    )


def _without_repeats(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))
