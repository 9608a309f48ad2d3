"""Messages as files in a folder, for the demo: each can be opened and read, none leaves the machine."""

import os
from pathlib import Path
from typing import ClassVar

from letters.delivery.mailing import mail_of
from letters.delivery.port import BackEnd, NotNow, Outgoing


class FileBackEnd(BackEnd):
    """
    Writes NAME.eml for an e-mail and NAME.txt for a text; NAME is our reference.

    A message that is written twice is one file, so that a try after a crash does no harm.
    """

    name: ClassVar[str] = "file"
    can_look_up: ClassVar[bool] = True

    def __init__(self, folder: Path, *, sender: str) -> None:
        self.folder = folder
        self.sender = sender

    def open(self, outgoing: Outgoing) -> None:
        """Make the folder, readable for its owner alone."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise NotNow("The folder for messages cannot be made.") from error

    def send(self, outgoing: Outgoing) -> str:
        """Write the file under another name and rename it, so that nobody reads half of one."""
        name = self._name(outgoing)
        if outgoing.channel == "email":
            content = mail_of(outgoing, sender=self.sender).message().as_bytes()
        else:
            content = f"To: {outgoing.address}\n\n{outgoing.body}\n".encode()
        half = self.folder / f".{name}"
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
            half.replace(self.folder / name)
        except OSError as error:
            raise NotNow("The message cannot be written to its folder.") from error
        return name

    def find(self, outgoing: Outgoing) -> str:
        """Return the file's name when it is there."""
        name = self._name(outgoing)
        return name if (self.folder / name).exists() else ""

    @staticmethod
    def _name(outgoing: Outgoing) -> str:
        return f"{outgoing.reference}.{'eml' if outgoing.channel == 'email' else 'txt'}"
