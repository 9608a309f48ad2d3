"""Programmes of reintegration and support that was offered."""

from datetime import date, time

from factory.declarations import SelfAttribute, SubFactory

from absences.models import (
    RecordReview,
    ReintegrationProgramme,
    ReintegrationStep,
    SupportAnswer,
    SupportKind,
    SupportNote,
)
from tests.factories.accounts import UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import PupilFactory, london

MADE_AT = london(date(2025, 9, 8), time(16, 0))


class ReintegrationProgrammeFactory(RowFactory[ReintegrationProgramme]):
    """A return that begins on Monday 15 September 2025, reviewed a fortnight later."""

    class Meta:
        model = ReintegrationProgramme

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    designated = SubFactory(UserFactory)
    starts_on = date(2025, 9, 15)
    circumstances = "Eight weeks in hospital."
    agreed_with = "Both parents"
    review_on = date(2025, 9, 29)
    made_at = MADE_AT
    made_by = SelfAttribute("designated")


class ReintegrationStepFactory(RowFactory[ReintegrationStep]):
    """Mornings in the first week."""

    class Meta:
        model = ReintegrationStep

    programme = SubFactory(ReintegrationProgrammeFactory)
    school = SelfAttribute("programme.school")
    on = date(2025, 9, 19)
    what = "Every morning of the first week"


class SupportNoteFactory(RowFactory[SupportNote]):
    """Breakfast club, offered and accepted on 8 September 2025."""

    class Meta:
        model = SupportNote

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    kind = SupportKind.SCHOOL
    offered = "A place in the breakfast club"
    offered_on = date(2025, 9, 8)
    offered_by = SubFactory(UserFactory)
    answer = SupportAnswer.ACCEPTED
    agreed_with = "The mother"
    recorded_at = MADE_AT


class RecordReviewFactory(RowFactory[RecordReview]):
    """A review of a programme on 29 September 2025."""

    class Meta:
        model = RecordReview

    programme = SubFactory(ReintegrationProgrammeFactory)
    school = SelfAttribute("programme.school")
    held_on = date(2025, 9, 29)
    by = SelfAttribute("programme.designated")
    words = "Mornings go well."
