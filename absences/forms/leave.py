"""What a family answers when it asks for leave, one question a page, and what came on paper."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from absences.forms.parents import FilesField
from absences.models import LeaveChannel
from absences.rules.leave import KIND_BY_KEY, KINDS
from absences.selectors.leave import Adult
from absences.services.leave import REASONS_LENGTH
from accounts.fields import DatePartsField, offer
from registers.models import Contact, Pupil

HALF_CHOICES = [("AM", "In the morning"), ("PM", "In the afternoon")]
YES_NO = [("yes", "Yes"), ("no", "No")]


class FaultsMixin(forms.Form):
    """A form that shows what a service refuses beside the fields."""

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Show each fault beside its field; one without a field of the form stands for the whole."""
        for name, message in faults.items():
            self.add_error(name if name in self.fields else None, message)


class ChildrenForm(FaultsMixin):
    """Which children the leave is for."""

    children = forms.MultipleChoiceField(
        label="Who is the leave for?",
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose every child who would be away on the same days",
        error_messages={"required": "Choose at least one child"},
    )

    def __init__(self, data: Any = None, *, children: Sequence[Pupil], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        several = len({child.school_id for child in children}) > 1
        offer(
            self,
            "children",
            [
                (str(child.pk), f"{child.full_name}, {child.school.name}" if several else child.full_name)
                for child in children
            ],
        )


class KindForm(FaultsMixin):
    """What the leave is for."""

    kind = forms.ChoiceField(
        label="What is the leave for?",
        widget=forms.RadioSelect,
        help_text=(
            "Illness and appointments with a doctor or dentist are not leave: report them as an absence"
        ),
        choices=[(kind.key, f"{kind.label}, {kind.hint}" if kind.hint else kind.label) for kind in KINDS],
        error_messages={"required": "Choose what the leave is for"},
    )


class DaysForm(FaultsMixin):
    """From when to when."""

    first_day = DatePartsField(
        label="First day away from school",
        help_text="For example, 27 11 2026",
        subject="The first day away",
        error_messages={"required": "Enter the first day away from school"},
    )
    first_half = forms.ChoiceField(
        label="From when on that day?", choices=HALF_CHOICES, widget=forms.RadioSelect, initial="AM"
    )
    return_on = DatePartsField(
        label="Day back at school",
        help_text="The first day on which they come to school again",
        subject="The day back at school",
        error_messages={"required": "Enter the day back at school"},
    )
    return_half = forms.ChoiceField(
        label="When are they back on that day?", choices=HALF_CHOICES, widget=forms.RadioSelect, initial="AM"
    )


class ReasonsForm(FaultsMixin):
    """Why the leave is exceptional; what else has to be known of the kind of leave."""

    reasons = forms.CharField(
        label="Your reasons",
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Say clearly what is exceptional, and why it cannot be in the school holidays",
        error_messages={"required": "Enter why you ask for leave"},
    )
    detail = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any = None, *, kind: str, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        known = KIND_BY_KEY[kind]
        if not known.detail:
            del self.fields["detail"]
            return
        field = self.fields["detail"]
        field.label, field.help_text = known.detail, known.detail_hint
        field.required = known.needs_detail
        field.error_messages["required"] = "Enter which religious body sets the day apart"

    def clean_reasons(self) -> str:
        """Refuse reasons that nobody could read."""
        text: str = self.cleaned_data["reasons"]
        if len(text) > REASONS_LENGTH:
            raise forms.ValidationError(f"The reasons must be {REASONS_LENGTH:,} characters or fewer")
        return text


class GoingForm(FaultsMixin):
    """Which grown-ups go along."""

    adults = forms.MultipleChoiceField(
        label="Which parents or carers go too?",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Leave this empty if no parent goes",
    )
    other_adults = forms.CharField(
        label="Names of other adults who go",
        max_length=300,
        required=False,
    )

    def __init__(self, data: Any = None, *, adults: Sequence[Adult], initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        offer(self, "adults", [("self", "I do"), *((adult.key, adult.name) for adult in adults)])


class AddressForm(FaultsMixin):
    """Whether the address that the school has is right."""

    confirmed = forms.ChoiceField(
        label="Is this your home address?",
        choices=YES_NO,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose yes if this is your home address"},
    )
    home_address = forms.CharField(
        label="If not, what is your home address?",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "street-address"}),
        required=False,
        max_length=500,
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the right address where the known one is not."""
        entered = super().clean() or {}
        if entered.get("confirmed") == "no" and not entered.get("home_address", "").strip():
            self.add_error("home_address", "Enter your home address")
        return entered


class SignForm(FaultsMixin):
    """The signature: a name typed in full, and that the warning was read."""

    files: Any = FilesField(
        label="Photos or documents that show why",
        required=False,
        help_text="Up to five photos or PDFs, such as an invitation or a letter",
    )
    understood_penalty = forms.BooleanField(
        label="I have read this and I understand it",
        error_messages={"required": "Confirm that you have read and understood this"},
    )
    signed_name = forms.CharField(
        label="Your full name",
        help_text="This is your signature",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your full name"},
    )


class WithdrawForm(FaultsMixin):
    """Why a request is taken back; nobody has to say."""

    why = forms.CharField(label="Why?", required=False, max_length=300)


class PaperForm(FaultsMixin):
    """A form that came on paper, as it was filled in."""

    applicant = forms.ChoiceField(
        label="Who asks",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who asks"},
    )
    children = forms.MultipleChoiceField(
        label="Also for",
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Brothers and sisters on the same form",
    )
    channel = forms.ChoiceField(
        label="How it came",
        choices=[pair for pair in LeaveChannel.choices if pair[0] != LeaveChannel.ONLINE],
        initial=LeaveChannel.PAPER,
    )
    received_on = DatePartsField(
        label="Day on which the school got it",
        subject="The day on which the school got it",
        error_messages={"required": "Enter the day on which the school got it"},
    )
    kind = forms.ChoiceField(label="What the leave is for", choices=[(k.key, k.label) for k in KINDS])
    detail = forms.CharField(
        label="Religious body, licence, organiser or other school",
        required=False,
        max_length=200,
    )
    first_day = DatePartsField(
        label="First day of absence",
        subject="The first day of absence",
        error_messages={"required": "Enter the first day of absence"},
    )
    first_half = forms.ChoiceField(label="From", choices=HALF_CHOICES, initial="AM")
    return_on = DatePartsField(
        label="Date of return to school",
        subject="The date of return",
        error_messages={"required": "Enter the date of return to school"},
    )
    return_half = forms.ChoiceField(label="Back", choices=HALF_CHOICES, initial="AM")
    reasons = forms.CharField(
        label="Reasons, as written",
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Enter the reasons, as written"},
    )
    adults = forms.MultipleChoiceField(
        label="Parents and carers who go", widget=forms.CheckboxSelectMultiple, required=False
    )
    other_adults = forms.CharField(label="Other adults who go", required=False, max_length=300)
    home_address = forms.CharField(
        label="Home address, where it differs from ours",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        max_length=500,
    )
    understood_penalty = forms.BooleanField(label="The warning about penalties is signed", required=False)
    signed_name = forms.CharField(
        label="Name signed",
        max_length=150,
        error_messages={"required": "Enter the name that is signed"},
    )
    signed_on = DatePartsField(
        label="Date signed",
        subject="The date signed",
        error_messages={"required": "Enter the date signed"},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        contacts: Sequence[Contact],
        siblings: Sequence[Pupil],
        on: date,
    ) -> None:
        super().__init__(data, initial={"received_on": on})
        people = [(str(contact.pk), contact.name) for contact in contacts]
        offer(self, "applicant", people)
        offer(self, "adults", people)
        if siblings:
            offer(self, "children", [(str(child.pk), child.full_name) for child in siblings])
        else:
            del self.fields["children"]


def checked_ids(values: Sequence[str]) -> frozenset[int]:
    """Return the ids among what was ticked; a person may stand for rows at several schools ("3-17")."""
    return frozenset(
        int(part) for value in values for part in value.split("-") if part.isdecimal() and len(part) < 19
    )
