"""Messages on the screen, for development: nothing leaves the machine."""

import sys
from typing import ClassVar

from letters.delivery.port import BackEnd, Outgoing


class ConsoleBackEnd(BackEnd):
    """Prints each message to standard output, not to the log."""

    name: ClassVar[str] = "console"

    def send(self, outgoing: Outgoing) -> str:
        """Print the message whole; the settings allow this with DEBUG alone."""
        line = "-" * 60
        head = f"{outgoing.channel} to {outgoing.address}\n{outgoing.subject}"
        sys.stdout.write(f"{line}\n{head}\n\n{outgoing.body}\n{line}\n")
        sys.stdout.flush()
        return str(outgoing.reference)
