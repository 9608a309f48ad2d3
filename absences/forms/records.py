"""What is entered about programmes, support and reviews."""

from collections.abc import Sequence
from typing import Any

from django import forms

from absences.forms.evidence import NOT_CHOSEN, why_field
from absences.models import SupportAnswer, SupportKind
from absences.services.records import Programme, Support
from accounts.fields import DatePartsField, offer
from accounts.models import User
from registers.models import PartTimeTimetable
from registers.words import day


class ProgrammeForm(forms.Form):
    """A return to school as it is planned."""

    designated = forms.ChoiceField(label="Who runs it", error_messages={"required": "Choose who runs it"})
    starts_on = DatePartsField(label="First day back", error_messages={"required": "Enter the first day"})
    circumstances = why_field(
        "The absence, and what this pupil needs", "Say what this pupil needs", longest=2000
    )
    support = forms.CharField(
        label="Help in class and elsewhere",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    is_phased = forms.BooleanField(label="The pupil comes back bit by bit", required=False)
    timetable = forms.ChoiceField(label="Part-time timetable that belongs to it", required=False)
    agreed_with = forms.CharField(
        label="Agreed with", max_length=200, error_messages={"required": "Say with whom it is agreed"}
    )
    review_on = DatePartsField(
        label="First review", error_messages={"required": "Enter the day of the first review"}
    )
    first_step_on = DatePartsField(label="First step: by when", required=False)
    first_step = forms.CharField(label="First step: what", required=False, max_length=200)

    def __init__(
        self,
        *args: Any,
        staff: Sequence[User] = (),
        timetables: Sequence[PartTimeTimetable] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._staff = {str(one.pk): one for one in staff}
        self._timetables = {str(one.pk): one for one in timetables}
        offer(self, "designated", [NOT_CHOSEN, *((str(one.pk), one.name) for one in staff)])
        offer(
            self,
            "timetable",
            [
                ("", "None"),
                *((str(one.pk), f"{day(one.first_day)} to {day(one.last_day)}") for one in timetables),
            ],
        )

    def clean(self) -> dict[str, Any]:
        """Ask for both parts of the first step, or neither."""
        given = super().clean() or {}
        if bool(given.get("first_step_on")) != bool(given.get("first_step")):
            missing = "first_step" if given.get("first_step_on") else "first_step_on"
            if missing not in self.errors:
                self.add_error(missing, "Enter both parts of the first step, or leave both empty")
        return given

    def programme(self) -> Programme:
        """Return what is planned."""
        given = self.cleaned_data
        steps = [(given["first_step_on"], given["first_step"])] if given["first_step"] else []
        return Programme(
            designated=self._staff[given["designated"]],
            starts_on=given["starts_on"],
            review_on=given["review_on"],
            circumstances=given["circumstances"],
            support=given["support"],
            is_phased=given["is_phased"],
            timetable=self._timetables.get(given["timetable"]),
            agreed_with=given["agreed_with"],
            steps=steps,
        )


class SupportForm(forms.Form):
    """Support that was offered."""

    kind = forms.ChoiceField(
        label="What kind", choices=[NOT_CHOSEN, *SupportKind.choices], error_messages={"required": "Choose"}
    )
    offered = why_field("What was offered", "Say what was offered")
    offered_on = DatePartsField(label="When", error_messages={"required": "Enter the day"})
    answer = forms.ChoiceField(
        label="What the family said",
        choices=SupportAnswer.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the family said"},
    )
    agreed_with = forms.CharField(label="With whom", required=False, max_length=200)
    review_on = DatePartsField(label="Review it on", required=False)

    def support(self) -> Support:
        """Return what was offered."""
        return Support(**self.cleaned_data)


class StepForm(forms.Form):
    """A further step of a programme."""

    on = DatePartsField(label="By when", error_messages={"required": "Enter the day"})
    what = forms.CharField(
        label="What is to be reached",
        max_length=200,
        error_messages={"required": "Say what is to be reached"},
    )


class ReviewForm(forms.Form):
    """What a review found."""

    words = why_field("What the review found", "Say what the review found", longest=1000)
    next_on = DatePartsField(label="Next review", required=False)


class EndForm(forms.Form):
    """What came of it."""

    outcome = why_field("What came of it", "Say what came of it")
