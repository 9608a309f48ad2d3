"""A school's desk on a Wednesday morning, for every test that wants one."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django import Settings

from escalation.models import Step
from registers.models import Pupil
from tests.cast import SignIn
from tests.escalation.scenes import FIVE_DAYS, JUDGED_ON, Scene, open_school
from tests.factories.accounts import InstallationFactory


@pytest.fixture
def wednesday_morning(db: None, settings: Settings) -> Iterator[None]:
    """Wednesday 8 October 2025, half past nine."""
    settings.DEBUG = True
    settings.ROLLCALL_NOW = "2025-10-08T09:30"
    with scopes_disabled():
        InstallationFactory(is_demo=True)
        yield


@pytest.fixture
def scene(db: None) -> Scene:
    return open_school()


@pytest.fixture
def desk(scene: Scene, sign_in: SignIn) -> Client:
    """A client signed in as the champion."""
    return sign_in(scene.champion)


@pytest.fixture
def pupil(scene: Scene) -> Pupil:
    made = scene.pupil()
    scene.mark(made, FIVE_DAYS, up_to=JUDGED_ON)
    return made


@pytest.fixture
def step(scene: Scene, pupil: Pupil) -> Step:
    return scene.step(pupil, judged_on=JUDGED_ON)


@pytest.fixture
def panel(scene: Scene, pupil: Pupil) -> Step:
    """A step whose letter needs the day of the panel."""
    return scene.step(pupil, judged_on=JUDGED_ON, rung_id="wer_d17", letters=["wer_4"])
