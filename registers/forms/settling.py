"""What the office enters to settle several unexplained marks at once."""

from collections.abc import Iterator, Sequence
from datetime import date

from django import forms
from django.http import QueryDict

from accounts.fields import offer
from registers.code_choices import ABSENT, code_key, codes_of_session
from registers.forms.register import parse_clock
from registers.rules.codes import CODE_BY_SYMBOL, LATE_CODES, PRESENT_IN_HALF
from registers.selectors.unexplained import UnexplainedDay
from registers.services.mark_sets import WantedMark
from registers.words import clock

PRESENT = "present"
NOTHING_SELECTED = "Select at least one pupil"


def _choices(on: date) -> Iterator[tuple[str, object]]:
    """Yield the codes that can settle an N, under their headings; present is one choice for both halves."""
    yield "", "Choose a code"
    usable = {rule.symbol for rule in codes_of_session(on, "AM")} - {ABSENT, PRESENT_IN_HALF["AM"]}
    for group in code_key(on, "AM"):
        found = [
            (code.symbol, f"{code.symbol} – {code.name}") for code in group.codes if code.symbol in usable
        ]
        if group.name == "Present":
            found = [(PRESENT, "/ – Present"), *found]
        if found:
            yield group.name, found


class SettleForm(forms.Form):
    """One code and one reason for the pupils that are ticked beside it."""

    code = forms.ChoiceField(
        label="What was it?", help_text="One code for all", error_messages={"required": "Choose a code"}
    )
    reason = forms.CharField(
        help_text="As the history keeps it, such as “The mother rang: a cold”",
        label="Reason",
        max_length=300,
        error_messages={"required": "Enter the reason"},
    )
    nature = forms.CharField(
        label="Nature",
        required=False,
        max_length=200,
        help_text="For K, V, P, W, B, Q, Y; for D the other school",
    )
    arrived_at = forms.CharField(
        label="Arrived at", required=False, max_length=8, help_text="For U, L, present"
    )

    def __init__(self, data: QueryDict | None = None, *, on: date) -> None:
        super().__init__(data)
        offer(self, "code", _choices(on))
        self.chosen = frozenset(data.getlist("day")) if data is not None else frozenset()

    def clean_arrived_at(self) -> object:
        """Return the time on the clock, or nothing."""
        try:
            return parse_clock(self.cleaned_data["arrived_at"])
        except ValueError:
            raise forms.ValidationError("Enter the time of arrival like 9:45am") from None

    def clean(self) -> dict[str, object]:
        """Ask for what goes with the code."""
        entered = super().clean() or {}
        code = str(entered.get("code", ""))
        rule = CODE_BY_SYMBOL.get(code)
        if rule is not None and rule.nature_required and not str(entered.get("nature", "")).strip():
            self.add_error("nature", f"Say what the activity or circumstance was for code {code}")
        if entered.get("arrived_at") and code and code not in {PRESENT, *LATE_CODES}:
            self.add_error("arrived_at", "An arrival time goes with present, L or U only")
        return entered

    def wanted(self, days: Sequence[UnexplainedDay]) -> list[WantedMark]:
        """Return the marks that the ticked days are to have; call it on a valid form."""
        entered = self.cleaned_data
        return [
            WantedMark(
                day.pupil_id,
                session_id,
                PRESENT_IN_HALF[half] if entered["code"] == PRESENT else entered["code"],
                arrived_at=entered["arrived_at"],
                nature=entered["nature"],
                seen_code=ABSENT,
            )
            for day in days
            if day.key in self.chosen
            for session_id, half, _ in day.sessions
        ]

    @property
    def words(self) -> str:
        """Return what was chosen, for the message of success; call it on a valid form."""
        code = self.cleaned_data["code"]
        arrived = self.cleaned_data["arrived_at"]
        name = "present" if code == PRESENT else f"{code}, {CODE_BY_SYMBOL[code].name.lower()}"
        return f"{name}{f', {clock(arrived)}' if arrived else ''}"
