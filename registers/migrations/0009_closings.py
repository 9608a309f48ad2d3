"""What the closing of registers set, reminders to take one, and a quick way to marks changed often."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_events_only_grow"),
        ("registers", "0008_received_entries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RegisterClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "closed_at",
                    models.DateTimeField(help_text="when Rollcall closed it, not when the register closes"),
                ),
                ("known_ahead", models.IntegerField(help_text="marks taken from what was known ahead")),
                ("unexplained", models.IntegerField(help_text="marks set to N")),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="closing",
                        to="registers.session",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClassClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("was_begun", models.BooleanField(help_text="somebody had begun to take this register")),
                ("known_ahead", models.IntegerField()),
                ("unexplained", models.IntegerField()),
                (
                    "class_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closings",
                        to="registers.classgroup",
                    ),
                ),
                (
                    "closing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="classes",
                        to="registers.registerclosing",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RegisterNudge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nudged_at", models.DateTimeField()),
                ("address", models.URLField(help_text="of the register; holds ids only", max_length=300)),
                (
                    "sent_at",
                    models.DateTimeField(blank=True, help_text="when a worker took it on", null=True),
                ),
                (
                    "class_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nudges",
                        to="registers.classgroup",
                    ),
                ),
                (
                    "nudged_by",
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
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="nudges",
                        to="registers.session",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="registerclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(("known_ahead__gte", 0), ("unexplained__gte", 0)),
                name="registerclosing_counts_from_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="classclosing",
            constraint=models.UniqueConstraint(
                fields=("closing", "class_group"), name="classclosing_stands_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="classclosing",
            constraint=models.CheckConstraint(
                condition=models.Q(("known_ahead__gte", 0), ("unexplained__gte", 0)),
                name="classclosing_counts_from_zero",
            ),
        ),
        migrations.AddIndex(
            model_name="registernudge",
            index=models.Index(fields=["session", "class_group", "-nudged_at"], name="registernudge_latest"),
        ),
        migrations.AddIndex(
            model_name="registernudge",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)),
                fields=["nudged_at"],
                name="registernudge_waiting",
            ),
        ),
        # First marks are nearly all of the history; the check for marks changed often needs the others.
        migrations.RunSQL(
            "CREATE INDEX markentry_changes ON registers_markentry (pupil_id, session_id)"
            " WHERE old_code IS NOT NULL",
            "DROP INDEX markentry_changes",
        ),
    ]
