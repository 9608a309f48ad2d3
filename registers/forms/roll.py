"""What is entered of joining, leaving, moving class and marks of other schools."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.fields import offer
from registers.forms.particulars import Day, ManyLines, OneLine
from registers.models import ClassGroup, Departure, Pupil
from registers.rules.age import is_compulsory_age
from registers.rules.codes import ABSENT, NATIONAL_CHANGE_ON, NATIONAL_CODES, StatisticalClass
from registers.rules.leaving_grounds import DEATHS, GROUNDS, Ground
from registers.selectors.pupils import year_words
from registers.services.joining import YEAR_GROUPS, NewPupil, Place, PreviousSchool
from registers.services.leaving import LeavingInput
from registers.services.previous_marks import PreviousMarkInput

LONGEST_SPAN = 400  # days of one entry of marks of another school
YEARS = [("", "Select a year group"), *((year, year_words(year)) for year in YEAR_GROUPS)]


def class_choices(groups: Iterable[ClassGroup]) -> list[tuple[str, str]]:
    """Return classes for a list, each with its school year."""
    return [
        ("", "Select a class"),
        *(
            (str(one.pk), f"{one.name} ({one.academic_year}/{(one.academic_year + 1) % 100:02d})")
            for one in groups
        ),
    ]


class RefusableForm(forms.Form):
    """A form that shows what a service refuses beside the fields."""

    def refuse(self, faults: Iterable[tuple[str, str]]) -> None:
        """Show each fault (field, sentence) beside its field; one without a field stands for the whole."""
        for name, message in faults:
            self.add_error(name if name in self.fields else None, message)


class PlaceForm(RefusableForm):
    """From which day a pupil is on roll, where, and which school they come from."""

    starts_on = Day(
        label="Starting day",
        help_text="The day the pupil is expected for the first time. They are on roll from it even if they "
        "do not come.",
        error_messages={"required": "Enter the starting day"},
    )
    class_group = forms.ChoiceField(label="Class", error_messages={"required": "Select a class"})
    year_group = forms.ChoiceField(
        label="Year group", choices=YEARS, error_messages={"required": "Select the year group"}
    )
    previous_name = OneLine(label="School last attended", longest=120, required=False)
    previous_address = ManyLines(label="Its address", required=False)
    previous_first_day = Day(label="First day there", required=False, subject="First day")
    previous_last_day = Day(label="Last day there", required=False, subject="Last day")

    def __init__(self, data: Any = None, *, groups: Iterable[ClassGroup], **options: Any) -> None:
        super().__init__(data, **options)
        offer(self, "class_group", class_choices(groups))

    def place(self) -> Place:
        """Return what the form says of the place."""
        given = self.cleaned_data
        return Place(
            starts_on=given["starts_on"],
            class_group_id=int(given["class_group"]),
            year_group=given["year_group"],
            previous=PreviousSchool(
                given["previous_name"],
                given["previous_address"],
                given["previous_first_day"],
                given["previous_last_day"],
            ),
        )


class JoinForm(PlaceForm):
    """A new pupil."""

    forename = OneLine(label="Forename", longest=100, error_messages={"required": "Enter the forename"})
    surname = OneLine(label="Surname", longest=100, error_messages={"required": "Enter the surname"})
    date_of_birth = Day(label="Date of birth", error_messages={"required": "Enter the date of birth"})
    sex = forms.ChoiceField(
        label="Sex",
        choices=[("F", "Female"), ("M", "Male"), ("", "Not known yet")],
        widget=forms.RadioSelect(attrs={"class": "inline"}),
        required=False,
    )
    upn = forms.CharField(
        label="Unique pupil number",
        help_text="13 letters and digits, from the school before or the transfer file. Leave it empty if you "
        "do not have it yet.",
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off"}),
    )
    field_order = ("forename", "surname", "date_of_birth", "sex", "upn")

    def pupil(self) -> NewPupil:
        """Return who the form says the pupil is."""
        given = self.cleaned_data
        return NewPupil(
            upn=given["upn"].replace(" ", ""),
            surname=given["surname"],
            forename=given["forename"],
            date_of_birth=given["date_of_birth"],
            sex=given["sex"],
        )


class ReturnForm(RefusableForm):
    """That the new pupil return was sent."""

    sent_on = Day(
        label="Sent on", subject="The day", error_messages={"required": "Enter the day the return was sent"}
    )
    sent_to = OneLine(
        label="Sent to", longest=120, error_messages={"required": "Enter to whom the return was sent"}
    )


class GroundForm(forms.Form):
    """The first question of a leaving: the last day on roll and the lawful ground."""

    leaving_on = Day(
        label="Last day on roll",
        help_text="Today or later: a name is never deleted for a day in the past.",
        error_messages={"required": "Enter the last day on roll"},
    )
    ground = forms.ChoiceField(
        label="Lawful ground",
        help_text="SI 2024/208 regulation 9. A name may leave the register on one of these grounds only.",
        widget=forms.RadioSelect,
        error_messages={"required": "Select the lawful ground"},
    )

    def __init__(self, data: Any = None, *, pupil: Pupil, on: date, **options: Any) -> None:
        super().__init__(data, **options)
        ages = {is_compulsory_age(pupil.date_of_birth, day) for day in (on, on + timedelta(days=366))}
        offer(
            self,
            "ground",
            [
                (one.key, _ground_words(one, both=len(ages) > 1))
                for one in GROUNDS
                if one.is_compulsory_age in ages
            ],
        )


def _ground_words(ground: Ground, *, both: bool) -> str:
    if ground.is_compulsory_age:
        return f"{ground.name} ({ground.key})"
    return f"{ground.name} (not of compulsory school age)" if both else ground.name


class LeavingForm(RefusableForm):
    """Everything else of a leaving, for the day and ground chosen first."""

    leaving_on = forms.DateField(widget=forms.HiddenInput)
    ground = forms.ChoiceField(choices=[(one.key, one.name) for one in GROUNDS], widget=forms.HiddenInput)
    confirmations = forms.MultipleChoiceField(
        label="I confirm", required=False, widget=forms.CheckboxSelectMultiple
    )
    decider = OneLine(
        label="Who decided it",
        help_text="Name and post",
        longest=120,
        error_messages={"required": "Enter who decided the deletion, with their post"},
    )
    notice_on = Day(label="Day of the parent’s written notice", required=False, subject="The day")
    current_address = ManyLines(label="Current address", required=False)
    new_address = ManyLines(label="New address", required=False)
    new_address_from = Day(label="Lives there from", required=False, subject="The day")
    new_school_name = OneLine(label="New school", longest=120, required=False)
    new_school_address = ManyLines(label="Address of the new school", required=False)
    new_school_from = Day(label="Starts there on", required=False, subject="The day")
    return_sent_on = Day(label="Deletion return sent on", required=False, subject="The day")
    return_sent_to = OneLine(label="Sent to", longest=120, required=False)

    def __init__(self, data: Any = None, *, ground: Ground, is_exempt: bool, **options: Any) -> None:
        super().__init__(data, **options)
        choices = [(one.key, one.text) for one in ground.confirmations]
        offer(self, "confirmations", choices)
        if ground.key in DEATHS:
            for name in list(self.fields):
                if name.startswith("new_"):
                    del self.fields[name]
        if "notice_on" not in ground.needs:
            del self.fields["notice_on"]
        asked = {"confirmations", *ground.needs, *(() if is_exempt else ("return_sent_on", "return_sent_to"))}
        for name in asked & self.fields.keys():
            _leave_to_the_service(self.fields[name])
        self.fields["return_sent_on"].help_text = (
            "Not needed at the normal end of the final year, unless the authority asked for it."
            if is_exempt
            else "The authority must have it before the name is deleted, or on the same day."
        )

    def leaving(self) -> LeavingInput:
        """Return what the form says."""
        given = {**self.cleaned_data, "confirmations": frozenset(self.cleaned_data["confirmations"])}
        return LeavingInput(**given)


def _leave_to_the_service(field: forms.Field) -> None:
    """Show a field as needed, but let the service find it empty: it names every fault at once."""
    field.required = True
    check = field.validate

    def validate(value: Any) -> None:
        if value not in field.empty_values:
            check(value)

    field.validate = validate  # type: ignore[method-assign]


class NextSchoolForm(RefusableForm):
    """What becomes known of a leaver's new home and school after the leaving was planned."""

    new_address = ManyLines(label="New address", required=False)
    new_address_from = Day(label="Lives there from", required=False, subject="The day")
    new_school_name = OneLine(label="New school", longest=120, required=False)
    new_school_address = ManyLines(label="Address of the new school", required=False)
    new_school_from = Day(label="Starts there on", required=False, subject="The day")

    @classmethod
    def of(cls, departure: Departure) -> "NextSchoolForm":
        """Return the form with what is known."""
        return cls(initial={name: getattr(departure, name) for name in cls.base_fields})


