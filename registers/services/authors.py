"""Who a change made by a command is written down for."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from accounts import access
from accounts.access import Right
from accounts.errors import DomainError
from accounts.models import Role, RoleAssignment, School, User
from accounts.people import system_user


class NotAnAuthor(DomainError):
    """The person may not change marks at this school."""


@dataclass(frozen=True)
class Author:
    """A person and the post held on the day, as the history keeps them."""

    user: User
    position: str


def author_of(email: str | None, school: School, *, on: date) -> Author:
    """
    Return the person of an e-mail address as the author of a change; without one the program itself.

    Somebody known must be allowed to amend marks at the school on that day. An address that nobody has
    is taken at its word, because history is also brought from elsewhere by people who never sign in
    here: the history names the address, and the account made for it can never sign in.

    :raises NotAnAuthor: this is no e-mail address, or the person may not amend marks at the school
    """
    if email is None:
        return Author(system_user(), "")
    address = email.strip().lower()
    user = User.objects.filter(email=address).first()
    if user is None:
        return Author(_add_author(address), "")
    held = RoleAssignment.objects.filter(user=user)
    if not user.is_active and not held.exists():
        return Author(user, "")  # made here before
    posts = held.filter(school=school, starts_on__lte=on).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    for post in posts.order_by("starts_on", "pk"):
        if access.can([post.role], Right.AMEND_MARKS):
            return Author(user, post.title or Role(post.role).label)
    raise NotAnAuthor(f"{address} may not {Right.AMEND_MARKS.value} at this school.")


def _add_author(address: str) -> User:
    try:
        validate_email(address)
    except ValidationError as error:
        raise NotAnAuthor(f"{address!r} is not an e-mail address.") from error
    user = User(email=address, name=address, is_active=False)
    user.set_unusable_password()
    user.save(force_insert=True)
    return user


def keeper_of(email: str, *, on: date) -> User:
    """
    Return the person of an e-mail address who may retire registers: one who may prove history at some school.

    :raises NotAnAuthor: nobody has this address, or the person may not
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    roles = access.assignments_of(user, on=on).values_list("role", flat=True) if user else []
    if user is None or not access.can(roles, Right.KEEP_HISTORY):
        raise NotAnAuthor(f"{email} is not somebody who may retire registers: a headteacher may.")
    return user
