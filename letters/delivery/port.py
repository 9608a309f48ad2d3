"""
What a back end promises, so that the sender can promise that a message goes out once.

A try has two parts. `open` does everything that can go wrong before the message could arrive: connecting,
signing in, naming the recipient. Then the sender writes down that it hands the message over, and `send` does
so. Each part says exactly one of four things: taken, refused for good, not taken this time, or not known.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from letters.rules.outbox import QuietHours


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as a back end needs it."""

    reference: UUID
    channel: str
    address: str
    subject: str
    body: str
    school: str
    reply_to: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a message; `state` is "" while nobody knows yet, and nobody will when `is_final`."""

    state: str = ""
    words: str = ""
    is_final: bool = False


class NotSent(Exception):
    """The message is not on its way; `words` say why, fit to show, without the address."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Refused(NotSent):
    """It never will be: another try of the same message ends the same way."""


class NotNow(NotSent):
    """
    Certainly not taken this time; a later try may do.

    :ivar least: how long to wait at least
    :ivar until_midnight: the day's allowance is used up; it begins again at midnight UTC
    """

    def __init__(self, words: str, *, least: timedelta = timedelta(0), until_midnight: bool = False) -> None:
        super().__init__(words)
        self.least = least
        self.until_midnight = until_midnight


class NotKnown(NotSent):
    """It may have been taken: no answer came, or none that says so. Never to be tried again unasked."""


class BackEnd(ABC):
    """One way out. Not for two threads at once."""

    name: ClassVar[str]
    # Whether the provider can be asked for a message by our reference, and later what became of it.
    can_look_up: ClassVar[bool] = False
    reports_delivery: ClassVar[bool] = False

    def open(self, outgoing: Outgoing) -> None:  # noqa: B027 - most back ends need nothing before
        """
        Do what must be done before the message itself can go; nothing of it may reach the recipient.

        :raises Refused, NotNow: as above
        """

    @abstractmethod
    def send(self, outgoing: Outgoing) -> str:
        """
        Hand the message over and return the provider's id for it.

        :raises Refused, NotNow, NotKnown: as above
        """

    def close(self) -> None:  # noqa: B027 - and have nothing to close
        """Let go of what `open` opened; never raises."""

    def find(self, outgoing: Outgoing) -> str:
        """
        Return the provider's id of the message with our reference, "" when the provider has none.

        :raises NotNow: the provider does not answer
        """
        raise NotImplementedError(f"{self.name} cannot look a message up")

    def fate(self, provider_id: str) -> Fate:
        """
        Return what became of a message that was taken.

        :raises NotNow: the provider does not answer
        """
        raise NotImplementedError(f"{self.name} does not say what became of a message")


@dataclass(frozen=True, slots=True)
class Port:
    """The back end of each channel; a channel without one does not exist in this installation."""

    by_channel: Mapping[str, BackEnd] = field(default_factory=dict)
    quiet: QuietHours | None = None

    def named(self, name: str) -> BackEnd | None:
        """Return the back end of this name, None when the installation has it no more."""
        return next((each for each in self.by_channel.values() if each.name == name), None)