class StayForm(RefusableForm):
    """Why a pupil stays after all."""

    reason = OneLine(
        label="Why the pupil stays", longest=300, error_messages={"required": "Enter why the pupil stays"}
    )


class EnquiryForm(RefusableForm):
    """One enquiry after a pupil who does not come."""

    asked_on = Day(
        label="Day", subject="The day", error_messages={"required": "Enter the day of the enquiry"}
    )
    made_by = OneLine(
        label="Who enquired",
        help_text="Name and post",
        longest=120,
        error_messages={"required": "Enter who enquired, with their post"},
    )
    with_authority = forms.BooleanField(label="Together with the local authority", required=False)
    asked = OneLine(
        label="What was done, or who was asked",
        longest=300,
        error_messages={"required": "Enter what was done, or who was asked"},
    )
    result = OneLine(
        label="What came of it", longest=300, error_messages={"required": "Enter what came of it"}
    )


class MoveForm(RefusableForm):
    """Where pupils of a class go, and from which day; the pupils are ticked beside it."""

    to = forms.ChoiceField(label="New class", error_messages={"required": "Select the new class"})
    starts_on = Day(
        label="From",
        subject="The day",
        help_text="The first day in the new class. Registers before it stay as they are.",
        error_messages={"required": "Enter the first day in the new class"},
    )
    year_group = forms.ChoiceField(
        label="Year group",
        choices=[("", "Each keeps their own"), *YEARS[1:]],
        required=False,
    )
    reason = OneLine(
        label="Reason",
        help_text="Needed when a register of that day or later was taken already",
        longest=300,
        required=False,
    )

    def __init__(self, data: Any = None, *, groups: Iterable[ClassGroup], **options: Any) -> None:
        super().__init__(data, **options)
        offer(self, "to", class_choices(groups))
        self.pupil_ids = numbers_of(data.getlist("pupil")) if data is not None else ()


