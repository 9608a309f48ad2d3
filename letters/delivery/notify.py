"""
GOV.UK Notify by its Python client: e-mail and texts.

Its `reference` finds a message and does not keep a second one from being made. So the sender looks for the
reference before it tries again after any answer that leaves the first try unknown: a time-out, a line that
broke, an answer of 5xx. Decisions rest on the status and the type of an error, never on its words, which
Notify changes at will.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

import requests
from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient
from urllib3.exceptions import MaxRetryError, NewConnectionError

from letters.delivery.port import BackEnd, Fate, NotKnown, NotNow, NotSent, Outgoing, Refused

# Notify counts 3,000 messages over a minute that rolls on.
RATE_WINDOW = timedelta(minutes=1)
# A wrong key or clock is put right by a person.
SET_UP_WAIT = timedelta(minutes=10)
# A message that was being stored when the line broke shows up within this time.
UNKNOWN_WAIT = timedelta(minutes=2)
_FATES: Mapping[str, Fate] = {
    "delivered": Fate("delivered", is_final=True),
    # A network abroad tells no more.
    "sent": Fate("", "Sent to a number abroad, whose network tells no more.", is_final=True),
    "permanent-failure": Fate(
        "returned", "There is no such address or number, or its provider refuses messages.", is_final=True
    ),
    "temporary-failure": Fate(
        "returned",
        "It could not be delivered for three days: a full inbox, a spam filter, or a phone that is off.",
        is_final=True,
    ),
    "technical-failure": Fate(
        "failed", "A fault between GOV.UK Notify and the network; it was not delivered.", is_final=True
    ),
}


class NotifyBackEnd(BackEnd):
    """
    One service of GOV.UK Notify, with one template for each channel.

    That for e-mail has ((subject)) as its subject and ((body)) as its words, that for texts ((body)).
    """

    name: ClassVar[str] = "notify"
    can_look_up: ClassVar[bool] = True
    reports_delivery: ClassVar[bool] = True

    def __init__(
        self, api_key: str, *, base_url: str, templates: Mapping[str, str], timeout: float = 30
    ) -> None:
        self.client = NotificationsAPIClient(api_key, base_url=base_url, timeout=timeout)
        self.templates = templates

    def send(self, outgoing: Outgoing) -> str:
        """Post the message and return Notify's id."""
        reference, template = str(outgoing.reference), self.templates[outgoing.channel]
        try:
            if outgoing.channel == "email":
                answer = self.client.send_email_notification(
                    email_address=outgoing.address,
                    template_id=template,
                    personalisation={"subject": outgoing.subject, "body": outgoing.body},
                    reference=reference,
                )
            else:
                answer = self.client.send_sms_notification(
                    phone_number=outgoing.address,
                    template_id=template,
                    personalisation={"body": outgoing.body},
                    reference=reference,
                )
            return str(answer["id"])
        except APIError as error:
            raise _meaning(error, outgoing.address) from error
        except (KeyError, TypeError) as error:
            raise NotKnown("GOV.UK Notify gave an answer that cannot be read.") from error

    def find(self, outgoing: Outgoing) -> str:
        """Ask for messages with our reference."""
        try:
            answer = self.client.get_all_notifications(reference=str(outgoing.reference))
            return next((str(each["id"]) for each in answer["notifications"]), "")
        except APIError as error:
            raise _no_answer(error) from error
        except (KeyError, TypeError) as error:
            raise NotNow("GOV.UK Notify gave an answer that cannot be read.") from error

    def fate(self, provider_id: str) -> Fate:
        """Ask for the status of one message; Notify forgets it after some days."""
        try:
            return _FATES.get(str(self.client.get_notification_by_id(provider_id)["status"]), Fate())
        except APIError as error:
            if isinstance(error, HTTPError) and error.response is not None and error.status_code == 404:
                return Fate(is_final=True)
            raise _no_answer(error) from error
        except (KeyError, TypeError) as error:
            raise NotNow("GOV.UK Notify gave an answer that cannot be read.") from error


def _meaning(error: APIError, address: str) -> NotSent:
    """Return what an answer to a post means."""
    if error.response is None:
        if _never_connected(error.__cause__):
            return NotNow("GOV.UK Notify cannot be reached.")
        return NotKnown("GOV.UK Notify gave no answer.")
    status = error.status_code
    if status == 429:
        if "TooManyRequestsError" in _types(error.message):
            return NotNow("The day’s allowance of GOV.UK Notify is used up.", until_midnight=True)
        return NotNow("GOV.UK Notify had too many messages at once.", least=RATE_WINDOW)
    if status == 403:
        return NotNow(
            "GOV.UK Notify does not accept the key, or this machine’s clock is wrong.", least=SET_UP_WAIT
        )
    if 400 <= status < 500 and status != 408:
        return Refused(f"GOV.UK Notify refused it: {_said(error.message, address)}")
    return NotKnown(f"GOV.UK Notify had a fault of its own ({status}).")


def _no_answer(error: APIError) -> NotNow:
    status = "" if error.response is None else f" ({error.status_code})"
    return NotNow(f"GOV.UK Notify cannot say what became of it{status}.", least=UNKNOWN_WAIT)


def _never_connected(cause: BaseException | None) -> bool:
    """Say whether not a byte of the message can have left: no connection was made."""
    if isinstance(cause, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    reason = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    return isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)


def _types(message: Any) -> set[str]:
    return {str(each.get("error")) for each in _errors(message)}


def _said(message: Any, address: str) -> str:
    """Return Notify's own words without the address, which stands beside them for those who may see it."""
    words = "; ".join(str(each.get("message", "")) for each in _errors(message))
    return " ".join(words.replace(address, "the address").split())[:200] or "no reason given"


def _errors(message: Any) -> list[dict[str, Any]]:
    return [each for each in message if isinstance(each, dict)] if isinstance(message, list) else []
