"""How django-allauth behaves here."""

import logging
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import events
from accounts.models import User

logger = logging.getLogger(__name__)

# When the session began, in seconds since 1970; accounts.middleware.session_limit ends it.
SIGNED_IN_AT_KEY = "signed_in_at"


class AccountAdapter(DefaultAccountAdapter):
    """Schools make accounts; nobody signs up by themselves. Sign-ins are logged."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse open sign-up."""
        return False

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Begin a session, with the time from which its limit counts."""
        super().login(request, user)
        request.session[SIGNED_IN_AT_KEY] = int(time.time())

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Log who signed in."""
        assert isinstance(user, User)  # noqa: S101 - there is no other kind of user
        events.record("person.signed_in", school=None, by=user, at=timezone.now(), subject=user)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """
        Spare people who signed in a moment ago, as on the day they set up a second factor, a second time.
        """
        signed_in_at = self.request.session.get(SIGNED_IN_AT_KEY, 0)
        if time.time() - signed_in_at < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Log that a sign-in failed, without what was typed: people type passwords into the wrong box."""
        logger.warning("sign-in refused from %s", self.get_client_ip(request))
