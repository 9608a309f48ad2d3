"""An e-mail as it travels: headers, the same message id at each try, plain text."""

from email.utils import formataddr, parseaddr

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from letters.delivery.port import Outgoing


def mail_of(outgoing: Outgoing, *, sender: str, connection: BaseEmailBackend | None = None) -> EmailMessage:
    """
    Return the message as an e-mail from the school, sent by the installation's address.

    Its id is made of our reference, so that a mail server or reader that gets it twice can tell. An automatic
    answer to it is not wanted (RFC 3834).
    """
    address = parseaddr(sender)[1]
    return EmailMessage(
        subject=outgoing.subject,
        body=outgoing.body,
        from_email=formataddr((outgoing.school, address)),
        to=[outgoing.address],
        reply_to=[outgoing.reply_to] if outgoing.reply_to else None,
        headers={
            "Message-ID": f"<{outgoing.reference}@{address.rpartition('@')[2] or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=connection,
    )
