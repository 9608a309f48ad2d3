"""Times for year groups and from a day on, closures of half days, and a closing for each year group."""

import datetime

import django.db.models.deletion
from django.db import migrations, models

# Of the function that judges marks only the moment of closing changes, whatever other migrations made of it: a
# pupil whose year group closes later than the school may be marked again without a reason until then. Asked only
# where the school's own register has closed and no reason was given.
CLOSES_AT = "acted_at > s.closes_at"
CLOSES_AT_OF_PUPIL = """acted_at > greatest(s.closes_at, (
                            SELECT max(y.closes_at)
                            FROM registers_yeargrouptimes AS y
                            JOIN registers_classmembership AS m ON m.year_group = y.year_group
                            WHERE y.session_id = s.id AND m.pupil_id = e.pupil_id
                                AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
                        ))"""
REPLACE = """
DO $change$
DECLARE
    was text := pg_get_functiondef('registers_judge_marks()'::regprocedure);
BEGIN
    IF position($old${old}$old$ IN was) = 0 THEN
        RAISE EXCEPTION 'registers_judge_marks() does not compare the closing of registers as expected.';
    END IF;
    EXECUTE replace(was, $old${old}$old$, $new${new}$new$);
END $change$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0004_ahead"),
    ]

    operations = [
        migrations.CreateModel(
            name="YearGroupTimes",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year_group", models.CharField(max_length=3)),
                ("opens_at", models.DateTimeField()),
                ("late_after_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="calendarperiod",
            name="calendarperiod_stands_once",
        ),
        migrations.RemoveConstraint(
            model_name="daytimes",
            name="daytimes_are_set_once",
        ),
        migrations.AddField(
            model_name="calendarperiod",
            name="cleared_from",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="calendarperiod",
            name="cleared_to",
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="calendarperiod",
            name="first_half",
            field=models.CharField(
                choices=[("AM", "Morning"), ("PM", "Afternoon")], default="AM", max_length=2
            ),
        ),
        migrations.AddField(
            model_name="calendarperiod",
            name="last_half",
            field=models.CharField(
                choices=[("AM", "Morning"), ("PM", "Afternoon")], default="PM", max_length=2
            ),
        ),
        migrations.AddField(
            model_name="daytimes",
            name="entry_from",
            field=models.TimeField(blank=True, help_text="pupils may come in", null=True),
        ),
        migrations.AddField(
            model_name="daytimes",
            name="gates_open_at",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="daytimes",
            name="starts_on",
            field=models.DateField(default=datetime.date(2018, 8, 1)),
        ),
        migrations.AddField(
            model_name="daytimes",
            name="year_group",
            field=models.CharField(
                blank=True, default="", help_text="N, R, 1 to 13; empty: all years", max_length=3
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_half__in", ["AM", "PM"]),
                    ("last_half__in", ["AM", "PM"]),
                    models.Q(
                        models.Q(("kind", "half_term"), _negated=True),
                        models.Q(("first_half", "AM"), ("last_half", "PM")),
                        _connector="OR",
                    ),
                ),
                name="calendarperiod_halves_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("last_day__gt", models.F("first_day")),
                    ("last_half__gte", models.F("first_half")),
                    _connector="OR",
                ),
                name="calendarperiod_ends_after_first_half",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cleared_from__isnull", True), ("cleared_to__isnull", True)),
                    models.Q(("cleared_from__isnull", False), ("cleared_to__gte", models.F("cleared_from"))),
                    _connector="OR",
                ),
                name="calendarperiod_cleared_is_a_span",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarperiod",
            constraint=models.UniqueConstraint(
                fields=("school", "kind", "first_day", "first_half", "last_day", "last_half"),
                name="calendarperiod_stands_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="daytimes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("gates_open_at__isnull", True),
                    ("gates_open_at__lte", models.F("opens_at")),
                    _connector="OR",
                ),
                name="daytimes_gates_open_first",
                violation_error_message="The gates open before the register.",
            ),
        ),
        migrations.AddConstraint(
            model_name="daytimes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("entry_from__isnull", True), ("entry_from__lte", models.F("opens_at")), _connector="OR"
                ),
                name="daytimes_entry_comes_first",
                violation_error_message="Pupils come in before the register opens.",
            ),
        ),
        migrations.AddConstraint(
            model_name="daytimes",
            constraint=models.UniqueConstraint(
                fields=("school", "starts_on", "half", "weekday", "year_group"),
                name="daytimes_are_set_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="yeargrouptimes",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
        ),
        migrations.AddField(
            model_name="yeargrouptimes",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="year_group_times",
                to="registers.session",
            ),
        ),
        migrations.AddConstraint(
            model_name="yeargrouptimes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("late_after_at__gte", models.F("opens_at")),
                    ("closes_at__gte", models.F("late_after_at")),
                ),
                name="yeargrouptimes_are_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="yeargrouptimes",
            constraint=models.UniqueConstraint(
                fields=("session", "year_group"), name="yeargrouptimes_stand_once"
            ),
        ),
        migrations.RunSQL(
            [REPLACE.format(old=CLOSES_AT, new=CLOSES_AT_OF_PUPIL)],
            [REPLACE.format(old=CLOSES_AT_OF_PUPIL, new=CLOSES_AT)],
        ),
    ]
