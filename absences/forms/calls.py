"""What is entered about an attempt to reach somebody, a step of the policy, and a task that is done."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.utils import timezone

from absences.call_rows import ListedContact
from absences.models import AttemptChannel, AttemptOutcome, CallSettings
from absences.rules.contact import CONFIRMED, TO_A_HOME, fits
from absences.rules.reasons import REASONS
from accounts.fields import DatePartsField, offer
from registers.forms.arrivals import ClockField
from registers.models import OutsideContact, PupilOutsideContact
from registers.words import day

OTHER = "other"
NOT_SAID = "not_said"
NOT_CHOSEN = ("", "Choose")


class AttemptForm(forms.Form):
    """One attempt: whom, how, what it came to, and what was said."""

    who = forms.ChoiceField(
        label="Who", required=False, error_messages={"invalid_choice": "Choose a person of the list"}
    )
    person = forms.CharField(label="Name of somebody else", required=False, max_length=150)
    channel = forms.ChoiceField(
        label="How", choices=[NOT_CHOSEN, *AttemptChannel.choices], error_messages={"required": "Choose how"}
    )
    address = forms.CharField(
        label="Number or address",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(
        label="What it came to",
        choices=[NOT_CHOSEN, *AttemptOutcome.choices],
        error_messages={"required": "Choose what it came to"},
    )
    reason = forms.ChoiceField(
        label="Reason they gave",
        required=False,
        choices=[
            ("", "Choose"),
            *((reason.key, reason.label) for reason in REASONS),
            (NOT_SAID, "They gave no reason"),
        ],
    )
    last_day = forms.TypedChoiceField(
        label="Away until",
        required=False,
        coerce=date.fromisoformat,
        empty_value=None,
        error_messages={"invalid_choice": "Choose a day of the list"},
    )
    note = forms.CharField(label="Note", required=False, max_length=500)
    record_now = forms.BooleanField(
        label="Put the usual code for this reason in the register now", required=False
    )
    happened_on = DatePartsField(label="Day of the call", required=False)
    happened_at = ClockField(
        label="Time", required=False, help_text="When it happened, if not just now: from paper, for example"
    )
    also = forms.TypedMultipleChoiceField(
        label="It was also about", required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    entry = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        contacts: Sequence[ListedContact] = (),
        outside: Iterable[PupilOutsideContact] = (),
        siblings: Iterable[tuple[int, str]] = (),
        school_days: Iterable[date] = (),
        on: date,
        at: datetime,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self._on, self._at = on, at
        allowed = [contact for contact in contacts if not contact.is_kept_away]
        self._contacts = {f"c{one.contact_id}": one.contact_id for one in allowed}
        self._outside: dict[str, OutsideContact] = {
            f"o{one.outside_contact_id}": one.outside_contact for one in outside
        }
        offer(
            self,
            "who",
            [
                ("", "Nobody yet, or the home"),
                *((f"c{one.contact_id}", f"{one.name}, {one.relationship}") for one in allowed),
                *((key, f"{one.name}, {one.get_role_display()}") for key, one in self._outside.items()),
                (OTHER, "Somebody else"),
            ],
        )
        further = [(one.isoformat(), f"to {day(one)}") for one in school_days]
        offer(self, "last_day", [("", "This day only, or not said"), *further])
        siblings = list(siblings)
        offer(self, "also", siblings)
        if not siblings:
            del self.fields["also"]
        if on == timezone.localtime(at).date():
            del self.fields["happened_on"]
        if not self.is_bound:
            self.initial.setdefault("entry", uuid4())
            self.initial.setdefault("happened_on", timezone.localtime(at).date())

    def clean(self) -> dict[str, Any]:
        """Hold the parts against each other."""
        entered = super().clean() or {}
        channel, outcome = entered.get("channel", ""), entered.get("outcome", "")
        if channel and outcome and not fits(channel, outcome):
            words = AttemptChannel(channel).label.lower()
            self.add_error("outcome", f"“{AttemptOutcome(outcome).label}” cannot come of this: {words}")
        if entered.get("who") == OTHER and not entered.get("person", "").strip():
            self.add_error("person", "Enter who it was")
        if (
            not entered.get("who")
            and not entered.get("person", "").strip()
            and channel
            and channel not in TO_A_HOME
        ):
            self.add_error("who", "Choose who it was")
        if outcome == "spoke_knew" and not entered.get("reason"):
            self.add_error("reason", "Choose the reason they gave")
        return entered

    @property
    def contact_id(self) -> int | None:
        """Return the contact that was chosen; call it on a valid form."""
        return self._contacts.get(self.cleaned_data["who"])

    @property
    def outside_contact(self) -> OutsideContact | None:
        """Return the person of another body that was chosen; call it on a valid form."""
        return self._outside.get(self.cleaned_data["who"])

    @property
    def happened(self) -> datetime:
        """Return when it happened; call it on a valid form."""
        clock: time | None = self.cleaned_data["happened_at"]
        if clock is None:
            return self._at
        now = timezone.localtime(self._at)
        on: date = self.cleaned_data.get("happened_on") or now.date()
        return now.replace(
            year=on.year,
            month=on.month,
            day=on.day,
            hour=clock.hour,
            minute=clock.minute,
            second=0,
            microsecond=0,
        )

    @property
    def key(self) -> UUID:
        """Return the key of what was sent; call it on a valid form."""
        return self.cleaned_data["entry"] or uuid4()

    @property
    def learnt(self) -> str:
        """Return the reason that was learnt, "" for none; call it on a valid form."""
        if self.cleaned_data["outcome"] not in CONFIRMED:
            return ""
        return "" if self.cleaned_data["reason"] == NOT_SAID else self.cleaned_data["reason"]


class StrikeForm(forms.Form):
    """Why an attempt is struck out."""

    reason = forms.CharField(
        label="Why is it struck out?",
        max_length=300,
        help_text="It stays to be read, crossed out",
        error_messages={"required": "Say why it is struck out"},
    )


class StepForm(forms.Form):
    """Whether a step of the policy is taken."""

    step = forms.CharField(widget=forms.HiddenInput)
    choice = forms.ChoiceField(
        label="Do it?",
        choices=[("yes", "Yes: put it on the list of tasks"), ("no", "Not now")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes or not now"},
    )
    why = forms.CharField(label="Why not", required=False, max_length=300)

    def clean(self) -> dict[str, Any]:
        """Ask why a step is left out."""
        entered = super().clean() or {}
        if entered.get("choice") == "no" and not entered.get("why", "").strip():
            self.add_error("why", "Say why not")
        return entered


class CloseForm(forms.Form):
    """What was done."""

    outcome = forms.CharField(
        label="What was done?",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what was done"},
    )


class SettingsForm(forms.Form):
    """What the school chose about calls."""

    minutes = forms.IntegerField(
        label="Minutes until a safeguarding task is due",
        min_value=5,
        max_value=240,
        initial=CallSettings.SAFEGUARDING_MINUTES,
        help_text="After a guardian said that they did not know of the absence",
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-3"}),
        error_messages={
            "required": "Enter the minutes",
            "invalid": "Enter a whole number of minutes",
            "min_value": "Enter 5 minutes or more",
            "max_value": "Enter 240 minutes or fewer",
        },
    )
