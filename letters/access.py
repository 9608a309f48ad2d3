"""Who may see which letter and which message."""

from django.shortcuts import get_object_or_404

from accounts.models import School
from letters.models import Letter, Message


def letter_for(school: School, pk: int) -> Letter:
    """
    Return a letter of the school with pupil, author and the file's particulars, but not the file's bytes.

    The page's right (see letters) is checked by the page itself.

    :raises Http404: there is no such letter at this school
    """
    letters = Letter.objects.select_related("pupil", "prepared_by", "file").defer("file__content")
    return get_object_or_404(letters, school=school, pk=pk)


def message_for(school: School, pk: int) -> Message:
    """
    Return a message of the school with school, pupil, contact, who asked for it and what it stands in for.

    The page's right (see letters) is checked by the page itself.

    :raises Http404: there is no such message at this school
    """
    messages = Message.objects.select_related("school", "pupil", "contact", "queued_by", "instead_of")
    return get_object_or_404(messages, school=school, pk=pk)
