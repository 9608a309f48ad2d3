"""Collectors are put right by a new entry, greetings at the gate struck out."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What is struck out at the late gate only grows, as the other books of the hatch do (migration 0006).
GUARD = """
CREATE TRIGGER book_is_append_only BEFORE UPDATE OR DELETE ON registers_gatestrike
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change_of_book();
CREATE TRIGGER book_is_not_emptied BEFORE TRUNCATE ON registers_gatestrike
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change_of_book();
"""
UNGUARD = """
DROP TRIGGER book_is_append_only ON registers_gatestrike;
DROP TRIGGER book_is_not_emptied ON registers_gatestrike;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_single_keys"),
        ("registers", "0018_expected_in_a_session"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="authorisedcollector",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                help_text="the permission that this one puts right; it ended with that",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="registers.authorisedcollector",
            ),
        ),
        migrations.CreateModel(
            name="GateStrike",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "greeting",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="strike",
                        to="registers.lategatepupil",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="gatestrike_has_reason",
                        violation_error_message="Say why the entry is struck out.",
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
