"""What the office decides about reports, and what it writes down for callers."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone

from absences.models import Channel
from absences.rules.reasons import REASONS
from absences.rules.report_codes import codes_for_reports
from absences.services.reports import Told
from accounts.fields import DatePartsField, offer
from registers.forms.ahead import HALF_CHOICES, FaultsMixin
from registers.forms.arrivals import ClockField
from registers.models import Contact, Pupil, PupilContact
from registers.selectors.arrivals import DeskPupil

# In the order offered; the app only at a school that has one.
CHANNELS = (Channel.PHONE, Channel.VOICEMAIL, Channel.EMAIL, Channel.IN_PERSON, Channel.APP, Channel.LETTER)


def code_choices(on: date) -> list[tuple[str, str]]:
    """Return the codes with which a report of that day can be accepted."""
    return [(rule.symbol, f"{rule.symbol} – {rule.name}") for rule in codes_for_reports(on)]


class AcceptForm(FaultsMixin):
    """The code with which a report is accepted."""

    code = forms.ChoiceField(
        label="Recorded as",
        error_messages={"required": "Choose the code", "invalid_choice": "Choose the code"},
    )

    def __init__(self, data: Any = None, *, on: date, code: str = "") -> None:
        super().__init__(data, initial={"code": "" if code == "N" else code})
        offer(self, "code", [("", "Choose"), *code_choices(on)])


class RefuseForm(FaultsMixin):
    """Why a report is not accepted, and what becomes of unexplained marks."""

    decision_note = forms.CharField(
        label="Why is it not accepted?",
        help_text="The parent reads this, on their page and in a message",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Enter why, as the parent will read it"},
    )
    code = forms.ChoiceField(
        label="Sessions that nobody has explained",
        choices=[("", "Stay N: find out more"), ("O", "Become O: unauthorised")],
        widget=forms.RadioSelect,
        required=False,
        initial="",
    )


class WithdrawForm(FaultsMixin):
    """Why the school withdraws a report."""

    why = forms.CharField(
        label="Why is it withdrawn?",
        help_text="Such as “The parent rang: the child is in school”",
        max_length=300,
        error_messages={"required": "Enter why it is withdrawn"},
    )


class CallBackForm(FaultsMixin):
    """Whom somebody spoke to about a voicemail."""

    call_back = forms.CharField(
        label="Spoke to",
        max_length=150,
        error_messages={"required": "Enter whom you spoke to"},
    )


class AppForm(FaultsMixin):
    """The name of the app through which families report beside Rollcall."""

    name = forms.CharField(
        label="Name of the app",
        help_text="Leave empty if families use none",
        required=False,
        max_length=40,
        error_messages={"max_length": "The name must be 40 characters or fewer"},
    )


class ReportForm(FaultsMixin):
    """What a caller tells of an absence."""

    channel = forms.ChoiceField(
        label="How did word come?",
        widget=forms.RadioSelect,
        initial=Channel.PHONE,
        error_messages={"required": "Choose how the school was told"},
    )
    pupils = forms.MultipleChoiceField(
        label="Who is away?",
        error_messages={"required": "Choose at least one child", "invalid_choice": "Choose a child"},
    )
    contact = forms.CharField(label="Who told the school?", required=False)
    caller = forms.CharField(label="Name of somebody else", required=False, max_length=150)
    reason = forms.ChoiceField(label="Reason", error_messages={"required": "Choose a reason"})
    first_day = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    first_half = forms.ChoiceField(label="From", choices=HALF_CHOICES, initial="AM")
    last_day = DatePartsField(label="Last day", required=False, subject="The last day")
    last_half = forms.ChoiceField(label="To", choices=HALF_CHOICES, initial="PM")
    expected_return = DatePartsField(label="Expected back", required=False, subject="The day back")
    appointment_at = ClockField(label="Time of the appointment", required=False)
    note = forms.CharField(
        label="Note", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    received_on = DatePartsField(label="Told on", error_messages={"required": "Enter the day"})
    received_at = ClockField(label="Told at", error_messages={"required": "Enter the time"})

    def __init__(
        self,
        data: Any = None,
        *,
        desk: Sequence[DeskPupil],
        app: str,
        at: datetime,
        chosen: Iterable[int] = (),
        expected_return: date | None = None,
    ) -> None:
        local = timezone.localtime(at)
        super().__init__(
            data,
            initial={
                "pupils": [str(pk) for pk in chosen],
                "first_day": local.date(),
                "received_on": local.date(),
                "received_at": local.time(),
                "expected_return": expected_return,
            },
        )
        offer(self, "channel", _channel_choices(app))
        offer(self, "pupils", [(str(pupil.id), pupil.name) for pupil in desk])
        self._offered = {str(pupil.id) for pupil in desk}
        offer(self, "reason", [("", "Choose"), *((reason.key, reason.label) for reason in REASONS)])
        self.callers: list[PupilContact] = []

    @property
    def pupil_ids(self) -> list[int]:
        """Return the children that are chosen, whether or not the rest can stand."""
        return [int(value) for value in self["pupils"].value() or () if str(value) in self._offered]

    @property
    def contact_id(self) -> str:
        """Return the value of the contact that is chosen."""
        return str(self["contact"].value() or "")

    def told(self) -> Told:
        """Return what was told; call it on a valid form whose `callers` are known."""
        entered = self.cleaned_data
        received = datetime.combine(entered["received_on"], entered["received_at"])
        return Told(
            first_day=entered["first_day"],
            first_half=entered["first_half"],
            last_day=entered["last_day"] or entered["first_day"],
            last_half=entered["last_half"],
            reason=entered["reason"],
            note=entered["note"],
            expected_return=entered["expected_return"],
            appointment_at=entered["appointment_at"],
            channel=entered["channel"],
            contact=self._contact(),
            caller=entered["caller"],
            received_at=timezone.make_aware(received),
        )

    def _contact(self) -> Contact | None:
        return next((link.contact for link in self.callers if str(link.contact_id) == self.contact_id), None)


def _channel_choices(app: str) -> list[tuple[str, str]]:
    return [
        (channel.value, app if channel is Channel.APP else str(channel.label))
        for channel in CHANNELS
        if app or channel is not Channel.APP
    ]


def chosen_pupils(pupils: Iterable[Pupil], ids: Sequence[int]) -> list[Pupil]:
    """Return the pupils in the order in which they were chosen."""
    by_id = {pupil.pk: pupil for pupil in pupils}
    return [by_id[pk] for pk in ids if pk in by_id]
