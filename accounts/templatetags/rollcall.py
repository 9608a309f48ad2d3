"""
Tags of every page: what is wrong with a form, how one field is shown, the notification banner.

Templates stay plain because the decisions (which id to link to, which attributes an input has) are made here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms, template
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.forms.boundfield import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from accounts.fields import PARTS, DateParts

register = template.Library()

PART_LABELS = {"day": "Day", "month": "Month", "year": "Year"}
PART_WIDTHS = {"day": "2", "month": "2", "year": "4"}
# Browser validation speaks before the person has finished and is read badly by screen readers, so forms are
# novalidate. A length limit that cuts a pasted text silently, or a placeholder in place of a label, is worse
# than a sentence.
BROWSER_VALIDATION = (
    "placeholder",
    "required",
    "maxlength",
    "minlength",
    "min",
    "max",
    "step",
    "pattern",
)


@dataclass(frozen=True)
class ErrorItem:
    """One line of the error summary; `href` is empty when no control is to blame."""

    message: str
    href: str


@dataclass(frozen=True)
class Banner:
    """The notification banner for the messages of the last action."""

    texts: tuple[str, ...]
    is_success: bool
    title: str
    role: str


@dataclass(frozen=True)
class Option:
    """One radio, checkbox or choice."""

    id: str
    value: str
    label: str
    is_selected: bool
    is_disabled: bool


@dataclass(frozen=True)
class Part:
    """One of the three inputs of a date."""

    name: str
    id: str
    label: str
    value: str
    width: str
    is_wrong: bool
    autocomplete: str


@dataclass(frozen=True)
class FieldView:
    """Everything a template needs to show one field."""

    kind: str
    id: str
    label: str
    hint: str
    errors: tuple[str, ...]
    described_by: str
    html_name: str
    control: str = ""
    options: tuple[Option, ...] = ()
    parts: tuple[Part, ...] = ()
    is_inline: bool = field(default=False)


@register.simple_tag
def banner(messages: Iterable[Message]) -> Banner:
    """Gather the waiting messages into one banner; it is green only when all of them are successes."""
    found = list(messages)
    is_success = bool(found) and all(message.level == constants.SUCCESS for message in found)
    return Banner(
        texts=tuple(str(message) for message in found),
        is_success=is_success,
        title=gettext("Success") if is_success else gettext("Important"),
        role="alert" if is_success else "region",
    )


@register.simple_tag
def error_items(*sources: Any) -> list[ErrorItem]:
    """
    List what is wrong with forms, formsets and a page's own faults (sentences, or {message, href}), in that
    order.

    Each link leads to a control that exists: the first radio, the first wrong part of a date, the input.
    """
    items: list[ErrorItem] = []
    for source in sources:
        if isinstance(source, forms.BaseFormSet):
            items += [ErrorItem(str(message), "") for message in source.non_form_errors()]
            for row in source.forms:
                items += _items_of_form(row)
        elif isinstance(source, forms.BaseForm):
            items += _items_of_form(source)
        elif isinstance(source, list | tuple):
            items += [_item_of_page(fault) for fault in source]
    return items


def _item_of_page(fault: Any) -> ErrorItem:
    if isinstance(fault, dict):
        return ErrorItem(str(fault["message"]), str(fault.get("href", "")))
    return ErrorItem(str(getattr(fault, "message", fault)), str(getattr(fault, "href", "")))


def _items_of_form(form: forms.BaseForm) -> list[ErrorItem]:
    if not form.is_bound:
        return []
    items = [ErrorItem(str(message), "") for message in form.non_field_errors()]
    for bound in form:
        href = "" if bound.is_hidden else f"#{first_control_id(bound)}"
        items += [ErrorItem(message, href) for message in messages_of(bound)]
    return items


def messages_of(bound: BoundField) -> tuple[str, ...]:
    """
    Return what is wrong with a field, in the words shown beside it and in the summary.

    "This field is required" says nothing in a summary: where a form has no better sentence, the label makes
    one.
    """
    label = str(bound.label or "an answer")
    # "First name" becomes "first name"; "UPN" and "E-mail" of an acronym stay.
    label = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    chosen = isinstance(bound.field.widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple)
    asked = f"{'Select' if chosen else 'Enter'} {label}"
    return tuple(
        asked if str(message) == str(forms.Field.default_error_messages["required"]) else str(message)
        for message in bound.errors
    )


def first_control_id(bound: BoundField) -> str:
    """Return the id of the control that the error summary links to."""
    widget = bound.field.widget
    if isinstance(widget, DateParts):
        wrong = wrong_parts(bound)
        return f"{bound.auto_id}_{wrong[0] if wrong else 'day'}"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return f"{bound.auto_id}_0"
    return str(bound.auto_id)


def wrong_parts(bound: BoundField) -> list[str]:
    """Return the names of the wrong inputs of a date; all three when the fault is in the date as a whole."""
    if not bound.errors:
        return []
    named: set[str] = set()
    for error in bound.errors.as_data():
        named |= set((error.params or {}).get("parts", PARTS))
    return [part for part in PARTS if part in named]


@register.simple_tag
def field_view(bound: BoundField) -> FieldView:
    """Return how to show one field of a form."""
    widget = bound.field.widget
    kind = _kind(widget)
    errors = messages_of(bound)
    hint = str(bound.help_text or "")
    described_by = " ".join(
        part
        for part, present in (
            (f"{bound.auto_id}_hint", hint),
            (f"{bound.auto_id}_error", errors),
        )
        if present
    )
    label = str(bound.label or "")
    if not bound.field.required and label and kind not in ("hidden", "checkbox") and "optional" not in label:
        label = gettext("%(label)s (optional)") % {"label": label}  # families read forms in five languages
    view = FieldView(
        kind=kind,
        id=str(bound.auto_id),
        label=label,
        hint=hint,
        errors=errors,
        described_by=described_by,
        html_name=bound.html_name,
    )
    if kind == "date":
        return _with(view, parts=_date_parts(bound))
    if kind in ("radios", "checkboxes"):
        options = _options(bound)
        return _with(
            view,
            options=options,
            is_inline="inline" in str(widget.attrs.get("class", "")),
        )
    if kind == "checkbox":
        chosen = bool(bound.value())
        option = Option(str(bound.auto_id), "on", label, chosen, bool(bound.field.disabled))
        return _with(view, options=(option,))
    return _with(view, control=_control(bound, kind, described_by, has_errors=bool(errors)))


def _with(view: FieldView, **changes: Any) -> FieldView:
    return FieldView(**{**vars(view), **changes})


def _kind(widget: forms.Widget) -> str:
    kinds: Sequence[tuple[Any, str]] = (
        (DateParts, "date"),
        # Django's checkboxes are a kind of its radios, so they are asked for first.
        (forms.CheckboxSelectMultiple, "checkboxes"),
        (forms.RadioSelect, "radios"),
        (forms.CheckboxInput, "checkbox"),
        (forms.Select, "select"),
        (forms.Textarea, "textarea"),
        (forms.PasswordInput, "password"),
        (forms.FileInput, "file"),
    )
    if widget.is_hidden:
        return "hidden"
    return next((kind for known, kind in kinds if isinstance(widget, known)), "input")


def _control(bound: BoundField, kind: str, described_by: str, *, has_errors: bool) -> SafeString:
    """Render input, select, textarea or file with the library's classes and without browser validation."""
    widget = bound.field.widget
    block = {
        "select": "govuk-select",
        "textarea": "govuk-textarea",
        "file": "govuk-file-upload",
    }.get(kind, "govuk-input")
    classes = [block, str(widget.attrs.get("class", ""))]
    if has_errors:
        classes.append(f"{block}--error")
    if kind == "password":
        classes.append("govuk-password-input__input govuk-js-password-input-input")
    context = widget.get_context(bound.html_name, bound.value(), {"id": bound.auto_id})
    attrs = context["widget"]["attrs"]
    for name in BROWSER_VALIDATION:
        attrs.pop(name, None)
    if kind != "hidden":
        attrs["class"] = " ".join(part for part in classes if part)
        if described_by:
            attrs["aria-describedby"] = described_by
    if bound.field.disabled:
        attrs["disabled"] = True
    if context["widget"].get("type") == "number":
        # A spinner that changes on scroll has no place in a register.
        context["widget"]["type"] = "text"
        attrs.setdefault("inputmode", "numeric")
    if kind == "password":
        attrs.setdefault("spellcheck", "false")
        attrs.setdefault("autocapitalize", "none")
    if kind == "file":
        # "Currently … Clear" is a question of its own and never part of the control.
        return SafeString(bound.form.renderer.render("django/forms/widgets/input.html", context))
    return SafeString(bound.form.renderer.render(widget.template_name, context))


def _options(bound: BoundField) -> tuple[Option, ...]:
    context = bound.field.widget.get_context(bound.html_name, bound.value(), {"id": bound.auto_id})
    return tuple(
        Option(
            id=str(option["attrs"]["id"]),
            value=str(option["value"]),
            label=str(option["label"]),
            is_selected=bool(option["selected"]),
            is_disabled=bool(bound.field.disabled or option["attrs"].get("disabled")),
        )
        for _, group, _ in context["widget"]["optgroups"]
        for option in group
    )


def _date_parts(bound: BoundField) -> tuple[Part, ...]:
    value = bound.value()
    widget = bound.field.widget
    texts = value if isinstance(value, list | tuple) else widget.decompress(value)
    wrong = wrong_parts(bound)
    birthday = widget.attrs.get("autocomplete") == "bday"
    return tuple(
        Part(
            name=f"{bound.html_name}_{part}",
            id=f"{bound.auto_id}_{part}",
            label=PART_LABELS[part],
            value=str(text or ""),
            width=PART_WIDTHS[part],
            is_wrong=part in wrong,
            autocomplete=f"bday-{part}" if birthday else "",
        )
        for part, text in zip(PARTS, texts, strict=True)
    )
