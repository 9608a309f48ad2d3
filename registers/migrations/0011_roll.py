"""How pupils came on roll and left it, the yearly move up, and marks of earlier schools."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# What is recorded of a leaving and the roll itself may never say different days. Judged at the end of the
# transaction, because both are written in it, one after the other.
LEAVING_AGREES = """
CREATE FUNCTION registers_judge_leaving() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM registers_departure AS d JOIN registers_enrolment AS e ON e.id = d.enrolment_id
        WHERE d.cancelled_at IS NULL AND d.leaving_on IS DISTINCT FROM e.leaving_on
            AND e.id = CASE TG_TABLE_NAME WHEN 'registers_departure' THEN (to_jsonb(NEW) ->> 'enrolment_id')::bigint
                ELSE (to_jsonb(NEW) ->> 'id')::bigint END
    ) THEN
        RAISE EXCEPTION 'The leaving that was recorded names another last day on roll.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'leaving_agrees_with_roll';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER leaving_agrees_with_roll AFTER INSERT OR UPDATE ON registers_departure
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registers_judge_leaving();
CREATE CONSTRAINT TRIGGER leaving_agrees_with_roll AFTER UPDATE ON registers_enrolment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registers_judge_leaving();
"""
LEAVING_AGREES_NO_MORE = """
DROP TRIGGER leaving_agrees_with_roll ON registers_enrolment;
DROP TRIGGER leaving_agrees_with_roll ON registers_departure;
DROP FUNCTION registers_judge_leaving();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0010_particulars"),
    ]

    operations = [
        migrations.CreateModel(
            name="Departure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("leaving_on", models.DateField(help_text="last day on roll")),
                (
                    "ground",
                    models.CharField(
                        help_text="a to o of SI 2024/208 reg 9(1), or 3a to 3e of 9(3)", max_length=6
                    ),
                ),
                (
                    "is_exempt",
                    models.BooleanField(
                        default=False, help_text="at the normal end of the school's final year"
                    ),
                ),
                (
                    "confirmations",
                    models.JSONField(default=list, help_text="the conditions that a person confirmed"),
                ),
                (
                    "decider",
                    models.CharField(blank=True, help_text="who decided, with post (GEN-23)", max_length=120),
                ),
                (
                    "notice_on",
                    models.DateField(blank=True, help_text="day of the parent's written notice", null=True),
                ),
                ("class_name", models.CharField(blank=True, max_length=40)),
                ("current_address", models.TextField(blank=True)),
                ("new_address", models.TextField(blank=True)),
                ("new_address_from", models.DateField(blank=True, null=True)),
                ("new_school_name", models.CharField(blank=True, max_length=120)),
                ("new_school_address", models.TextField(blank=True)),
                ("new_school_from", models.DateField(blank=True, null=True)),
                ("return_sent_on", models.DateField(blank=True, null=True)),
                ("return_sent_to", models.CharField(blank=True, max_length=120)),
                ("memberships_before", models.JSONField(default=list)),
                ("recorded_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancelled_because", models.CharField(blank=True, max_length=300)),
                (
                    "cancelled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to="registers.enrolment",
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
                    models.UniqueConstraint(
                        condition=models.Q(("cancelled_at__isnull", True)),
                        fields=("enrolment",),
                        name="departure_stands_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("leaving_on__gte", models.F("recorded_on"))),
                        name="departure_is_never_retrospective",
                        violation_error_message="A name cannot be deleted from a day in the past.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "ground__in",
                                [
                                    "a",
                                    "b",
                                    "c",
                                    "d",
                                    "e",
                                    "f",
                                    "g",
                                    "h",
                                    "i",
                                    "j",
                                    "k",
                                    "l",
                                    "m",
                                    "n",
                                    "o",
                                    "3a",
                                    "3b",
                                    "3c",
                                    "3d",
                                    "3e",
                                ],
                            )
                        ),
                        name="departure_ground_is_lawful",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("return_sent_on__isnull", True), ("return_sent_to", "")),
                            models.Q(
                                ("return_sent_on__isnull", False),
                                models.Q(("return_sent_to", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="departure_return_has_day_and_place",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_exempt", True),
                            ("return_sent_on__lte", models.F("leaving_on")),
                            _connector="OR",
                        ),
                        name="departure_has_return_in_time",
                        violation_error_message="The deletion return goes before the removal or with it.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_exempt", True), ("return_sent_on__isnull", False), _connector="OR"
                        ),
                        name="departure_has_return",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", True), ("cancelled_by__isnull", True)),
                            models.Q(("cancelled_at__isnull", False), ("cancelled_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="departure_cancelled_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Enquiry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("made_by", models.CharField(help_text="who enquired, with post", max_length=120)),
                (
                    "with_authority",
                    models.BooleanField(default=False, help_text="jointly with the local authority"),
                ),
                ("asked", models.CharField(help_text="what was done, or who was asked", max_length=300)),
                ("result", models.CharField(max_length=300)),
                ("recorded_at", models.DateTimeField()),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="enquiries",
                        to="registers.enrolment",
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
                "verbose_name_plural": "enquiries",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_by", ""), _negated=True),
                            models.Q(("asked", ""), _negated=True),
                            models.Q(("result", ""), _negated=True),
                        ),
                        name="enquiry_says_everything",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Joining",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("entered_on", models.DateField(help_text="the day on which the name was entered")),
                ("previous_school_name", models.CharField(blank=True, max_length=120)),
                ("previous_school_address", models.TextField(blank=True)),
                ("previous_first_day", models.DateField(blank=True, null=True)),
                ("previous_last_day", models.DateField(blank=True, null=True)),
                (
                    "return_needed",
                    models.BooleanField(help_text="false for the intake of the most junior class, reg 13(2)"),
                ),
                ("return_sent_on", models.DateField(blank=True, null=True)),
                ("return_sent_to", models.CharField(blank=True, max_length=120)),
                ("recorded_at", models.DateTimeField()),
                (
                    "enrolment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joining",
                        to="registers.enrolment",
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
                        condition=models.Q(
                            ("previous_first_day__isnull", True),
                            ("previous_last_day__isnull", True),
                            ("previous_last_day__gte", models.F("previous_first_day")),
                            _connector="OR",
                        ),
                        name="joining_previous_school_ends_after_start",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("return_sent_on__isnull", True), ("return_sent_to", "")),
                            models.Q(
                                ("return_sent_on__isnull", False),
                                models.Q(("return_sent_to", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="joining_return_has_day_and_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PreviousMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("half", models.CharField(choices=[("AM", "Morning"), ("PM", "Afternoon")], max_length=2)),
                (
                    "source_school",
                    models.CharField(help_text="the school that made the mark", max_length=120),
                ),
                ("recorded_at", models.DateTimeField()),
                (
                    "code",
                    models.ForeignKey(
                        db_column="code",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.code",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="previous_marks",
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
            options={
                "indexes": [models.Index(fields=["school", "on"], name="previousmark_by_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("pupil", "on", "half"), name="previousmark_stands_once"),
                    models.CheckConstraint(
                        condition=models.Q(("half__in", ["AM", "PM"])), name="previousmark_half_is_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source_school", ""), _negated=True),
                        name="previousmark_has_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RollOver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "to_year",
                    models.SmallIntegerField(help_text="the academic year moved into: 2026 is 2026/27"),
                ),
                ("moved", models.IntegerField(help_text="pupils who went up a year")),
                ("kept", models.IntegerField(help_text="pupils who stay in their year")),
                ("leaving", models.IntegerField(help_text="pupils whose leaving was planned")),
                ("done_at", models.DateTimeField()),
                (
                    "done_by",
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
                    models.UniqueConstraint(fields=("school", "to_year"), name="rollover_happens_once")
                ],
            },
        ),
        migrations.RunSQL([LEAVING_AGREES], [LEAVING_AGREES_NO_MORE]),
    ]
