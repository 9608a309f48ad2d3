"""What is typed and chosen at the desk: filters, the details of a letter, reasons."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.http import urlencode

from accounts.fields import DatePartsField, offer
from escalation.models import Step
from escalation.selectors.merging import fields_to_enter
from escalation.selectors.worklist import AGES, YEAR_GROUPS, Filters, Worklist
from letters.rules.fields import Field, Kind, Need, WrongValue, parsed
from letters.rules.text import LINE_LIMIT, PASSAGE_LIMIT

_TIME = "_time"
_FIRST, _LAST = "_first", "_last"
ROWS_HINT = "One line for each point. Put | between its parts: "


class FilterForm(forms.Form):
    """Narrows the desk. Whatever cannot be read narrows nothing: an old bookmark still opens the desk."""

    year = forms.ChoiceField(label="Year group", required=False)
    class_id = forms.ChoiceField(label="Class", required=False)
    age = forms.ChoiceField(
        label="Waiting",
        required=False,
        choices=[("", "Any time"), *((str(days), f"{days} school days or more") for days in AGES)],
    )

    def __init__(self, work: Worklist) -> None:
        filters = work.filters
        super().__init__(
            initial={
                "year": filters.year,
                "class_id": str(filters.class_id or ""),
                "age": str(filters.age or ""),
            }
        )
        for name, every, choices in (
            ("year", "All years", work.years),
            ("class_id", "All classes", work.classes),
        ):
            offer(self, name, [("", every), *((choice.value, choice.label) for choice in choices)])
        for field in self.fields.values():
            field.widget.attrs["class"] = "govuk-select"


def filters_of(asked: Mapping[str, Any]) -> Filters:
    """Return the filters that an address asks for; whatever cannot be read narrows nothing."""
    year, age = str(asked.get("year") or ""), _number(asked.get("age"))
    return Filters(
        rung=str(asked.get("rung") or "")[:60],
        year=year if year in YEAR_GROUPS else "",
        class_id=_number(asked.get("class_id")),
        age=age if age in AGES else None,
        page=_number(asked.get("page")) or 1,
    )


def query_of(filters: Filters, **changes: Any) -> str:
    """Return the query of the address that asks for these filters, with some changed; beginning with "?"."""
    asked = {
        "rung": filters.rung,
        "year": filters.year,
        "class_id": filters.class_id,
        "age": filters.age,
        "page": filters.page if filters.page > 1 else None,
    } | changes
    return "?" + urlencode({name: value for name, value in asked.items() if value})


class DetailsForm(forms.Form):
    """What only a person can say in the letters of a step: dates of meetings, passages of their own."""

    def __init__(self, step: Step, data: Any = None) -> None:
        self.asked = fields_to_enter(step)
        super().__init__(data, initial=_initial(self.asked, step.edits))
        for field in self.asked:
            self.fields |= _controls(field)

    def clean(self) -> dict[str, Any]:
        """Ask for the other half of a day without a time, a time without a day, a period without an end."""
        cleaned: dict[str, Any] = super().clean() or {}
        for field in self.asked:
            if field.kind is Kind.MOMENT:
                self._ask_for_both(
                    field.name, "Enter the day as well", field.name + _TIME, "Enter the time as well"
                )
            elif field.kind is Kind.PERIOD:
                self._ask_for_both(
                    field.name + _FIRST,
                    "Enter the first day as well",
                    field.name + _LAST,
                    "Enter the last day as well",
                )
        return cleaned

    def edits(self) -> dict[str, str]:
        """Return every field as the text that a step keeps; an empty text takes an entry away."""
        return {field.name: self._text(field) for field in self.asked}

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Show beside each field why its entry cannot stand."""
        for name, message in faults.items():
            place = name if name in self.fields else name + _FIRST
            self.add_error(place if place in self.fields else None, message)

    def control_of(self, name: str) -> str:
        """Return the id of the first control of a field, for links from the error summary."""
        field = next((one for one in self.asked if one.name == name), None)
        if field is None:
            return ""
        if field.kind is Kind.PERIOD:
            return f"id_{name}{_FIRST}_day"
        return f"id_{name}_day" if field.kind in (Kind.DATE, Kind.MOMENT) else f"id_{name}"

    def _ask_for_both(self, first: str, ask_first: str, second: str, ask_second: str) -> None:
        if first in self.errors or second in self.errors:
            return
        given, also = self.cleaned_data.get(first), self.cleaned_data.get(second)
        if given and not also:
            self.add_error(second, ask_second)
        elif also and not given:
            self.add_error(first, ask_first)

    def _text(self, field: Field) -> str:
        value = self.cleaned_data.get(field.name)
        match field.kind:
            case Kind.MOMENT:
                at = self.cleaned_data.get(field.name + _TIME)
                return datetime.combine(value, at).isoformat(timespec="minutes") if value and at else ""
            case Kind.PERIOD:
                first, last = (self.cleaned_data.get(field.name + part) for part in (_FIRST, _LAST))
                return f"{first.isoformat()}/{last.isoformat()}" if first and last else ""
            case Kind.DATE:
                return value.isoformat() if value else ""
            case _:
                return str(value or "")


