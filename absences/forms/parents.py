"""What families answer, one question at a time, and what the office sets for them."""

from collections.abc import Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from absences.rules.reasons import REASONS
from absences.rules.reporting import Limits
from absences.rules.telling import AFTERNOON, MORNING, NOT_KNOWN, WHOLE_DAY
from accounts.fields import offer
from registers.forms.arrivals import ClockField
from registers.models import Pupil

PARTS = ((WHOLE_DAY, _("All day")), (MORNING, _("The morning")), (AFTERNOON, _("The afternoon")))
MOST_NOTE = 1000


def unless_chosen(words: Any) -> dict[str, Any]:
    """Return the one sentence (translated when shown) of a choice not made, or made of nothing on offer."""
    return {"required": words, "invalid_choice": words, "invalid_list": words}


class ChildrenForm(forms.Form):
    """Who is away."""

    children = forms.MultipleChoiceField(
        label=_("Who is away?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages=unless_chosen(_("Select who is away")),
    )

    def __init__(self, children: Sequence[Pupil], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "children", [(str(child.pk), child_words(child, children)) for child in children])

    def chosen(self) -> tuple[int, ...]:
        """Return the ids of the chosen children."""
        return tuple(int(key) for key in self.cleaned_data["children"])


def child_words(child: Pupil, children: Sequence[Pupil]) -> str:
    """Return a child's name, with the school where the family has several."""
    name = f"{child.known_as or child.forename} {child.surname}"
    return f"{name}, {child.school.name}" if len({one.school_id for one in children}) > 1 else name


class WhenForm(forms.Form):
    """The day of the absence: of a few, or "others"."""

    when = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages=unless_chosen(_("Select the day")),
    )

    def __init__(self, question: str, options: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["when"].label = question
        offer(self, "when", options)


class DaysForm(forms.Form):
    """The first and last day, and the part of a single day."""

    first_day = forms.TypedChoiceField(
        label=_("First day away"),
        coerce=date.fromisoformat,
        empty_value=None,
        error_messages=unless_chosen(_("Select the first day")),
    )
    last_day = forms.TypedChoiceField(
        label=_("Last day away"),
        coerce=date.fromisoformat,
        empty_value=None,
        error_messages=unless_chosen(_("Select the last day")),
    )
    part = forms.ChoiceField(
        label=_("How much of the day?"),
        choices=PARTS,
        initial=WHOLE_DAY,
        widget=forms.RadioSelect,
        error_messages=unless_chosen(_("Select how much of the day")),
    )

    def __init__(
        self, days: Sequence[tuple[date, str]], *args: Any, most_at_once: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.most_at_once = most_at_once
        self.days = [day for day, _words in days]
        for name in ("first_day", "last_day"):
            offer(
                self, name, [("", gettext("Choose a day")), *((on.isoformat(), words) for on, words in days)]
            )

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order, too many of them, and half days of a longer absence."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first is None or last is None:
            return cleaned
        if last < first:
            self.add_error("last_day", gettext("The last day must be the first day or later"))
        elif sum(first <= day <= last for day in self.days) > self.most_at_once:
            words = gettext("Report %(days)s school days or fewer at once. Call the office if it is longer.")
            self.add_error("last_day", words % {"days": self.most_at_once})
        elif first != last and cleaned.get("part") != WHOLE_DAY:
            words = gettext("Select “All day” when the absence is longer than one day")
            self.add_error("part", words)
        return cleaned


class ReasonForm(forms.Form):
    """Why: one of the reasons that schools record."""

    reason = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[(reason.key, reason.label) for reason in REASONS],
        error_messages=unless_chosen(_("Select a reason")),
    )

    def __init__(self, question: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = question


class FamilyClockField(ClockField):
    """A time of the day as a parent types it."""

    def to_python(self, value: Any) -> Any:
        """
        Return the time, None for an empty text.

        :raises ValidationError: it is no time of the day
        """
        try:
            return super().to_python(value)
        except ValidationError:
            raise ValidationError(gettext("Enter a time like 9:15 or 1:30pm")) from None


class AppointmentForm(forms.Form):
    """When the appointment is, and how much of the day the child misses."""

    appointment_at = FamilyClockField(
        label=_("Time of the appointment"),
        help_text=_("For example, 9:15 or 1:30pm"),
        error_messages={"required": _("Enter the time of the appointment")},
    )
    part = forms.ChoiceField(
        label=_("How much of the day?"),
        choices=PARTS,
        widget=forms.RadioSelect,
        error_messages=unless_chosen(_("Select how much of the day")),
    )

    def __init__(self, *args: Any, is_one_day: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_one_day:
            del self.fields["part"]

    @property
    def time(self) -> time:
        """Return the time of the appointment."""
        at: time = self.cleaned_data["appointment_at"]
        return at


class NoteForm(forms.Form):
    """A few words for the school."""

    note = forms.CharField(
        label=_("Is there anything the school should know?"),
        help_text=_("Do not write more than the school needs."),
        max_length=MOST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("Say in a few words why"),
            "max_length": _("The note must be 1,000 characters or fewer"),
        },
    )

    def __init__(self, *args: Any, is_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_reason:
            self.fields["note"].required = True
            self.fields["note"].label = _("What is the reason?")


class BackForm(forms.Form):
    """When the child is expected back."""

    back = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages=unless_chosen(_("Select a day")),
    )

    def __init__(
        self, question: str, days: Sequence[tuple[date, str]], *args: Any, may_be_unknown: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["back"].label = question
        unknown = [(NOT_KNOWN, gettext("I do not know yet"))] if may_be_unknown else []
        offer(self, "back", [*((on.isoformat(), words) for on, words in days), *unknown])

    def day(self) -> date | None:
        """Return the chosen day; None for one that is not known yet."""
        chosen: str = self.cleaned_data["back"]
        return None if chosen == NOT_KNOWN else date.fromisoformat(chosen)


class SeveralFiles(forms.ClearableFileInput):
    """A control for several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """
    Several files; what is in them is judged by `absences.services.attachments`.

    Forms declare it as `files: Any`: Django takes declared fields out of the class, so that it does not stand
    in the way of the form's own `files`, of another type.
    """

    widget = SeveralFiles(attrs={"accept": "image/*,application/pdf"})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the files that were chosen, none when none was."""
        files = [one for one in (data if isinstance(data, list | tuple) else [data]) if one]
        if self.required and not files:
            raise ValidationError(self.error_messages["required"])
        return files


class FilesForm(forms.Form):
    """Photos or letters that show why."""

    files: Any = FilesField(
        label=_("Photos or files"),
        help_text=_("Up to 5 photos or PDF files of a letter, card or message."),
        required=False,
        error_messages={"required": _("Select a photo or a file")},
    )

    def __init__(self, *args: Any, required: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"].required = required


class WithdrawalForm(forms.Form):
    """Why a report is taken back; it needs no reason."""

    why = forms.CharField(
        label=_("Why do you take it back?"),
        max_length=300,
        required=False,
        error_messages={
            "max_length": _("The reason must be 300 characters or fewer"),
        },
    )


class LimitsForm(forms.Form):
    """How far families may report."""

    days_ahead = forms.IntegerField(
        label="Days ahead",
        min_value=0,
        max_value=365,
        help_text="Calendar days from today. Anything later is asked for as leave or told to the office.",
    )
    days_at_once = forms.IntegerField(
        label="School days in one report",
        min_value=1,
        max_value=60,
        help_text="A longer absence is reported again.",
    )
    days_back = forms.IntegerField(
        label="School days back",
        min_value=0,
        max_value=60,
        help_text="How long after an absence a family may still explain it themselves.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.TextInput(attrs={"class": "govuk-input--width-4", "inputmode": "numeric"})
            assert isinstance(field, forms.IntegerField)  # noqa: S101 - declared above
            words = f"{field.label} must be a whole number from {field.min_value} to {field.max_value}"
            for kind in ("required", "invalid", "min_value", "max_value"):
                field.error_messages[kind] = words
            # Their own sentences instead of the validators'.
            for validator in field.validators:
                vars(validator)["message"] = words

    def limits(self) -> Limits:
        """Return what was entered."""
        return Limits(**self.cleaned_data)
