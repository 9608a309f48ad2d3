"""Trips, planned absences and weekly patterns, and the view that reads them."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = (Path(__file__).parent / "sql" / "expectations.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_events_only_grow"),
        ("registers", "0003_expectations"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="parttimetimetable",
            name="agreed_with",
            field=models.CharField(
                blank=True, help_text="the parent with whom the pupil normally lives", max_length=150
            ),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="ambition",
            field=models.TextField(blank=True, help_text="how the pupil is to come back to full time"),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="authority_told_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="circumstances",
            field=models.TextField(blank=True, help_text="what is exceptional"),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="ended_early_why",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="plan_discussed_on",
            field=models.DateField(
                blank=True,
                help_text="education, health and care plan: talked over with the authority",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="parttimetimetable",
            name="social_worker_told_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="parttimetimetable",
            name="review_on",
            field=models.DateField(help_text="the next review, or the last one held"),
        ),
        migrations.CreateModel(
            name="KnownAhead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(help_text="what it is, as registers show it", max_length=100)),
                ("nature", models.CharField(blank=True, max_length=200)),
                ("leader", models.CharField(blank=True, help_text="who supervises it", max_length=150)),
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
                ("recorded_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_why", models.CharField(blank=True, max_length=300)),
                (
                    "code",
                    models.ForeignKey(
                        db_column="code", on_delete=django.db.models.deletion.PROTECT, to="registers.code"
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
                (
                    "withdrawn_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="KnownAheadPupil",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "known_ahead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="taking_part",
                        to="registers.knownahead",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="known_ahead",
                        to="registers.pupil",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TimetableReview",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("held_on", models.DateField()),
                ("outcome", models.TextField()),
                ("next_review_on", models.DateField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "timetable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="registers.parttimetimetable",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WeeklyPattern",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(help_text="why, as registers show it", max_length=100)),
                ("nature", models.CharField(blank=True, max_length=200)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "code",
                    models.ForeignKey(
                        db_column="code", on_delete=django.db.models.deletion.PROTECT, to="registers.code"
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="weekly_patterns",
                        to="registers.pupil",
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
        ),
        migrations.CreateModel(
            name="PatternSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("weekday", models.SmallIntegerField(help_text="0 is Monday")),
                ("half", models.CharField(choices=[("AM", "Morning"), ("PM", "Afternoon")], max_length=2)),
                (
                    "pattern",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to="registers.weeklypattern",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="knownahead",
            index=models.Index(fields=["school", "last_day"], name="knownahead_by_last_day"),
        ),
        migrations.AddConstraint(
            model_name="knownahead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day__gt", models.F("first_day")),
                    models.Q(("last_day", models.F("first_day")), ("last_half__gte", models.F("first_half"))),
                    _connector="OR",
                ),
                name="knownahead_ends_after_start",
                violation_error_message="The last session cannot be before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="knownahead",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_half__in", ["AM", "PM"]), ("last_half__in", ["AM", "PM"])),
                name="knownahead_halves_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="knownahead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                    _connector="OR",
                ),
                name="knownahead_withdrawn_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="knownaheadpupil",
            constraint=models.UniqueConstraint(
                fields=("known_ahead", "pupil"), name="knownaheadpupil_stands_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="timetablereview",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("next_review_on__isnull", True),
                    ("next_review_on__gt", models.F("held_on")),
                    _connector="OR",
                ),
                name="timetablereview_next_is_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="timetablereview",
            constraint=models.UniqueConstraint(
                fields=("timetable", "held_on"), name="timetablereview_stands_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklypattern",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day__isnull", True), ("last_day__gte", models.F("first_day")), _connector="OR"
                ),
                name="weeklypattern_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklypattern",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", "C2"), _negated=True),
                name="weeklypattern_is_no_part_time_timetable",
            ),
        ),
        migrations.AddConstraint(
            model_name="weeklypattern",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", "D"), _negated=True),
                    models.Q(("nature", ""), _negated=True),
                    _connector="OR",
                ),
                name="weeklypattern_names_the_other_school",
                violation_error_message="Say at which other school the pupil is registered.",
            ),
        ),
        migrations.AddConstraint(
            model_name="patternsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("weekday__range", (0, 4))), name="patternsession_weekday_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="patternsession",
            constraint=models.CheckConstraint(
                condition=models.Q(("half__in", ["AM", "PM"])), name="patternsession_half_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="patternsession",
            constraint=models.UniqueConstraint(
                fields=("pattern", "weekday", "half"), name="patternsession_stands_once"
            ),
        ),
        migrations.RunSQL([SQL], migrations.RunSQL.noop),
    ]
