"""Typed requests and the one decorator through which every page of a school is reached."""

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_scopes import scope

from accounts import access
from accounts.access import Right
from accounts.models import School, User

P = ParamSpec("P")


def day_of_roles() -> date:
    """Return the day by which roles are judged: the real one, for a demo's clock must not revive a role."""
    return timezone.localdate()


class SignedInRequest(HttpRequest):
    """A request whose person is known: LoginRequiredMiddleware saw to it."""

    user: User


class StaffRequest(SignedInRequest):
    """A request for a page of one school by somebody with a role there."""

    school: School
    roles: frozenset[str]

    def may(self, right: Right) -> bool:
        """Say whether the person may do this at the school of the page."""
        return access.can(self.roles, right)


def staff_page(
    right: Right,
) -> Callable[
    [Callable[Concatenate[StaffRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, str, P], HttpResponseBase],
]:
    """
    Make a view reachable as `/s/<school_key>/…` by people with this right at that school.

    The view is called inside the school's scope, so that no query can reach another school's rows, with
    `request.school` and `request.roles` set and without the `school_key` argument.
    """

    def decorate(
        view: Callable[Concatenate[StaffRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, str, P], HttpResponseBase]:
        @wraps(view)
        def page(
            request: HttpRequest, school_key: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware answered everybody else
            school, roles = access.enter(request.user, school_key, right, on=day_of_roles())
            request.school, request.roles = school, roles  # type: ignore[attr-defined]
            request.may = lambda asked: access.can(roles, asked)  # type: ignore[attr-defined]
            with scope(school=school):
                return view(request, *args, **kwargs)  # type: ignore[arg-type]

        page.required_right = right  # type: ignore[attr-defined]
        return page

    return decorate