class MayWait(forms.Field):
    """An entry that a letter needs, but that may be saved empty while other things are entered."""

    def validate(self, value: Any) -> None:
        """Let an empty value pass: the letter is not printed before it is there."""
        if value not in self.empty_values:
            super().validate(value)


class DayField(MayWait, DatePartsField):
    """A day that a letter names."""


class WordsField(MayWait, forms.CharField):
    """Words that a letter prints."""


class ClockField(MayWait, forms.CharField):
    """A time of the day as people type it: 9:15, 9.15am, 0915, 2pm."""

    def to_python(self, value: Any) -> Any:
        """
        Return the time, None for an empty text.

        :raises ValidationError: it is no time of the day
        """
        typed = str(super().to_python(value) or "").lower().replace(" ", "").replace(".", ":")
        if not typed:
            return None
        half = typed[-2:] if typed.endswith(("am", "pm")) else ""
        digits = typed.removesuffix(half) if half else typed
        if ":" not in digits and len(digits) in (3, 4):
            digits = f"{digits[:-2]}:{digits[-2:]}"
        hours, _, minutes = digits.partition(":")
        try:
            hour, minute = int(hours), int(minutes or ("0" if half else "x"))
            if half and not 1 <= hour <= 12:
                raise ValueError(typed)
            return time(hour % 12 + 12 * (half == "pm") if half else hour, minute)
        except ValueError:
            raise ValidationError("Enter the time like 9:15am or 14:30") from None

    def prepare_value(self, value: Any) -> Any:
        """Return the time as pages write it."""
        return f"{value:%-I:%M%p}".lower() if isinstance(value, time) else value


class ReasonForm(forms.Form):
    """Why a step is dismissed, held or released."""

    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, act: str, data: Any = None) -> None:
        label, hint, missing = REASONS[act]
        super().__init__(data, auto_id=f"id_{act}_%s")
        self.fields["reason"].label = label
        self.fields["reason"].help_text = hint
        self.fields["reason"].error_messages = {
            "required": missing,
            "max_length": "The reason must be 1,000 characters or fewer",
        }


# Label, hint, and what to do when the reason is missing.
REASONS: dict[str, tuple[str, str, str]] = {
    "dismiss": (
        "Why is it not needed?",
        "It comes back only after a further absence or at the next review.",
        "Enter why the step is dismissed",
    ),
    "hold": (
        "Why should it wait?",
        "Nothing is sent until somebody releases it.",
        "Enter why the step is held",
    ),
    "release": (
        "Why can it go on?",
        "It waits for a decision again.",
        "Enter why the step is released",
    ),
}


def _controls(field: Field) -> dict[str, forms.Field]:
    label = field.label[:1].upper() + field.label[1:]
    needed = field.need is Need.REQUIRED
    match field.kind:
        case Kind.MOMENT:
            clock = forms.TextInput(attrs={"class": "govuk-input--width-5", "autocomplete": "off"})
            return {
                field.name: DayField(label=label, subject="The day", required=needed),
                field.name + _TIME: ClockField(label="Time (9:15am)", required=True, widget=clock),
            }
        case Kind.DATE:
            return {field.name: DayField(label=label, subject="The day", required=needed)}
        case Kind.PERIOD:
            return {
                field.name + _FIRST: DayField(label=f"{label}: from", subject="The day", required=needed),
                field.name + _LAST: DayField(label=f"{label}: to", subject="The day", required=needed),
            }
        case Kind.PASSAGE | Kind.ROWS:
            hint = ROWS_HINT + " | ".join(field.columns).lower() if field.kind is Kind.ROWS else ""
            return {
                field.name: WordsField(
                    label=label,
                    required=needed,
                    help_text=hint,
                    max_length=PASSAGE_LIMIT,
                    widget=forms.Textarea(attrs={"rows": 4}),
                )
            }
        case _:
            return {field.name: WordsField(label=label, required=needed, max_length=LINE_LIMIT)}


def _initial(asked: list[Field], edits: Mapping[str, str]) -> dict[str, Any]:
    """Return what was entered before, in the types of the controls."""
    found: dict[str, Any] = {}
    for field in asked:
        text = edits.get(field.name, "")
        try:
            value = parsed(field, text)
        except WrongValue:
            continue  # an entry that an older version of the letter could hold
        match value:
            case None:
                continue
            case datetime():
                found |= {field.name: value.date(), field.name + _TIME: value.time()}
            case (date() as first, date() as last):
                found |= {field.name + _FIRST: first, field.name + _LAST: last}
            case date():
                found[field.name] = value
            case _:
                found[field.name] = text
    return found


def _number(value: Any) -> int | None:
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
