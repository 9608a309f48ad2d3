"""The archive of letters as pages list it."""

from django.db.models import Q, QuerySet

from accounts.models import School
from letters.models import Letter, LetterState


def letters_of(school: School, *, name: str = "", state: str = "") -> QuerySet[Letter]:
    """
    Return the school's letters, newest first, of pupils whose name holds every word of `name`.

    Two statements for a page of any length: this one and its count.
    """
    letters = Letter.objects.filter(school=school)
    for word in name.split():
        letters = letters.filter(Q(pupil__forename__icontains=word) | Q(pupil__surname__icontains=word))
    if state in LetterState.values:
        letters = letters.filter(state=state)
    return letters.select_related("pupil", "prepared_by").order_by("-prepared_at", "-pk")
