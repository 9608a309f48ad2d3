"""What is typed and chosen at the hatch."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import DatePartsField, offer
from registers.forms.register import parse_clock
from registers.models import EarlyDeparture, LateArrival, LateGatePupil, Pupil
from registers.selectors.arrivals import DeskPupil
from registers.selectors.collectors import Choice
from registers.services.arrivals import BY_TIMES, KEEP, PRESENT, Arrival
from registers.services.collectors import CollectorInput
from registers.services.departures import ALONE, OTHER, Departure
from registers.words import clock, code_name

NOT_CHOSEN = [("", "Choose")]
NO_REASON = {"required": "Choose the reason"}
NO_COMPANY = {"required": "Choose who came along"}
# Codes that an arrival may be given instead of what the times say.
OTHER_CODES = ("M", "I", "J1", "C", "R", "O")


class ClockField(forms.CharField):
    """A time of the day as people type it: 9:15, 9.15am, 0915."""

    widget = forms.TextInput(
        attrs={"class": "govuk-input--width-5", "autocomplete": "off", "inputmode": "text"}
    )

    def to_python(self, value: Any) -> Any:
        """
        Return the time, None for an empty text.

        :raises ValidationError: it is no time of the day
        """
        if isinstance(value, time):
            return value
        try:
            return parse_clock(str(super().to_python(value) or ""))
        except ValueError:
            raise ValidationError("Enter a time like 9:12 or 1:15pm") from None

    def prepare_value(self, value: Any) -> Any:
        """Return the time as people type it."""
        return f"{value:%-H:%M}" if isinstance(value, time) else value


class PupilField(forms.ChoiceField):
    """One of the pupils of the day, as a number."""

    def __init__(self, **kwargs: Any) -> None:
        missing = "Choose a pupil"
        super().__init__(
            label="Pupil", error_messages={"required": missing, "invalid_choice": missing}, **kwargs
        )


class ArrivalForm(forms.Form):
    """One line of the late book."""

    pupil = PupilField()
    arrived_at = ClockField(label="Arrived")
    reason = forms.ChoiceField(
        label="Reason", choices=[*NOT_CHOSEN, *LateArrival.REASONS], error_messages=NO_REASON
    )
    reason_text = forms.CharField(label="Reason in words", max_length=200, required=False)
    company = forms.ChoiceField(
        label="Came with", choices=[*NOT_CHOSEN, *LateArrival.COMPANY], error_messages=NO_COMPANY
    )
    company_name = forms.CharField(label="Name", max_length=100, required=False)
    half = forms.ChoiceField(
        label="Session",
        required=False,
        choices=[("", "By the time"), ("AM", "Morning"), ("PM", "Afternoon")],
    )
    code = forms.ChoiceField(
        label="Mark",
        required=False,
        choices=[
            (BY_TIMES, "By the times"),
            (KEEP, "Keep the mark that stands"),
            (PRESENT, "Present"),
            *((symbol, f"{symbol} – {code_name(symbol)}") for symbol in ("L", "U", *OTHER_CODES)),
        ],
    )
    seen = forms.CharField(required=False, max_length=2, widget=forms.HiddenInput)

    def __init__(self, pupils: Sequence[DeskPupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "pupil", [("", ""), *((str(pupil.id), pupil.name) for pupil in pupils)])

    def show_seen(self, code: str) -> None:
        """Take the mark that stands as seen: the person reads of it now, and chooses knowing it."""
        self.data = {**{name: self.data.get(name) for name in self.data}, "seen": code}

    @property
    def pupil_id(self) -> int:
        """Return the chosen pupil."""
        return int(self.cleaned_data["pupil"])

    def arrival(self) -> Arrival:
        """Return what was entered."""
        entered = self.cleaned_data
        return Arrival(
            arrived_at=entered["arrived_at"],
            reason=entered["reason"],
            company=entered["company"],
            half=entered["half"],
            reason_text=entered["reason_text"],
            company_name=entered["company_name"],
            choice=entered["code"] or BY_TIMES,
            seen_code=entered["seen"],
        )


class CorrectionForm(ArrivalForm):
    """A line of the late book put right; pupil and session stay."""

    why = forms.CharField(label="Why is it put right?", max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__((), *args, **kwargs)
        del self.fields["pupil"], self.fields["half"]

    def clean(self) -> dict[str, Any]:
        """Leave the session as it is."""
        return {**(super().clean() or {}), "half": ""}


class WhyForm(forms.Form):
    """Why an entry is withdrawn, or a permission ended."""

    why = forms.CharField(max_length=200)

    def __init__(self, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = label


class PupilForm(forms.Form):
    """Who is leaving."""

    pupil = PupilField()

    def __init__(self, pupils: Sequence[DeskPupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "pupil", [("", ""), *((str(pupil.id), pupil.name) for pupil in pupils)])


class DepartureForm(forms.Form):
    """A pupil leaves before the end of the day."""

    left_at = ClockField(label="Leaves at")
    reason = forms.ChoiceField(
        label="Reason", choices=[*NOT_CHOSEN, *EarlyDeparture.REASONS], error_messages=NO_REASON
    )
    reason_text = forms.CharField(label="Reason in words", max_length=200, required=False)
    proof = forms.ChoiceField(
        label="Proof",
        choices=[*NOT_CHOSEN, *EarlyDeparture.PROOFS],
        error_messages={"required": "Choose what proof was shown"},
    )
    proof_text = forms.CharField(label="What was shown", max_length=200, required=False)
    expected_back_at = ClockField(label="Expected back", required=False, help_text="Empty: not today")
    collected = forms.ChoiceField(
        label="Collected by",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who collects the pupil"},
    )
    other_name = forms.CharField(label="Name of the other person", max_length=150, required=False)
    other_relationship = forms.CharField(label="Relationship", max_length=40, required=False)
    override_reason = forms.CharField(
        label="Why is it allowed all the same?",
        max_length=300,
        required=False,
        help_text="Only for somebody not on the list, or a pupil who leaves alone: who agreed, and how.",
    )

    def __init__(
        self, choices: Sequence[Choice], *args: Any, is_correction: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(
            self,
            "collected",
            [
                *((choice.key, _choice_words(choice)) for choice in choices),
                (OTHER, "Somebody else, not on the list"),
                (ALONE, "Nobody: leaves alone"),
            ],
        )
        if is_correction:
            self.fields["why"] = forms.CharField(label="Why is it put right?", max_length=200)

    def departure(self) -> Departure:
        """Return what was entered."""
        entered = {name: value for name, value in self.cleaned_data.items() if name != "why"}
        return Departure(**entered)


def _choice_words(choice: Choice) -> str:
    words = f"{choice.name}, {choice.relationship}"
    return f"{words} – may not collect: {choice.refusal}" if choice.refusal else words


class ReturnForm(forms.Form):
    """A pupil is back."""

    returned_at = ClockField(label="Back at")


class GateForm(forms.Form):
    """A check at the late gate: the pupils greeted, each with a time."""

    staff_name = forms.CharField(label="Staff at the gate", max_length=150)
    started_at = ClockField(label="From")
    note = forms.CharField(label="Note", max_length=300, required=False)
    pupil = forms.MultipleChoiceField(
        label="Pupils greeted",
        error_messages={"required": "Choose at least one pupil", "invalid_choice": "Choose a pupil"},
    )

    def __init__(self, pupils: Sequence[DeskPupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "pupil", [(str(pupil.id), pupil.name) for pupil in pupils])

    def clean(self) -> dict[str, Any]:
        """Read the time of each pupil; where there is none, that of the check."""
        cleaned: dict[str, Any] = super().clean() or {}
        greeted: dict[int, time] = {}
        for key in cleaned.get("pupil", []):
            typed = self.data.get(f"seen_{key}", "")
            try:
                seen_at = parse_clock(typed) or cleaned.get("started_at")
            except ValueError:
                self.add_error("pupil", f"Enter a time like 8:55, not “{typed[:20]}”")
                continue
            if seen_at is not None:
                greeted[int(key)] = seen_at
        cleaned["greeted"] = greeted
        return cleaned


class CollectorForm(forms.Form):
    """Who may collect, as the letter of the parents says."""

    name = forms.CharField(label="Name", max_length=150, error_messages={"required": "Enter the name"})
    relationship = forms.CharField(
        label="Relationship",
        max_length=40,
        help_text="Such as sister, grandparent, neighbour",
        error_messages={"required": "Enter what this person is to the pupil"},
    )
    phone = forms.CharField(label="Phone", max_length=40, required=False)
    is_adult = forms.BooleanField(label="18 or over", required=False)
    date_of_birth = DatePartsField(
        label="Date of birth",
        required=False,
        help_text="Only for somebody under 18. A collector must be 16.",
    )
    exception_reason = forms.CharField(
        label="Under 16: why did the head agree?", max_length=300, required=False
    )
    exception_agreed_by = forms.CharField(label="Head who agreed", max_length=150, required=False)
    letter_received_on = DatePartsField(
        label="Signed letter received on",
        subject="The day of the letter",
        required=False,
        help_text="Nobody collects before the letter is here.",
    )
    valid_from = DatePartsField(label="May collect from", subject="The first day")
    valid_to = DatePartsField(label="Until", subject="The last day", required=False)
    siblings = forms.MultipleChoiceField(
        label="Also for", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, siblings: Sequence[Pupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "siblings", [(str(pupil.pk), pupil.full_name) for pupil in siblings])
        if not siblings:
            del self.fields["siblings"]

    def collector(self) -> CollectorInput:
        """Return what was entered."""
        return CollectorInput(
            **{name: value for name, value in self.cleaned_data.items() if name != "siblings"}
        )


class CollectorCorrectionForm(CollectorForm):
    """Who may collect, put right: for which children too, and why."""

    why = forms.CharField(
        label="Why is it put right?",
        max_length=200,
        error_messages={"required": "Enter why it is put right"},
    )

    def __init__(self, children: Sequence[Pupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(children, *args, **kwargs)
        self.fields["siblings"].label = "May collect"
        self.fields["siblings"].required = True
        self.fields["siblings"].error_messages["required"] = "Choose at least one pupil"

    def collector(self) -> CollectorInput:
        """Return what was entered."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in ("siblings", "why")}
        return CollectorInput(**given)


