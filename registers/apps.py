from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def write_codes(**_: Any) -> None:
    """Write the national code table from rules/codes.py, so that database and code can never differ."""
    from registers.services.codes import write_national_codes

    write_national_codes()


class RegistersConfig(AppConfig):
    name = "registers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(write_codes, sender=self)
