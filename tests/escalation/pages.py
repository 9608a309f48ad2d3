"""Addresses of the desk, and what its pages say."""

import re
from html import unescape

from django.urls import reverse

from accounts.models import Event
from escalation.models import Step
from letters.models import Letter
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, Scene


def url(name: str, *arguments: object, school: str = "werrington") -> str:
    return reverse(f"escalation:{name}", args=[school, *arguments])


def text_of(response: object) -> str:
    """Return what a page says, without its markup, spaces joined."""
    html = response.content.decode()  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def many_steps(scene: Scene, count: int) -> list[Step]:
    """Make so many pupils with five days of absence and their steps."""
    pupils = [scene.pupil(f"Pupil{place:02d}") for place in range(count)]
    scene.mark(pupils, FIVE_DAYS, up_to=JUDGED_ON)
    return [scene.step(pupil, judged_on=JUDGED_ON) for pupil in pupils]


def assert_nothing_was_done(step: Step) -> None:
    fresh = Step.objects.get(pk=step.pk)
    assert (fresh.state, fresh.edits, fresh.decided_at) == (step.state, step.edits, None)
    assert not Letter.objects.exists()
    assert not Event.objects.filter(kind__startswith="step.").exists()
