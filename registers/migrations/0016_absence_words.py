"""Word of an absence that nobody has judged yet, which registers show."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_single_keys"),
        ("registers", "0015_lock_the_chain_last"),
    ]

    operations = [
        migrations.CreateModel(
            name="AbsenceWord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(max_length=40)),
                ("words", models.CharField(help_text="what it says, as registers show it", max_length=100)),
                ("first_day", models.DateField()),
                (
                    "first_half",
                    models.CharField(
                        choices=[("AM", "Morning"), ("PM", "Afternoon")], default="AM", max_length=2
                    ),
                ),
                ("last_day", models.DateField()),
                (
                    "last_half",
                    models.CharField(
                        choices=[("AM", "Morning"), ("PM", "Afternoon")], default="PM", max_length=2
                    ),
                ),
                ("came_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absence_words",
                        to="registers.pupil",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=["school", "last_day"],
                        name="absenceword_standing",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("school", "about"), name="absenceword_comes_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("last_day__gt", models.F("first_day")),
                            models.Q(
                                ("last_day", models.F("first_day")),
                                ("last_half__gte", models.F("first_half")),
                            ),
                            _connector="OR",
                        ),
                        name="absenceword_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_half__in", ["AM", "PM"]), ("last_half__in", ["AM", "PM"])),
                        name="absenceword_halves_are_known",
                    ),
                ],
            },
        ),
    ]
