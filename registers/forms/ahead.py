"""What is entered about sessions ahead: trips and absences, weekly patterns, part-time timetables."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms

from accounts.fields import DatePartsField, offer
from registers.models import PartTimeTimetable, WeeklyPattern
from registers.rules.ahead import codes_for_days, codes_for_weeks
from registers.rules.codes import CodeRule
from registers.selectors.ahead import WEEKDAYS
from registers.services.ahead import Arrangement, PatternInput, faults_of
from registers.services.part_time import TimetablePlan

HALF_CHOICES = [("AM", "Morning"), ("PM", "Afternoon")]
WEEK_SESSIONS = [
    (f"{weekday}-{half}", f"{name} {half}") for weekday, name in enumerate(WEEKDAYS) for half in ("AM", "PM")
]


def _code_choices(rules: Iterable[CodeRule]) -> list[tuple[str, str]]:
    return [("", "Choose a code"), *((rule.symbol, f"{rule.symbol} – {rule.name}") for rule in rules)]


class FaultsMixin(forms.Form):
    """A form that shows what a service refuses beside the fields."""

    def refuse(self, faults: Mapping[str, str]) -> None:
        """Show each fault beside its field; one without a field of the form stands for the whole."""
        for name, message in faults.items():
            self.add_error(name if name in self.fields else None, message)


class ArrangementForm(FaultsMixin):
    """A trip, a fixture or a planned absence; the pupils are ticked beside it."""

    name = forms.CharField(
        label="What is it?",
        help_text="Shown on registers beside the name, such as “Museum visit”",
        max_length=100,
        error_messages={"required": "Enter what it is, as registers will show it"},
    )
    code = forms.ChoiceField(label="Code", error_messages={"required": "Choose a code"})
    nature = forms.CharField(
        label="Nature of the activity or circumstance",
        help_text="Needed for K, V, P, W, B, Q and Y; for D the other school",
        required=False,
        max_length=200,
    )
    leader = forms.CharField(label="Who supervises it", required=False, max_length=150)
    first_day = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    first_half = forms.ChoiceField(label="From", choices=HALF_CHOICES, initial="AM")
    last_day = DatePartsField(
        label="Last day", required=False, help_text="Leave empty for one day", subject="The last day"
    )
    last_half = forms.ChoiceField(label="To", choices=HALF_CHOICES, initial="PM")

    def __init__(self, data: Any = None, *, on: date, **options: Any) -> None:
        super().__init__(data, **options)
        self.on = on
        offer(self, "code", _code_choices(codes_for_days(on)))
        self.pupil_ids = (
            tuple(
                dict.fromkeys(
                    int(text) for text in data.getlist("pupil") if text.isdecimal() and len(text) < 19
                )
            )
            if data is not None
            else ()
        )

    def clean(self) -> dict[str, Any]:
        """Say what is wrong with the whole beside what is wrong with single fields: all of it at once."""
        cleaned: dict[str, Any] = super().clean() or {}
        judged_already = set(self.errors)
        if "first_day" in judged_already:
            judged_already.add("last_day")
        faults = faults_of(self._plan_of(cleaned))
        self.refuse({name: words for name, words in faults.items() if name not in judged_already})
        return cleaned

    def plan(self) -> Arrangement:
        """Return what was entered; call it on a valid form."""
        return self._plan_of(self.cleaned_data)

    def _plan_of(self, entered: Mapping[str, Any]) -> Arrangement:
        """Return the plan as far as it was entered; a first day that is not one is today."""
        first_day = entered.get("first_day") or self.on
        return Arrangement(
            name=entered.get("name", ""),
            code=entered.get("code", ""),
            nature=entered.get("nature", ""),
            leader=entered.get("leader", ""),
            first_day=first_day,
            first_half=entered.get("first_half", "AM"),
            last_day=entered.get("last_day") or first_day,
            last_half=entered.get("last_half", "PM"),
            pupil_ids=self.pupil_ids,
        )


class WhyForm(FaultsMixin):
    """Why an arrangement is withdrawn."""

    why = forms.CharField(
        label="Why is it withdrawn?",
        max_length=300,
        error_messages={"required": "Enter why it is withdrawn"},
    )


class PatternForm(FaultsMixin):
    """A code for the same sessions of every week."""

    name = forms.CharField(
        label="Why?",
        help_text="Shown on registers beside the name, such as “Mornings only”",
        max_length=100,
        error_messages={"required": "Enter why, as registers will show it"},
    )
    code = forms.ChoiceField(label="Code", error_messages={"required": "Choose a code"})
    nature = forms.CharField(
        label="Nature of the activity, or the other school",
        help_text="Needed for D, K, P, W and B",
        required=False,
        max_length=200,
    )
    sessions = forms.MultipleChoiceField(
        label="Sessions of the week with this code",
        choices=WEEK_SESSIONS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one session of the week"},
    )
    first_day = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    last_day = DatePartsField(
        label="Last day",
        required=False,
        help_text="Leave empty if it goes on until somebody ends it",
        subject="The last day",
    )

    def __init__(self, data: Any = None, *, on: date, pattern: WeeklyPattern | None = None) -> None:
        initial: dict[str, Any] = {"first_day": on}
        if pattern is not None:
            initial = {
                "name": pattern.name,
                "code": pattern.code_id,
                "nature": pattern.nature,
                "sessions": [f"{one.weekday}-{one.half}" for one in pattern.sessions.all()],
                "first_day": pattern.first_day,
                "last_day": pattern.last_day,
            }
        super().__init__(data, initial=initial)
        offer(self, "code", _code_choices(codes_for_weeks(on)))

    def plan(self) -> PatternInput:
        """Return what was entered; call it on a valid form."""
        entered = self.cleaned_data
        return PatternInput(
            code=entered["code"],
            name=entered["name"],
            nature=entered["nature"],
            first_day=entered["first_day"],
            last_day=entered["last_day"],
            sessions=_week_of(entered["sessions"]),
        )


class EndForm(FaultsMixin):
    """The day after which something no longer holds."""

    last_day = DatePartsField(label="Last day", error_messages={"required": "Enter the last day"})


class TimetableForm(FaultsMixin):
    """A part-time timetable as it was agreed."""

    absent_sessions = forms.MultipleChoiceField(
        label="Sessions for which the pupil is not expected",
        choices=WEEK_SESSIONS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose the sessions for which the pupil is not expected"},
    )
    first_day = DatePartsField(label="First day", error_messages={"required": "Enter the first day"})
    last_day = DatePartsField(label="Last day", error_messages={"required": "Enter the last day"})
    review_on = DatePartsField(label="First review", error_messages={"required": "Enter the first review"})
    agreed_on = DatePartsField(label="Agreed on", error_messages={"required": "Enter when the parent agreed"})
    agreed_with = forms.CharField(
        label="Agreed with",
        help_text="A parent with whom the pupil normally lives",
        max_length=150,
        error_messages={"required": "Enter the parent who agreed and with whom the pupil normally lives"},
    )
    circumstances = forms.CharField(
        label="What is exceptional about the circumstances",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Enter what is exceptional about the circumstances"},
    )
    ambition = forms.CharField(
        label="How the pupil is to come back to full time",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Enter how the pupil is to come back to full time"},
    )

    def __init__(self, data: Any = None, *, on: date, timetable: PartTimeTimetable | None = None) -> None:
        initial: dict[str, Any] = {"agreed_on": on}
        if timetable is not None:
            initial = {
                name: getattr(timetable, name) for name in self.base_fields if name != "absent_sessions"
            }
            initial["absent_sessions"] = [
                f"{one.weekday}-{one.half}" for one in timetable.absent_sessions.all()
            ]
        super().__init__(data, initial=initial)

    def plan(self) -> TimetablePlan:
        """Return what was entered; call it on a valid form."""
        entered = {**self.cleaned_data, "absent_sessions": _week_of(self.cleaned_data["absent_sessions"])}
        return TimetablePlan(**entered)


class ReviewForm(FaultsMixin):
    """A review that was held."""

    held_on = DatePartsField(label="Held on", error_messages={"required": "Enter when the review was held"})
    outcome = forms.CharField(
        label="What came of it",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Enter what came of the review"},
    )
    next_review_on = DatePartsField(
        label="Next review", required=False, help_text="Leave empty when the timetable ends"
    )


class EndEarlyForm(FaultsMixin):
    """The end of a timetable before its agreed end."""

    last_day = DatePartsField(
        label="Last day of the timetable", error_messages={"required": "Enter the last day"}
    )
    why = forms.CharField(
        label="Why does it end early?",
        max_length=300,
        error_messages={"required": "Enter why it ends early"},
    )


def _week_of(chosen: Iterable[str]) -> frozenset[tuple[int, str]]:
    return frozenset((int(text[0]), text[2:]) for text in chosen)
