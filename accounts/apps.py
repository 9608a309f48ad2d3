from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear from django-allauth when somebody's second factor comes or goes; it has no other hook."""
        from allauth.mfa import signals

        from accounts import second_factor

        signals.authenticator_added.connect(second_factor.note_new_factor)
        signals.authenticator_removed.connect(second_factor.note_lost_factor)
