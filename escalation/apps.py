from django.apps import AppConfig


class EscalationConfig(AppConfig):
    name = "escalation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the set-up page of a school say whether a policy is in force."""
        from escalation.selectors.set_up import policy
        from registers.selectors.set_up import add_check

        add_check(policy)
