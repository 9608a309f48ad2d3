"""
From a prepared letter to its file, once.

The database is the queue: a worker makes a letter only after it has moved it from "ready" to "rendering"
itself, and stores the file only while it still stands there. A message that comes twice, late or never can
therefore neither lose a letter nor make it twice.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from letters.models import Letter, LetterFile, LetterState
from letters.rules.content import from_json

if TYPE_CHECKING:
    from letters.rendering import RenderedLetter

logger = logging.getLogger(__name__)

# A worker that has not stored a file after this long is gone; making a letter takes a tenth of a second.
STUCK_AFTER = timedelta(minutes=10)


def make_file(letter_id: int, *, at: datetime) -> bool:
    """
    Make and store the file of a letter that waits for it. Return whether this call did so.

    Runs outside a transaction while the page is made, so that no lock is held meanwhile. The caller has
    entered the letter's school or disabled scopes.
    """
    from letters.rendering import render_letter  # loads Pango: only processes that make a page need it

    claimed = Letter.objects.filter(pk=letter_id, state=LetterState.READY).update(
        state=LetterState.RENDERING, claimed_at=at
    )
    if claimed != 1:
        return False  # somebody else has it, or it is made or withdrawn
    letter = Letter.objects.select_related("school").get(pk=letter_id)
    twin = (
        Letter.objects.filter(
            school=letter.school, content_digest=letter.content_digest, state=LetterState.RENDERED
        )
        .select_related("file")
        .defer("file__content")
        .first()
    )
    if twin is not None:
        return _settle(letter, file=twin.file, at=at)
    try:
        rendered = render_letter(from_json(letter.content))
    except Exception as error:
        # Whatever went wrong, the letter must say so on its page instead of waiting for ever.
        logger.exception("Letter %s could not be made.", letter_id)
        _fail(letter, error)
        return False
    with transaction.atomic():
        return _settle(letter, file=_store(letter, rendered, at=at), at=at)


def return_stuck(*, at: datetime) -> int:
    """Give letters back whose worker went away while making them. Return how many."""
    return Letter.objects.filter(state=LetterState.RENDERING, claimed_at__lt=at - STUCK_AFTER).update(
        state=LetterState.READY, claimed_at=None
    )


def next_waiting(limit: int) -> list[int]:
    """Return letters that wait, oldest first, passing over those that another worker looks at this moment."""
    with transaction.atomic():
        return list(
            Letter.objects.select_for_update(skip_locked=True)
            .filter(state=LetterState.READY)
            .order_by("prepared_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )


def try_again(letter: Letter) -> bool:
    """Let a letter that could not be made wait for a worker once more. Return whether it had failed."""
    return (
        Letter.objects.filter(pk=letter.pk, state=LetterState.FAILED).update(
            state=LetterState.READY, failure="", claimed_at=None
        )
        == 1
    )


def withdraw_letters(*, origin: str) -> int:
    """
    Withdraw the letters of an origin whose reason is gone. Return how many.

    A letter that is made stays in the archive with its file; its state says that it was withdrawn.
    """
    return (
        Letter.objects.filter(origin=origin)
        .exclude(state=LetterState.WITHDRAWN)
        .update(state=LetterState.WITHDRAWN, failure="")
    )


def _store(letter: Letter, rendered: "RenderedLetter", *, at: datetime) -> LetterFile:
    """Put the bytes under their digest; after a crash the same bytes may be there already."""
    sha256 = hashlib.sha256(rendered.pdf).hexdigest()
    file = LetterFile(
        sha256=sha256, school=letter.school, content=rendered.pdf, pages=rendered.pages, created_at=at
    )
    LetterFile.objects.bulk_create([file], ignore_conflicts=True)
    return LetterFile.objects.defer("content").get(pk=sha256)


def _settle(letter: Letter, *, file: LetterFile | None, at: datetime) -> bool:
    """Give the letter its file if it still waits for it: it may have been withdrawn meanwhile."""
    settled = Letter.objects.filter(pk=letter.pk, state=LetterState.RENDERING).update(
        state=LetterState.RENDERED, file=file, rendered_at=at
    )
    return settled == 1


def _fail(letter: Letter, error: Exception) -> None:
    text = getattr(error, "message", "") or f"{type(error).__name__} while making the page"
    Letter.objects.filter(pk=letter.pk, state=LetterState.RENDERING).update(
        state=LetterState.FAILED, failure=text[:500]
    )
