"""What the office enters of a pupil: particulars, addresses, flags; and what the list is asked for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import DatePartsField, offer
from registers.models import ClassGroup, Contact, Pupil
from registers.rules import flags
from registers.rules.upn import is_upn
from registers.selectors.pupils import SEN, SEX, YEAR_GROUPS, Wanted, year_words

FIRST_YEAR, LAST_YEAR = 1900, 2100  # a date outside is a slip of the pen
ADDRESS_LENGTH = 1000
NEW, FROM_DAY, MISTAKE = "today", "day", "mistake"


def _without_hidden_characters(text: str, label: str, *, lines: bool = False) -> str:
    """Refuse characters that no keyboard types and that would lie hidden in the register."""
    allowed = "\n" if lines else ""
    for character in text:
        if unicodedata.category(character) in ("Cc", "Co", "Cn") and character not in allowed:
            raise ValidationError(f"{label} has a character that cannot be shown. Type it again")
    return text


class OneLine(forms.CharField):
    """A name or another short text on one line; runs of spaces become one."""

    def __init__(self, *, longest: int, **options: Any) -> None:
        super().__init__(**options)
        self.longest = longest

    def to_python(self, value: Any) -> str:
        """
        Return the text as it is stored.

        :raises ValidationError: too long, or with hidden characters
        """
        text = re.sub(r"[ \t\r\n\u00a0]+", " ", str(super().to_python(value)))
        if len(text) > self.longest:
            raise ValidationError(f"{self.label} must be {self.longest} characters or fewer")
        return _without_hidden_characters(text, str(self.label))


class ManyLines(forms.CharField):
    """An address: a line of the envelope on each line, empty ones left out."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> str:
        """
        Return the text as it is stored.

        :raises ValidationError: too long, or with hidden characters
        """
        lines = (line.strip() for line in str(super().to_python(value)).splitlines())
        text = "\n".join(line for line in lines if line)
        if len(text) > ADDRESS_LENGTH:
            raise ValidationError(f"{self.label} must be {ADDRESS_LENGTH} characters or fewer")
        return _without_hidden_characters(text, str(self.label), lines=True)


class Day(DatePartsField):
    """A date within the years that a register can speak of."""

    def to_python(self, value: Any) -> date | None:
        """
        Return the date that was typed.

        :raises ValidationError: it is no real date, or of another century
        """
        found = super().to_python(value)
        if found is not None and not FIRST_YEAR <= found.year <= LAST_YEAR:
            message = f"{self.subject} must be between {FIRST_YEAR} and {LAST_YEAR}"
            raise ValidationError(message, params={"parts": ["year"]})
        return found


class RefusableForm(forms.Form):
    """A form that shows what a service refuses beside the field."""

    def refuse(self, field: str, message: str) -> None:
        """Show a refusal beside its field, or for the whole when it is of no field of the form."""
        self.add_error(field if field in self.fields else None, message)


