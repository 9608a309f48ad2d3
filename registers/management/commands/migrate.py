"""`./manage.py migrate`: Django's own as the database's owner, and the application's rights granted."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import ProgrammingError, connection
from psycopg.errors import InsufficientPrivilege

from accounts.database import as_owner
from registers.services.database_role import grant_application_role, is_protected

NEEDS_OWNER = (
    "The database's tables belong to another role than {role}: set DATABASE_OWNER_URL to the owner's address "
    "for this command."
)
IS_OPEN = (
    "The role {role} owns the tables, so that it could change the history of the registers: give the "
    "application a role of its own in DATABASE_URL, and the owner's address in DATABASE_OWNER_URL "
    "(DEVELOPERS.md, Two roles)."
)


class Command(migrate.Command):
    """Bring the database up to date and grant the application's role what it needs, and no more."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate as the owner; say so on standard error when the application is the owner."""
        role = settings.DATABASE_APPLICATION_ROLE
        try:
            with as_owner():
                super().handle(*args, **options)
                has_history = "registers_markentry" in connection.introspection.table_names()
                if has_history and not options["plan"] and not options["check_unapplied"]:
                    self._grant(role)
        except ProgrammingError as error:
            if isinstance(error.__cause__, InsufficientPrivilege):
                raise CommandError(NEEDS_OWNER.format(role=role)) from error
            raise

    def _grant(self, role: str) -> None:
        if settings.DATABASE_OWNER["USER"] != role:
            grant_application_role(role)
        if not is_protected(role):
            self.stderr.write(IS_OPEN.format(role=role))
