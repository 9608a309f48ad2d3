"""
The two roles that Rollcall has in its database, and how a command becomes the other one.

Everything runs as the application's role. Only what changes tables (migrations, retiring a year) asks for the
owner, by name and for as short as possible.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

# What differs between two roles of one database; the rest of the settings is shared.
OF_A_ROLE = ("USER", "PASSWORD", "HOST", "PORT")


@contextmanager
def as_owner() -> Iterator[None]:
    """
    Let this thread's statements run as the database's owner until the block ends; for commands only.

    The application's connection is put aside, not closed: what it holds, such as an advisory lock, it keeps.
    Where no owner is known (DATABASE_OWNER_URL is unset) nothing changes.
    """
    application = connections[DEFAULT_DB_ALIAS]
    owner = {name: settings.DATABASE_OWNER.get(name) or "" for name in OF_A_ROLE}
    if owner["USER"] == application.settings_dict["USER"]:
        yield
        return
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    connection.settings_dict = {**application.settings_dict, **owner}
    connections[DEFAULT_DB_ALIAS] = connection
    try:
        yield
    finally:
        connection.close()
        connections[DEFAULT_DB_ALIAS] = application
