"""Hands the terms of every policy version that came into force before absences kept them down to absences."""

from typing import Any

from django.db import migrations


def adopt(apps: Any, schema_editor: Any) -> None:
    from absences.rules.terms import Terms
    from absences.services.terms import text_of
    from escalation.rules.loading import load_policy

    terms_of_school = apps.get_model("absences", "SchoolTerms")
    for version in apps.get_model("escalation", "PolicyVersion").objects.order_by("school_id", "number"):
        policy = load_policy(version.text, name=f"version {version.number}")
        terms_of_school.objects.update_or_create(
            school_id=version.school_id,
            in_force_from=version.in_force_from,
            defaults={
                "policy_number": version.number,
                "data": text_of(Terms(**{part: getattr(policy, part) for part in Terms.model_fields})),
                "adopted_at": version.activated_at,
            },
        )


class Migration(migrations.Migration):
    dependencies = [
        ("absences", "0001_reports_tasks_and_terms"),
        ("escalation", "0001_initial"),
    ]

    operations = [migrations.RunPython(adopt, migrations.RunPython.noop)]
