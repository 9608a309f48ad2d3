"""What the head, a designate and the office enter on the leave desk."""

from collections.abc import Sequence
from typing import Any

from django import forms

from absences.forms.leave import HALF_CHOICES, FaultsMixin
from absences.rules.leave import CONSULTED, Half, Span
from absences.selectors.leave import Weighing
from absences.selectors.leave_outcomes import Allowing
from absences.services.leave_decisions import Decision
from accounts.fields import DatePartsField, offer
from accounts.models import User

OUTCOMES = (
    ("grant", "Grant it wholly"),
    ("part", "Grant a part of the days"),
    ("refuse", "Refuse it"),
    ("not_an_application", "Record that this was no application"),
)


class DecisionForm(FaultsMixin):
    """The decision on one request, and on others of the same family asked for together."""

    outcome = forms.ChoiceField(
        label="What do you decide?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you decide"},
    )
    together = forms.MultipleChoiceField(
        label="Decide the same for",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Children of the same request; those not ticked stay open",
    )
    weighed = forms.MultipleChoiceField(
        label="What of the policy’s test is met?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    code = forms.ChoiceField(label="Code on the register", required=False, help_text="For what is granted")
    licence = forms.CharField(
        label="Licence, or why none is needed",
        required=False,
        max_length=200,
        help_text="For C1 only",
    )
    granted_from = DatePartsField(
        label="First day granted",
        required=False,
        subject="The first day granted",
        help_text="For a part only",
    )
    granted_from_half = forms.ChoiceField(label="From", choices=HALF_CHOICES, initial="AM")
    granted_to = DatePartsField(label="Last day granted", required=False, subject="The last day granted")
    granted_to_half = forms.ChoiceField(
        label="To", choices=[("AM", "Midday"), ("PM", "The end of the day")], initial="PM"
    )
    note = forms.CharField(
        label="What you weighed, and why you decide so",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Kept with the request; the family may ask to see it",
        error_messages={"required": "Enter what you weighed and why you decide so"},
    )
    told = forms.CharField(
        label="Why it is not agreed, in words for the family",
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        max_length=1500,
        help_text="For a part or a refusal; it is printed in the letter",
    )
    warn = forms.BooleanField(
        label="Send the letter that warns of a holiday taken without leave",
        required=False,
        help_text="Only with a refusal",
    )

    def __init__(self, data: Any = None, *, weighing: Weighing, first_code: str, has_begun: bool) -> None:
        request = weighing.request
        super().__init__(
            data,
            initial={
                "code": first_code,
                "granted_from": request.first_day,
                "granted_from_half": request.first_half,
                "granted_to": request.last_day,
                "granted_to_half": request.last_half,
                "warn": request.kind == "holiday",
            },
        )
        self.request = request
        kept = OUTCOMES[2:] if has_begun else OUTCOMES
        offer(self, "outcome", kept)
        offer(self, "code", weighing.codes)
        offer(
            self,
            "weighed",
            [(point.name, f"{point.words} {point.fact}".rstrip()) for point in weighing.points],
        )
        others = [other for other in weighing.together if other.state == "waiting"]
        if others:
            offer(
                self,
                "together",
                [(f"{other.pk}-{other.version}", other.pupil.full_name) for other in others],
            )
        else:
            del self.fields["together"]
        if not weighing.points:
            del self.fields["weighed"]
        if weighing.leave.on_holiday_refusal is None:
            del self.fields["warn"]
        if has_begun:
            for name in ("code", "licence", "granted_from", "granted_from_half", "granted_to"):
                del self.fields[name]
            del self.fields["granted_to_half"]

    def decision(self) -> Decision:
        """Return what was entered; call it on a valid form."""
        said = self.cleaned_data
        granted = None
        if said.get("granted_from") and said.get("granted_to"):
            granted = Span(
                Half(said["granted_from"], said["granted_from_half"]),
                Half(said["granted_to"], said["granted_to_half"]),
            )
        outcome = said["outcome"]
        return Decision(
            outcome=outcome,
            note=said["note"],
            told=said["told"] if outcome != "grant" else "",
            code=said.get("code", "") if outcome in ("grant", "part") else "",
            granted=granted if outcome == "part" else None,
            licence=said.get("licence", ""),
            weighed=tuple(said.get("weighed", ())),
            warn=bool(said.get("warn")),
        )

    def others(self) -> list[tuple[int, int]]:
        """Return id and version, as they were shown, of the other requests that are decided with it."""
        chosen = self.cleaned_data.get("together", [])
        pairs = [value.split("-") for value in chosen]
        return [(int(pk), int(version)) for pk, version in pairs]


class NoteForm(FaultsMixin):
    """Whom the school asked and what was said."""

    consulted = forms.ChoiceField(
        label="Whom you asked",
        choices=[("", "Choose"), *CONSULTED],
        error_messages={"required": "Choose whom you asked"},
    )
    words = forms.CharField(
        label="What was said",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        error_messages={
            "required": "Enter what was said",
            "max_length": "The note must be 1,000 characters or fewer",
        },
    )


class OutcomeForm(FaultsMixin):
    """Whether they went without leave, how it is known, and who allowed it."""

    went = forms.ChoiceField(
        label="Was the child away on this leave?",
        choices=[("yes", "Yes, without leave"), ("no", "No, or away for another reason")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether the child was away on this leave"},
    )
    liable = forms.MultipleChoiceField(
        label="Who allowed it?", widget=forms.CheckboxSelectMultiple, required=False
    )
    note = forms.CharField(
        label="How do you know?",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={
            "required": "Enter how you know",
            "max_length": "The note must be 500 characters or fewer",
        },
    )

    def __init__(self, data: Any = None, *, allowing: Sequence[Allowing], others: Sequence[Allowing]) -> None:
        super().__init__(data, initial={"liable": [str(one.contact_id) for one in allowing]})
        offer(
            self,
            "liable",
            [
                (str(one.contact_id), f"{one.name} ({one.why})" if one.why else one.name)
                for one in (*allowing, *others)
            ],
        )


class DesignateForm(FaultsMixin):
    """Who decides in the head's place, and when."""

    user = forms.ChoiceField(label="Who decides?", error_messages={"required": "Choose who decides"})
    first_day = DatePartsField(label="From", error_messages={"required": "Enter the first day"})
    last_day = DatePartsField(
        label="To", subject="The last day", error_messages={"required": "Enter the last day"}
    )

    def __init__(self, data: Any = None, *, people: Sequence[User], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        offer(self, "user", [("", "Choose"), *((str(person.pk), person.name) for person in people)])
