"""The one port through which messages leave, and the back ends behind it (see `port`)."""

from letters.delivery.port import Port

__all__ = ["Port", "chosen_port"]


def chosen_port() -> Port:
    """
    Return the port that the settings choose; tasks and commands call it, nothing below them.

    A port is for one process and one thread: the client of GOV.UK Notify says so of itself.
    """
    from django.conf import settings

    from letters.delivery.console import ConsoleBackEnd
    from letters.delivery.files import FileBackEnd
    from letters.delivery.mail import MailBackEnd
    from letters.delivery.notify import NotifyBackEnd
    from letters.delivery.port import BackEnd
    from letters.rules.outbox import QuietHours

    makers = {
        "console": ConsoleBackEnd,
        "file": lambda: FileBackEnd(settings.MESSAGES_FOLDER, sender=settings.DEFAULT_FROM_EMAIL),
        "smtp": lambda: MailBackEnd(sender=settings.DEFAULT_FROM_EMAIL),
        "notify": lambda: NotifyBackEnd(
            settings.NOTIFY_API_KEY,
            base_url=settings.NOTIFY_BASE_URL,
            templates={"email": settings.NOTIFY_EMAIL_TEMPLATE, "text": settings.NOTIFY_TEXT_TEMPLATE},
            timeout=settings.NOTIFY_TIMEOUT,
        ),
    }
    by_channel = {"email": settings.ROLLCALL_MESSAGES, "text": settings.ROLLCALL_TEXTS}
    made: dict[str, BackEnd] = {name: makers[name]() for name in set(by_channel.values()) - {"none"}}
    return Port(
        by_channel={channel: made[name] for channel, name in by_channel.items() if name != "none"},
        quiet=QuietHours(*settings.ROLLCALL_TEXT_QUIET) if settings.ROLLCALL_TEXT_QUIET else None,
    )
