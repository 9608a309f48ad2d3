"""
Form fields and layout objects that every app may use, with the Design System's behaviour.

They are rendered by the crispy template pack in `templates/rollcall_forms/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Field
from crispy_forms.utils import TEMPLATE_PACK
from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

PARTS: tuple[str, ...] = ("day", "month", "year")
MONTHS: dict[str, int] = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}


class DateParts(forms.MultiWidget):
    """Three text inputs, day, month and year, posted as `<name>_day` and so on."""

    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({part: forms.TextInput() for part in PARTS}, attrs)

    def decompress(self, value: date | None) -> list[str]:
        """Return the three texts of a date; empty ones for no date."""
        return [str(value.day), str(value.month), str(value.year)] if value else ["", "", ""]

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        """Return the id of the day's input, where the group begins."""
        return f"{id_}_day" if id_ else ""


class DatePartsField(forms.Field):
    """
    A date typed as day, month and year; a month may be a name ("jan", "January").

    Faults are ranked as the Design System asks: nothing entered, a part missing, a year without four
    digits, not a real date. The error carries `params["parts"]`, the names of the wrong inputs, so that
    the summary can link to the first of them. `subject` begins the sentences where the label is a question.
    """

    widget = DateParts
    default_error_messages = {"required": "Enter a date"}

    def __init__(self, *, subject: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subject = subject or str(self.label or "Date")

    def to_python(self, value: date | Sequence[str] | None) -> date | None:
        """
        Return the date that was typed.

        :raises ValidationError: a part is missing or the parts make no real date
        """
        if value is None or isinstance(value, date):
            return value
        texts = {part: str(text or "").strip() for part, text in zip(PARTS, value, strict=True)}
        if not any(texts.values()):
            return None
        missing = [part for part in PARTS if not texts[part]]
        if missing:
            raise self._wrong(f"{self.subject} must include a {' and '.join(missing)}", missing)
        if texts["year"].isascii() and texts["year"].isdigit() and len(texts["year"]) != 4:
            raise self._wrong("Year must include 4 numbers", ["year"])
        numbers: dict[str, int] = {}
        for part, text in texts.items():
            if text.isascii() and text.isdigit() and len(text) <= 4:
                numbers[part] = int(text)
            elif part == "month" and text.lower() in MONTHS:
                numbers[part] = MONTHS[text.lower()]
            else:
                raise self._wrong(f"{self.subject} must be a real date", [part])
        if not 1 <= numbers["month"] <= 12:
            raise self._wrong(f"{self.subject} must be a real date", ["month"])
        try:
            return date(numbers["year"], numbers["month"], numbers["day"])
        except ValueError:
            raise self._wrong(f"{self.subject} must be a real date", ["day"]) from None

    @staticmethod
    def _wrong(message: str, parts: Sequence[str]) -> ValidationError:
        return ValidationError(message, code="invalid", params={"parts": list(parts)})


def offer(form: forms.BaseForm, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """
    Let a field of a form offer choices that are known only when the form is made; groups of choices too.

    :raises TypeError: the field of that name is none with choices
    """
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} is not a field with choices")
    field.choices = list(choices)


class Question(Field):
    """A field whose label or legend is the heading of the page: one question a page, for families."""

    def render(
        self,
        form: forms.BaseForm,
        context: Any,
        template_pack: Any = TEMPLATE_PACK,
        extra_context: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> SafeString:
        """Render the field with `is_question` set."""
        asked = {**(extra_context or {}), "is_question": True}
        return super().render(form, context, template_pack, extra_context=asked, **kwargs)
