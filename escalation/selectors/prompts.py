"""The lists that a policy's prompts put pupils on: nothing is proposed, somebody looks."""

from dataclasses import dataclass
from datetime import date

from accounts.models import School
from escalation.rules.engine import Engine
from escalation.rules.facts import Prompt
from escalation.selectors import judging


@dataclass(frozen=True)
class PromptedPupil:
    """A pupil on one list: the manual rung that asks for a look, why, and exactly the sessions behind it."""

    pupil_id: int
    upn: str
    prompt: Prompt
    session_ids: tuple[int, ...]


def prompted_pupils(school: School, engine: Engine, *, on: date) -> list[PromptedPupil]:
    """
    Return who is on which list on a day, by surname. Seven statements, however many pupils.

    A list is left by acting on its rung this year, or when its condition no longer holds.
    """
    calendar = judging.calendar_of(school, years=judging.years_before(on))
    return [
        PromptedPupil(
            judged.pupil_id, judged.upn, prompt, tuple(judging.session_ids(calendar, prompt.sessions))
        )
        for judged in judging.pupils_to_judge(school, engine, calendar, on=on)
        for prompt in engine.prompts(judged.facts, judged.standing)
    ]
