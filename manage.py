#!/usr/bin/env python3
"""Rollcall's command line: `./manage.py NAME`, listed in the README's reference."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run one management command, with the project's own virtual environment when it exists."""
    root = Path(__file__).resolve().parent
    own_python = root / ".venv" / "bin" / "python"
    if own_python.exists() and Path(sys.prefix).resolve() != (root / ".venv").resolve():
        os.execv(str(own_python), [str(own_python), *sys.argv])  # noqa: S606 - our own interpreter, no shell
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attendance_site.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting that cannot be read: its own sentence says which and what to do.
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