class StrikeForm(forms.Form):
    """Whom nobody greeted at the gate, and why the log says so."""

    greeting = forms.MultipleChoiceField(
        label="Who was not greeted then?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose who was not greeted"},
    )
    why = forms.CharField(
        label="Why is it struck out?",
        help_text="Such as “Another child of that name”",
        max_length=200,
        error_messages={"required": "Enter why it is struck out"},
    )

    def __init__(self, greeted: Sequence[LateGatePupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(
            self,
            "greeting",
            [(str(one.pk), f"{one.pupil.full_name}, {clock(one.seen_at)}") for one in greeted],
        )

    @property
    def greeting_ids(self) -> list[int]:
        """Return the greetings to strike out; call it on a valid form."""
        return [int(key) for key in self.cleaned_data["greeting"]]


class LetterForm(forms.Form):
    """The letter of the parents has come."""

    received_on = DatePartsField(label="Signed letter received on", subject="The day of the letter")


class PeriodForm(forms.Form):
    """The days of the late book to show."""

    first = DatePartsField(label="From", subject="The first day")
    last = DatePartsField(label="To", subject="The last day")

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts, or is longer than a school year."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if isinstance(first, date) and isinstance(last, date):
            if last < first:
                self.add_error("last", "The last day cannot be before the first")
            elif (last - first).days > 366:
                self.add_error("last", "Choose a year or less")
        return cleaned


class PaperForm(forms.Form):
    """Who marked a sheet, and when."""

    marked_by = forms.CharField(label="Marked on paper by", max_length=150)
    marked_at = ClockField(label="At")
    rest_present = forms.BooleanField(
        label="Everyone without a mark below was present on the sheet", required=False
    )
