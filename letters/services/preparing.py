"""Preparing letters: from a template and a pupil to frozen copies, one for each address."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from accounts.events import record
from accounts.models import School, User
from letters.errors import MergeRefused
from letters.models import Letter
from letters.rules import fields
from letters.rules.catalogue import template_for
from letters.rules.content import LetterContent
from letters.rules.fields import Field, Need, Share
from letters.rules.merging import address_letter, merge_template
from letters.rules.templates import LetterTemplate
from letters.selectors.known import Writer, known_fields, writer_of
from letters.selectors.recipients import Addressee, recipients_for
from registers.models import Pupil

# Letters and digits that nobody mistakes for one another when a parent reads a reference over the phone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@transaction.atomic
def prepare_letters(
    *,
    school: School,
    pupil: Pupil,
    template_key: str,
    origin: str,
    merge: Mapping[str, Any],
    by: User,
    at: datetime,
    only: Collection[int] | None = None,
) -> list[Letter]:
    """
    Freeze the letter for each address that should have it, and ask a worker for the files after the commit.

    `only` names the contacts who may have it, where it is not for every parent: an answer to what one of
    them asked is nothing for the other.

    `merge` holds the values that only the caller knows (dates of meetings, what a policy expects); a value
    it gives wins over what the register knows. `origin` is what asked for the letter ("step:1234"). Asked
    again with the same origin and template, the letters that exist are returned unchanged: a step approved
    twice makes no second letter.

    :raises UnknownTemplate: there is no such template
    :raises MissingFields: required values are missing; `missing` names them all
    :raises MergeRefused: values the template does not know, of the wrong kind, or against one of its guards
    :raises NoRecipient: nobody may be sent letters about this pupil
    """
    template = template_for(template_key)
    standing = _standing(school, origin, template_key)
    if standing:
        return standing
    on = timezone.localdate(at)
    addressees = recipients_for(pupil, only=only)
    values = complete_values(school, pupil, template, merge, on=on)
    writer = writer_of(school, on=on)
    copies = []
    for addressee in addressees:
        reference = _reference(school, origin, template_key, addressee.key)
        content = _content(template, values, writer, addressee, on=on, reference=reference)
        copies.append(
            Letter(
                school=school,
                pupil=pupil,
                origin=origin,
                template_key=template.key,
                template_version=template.version,
                recipients=list(addressee.names),
                contact_ids=list(addressee.contact_ids),
                address_key=addressee.key,
                address=list(addressee.address),
                address_confidential=addressee.is_confidential,
                salutation=content.salutation,
                reference=reference,
                content=content.as_json(),
                content_digest=content.digest,
                prepared_by=by,
                prepared_at=at,
            )
        )
    for copy in copies:
        copy.full_clean(validate_unique=False, validate_constraints=False)
    # Two approvals at the same moment both come here; the unique key lets one of them win for each address.
    Letter.objects.bulk_create(copies, ignore_conflicts=True)
    letters = _standing(school, origin, template_key)
    record(
        "letters.prepared",
        school=school,
        by=by,
        at=at,
        subject=pupil,
        data={"origin": origin, "template": template.key, "letters": [letter.pk for letter in letters]},
    )
    for letter in letters:
        _wake_after_commit(letter.pk)
    return letters


def _wake_after_commit(letter_id: int) -> None:
    """
    Tell a worker once the letter is there for it to see.

    Robust: a broker that is down must not turn an approval that is committed into an error page; the minutely
    look (letters.tasks.render_waiting) finds the letter then. Django names the function in its log when that
    happens, which a functools.partial could not give it.
    """

    def wake() -> None:
        wake_worker(letter_id)

    transaction.on_commit(wake, robust=True)


def wake_worker(letter_id: int) -> None:
    """Tell a worker of the queue "letters" that there is a letter to make."""
    current_app.send_task("letters.tasks.render_letter", kwargs={"letter_id": letter_id})


def preview_content(
    *, school: School, pupil: Pupil, template_key: str, merge: Mapping[str, Any], at: datetime
) -> LetterContent:
    """
    Return the letter as it would be made now for the first address. Writes nothing; its reference is open.

    :raises UnknownTemplate, MissingFields, MergeRefused, NoRecipient: as `prepare_letters`
    """
    template = template_for(template_key)
    on = timezone.localdate(at)
    addressee = recipients_for(pupil)[0]
    values = complete_values(school, pupil, template, merge, on=on)
    return _content(
        template, values, writer_of(school, on=on), addressee, on=on, reference="given when approved"
    )


def preview_pdf(
    *, school: School, pupil: Pupil, template_key: str, merge: Mapping[str, Any], at: datetime
) -> bytes:
    """
    Return the PDF of `preview_content`.

    :raises UnknownTemplate, MissingFields, MergeRefused, NoRecipient: as `prepare_letters`
    """
    from letters.rendering import render_pdf  # loads Pango: only processes that make a page need it

    return render_pdf(
        preview_content(school=school, pupil=pupil, template_key=template_key, merge=merge, at=at)
    )


def missing_fields(
    *, school: School, pupil: Pupil, template_key: str, merge: Mapping[str, Any], at: datetime
) -> tuple[Field, ...]:
    """Return the required fields that neither the caller nor the register has a value for, in order."""
    template = template_for(template_key)
    values = complete_values(school, pupil, template, merge, on=timezone.localdate(at))
    return tuple(
        field
        for field in template.fields
        if field.is_given and field.need is Need.REQUIRED and fields.is_empty(values.get(field.name))
    )


def parse_values(template_key: str, raw: Mapping[str, str]) -> dict[str, Any]:
    """
    Return values that a person typed, by field, in the types that `merge` takes; empty ones are left out.

    :raises MergeRefused: a value does not read as its field's kind, or the template has no such field
    """
    template = template_for(template_key)
    declared = {field.name: field for field in template.fields if field.is_given}
    values, problems = {}, []
    for name, text in raw.items():
        if name not in declared:
            problems.append(f"there is no field called {name[:60]}")
            continue
        try:
            value = fields.parsed(declared[name], text)
        except fields.WrongValue as error:
            problems.append(f"{declared[name].label} is {error}")
            continue
        if value is not None:
            values[name] = value
    if problems:
        raise MergeRefused(template.title, problems)
    return values


def complete_values(
    school: School, pupil: Pupil, template: LetterTemplate, merge: Mapping[str, Any], *, on: date
) -> dict[str, Any]:
    """Return the caller's values with those of the register added wherever the template declares them."""
    period = (
        (merge["period_from"], merge["period_to"]) if {"period_from", "period_to"} <= merge.keys() else None
    )
    known = known_fields(school, pupil, on=on, late_halves=template.late_halves, period=period)
    declared = {field.name for field in template.fields if field.is_given}
    values = {name: value for name, value in known.items() if name in declared} | dict(merge)
    if "max_year_pct_at_next_trigger" in declared and "max_year_pct_at_next_trigger" not in merge:
        planned, trigger = known.get("year_sessions"), merge.get("next_trigger_days")
        if planned and trigger is not None and values["absence_days"] < trigger <= planned // 2:
            values["max_year_pct_at_next_trigger"] = Share(planned - int(trigger * 2), planned)
    return values


def _standing(school: School, origin: str, template_key: str) -> list[Letter]:
    return list(Letter.objects.filter(school=school, origin=origin, template_key=template_key).order_by("pk"))


def _content(
    template: LetterTemplate,
    values: Mapping[str, Any],
    writer: Writer,
    addressee: Addressee,
    *,
    on: date,
    reference: str,
) -> LetterContent:
    wording = merge_template(
        template,
        values,
        on=on,
        reference=reference,
        school=writer.letterhead.name,
        signature=writer.signature.name or writer.signature.post,
    )
    return address_letter(
        wording,
        letterhead=writer.letterhead,
        names=addressee.names,
        address=addressee.address,
        on=on,
        reference=reference,
        signature=replace(writer.signature, closing=template.closing),
    )


def _reference(school: School, origin: str, template_key: str, address_key: str) -> str:
    """Return what a parent quotes on the phone: always the same for one letter, and telling nothing of it."""
    seed = hashlib.sha256("\n".join((school.key, origin, template_key, address_key)).encode()).digest()
    code = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in seed[:8])
    return f"{school.key[:3].upper()}-{code[:4]}-{code[4:]}"
