"""The application's own role of the database, as which everything but migrations runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections

APPLICATION: str = settings.DATABASE_APPLICATION_ROLE


@contextmanager
def as_application() -> Iterator[None]:
    """Let the ORM's own connection be the application's role."""
    owner = connections["default"]
    application = connections.create_connection("default")
    application.settings_dict = {**owner.settings_dict, "USER": APPLICATION}
    connections["default"] = application
    try:
        yield
    finally:
        application.close()
        connections["default"] = owner
