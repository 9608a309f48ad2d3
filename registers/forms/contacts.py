"""What the office enters of a pupil's grown-ups, and of people of other bodies."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.fields import offer
from registers.forms.particulars import CountsFromMixin, Day, ManyLines, OneLine, RefusableForm
from registers.models import OutsideContact, PupilContact
from registers.models.contacts import COURT_ORDERS, OUTSIDE_ROLES
from registers.selectors.contacts import digits_of
from registers.services.contact_records import LINK, PERSON

PHONE_CHARACTERS = frozenset("0123456789 +()-./extEXT")


class Phone(OneLine):
    """A telephone number as people write it."""

    widget = forms.TextInput(attrs={"class": "govuk-input--width-20", "inputmode": "tel"})

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=40, required=False, **options)

    def to_python(self, value: Any) -> str:
        """
        Return the number.

        :raises ValidationError: it cannot be called
        """
        number = super().to_python(value)
        if number and (not set(number) <= PHONE_CHARACTERS or not 6 <= len(digits_of(number)) <= 20):
            raise ValidationError(
                f"{self.label} must be a telephone number, like 01632 960 001 or +44 808 157 0192"
            )
        return number


class Email(OneLine):
    """An e-mail address, kept in lower case."""

    widget = forms.EmailInput(attrs={"spellcheck": "false", "autocomplete": "off"})

    def __init__(self, **options: Any) -> None:
        super().__init__(longest=254, label="E-mail", required=False, **options)

    def to_python(self, value: Any) -> str:
        """
        Return the address.

        :raises ValidationError: mail cannot be sent to it
        """
        address = super().to_python(value).lower()
        if address:
            try:
                validate_email(address)
            except ValidationError:
                raise ValidationError("E-mail must be an address like name@example.com") from None
        return address


class LinkForm(RefusableForm):
    """What one grown-up is to one pupil."""

    relationship = OneLine(
        label="Relationship to the pupil",
        longest=40,
        help_text="Such as mother, father, carer, grandparent, neighbour",
        error_messages={"required": "Enter what this person is to the pupil"},
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )
    priority = forms.IntegerField(
        label="Place in the order of calls",
        help_text="1 is called first; the others move down",
        min_value=1,
        max_value=99,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-2", "inputmode": "numeric"}),
        error_messages={
            "required": "Enter the place in the order of calls",
            "invalid": "Place in the order of calls must be a number from 1 to 99",
            "min_value": "Place in the order of calls must be a number from 1 to 99",
            "max_value": "Place in the order of calls must be a number from 1 to 99",
        },
    )
    parental_responsibility = forms.BooleanField(label="Has parental responsibility", required=False)
    lives_with = forms.BooleanField(label="The pupil normally lives with them", required=False)
    receives_letters = forms.BooleanField(label="Receives letters", required=False)
    may_sign_in = forms.BooleanField(label="May sign in and see the pupil’s record", required=False)
    court_order_type = forms.ChoiceField(
        label="Court order", required=False, choices=[("", "None that the school knows of"), *COURT_ORDERS]
    )
    court_order_from = Day(label="Order from", subject="First day of the order", required=False)
    court_order_until = Day(
        label="Order until",
        subject="Last day of the order",
        required=False,
        help_text="Leave empty if it has no end",
    )
    court_order_note = OneLine(
        label="What the order limits",
        longest=500,
        required=False,
        help_text="In the words of the order. Families may ask to read this",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    court_order_restricts = forms.BooleanField(
        label="The order limits this person’s contact with the pupil",
        required=False,
        help_text="While this is ticked, letters and sign-in are off and this person is not to be called",
    )

    def clean(self) -> dict[str, Any]:
        """Let nobody be restricted without saying by which order, and no order lack its kind."""
        entered = super().clean() or {}
        says_more = any(
            entered.get(name)
            for name in (
                "court_order_restricts",
                "court_order_from",
                "court_order_until",
                "court_order_note",
            )
        )
        if says_more and not entered.get("court_order_type") and "court_order_type" not in self.errors:
            self.add_error("court_order_type", "Select which kind of order it is")
        return entered

    def values(self) -> dict[str, Any]:
        """Return what was entered, by field of the record; call it on a valid form."""
        return {name: self.cleaned_data[name] for name in (*PERSON, *LINK) if name in self.cleaned_data}

    @property
    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields under the headings of the page."""
        return [
            (heading, [self[name] for name in names if name in self.fields])
            for heading, names in SECTIONS
            if any(name in self.fields for name in names)
        ]


