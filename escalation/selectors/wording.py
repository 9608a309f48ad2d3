"""Rungs and what they ask for, in the words of the desk."""

import re

from escalation.models import Step
from escalation.rules.grammar import Action, MeetingOffer
from escalation.rules.ladder import MAIN
from escalation.rules.schema import Policy, Rung
from letters.rules.catalogue import TEMPLATES

# Steps beside the ladder by the name of their ladder, the most pressing first.
BESIDE_THE_LADDER: dict[str, str] = {
    "no_contact": "Nobody reached",
    "threshold": "National penalty threshold",
    "unauthorised_20_sessions": "Unauthorised sessions to report",
}
QUIET_LADDERS: dict[str, str] = {"evidence": "Proof of illness", "rewards": "Praise"}

_SHOWN_APART = re.compile(r"; (?:held: |\d+ of them still N)")
_TASKS: dict[str, str] = {
    "la_legal": "Refer to the local authority for legal action",
    "la_advice_then_legal": "Ask the local authority for advice, then for legal action",
    "early_help": "Refer to early help",
    "refer_to_la": "Refer to the local authority: this must be done",
    "inform_la": "Tell the local authority",
    "consider_la_referral": "Decide whether to refer to the local authority",
    "discuss_by_phone": "Talk it over by phone",
    "weekly": "Look at attendance every week",
    "next_half_term": "Look again in the next half term",
    "every_3_weeks": "Look again every three weeks",
}


def rung_name(policy: Policy | None, ladder: str, rung_id: str, letters: list[str]) -> str:
    """Return what the desk calls a rung: the title of its letter, or what it asks for."""
    side = BESIDE_THE_LADDER.get(ladder) or QUIET_LADDERS.get(ladder.partition(":")[0])
    if side is not None:
        return side
    title = next((TEMPLATES[key].title for key in letters if key in TEMPLATES), None)
    if title is not None:
        return title
    rung = _rung(policy, rung_id)
    asked = actions_of(policy, ladder, rung_id) if policy is not None and rung is not None else []
    return asked[0] if asked else _words(rung_id)


def why_of(step: Step) -> str:
    """Return the condition with its figures; what pages show apart (a hold, sessions still N) is left out."""
    return _SHOWN_APART.split(step.why)[0]


def held_because(step: Step) -> str:
    """Return why a step is held, without the condition that stands beside it."""
    return step.held_because.rpartition("held: ")[2]


def letter_title(key: str) -> str:
    """Return the title of a letter; its name in the policy when no template supplies it."""
    return TEMPLATES[key].title if key in TEMPLATES else _words(key)


def actions_of(policy: Policy, ladder: str, rung_id: str) -> list[str]:
    """Return everything that the policy asks for on a rung, each as a line, in its order."""
    if ladder == "no_contact":
        return [_task(policy.no_contact.action)]
    if ladder == "threshold":
        return ["Consider whether a penalty notice or another legal step is right"]
    if ladder == "unauthorised_20_sessions":
        return ["Tell the local authority"]
    rung = _rung(policy, rung_id)
    return [line for action in rung.do if (line := _action(policy, action))] if rung is not None else []


def rank(policy: Policy | None, ladder: str, rung_id: str) -> tuple[int, int]:
    """Return where a rung stands on the desk: what must be done first, the highest rungs, then the rest."""
    if ladder in BESIDE_THE_LADDER:
        return 0, list(BESIDE_THE_LADDER).index(ladder)
    if ladder == MAIN and policy is not None:
        places = {rung.id: place for place, rung in enumerate(policy.ladder.rungs)}
        return 1, -places.get(rung_id, 0)
    if ladder.partition(":")[0] in QUIET_LADDERS:
        return 3, list(QUIET_LADDERS).index(ladder.partition(":")[0])
    return 2, 0


def _rung(policy: Policy | None, rung_id: str) -> Rung | None:
    if policy is None:
        return None
    try:
        return policy.rung(rung_id)
    except KeyError:
        return None


def _action(policy: Policy, action: Action) -> str:
    if action.letter is not None:
        return f"Letter: {letter_title(action.letter)}"
    if action.meeting is not None:
        kind = _words(action.meeting.kind) if action.meeting.kind else "Meeting"
        people = _people(policy, action.meeting.with_roles)
        about = f", about {action.meeting.purpose}" if action.meeting.purpose else ""
        companion = "; the family may bring somebody" if action.meeting.companion_allowed else ""
        return f"{kind} with {people}{about}{companion}" if people else f"{kind}{about}{companion}"
    if isinstance(action.offer, MeetingOffer):
        return f"Offer a meeting with {_people(policy, (action.offer.meeting,))}"
    if action.offer is not None:
        return f"Offer {_words(action.offer).lower()}"
    if action.monitor is not None:
        names = tuple(name.strip() for name in action.monitor.split(","))
        if all(name in policy.roles for name in names):
            return f"Watched by {_people(policy, names)}"
        return _task(action.monitor)
    if action.require_evidence is not None:
        return "Ask for proof of illness until the end of the school year"
    return _task(action.plan or action.refer or action.task or action.review or action.report or "")


def _people(policy: Policy, roles: tuple[str, ...]) -> str:
    titles = []
    for name in roles:
        role = policy.roles.get(name)
        title = role.title if role is not None else None
        if title is None or title == "not stated":
            title = "headteacher" if name == "letter_signatory" else _words(name).lower()
        titles.append(title)
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}" if titles else ""


def _task(name: str) -> str:
    return _TASKS.get(name) or _words(name)


def _words(name: str) -> str:
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
