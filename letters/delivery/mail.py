"""
E-mail by the back end of Django that EMAIL_URL chooses.

A mail server cannot be asked whether it has a message. Over SMTP the conversation is therefore cut in two:
everything up to the recipient's address happens before the message is handed over, and only an end of the
connection between the message's last line and the server's answer leaves it unknown (docs/adr/0019).
"""

import contextlib
import smtplib
from datetime import timedelta
from typing import ClassVar

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import SafeMIMEText, sanitize_address

from letters.delivery.mailing import mail_of
from letters.delivery.port import BackEnd, NotKnown, NotNow, Outgoing, Refused

SECONDS = 30
# A server that puts a sender off ("greylisting") wants it to come back after some minutes.
GREYLISTED = timedelta(minutes=5)


class MailBackEnd(BackEnd):
    """Django's e-mail; over SMTP one connection for each message."""

    name: ClassVar[str] = "smtp"

    def __init__(self, *, sender: str) -> None:
        self.sender = sender
        self.connection: BaseEmailBackend | None = None
        self.mail: EmailMessage | None = None
        self.lines = b""

    def open(self, outgoing: Outgoing) -> None:
        """Build the message, connect, sign in, and name sender and recipient."""
        self.connection = get_connection(timeout=SECONDS)
        try:
            self.mail = mail_of(outgoing, sender=self.sender, connection=self.connection)
            self.lines = _lines(self.mail)
            if isinstance(self.connection, smtp.EmailBackend):
                self._address(self.connection, self.mail)
        except ValueError as error:
            raise Refused("The e-mail address is not one.") from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotNow(
                "The mail server does not accept the name or password of this installation."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotNow("The mail server cannot be reached.") from error

    def send(self, outgoing: Outgoing) -> str:
        """Hand the message over; over SMTP this is the DATA command alone."""
        connection, mail = self.connection, self.mail
        assert connection is not None  # noqa: S101 - the sender calls open() first
        assert mail is not None  # noqa: S101 - as above
        try:
            if isinstance(connection, smtp.EmailBackend):
                self._hand_over(connection)
            else:
                connection.send_messages([mail])
        except (smtplib.SMTPException, OSError) as error:
            raise NotKnown(
                "The connection to the mail server ended before it said whether it took the message."
            ) from error
        return mail.extra_headers["Message-ID"]

    def close(self) -> None:
        """End the conversation; what the server says now changes nothing."""
        connection, self.connection = self.connection, None
        if connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                connection.close()

    @staticmethod
    def _address(connection: smtp.EmailBackend, mail: EmailMessage) -> None:
        encoding = mail.encoding or "utf-8"
        connection.open()
        line = connection.connection
        assert line is not None  # noqa: S101 - open() raises or connects
        line.ehlo_or_helo_if_needed()
        _expect(line.mail(sanitize_address(mail.from_email, encoding)), of_recipient=False)
        _expect(line.rcpt(sanitize_address(mail.to[0], encoding)), of_recipient=True)

    def _hand_over(self, connection: smtp.EmailBackend) -> None:
        line = connection.connection
        assert line is not None  # noqa: S101 - open() made it
        try:
            answer = line.data(self.lines)
        except smtplib.SMTPDataError as error:
            # Said before the message's first line: about this server and not about the message.
            _expect((error.smtp_code, b""), of_recipient=False)
            raise
        _expect(answer, of_recipient=True)


def _lines(mail: EmailMessage) -> bytes:
    message = mail.message()
    assert isinstance(message, SafeMIMEText)  # noqa: S101 - plain text without attachments
    return message.as_bytes(linesep="\r\n")


def _expect(answer: tuple[int, bytes], *, of_recipient: bool) -> None:
    """
    Go on after an answer of 2xx.

    A 5xx about the sender is a fault of the installation and not of this message, so a later try may do.

    :raises Refused, NotNow: any other answer
    """
    code = answer[0]
    if 200 <= code < 300:
        return
    if code >= 500 and of_recipient:
        raise Refused(f"The mail server refused the address or the message for good ({code}).")
    raise NotNow(f"The mail server put the message off ({code}).", least=GREYLISTED)
