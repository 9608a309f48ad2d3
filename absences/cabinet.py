"""
Where attachments lie: a folder beside the database, outside what any web server gives out.

`STORAGES["attachments"]` of the settings names it. A file is readable by the application's account alone, and
appears under its name only when all of it is on the disk.
"""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage

FOLDER = "attachments"


class Cabinet(FileSystemStorage):
    """Files of random names, each written once."""

    def _save(self, name: str, content: File) -> str:
        """Write the file under a temporary name and give it its own when it is complete."""
        final = Path(self.path(name))
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = final.with_suffix(".part")
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                for chunk in content.chunks():
                    stream.write(chunk)
                stream.flush()
                os.fsync(stream.fileno())
            part.rename(final)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return name

    def names(self) -> dict[str, datetime]:
        """Return every file, half-written ones included, with when it was written (UTC)."""
        root = Path(self.path(FOLDER))
        return {
            str(path.relative_to(root.parent)): datetime.fromtimestamp(path.stat().st_mtime, UTC)
            for path in root.glob("*/*")
        }


def random_name() -> str:
    """Return a name that says nothing and that nobody guesses."""
    name = secrets.token_hex(16)
    return f"{FOLDER}/{name[:2]}/{name}"
