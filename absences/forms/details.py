"""A parent's own details as they should be, and why the office leaves them as they are."""

from typing import Any

from django import forms

from absences.services.details import ASKED_FOR, FIELD_WORDS
from registers.models import Contact


class DetailsForm(forms.Form):
    """A parent's name, numbers and addresses."""

    name = forms.CharField(max_length=150, error_messages={"required": "Enter your name"})
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    home_phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    work_phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    email = forms.EmailField(
        required=False,
        help_text="You sign in with the address that the school has.",
        error_messages={"invalid": "Enter an e-mail address like name@example.com"},
    )
    address = forms.CharField(required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 4}))
    language = forms.CharField(
        required=False, max_length=60, help_text="If the school should speak another language than English."
    )

    def __init__(self, contact: Contact, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(contact, name) for name in ASKED_FOR})
        for name, field in self.fields.items():
            field.label = FIELD_WORDS[name]

    def clean(self) -> dict[str, Any]:
        """Ask for at least one number or address at which the school reaches the parent."""
        cleaned: dict[str, Any] = super().clean() or {}
        reaches = ("phone", "home_phone", "work_phone", "email")
        if not any(cleaned.get(name) for name in reaches) and not any(
            name in self.errors for name in reaches
        ):
            self.add_error("phone", "Enter a telephone number or an e-mail address")
        return cleaned

    def wanted(self) -> dict[str, str]:
        """Return what was entered, lines ending as the database keeps them."""
        return {name: self.cleaned_data[name].strip().replace("\r\n", "\n") for name in ASKED_FOR}


class DecisionForm(forms.Form):
    """Why the details stay as they are."""

    note = forms.CharField(
        label="Why are they not changed?",
        help_text="The parent reads this.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: the parent reads it"},
    )