class ContactForm(LinkForm):
    """One grown-up and what they are to one pupil."""

    name = OneLine(label="Full name", longest=150, error_messages={"required": "Enter the full name"})
    phone = Phone(label="First number to call")
    home_phone = Phone(label="Home telephone")
    work_phone = Phone(label="Work telephone")
    email = Email()
    address = ManyLines(
        label="Address", required=False, help_text="One line of the address on each line, the postcode last"
    )
    address_confidential = forms.BooleanField(
        label="This address is confidential",
        required=False,
        help_text="It is never shown to another parent and never shares a letter",
    )
    language = OneLine(
        label="Language to speak, if not English",
        longest=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20"}),
    )


class ContactChangeForm(CountsFromMixin, ContactForm):
    """A change of one grown-up and of what they are to one pupil."""


SECTIONS = (
    ("Who it is", ("name", "relationship", "priority", "parental_responsibility", "lives_with", "language")),
    ("How to reach them", ("phone", "home_phone", "work_phone", "email", "address", "address_confidential")),
    ("What they receive", ("receives_letters", "may_sign_in")),
    (
        "Court order",
        (
            "court_order_type",
            "court_order_from",
            "court_order_until",
            "court_order_note",
            "court_order_restricts",
        ),
    ),
    ("From when it counts", ("counts", "counts_day")),
)


def initial_of(link: PupilContact) -> dict[str, object]:
    """Return what the form of a contact shows first."""
    return {name: getattr(link.contact, name) for name in PERSON} | {
        name: getattr(link, name) for name in LINK
    }


def initial_of_new(priority: int) -> dict[str, object]:
    """Return what the form of a new contact shows first: parents are treated alike unless told otherwise."""
    return {
        "priority": priority,
        "parental_responsibility": True,
        "lives_with": True,
        "receives_letters": True,
        "may_sign_in": True,
    }


class OutsideForm(RefusableForm):
    """Somebody of another body whom the school works with."""

    name = OneLine(label="Full name", longest=150, error_messages={"required": "Enter the full name"})
    role = forms.ChoiceField(
        label="Role",
        choices=[("", "Choose a role"), *OUTSIDE_ROLES],
        error_messages={"required": "Choose a role"},
    )
    organisation = OneLine(
        label="Organisation", longest=150, required=False, help_text="Such as the council or the trust"
    )
    phone = Phone(label="Telephone")
    email = Email()
    is_current = forms.BooleanField(label="Works with the school now", required=False, initial=True)

    @staticmethod
    def initial_of(person: OutsideContact) -> dict[str, object]:
        """Return what the form shows first."""
        return {name: getattr(person, name) for name in OutsideForm.base_fields}


class OutsideLinkForm(RefusableForm):
    """Who of other bodies works with a pupil, and since when."""

    person = forms.ChoiceField(label="Person", error_messages={"required": "Choose a person"})
    starts_on = Day(
        label="Since", subject="The first day", error_messages={"required": "Enter the first day"}
    )

    def __init__(self, data: Any = None, *, people: list[OutsideContact], **options: Any) -> None:
        super().__init__(data, **options)
        self.people = {str(person.pk): person for person in people if person.is_current}
        offer(
            self,
            "person",
            [
                ("", "Choose a person"),
                *(
                    (key, f"{person.name}, {person.get_role_display().lower()}")
                    for key, person in self.people.items()
                ),
            ],
        )

    def chosen(self) -> tuple[OutsideContact, date]:
        """Return the person and the first day; call it on a valid form."""
        return self.people[self.cleaned_data["person"]], self.cleaned_data["starts_on"]


class EndForm(RefusableForm):
    """Until when somebody worked with a pupil."""

    ends_on = Day(label="Last day", subject="The last day", error_messages={"required": "Enter the last day"})
