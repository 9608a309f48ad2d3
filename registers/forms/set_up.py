"""What is typed to set a school up: its details, half terms, closures, and whom to look for."""

from datetime import date
from typing import Any

from django import forms

from accounts.fields import DatePartsField
from accounts.models import School
from registers.rules.calendar import TERMS, term_of
from registers.rules.closures import EMERGENCY, PLANNED
from registers.rules.day import YEAR_GROUPS, year_words
from registers.services.calendar import Period
from registers.services.refusals import RowsRefused
from registers.services.schools import DETAILS

HALVES = [("AM", "Morning"), ("PM", "Afternoon")]
LONGEST_NAME = 60


class DetailsForm(forms.Form):
    """A school's name, whose it is, and where it is reached."""

    name = forms.CharField(label="Name of the school", max_length=120)
    trust = forms.CharField(label="Trust", max_length=120, required=False)
    phase = forms.CharField(
        label="Phase", max_length=40, required=False, help_text="Such as primary or infant."
    )
    local_authority = forms.CharField(label="Local authority", max_length=120)
    leaving_year = forms.ChoiceField(
        label="Last year group",
        required=False,
        choices=[("", "Not known"), *((year, year_words(year)) for year in YEAR_GROUPS)],
        help_text="Pupils who leave at the end of it need no deletion return.",
    )
    address = forms.CharField(
        label="Address",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="As letters print it, one line below the other.",
    )
    office_phone = forms.CharField(label="Telephone of the office", max_length=40)
    office_email = forms.EmailField(label="E-mail address of the office")

    def __init__(self, school: School, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(school, name) for name in DETAILS})

    def details(self) -> dict[str, str]:
        """Return what was entered, lines ending as the database keeps them."""
        return {name: str(self.cleaned_data[name]).replace("\r\n", "\n") for name in DETAILS}


class PeriodForm(forms.Form):
    """The days of a half term or closure; sentences of the calendar find the control they speak of."""

    first_day = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    last_day = DatePartsField(label="Last day", error_messages={"required": "Enter the last day"})

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day must be the first day or later")
        return cleaned

    def refuse(self, refused: RowsRefused) -> None:
        """Show beside each field why the calendar refuses it."""
        for fault in refused.faults:
            place = fault.field if fault.field in self.fields else None
            is_about = place is not None and fault.text.startswith("is ")
            words = f"{self.fields[fault.field].label} {fault.text}" if is_about else fault.text
            self.add_error(place, f"{words[0].upper()}{words[1:]}")


class HalfTermForm(PeriodForm):
    """A half term: a name that begins with its term, and its days."""

    name = forms.CharField(
        label="Name",
        max_length=LONGEST_NAME,
        help_text="It begins with the term: Autumn 1, Spring 2.",
    )
    field_order = ("name", "first_day", "last_day")

    def clean_name(self) -> str:
        """Refuse a name that says no term."""
        name: str = self.cleaned_data["name"].strip()
        if term_of(name) is None:
            terms = " or ".join(term.capitalize() for term in TERMS)
            raise forms.ValidationError(f"The name must begin with {terms}")
        return name

    def period(self) -> Period:
        """Return what was entered."""
        given = self.cleaned_data
        return Period("half_term", given["name"], given["first_day"], given["last_day"])


class ClosureForm(PeriodForm):
    """A closure: what it is, and its first and last half day."""

    name = forms.CharField(max_length=LONGEST_NAME)
    first_half = forms.ChoiceField(
        label="From", choices=HALVES, initial="AM", widget=forms.RadioSelect(attrs={"class": "inline"})
    )
    last_half = forms.ChoiceField(
        label="Up to and including",
        choices=HALVES,
        initial="PM",
        widget=forms.RadioSelect(attrs={"class": "inline"}),
    )
    reason = forms.CharField(
        label="Reason for taking marks away",
        max_length=500,
        required=False,
        help_text="Kept with each mark in the history. Needed when a register was taken.",
    )
    field_order = ("name", "first_day", "first_half", "last_day", "last_half", "reason")

    def __init__(self, kind: str, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.kind = kind
        name = self.fields["name"]
        if kind == EMERGENCY:
            name.label = "What happened?"
            name.help_text = "Such as “Boiler failure” or “Snow”. It stands in the history of every mark."
            name.error_messages["required"] = "Enter what happened"
            self.fields["first_day"].label = "First day with a session that did not take place"
            self.fields["last_day"].label = "Last day with a session that does not take place"
            self.fields["reason"].label = "More about it"
            self.fields["reason"].help_text = ""
        else:
            name.label = "What is it?"
            name.help_text = "Such as “Staff training”, “Polling station” or “Bank holiday”."
            name.error_messages["required"] = "Enter what the closure is"

    def clean(self) -> dict[str, Any]:
        """Refuse an afternoon that is followed by the morning of the same day."""
        cleaned = super().clean()
        same = cleaned.get("first_day") is not None and cleaned.get("first_day") == cleaned.get("last_day")
        if same and cleaned.get("first_half") == "PM" and cleaned.get("last_half") == "AM":
            self.add_error("last_half", "The closure cannot end with the morning before it begins")
        return cleaned

    def period(self) -> Period:
        """Return what was entered."""
        given = self.cleaned_data
        return Period(
            EMERGENCY if self.kind == EMERGENCY else PLANNED,
            given["name"].strip(),
            given["first_day"],
            given["last_day"],
            given["first_half"],
            given["last_half"],
        )


class UndoForm(forms.Form):
    """Why a closure is undone; that it was entered by mistake needs no words."""

    reason = forms.CharField(label="Reason", max_length=500, required=False)


class LookForm(forms.Form):
    """Whom to look for, and on which day."""

    name = forms.CharField(
        label="Name or UPN",
        max_length=100,
        help_text="A part of the surname or forename is enough.",
        error_messages={"required": "Enter a name or a UPN"},
    )
    on = DatePartsField(label="Day")

    def __init__(self, data: Any = None, *, on: date) -> None:
        super().__init__(data, initial={"on": on})
