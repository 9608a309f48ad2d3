"""Giving out attachments: only to whom they are for, and never so that a browser runs anything in them."""

import logging
from hashlib import sha256
from typing import cast

from django.core.files.storage import storages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from absences import access
from absences.models import Attachment
from accounts.access import Right
from accounts.http import SignedInRequest, StaffRequest, staff_page
from registers.clock import present_moment

logger = logging.getLogger(__name__)


@require_safe
@staff_page(Right.SEE_REGISTERS)
def attachment(request: StaffRequest, attachment_id: int) -> HttpResponse:
    """Give staff who follow up absences, or decide the leave it is about, one file."""
    found = access.attachment_for(
        request.user,
        request.roles,
        school=request.school,
        pk=attachment_id,
        on=present_moment().date(),
    )
    return _served(found)


@require_safe
def family_attachment(request: HttpRequest, attachment_id: int) -> HttpResponse:
    """Give a parent a file that they sent themselves."""
    user = cast(SignedInRequest, request).user
    return _served(access.own_attachment(user, attachment_id, on=present_moment().date()))


def _served(found: Attachment) -> HttpResponse:
    """
    Return the file: a picture is shown, a document is saved.

    :raises Http404: the file is gone, or is not what was kept
    """
    try:
        with storages["attachments"].open(found.stored_as) as stream:
            content = stream.read()
    except FileNotFoundError:
        raise Http404 from None
    if sha256(content).hexdigest() != found.sha256:
        logger.error("attachment %s is not what was kept", found.pk)
        raise Http404
    response = HttpResponse(content, content_type=found.kind)
    shown = content_disposition_header(not found.is_picture, found.name)
    response["Content-Disposition"] = shown or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