class CountsFromMixin(RefusableForm):
    """Asks whether something is new, and since when, or was wrong: past registers depend on it."""

    counts = forms.ChoiceField(
        label="Why does it change?",
        choices=[
            (NEW, "It is new from today"),
            (FROM_DAY, "It is new from another day"),
            (MISTAKE, "What stood here was a mistake"),
        ],
        initial=NEW,
        widget=forms.RadioSelect,
    )
    counts_day = Day(
        label="Which other day?",
        subject="The day",
        help_text="Only if it is new from another day",
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the day where one is needed."""
        entered = super().clean() or {}
        wants_day = entered.get("counts") == FROM_DAY
        if wants_day and not entered.get("counts_day") and "counts_day" not in self.errors:
            self.add_error("counts_day", "Enter the day from which it is new")
        return entered

    def counts_from(self, today: date) -> date | None:
        """Return the day from which the new particulars count, None for a mistake put right."""
        if self.cleaned_data["counts"] == MISTAKE:
            return None
        if self.cleaned_data["counts"] == NEW:
            return today
        found: date = self.cleaned_data["counts_day"]
        return found


class ParticularsForm(CountsFromMixin):
    """The particulars of one pupil."""

    surname = OneLine(label="Surname", longest=100, error_messages={"required": "Enter the surname"})
    forename = OneLine(label="Forename", longest=100, error_messages={"required": "Enter the forename"})
    middle_names = OneLine(label="Middle names", longest=150, required=False)
    known_as = OneLine(
        label="Name known by",
        longest=100,
        required=False,
        help_text="If the pupil is called by another forename",
    )
    date_of_birth = Day(label="Date of birth", error_messages={"required": "Enter the date of birth"})
    sex = forms.ChoiceField(
        label="Sex",
        choices=[("F", SEX["F"]), ("M", SEX["M"])],
        widget=forms.RadioSelect(attrs={"class": "inline"}),
        error_messages={"required": "Select the sex as the admission register holds it"},
    )
    upn = OneLine(
        label="Unique pupil number",
        longest=13,
        error_messages={"required": "Enter the unique pupil number"},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "spellcheck": "false"}),
    )
    home_language = OneLine(label="Home language", longest=60, required=False)
    last_school_name = OneLine(label="Last school attended", longest=150, required=False)
    last_school_address = ManyLines(label="Address of the last school", required=False)
    sen = forms.ChoiceField(
        label="Special educational needs", choices=list(SEN.items()), widget=forms.RadioSelect
    )
    fsm = forms.BooleanField(label="Eligible for free school meals", required=False)

    def __init__(self, data: Any = None, *, today: date, **options: Any) -> None:
        super().__init__(data, **options)
        self.today = today
        self.order_fields([*(name for name in self.fields if name not in COUNTS), *COUNTS])

    def clean_upn(self) -> str:
        """Return the number in capitals."""
        number = str(self.cleaned_data["upn"]).upper().replace(" ", "")
        if not is_upn(number):
            raise ValidationError("Unique pupil number must be up to 13 letters and digits")
        return number

    def clean_date_of_birth(self) -> date:
        """Refuse a birth that is still to come."""
        born: date = self.cleaned_data["date_of_birth"]
        if born >= self.today:
            raise ValidationError("Date of birth must be in the past")
        return born

    def values(self) -> dict[str, object]:
        """Return what was entered, by field of the pupil; call it on a valid form."""
        entered = {name: self.cleaned_data[name] for name in self.fields if name not in COUNTS}
        return {**entered, "ehcp": entered["sen"] == "E"}

    @staticmethod
    def initial_of(pupil: Pupil) -> dict[str, object]:
        """Return what the form shows first; a plan stands in one place however the list came."""
        shown = {name: getattr(pupil, name) for name in ParticularsForm.base_fields if name not in COUNTS}
        return {**shown, "sen": "E" if pupil.ehcp else pupil.sen}


COUNTS = ("counts", "counts_day")


class AddressForm(RefusableForm):
    """One address at which a pupil normally lives."""

    lines = ManyLines(
        label="Address",
        help_text="One line of the address on each line, the postcode last",
        error_messages={"required": "Enter the address"},
    )
    with_contact = forms.ChoiceField(label="Who the pupil lives with there", required=False)
    starts_on = Day(
        label="Lives there from",
        subject="The day from which the pupil lives there",
        help_text="A day to come if the move is known ahead",
        error_messages={"required": "Enter the day from which the pupil lives there"},
    )
    ends_on = Day(
        label="Until",
        subject="The last day",
        required=False,
        help_text="Leave empty while the pupil lives there",
    )

    def __init__(self, data: Any = None, *, people: Iterable[Contact], **options: Any) -> None:
        super().__init__(data, **options)
        self.people = {str(person.pk): person for person in people}
        choices = [(key, person.name) for key, person in self.people.items()]
        offer(self, "with_contact", [("", "Not said"), *choices])

    def values(self) -> dict[str, Any]:
        """Return what was entered; call it on a valid form."""
        entered = dict(self.cleaned_data)
        entered["with_contact"] = self.people.get(entered["with_contact"])
        return entered


class FlagForm(RefusableForm):
    """From when to when something is known of a pupil."""

    starts_on = Day(label="From", subject="The first day", error_messages={"required": "Enter the first day"})
    ends_on = Day(
        label="Until", subject="The last day", required=False, help_text="Leave empty while it lasts"
    )


class NewFlagForm(FlagForm):
    """Something that becomes known of a pupil."""

    name = forms.ChoiceField(
        label="Flag",
        choices=[
            ("", "Choose a flag"),
            *((group.label, [(flag.name, flag.label) for flag in group.flags]) for group in flags.GROUPS),
        ],
        error_messages={"required": "Choose a flag", "invalid_choice": "Choose a flag from the list"},
    )
    field_order = ("name", "starts_on", "ends_on")


class AsAtForm(forms.Form):
    """The day of the past whose particulars are asked for."""

    on = Day(
        label="As they were on", subject="The day", error_messages={"required": "Enter the day to look at"}
    )


class FindForm(forms.Form):
    """What a list of pupils is asked for. Names go into the session, the rest into the address."""

    words = OneLine(label="Name or UPN", longest=100, required=False)
    class_id = forms.ChoiceField(label="Class", required=False)
    year_group = forms.ChoiceField(
        label="Year",
        required=False,
        choices=[("", "Every year"), *((year, year_words(year)) for year in YEAR_GROUPS)],
    )
    flag = forms.ChoiceField(label="Known of the pupil", required=False)
    roll = forms.ChoiceField(
        label="On roll",
        required=False,
        choices=[
            ("on", "On roll"),
            ("left", "Left"),
            ("coming", "Yet to start"),
            ("all", "Everybody"),
        ],
    )
    on = Day(label="On the day", subject="The day", required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        classes: Iterable[ClassGroup],
        flags_used: Iterable[str],
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        offer(
            self,
            "class_id",
            [
                ("", "Every class"),
                *((str(group.pk), group.name) for group in classes),
            ],
        )
        offer(
            self,
            "flag",
            [
                ("", "Anything"),
                ("sen", "Special educational needs"),
                ("ehcp", SEN["E"]),
                ("fsm", "Free school meals"),
                *((name, flags.flag_label(name)) for name in flags_used),
            ],
        )

    def wanted(self, today: date) -> Wanted:
        """Return what is asked for; call it on a valid form."""
        entered: Mapping[str, Any] = self.cleaned_data
        return Wanted(
            on=entered["on"] or today,
            words=entered["words"],
            class_id=int(entered["class_id"]) if entered["class_id"] else None,
            year_group=entered["year_group"],
            flag=entered["flag"],
            roll=entered["roll"] or "on",
        )
