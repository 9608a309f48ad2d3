from django.apps import AppConfig


class AbsencesConfig(AppConfig):
    name = "absences"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the day board count what is to be called about."""
        from absences.strip import calls_part
        from registers.day_strip import add_source

        add_source(calls_part)
