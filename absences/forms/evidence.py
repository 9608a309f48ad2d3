"""What is entered about proof of absences: asking, receiving, judging, telling a parent."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone

from absences.forms.parents import FilesField
from absences.models import EvidenceKind, EvidenceRule, NoticeWay
from absences.services.evidence import Span
from absences.services.notices import Told
from accounts.fields import DatePartsField, offer
from registers.forms.arrivals import ClockField
from registers.models import Contact
from registers.selectors.contacts import ContactShown

NOT_CHOSEN = ("", "Choose")
HALVES = [("AM", "Morning"), ("PM", "Afternoon")]
KINDS = [NOT_CHOSEN, *EvidenceKind.choices]


def why_field(label: str, message: str, *, longest: int = 500) -> forms.CharField:
    """Return a field of some lines of text that must be filled in."""
    return forms.CharField(
        label=label,
        max_length=longest,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": message},
    )


def offer_people(form: forms.Form, name: str, people: Iterable[ContactShown]) -> None:
    """Offer the grown-ups whom the school may tell about the pupil."""
    offer(
        form,
        name,
        [
            NOT_CHOSEN,
            *(
                (str(one.contact.pk), f"{one.contact.name} ({one.link.relationship})")
                for one in people
                if not one.link.court_order_restricts
            ),
        ],
    )


class PersonMixin(forms.Form):
    """A form that names one of the pupil's grown-ups in its field `contact`."""

    def __init__(self, *args: Any, people: Sequence[ContactShown] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._people = {str(one.contact.pk): one.contact for one in people}
        offer_people(self, "contact", people)

    def person(self) -> Contact:
        """Return the chosen grown-up."""
        return self._people[self.cleaned_data["contact"]]


class RaiseForm(forms.Form):
    """Which absence a person wants proof of, and why."""

    rule = forms.ChoiceField(label="Why proof is needed", error_messages={"required": "Choose why"})
    first_day = DatePartsField(
        label="First day of the absence", error_messages={"required": "Enter the first day"}
    )
    last_day = DatePartsField(
        label="Last day of the absence", error_messages={"required": "Enter the last day"}
    )
    why = why_field("In a few words", "Say why proof is needed", longest=300)

    def __init__(self, *args: Any, rules: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "rule", [NOT_CHOSEN, *((rule, EvidenceRule(rule).label) for rule in rules)])

    def span(self) -> Span:
        """Return the days."""
        return Span(self.cleaned_data["first_day"], self.cleaned_data["last_day"])


class TalkForm(forms.Form):
    """What was said when the school spoke with the parent about its concern."""

    words = why_field("What was said", "Say what was said")


class AskForm(PersonMixin):
    """Whom the school asks for proof, how, and by when."""

    contact = forms.ChoiceField(label="Whom", error_messages={"required": "Choose whom you ask"})
    way = forms.ChoiceField(
        label="How",
        choices=[
            ("message", "Message, sent now"),
            ("letter", "Letter, which you write"),
            ("phone", "Telephone"),
            ("in_person", "In person"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how"},
    )
    due_on = DatePartsField(
        label="By when", error_messages={"required": "Enter the day by which you ask for it"}
    )
    words = forms.CharField(
        label="What a message says", max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )


class ReceiveForm(forms.Form):
    """What came: files, or something that was seen on paper and given back."""

    kind = forms.ChoiceField(
        label="What it is", choices=KINDS, error_messages={"required": "Choose what it is"}
    )
    files: Any = FilesField(
        label="Photos or files", help_text="Up to 5 photos or PDF files, 10 MB each.", required=False
    )
    is_on_paper = forms.BooleanField(label="I saw it on paper and gave it back", required=False)


class JudgeForm(forms.Form):
    """Whether the school is satisfied, and why."""

    verdict = forms.ChoiceField(
        label="Is the school satisfied?",
        choices=[("yes", "Yes, the absence stays authorised"), ("no", "No")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose whether the school is satisfied"},
    )
    why = why_field("Why", "Say why")

    def is_satisfied(self) -> bool:
        """Say whether the school is satisfied."""
        return bool(self.cleaned_data["verdict"] == "yes")


class WithdrawForm(forms.Form):
    """Why proof is not needed after all."""

    why = why_field("Why proof is not needed", "Say why proof is not needed")


class NoticeForm(PersonMixin):
    """That a parent was told before marks become unauthorised."""

    contact = forms.ChoiceField(label="Who was told", error_messages={"required": "Choose who was told"})
    how = forms.ChoiceField(
        label="How", choices=[NOT_CHOSEN, *NoticeWay.choices], error_messages={"required": "Choose how"}
    )
    told_on = DatePartsField(label="Day", error_messages={"required": "Enter the day"})
    told_at = ClockField(label="Time", error_messages={"required": "Enter the time"})
    first_day = DatePartsField(label="From", error_messages={"required": "Enter the first day"})
    first_half = forms.ChoiceField(label="First session", choices=HALVES)
    last_day = DatePartsField(label="To", error_messages={"required": "Enter the last day"})
    last_half = forms.ChoiceField(label="Last session", choices=HALVES, initial="PM")
    words = why_field("What was said, and what they answered", "Say what was said")

    def told(self) -> Told:
        """Return what the parent was told."""
        entered = self.cleaned_data
        at: time = entered["told_at"]
        on: date = entered["told_on"]
        moment = timezone.make_aware(datetime.combine(on, at))
        return Told(
            contact=self.person(),
            how=entered["how"],
            told_at=moment,
            words=entered["words"],
            first_day=entered["first_day"],
            first_half=entered["first_half"],
            last_day=entered["last_day"],
            last_half=entered["last_half"],
        )


class UnauthoriseForm(forms.Form):
    """The code under which the sessions are recorded."""

    code = forms.ChoiceField(
        label="Record them as",
        choices=[("O", "O – no reason that the school accepted"), ("G", "G – holiday not agreed")],
        initial="O",
    )


class FamilyProofForm(forms.Form):
    """What a parent sends when the school asked for proof."""

    kind = forms.ChoiceField(
        label="What is it?",
        choices=EvidenceKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is"},
    )
    files: Any = FilesField(
        label="Photos or files",
        help_text="Up to 5 photos or PDF files. A clear photo is enough.",
        error_messages={"required": "Select a photo or a file"},
    )
