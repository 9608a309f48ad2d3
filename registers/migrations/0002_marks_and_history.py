"""The partitioned tables of marks and their history, with the checks the database makes itself."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).parent / "sql" / "marks_and_history.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("registers", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL([SQL])],
            state_operations=[
                migrations.CreateModel(
                    name="Mark",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "academic_year",
                                "pupil_id",
                                "session_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("academic_year", models.SmallIntegerField()),
                        ("arrived_at", models.TimeField(blank=True, null=True)),
                        (
                            "nature",
                            models.CharField(blank=True, default="", max_length=200),
                        ),
                        ("recorded_at", models.DateTimeField()),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("register", "Taken in the register"),
                                    ("office", "Entered by the office"),
                                    ("import", "Imported"),
                                    ("system", "Set by Rollcall"),
                                    ("ahead", "Known ahead"),
                                ],
                                max_length=8,
                            ),
                        ),
                        (
                            "code",
                            models.ForeignKey(
                                db_column="code",
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="registers.code",
                            ),
                        ),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "school",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="accounts.school",
                            ),
                        ),
                        (
                            "pupil",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="marks",
                                to="registers.pupil",
                            ),
                        ),
                        (
                            "session",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="marks",
                                to="registers.session",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="MarkEntry",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "academic_year",
                                "batch_id",
                                "pupil_id",
                                "session_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("academic_year", models.SmallIntegerField()),
                        ("old_code", models.CharField(max_length=2, null=True)),
                        ("old_arrived_at", models.TimeField(null=True)),
                        ("old_nature", models.CharField(max_length=200, null=True)),
                        ("new_code", models.CharField(max_length=2, null=True)),
                        ("new_arrived_at", models.TimeField(null=True)),
                        ("new_nature", models.CharField(max_length=200, null=True)),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="registers.entrybatch",
                            ),
                        ),
                        (
                            "pupil",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mark_entries",
                                to="registers.pupil",
                            ),
                        ),
                        (
                            "session",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mark_entries",
                                to="registers.session",
                            ),
                        ),
                    ],
                ),
            ],
        ),
    ]