def numbers_of(texts: Iterable[str]) -> tuple[int, ...]:
    """Return the ids among posted texts, each once."""
    return tuple(dict.fromkeys(int(text) for text in texts if text.isdecimal() and len(text) < 19))


class PreviousMarksForm(RefusableForm):
    """Sessions of one pupil at another school: one code from a first to a last day."""

    source_school = OneLine(
        label="School that marked", longest=120, error_messages={"required": "Enter the school that marked"}
    )
    code = forms.ChoiceField(label="Code", error_messages={"required": "Select a code"})
    first_day = Day(label="First day", error_messages={"required": "Enter the first day"})
    last_day = Day(
        label="Last day", required=False, subject="The last day", help_text="Leave empty for one day"
    )
    halves = forms.ChoiceField(
        label="Sessions",
        choices=[("both", "AM and PM"), ("AM", "AM only"), ("PM", "PM only")],
        initial="both",
        widget=forms.RadioSelect(attrs={"class": "inline"}),
    )

    def __init__(self, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        rules = [
            rule
            for rule in NATIONAL_CODES
            if rule.is_mark and rule.is_valid_on(NATIONAL_CHANGE_ON) and rule.symbol not in ("/", "\\")
        ]
        first = [rule for rule in rules if rule.statistical_class is StatisticalClass.UNAUTHORISED]
        then = [rule for rule in rules if rule.statistical_class in ABSENT and rule not in first]
        others = [rule for rule in rules if rule not in first and rule not in then]
        offer(
            self,
            "code",
            [
                ("", "Select a code"),
                *((rule.symbol, f"{rule.symbol} – {rule.name}") for rule in (*first, *then, *others)),
                ("/", "/ – Present"),
            ],
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a span that ends before it starts, or is longer than a school year."""
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day must be the first day or later")
        elif first and last and (last - first).days > LONGEST_SPAN:
            self.add_error("last_day", "Enter at most one school year at a time")
        return cleaned

    def rows(self, pupil: Pupil) -> list[PreviousMarkInput]:
        """Return a row for each session of the weekdays from the first to the last day."""
        given = self.cleaned_data
        first, last = given["first_day"], given["last_day"] or given["first_day"]
        halves = ("AM", "PM") if given["halves"] == "both" else (given["halves"],)
        return [
            PreviousMarkInput(
                pupil.pk,
                on,
                half,
                "\\" if given["code"] == "/" and half == "PM" else given["code"],
                given["source_school"],
            )
            for on in (first + timedelta(days=n) for n in range((last - first).days + 1))
            if on.weekday() < 5
            for half in halves
        ]


class PreviousFileForm(forms.Form):
    """A CSV file of marks of another school."""

    file = forms.FileField(
        label="CSV file",
        help_text="Columns date, session, code, school; for example 2025-07-14,AM,O,Vale Primary",
        error_messages={"required": "Choose a CSV file", "empty": "The file is empty"},
    )

    def clean_file(self) -> Any:
        """Refuse a file larger than any pupil's history."""
        file = self.cleaned_data["file"]
        if file.size > 1_000_000:
            raise ValidationError("The file is larger than 1 MB")
        return file
