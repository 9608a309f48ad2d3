"""The books of the hatch: late arrivals, early departures, returns, the late gate, collectors, paper registers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The books only grow for six years; after that an entry may be removed with the register that it belongs to
# (SI 2024/208 regulation 7).
BOOKS = ("latearrival", "earlydeparture", "departurereturn", "paperregister")
GUARD = """
CREATE FUNCTION registers_refuse_change_of_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND to_regclass('rollcall_test_database') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF coalesce(to_jsonb(OLD) ->> 'recorded_at', to_jsonb(OLD) ->> 'entered_at')::timestamptz
            < now() - interval '6 years' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The books of the office can only grow: put an entry right with a new one.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'book_is_append_only';
END $$;
""" + "".join(
    f"""
CREATE TRIGGER book_is_append_only BEFORE UPDATE OR DELETE ON registers_{book}
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change_of_book();
CREATE TRIGGER book_is_not_emptied BEFORE TRUNCATE ON registers_{book}
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change_of_book();
"""
    for book in BOOKS
)
# Sixteen on the first day, or an exception that the head agreed to. An instant of years is no constant to Django's
# constraints, so the statement stands here.
OLD_ENOUGH = """
ALTER TABLE registers_authorisedcollector ADD CONSTRAINT authorisedcollector_is_old_enough CHECK (
    is_adult OR exception_reason <> '' OR (date_of_birth + interval '16 years')::date <= valid_from
)
"""
UNGUARD = "".join(
    f"DROP TRIGGER book_is_append_only ON registers_{book}; DROP TRIGGER book_is_not_emptied ON registers_{book};"
    for book in BOOKS
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_events_only_grow"),
        ("registers", "0005_school_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuthorisedCollector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                ("relationship", models.CharField(max_length=40)),
                ("phone", models.CharField(blank=True, max_length=40)),
                (
                    "is_adult",
                    models.BooleanField(
                        default=False, help_text="18 or over, as the parents or a document say"
                    ),
                ),
                ("date_of_birth", models.DateField(blank=True, null=True)),
                ("exception_reason", models.CharField(blank=True, max_length=300)),
                (
                    "exception_agreed_by",
                    models.CharField(blank=True, help_text="the head who agreed", max_length=150),
                ),
                (
                    "letter_received_on",
                    models.DateField(blank=True, help_text="signed by the parents", null=True),
                ),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=300)),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            name="CollectorPupil",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "collector",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collected",
                        to="registers.authorisedcollector",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="collectors",
                        to="registers.pupil",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EarlyDeparture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("is_withdrawal", models.BooleanField(default=False)),
                ("correction_reason", models.CharField(blank=True, max_length=300)),
                ("on", models.DateField()),
                ("left_at", models.TimeField()),
                ("expected_back_at", models.TimeField(blank=True, null=True)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("medical", "Medical or dental appointment"),
                            ("unwell", "Unwell, sent home"),
                            ("interview", "Interview"),
                            ("family", "Family emergency"),
                            ("exceptional", "Other exceptional circumstances"),
                            ("other", "Other"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason_text", models.CharField(blank=True, max_length=200)),
                (
                    "proof",
                    models.CharField(
                        choices=[
                            ("card", "Appointment card or letter"),
                            ("message", "Text or e-mail"),
                            ("seen_before", "Seen before, on file"),
                            ("other", "Other proof"),
                            ("not_needed", "Not needed"),
                            ("none", "None shown"),
                        ],
                        max_length=12,
                    ),
                ),
                ("proof_text", models.CharField(blank=True, max_length=200)),
                ("is_alone", models.BooleanField(default=False, help_text="nobody collected the pupil")),
                ("collected_by", models.CharField(blank=True, max_length=150)),
                ("relationship", models.CharField(blank=True, max_length=40)),
                (
                    "override_reason",
                    models.CharField(
                        blank=True, help_text="why somebody who is not on the list collected", max_length=300
                    ),
                ),
                (
                    "collector",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="departures",
                        to="registers.authorisedcollector",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.contact",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
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
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="registers.earlydeparture",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DepartureReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("is_withdrawal", models.BooleanField(default=False)),
                ("correction_reason", models.CharField(blank=True, max_length=300)),
                ("returned_at", models.TimeField()),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
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
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="registers.departurereturn",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
                (
                    "departure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="returns",
                        to="registers.earlydeparture",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LateArrival",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("is_withdrawal", models.BooleanField(default=False)),
                ("correction_reason", models.CharField(blank=True, max_length=300)),
                ("arrived_at", models.TimeField()),
                (
                    "minutes_late",
                    models.SmallIntegerField(help_text="after arrivals count as late; 0 when in time"),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("overslept", "Overslept"),
                            ("transport", "Transport or traffic"),
                            ("family", "Family reason"),
                            ("unwell", "Unwell earlier"),
                            ("appointment", "Appointment"),
                            ("weather", "Weather"),
                            ("other", "Other"),
                            ("not_given", "Not given"),
                        ],
                        max_length=12,
                    ),
                ),
                ("reason_text", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.CharField(
                        choices=[
                            ("parent", "Parent or carer"),
                            ("sibling", "Brother or sister"),
                            ("adult", "Other adult"),
                            ("alone", "Alone"),
                        ],
                        max_length=8,
                    ),
                ),
                ("company_name", models.CharField(blank=True, max_length=100)),
                ("code", models.CharField(blank=True, max_length=2)),
                ("previous_code", models.CharField(blank=True, max_length=2)),
                ("previous_arrived_at", models.TimeField(blank=True, null=True)),
                ("previous_nature", models.CharField(blank=True, max_length=200)),
                (
                    "proposed_code",
                    models.ForeignKey(
                        db_column="proposed_code",
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registers.code",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="%(class)ss",
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
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="registers.latearrival",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_arrivals",
                        to="registers.session",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LateGate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField()),
                ("started_at", models.TimeField()),
                ("staff_name", models.CharField(max_length=150)),
                ("note", models.CharField(blank=True, max_length=300)),
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
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LateGatePupil",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.TimeField()),
                (
                    "gate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="greeted",
                        to="registers.lategate",
                    ),
                ),
                (
                    "pupil",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gates",
                        to="registers.pupil",
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PaperRegister",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("marked_by_name", models.CharField(max_length=150)),
                ("marked_at", models.DateTimeField()),
                ("entered_at", models.DateTimeField()),
                ("marks_count", models.SmallIntegerField(help_text="marks recorded, changed or cleared")),
                (
                    "class_group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_registers",
                        to="registers.classgroup",
                    ),
                ),
                (
                    "entered_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="paper_registers",
                        to="registers.session",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="authorisedcollector",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_adult", True), ("date_of_birth__isnull", False), _connector="OR"),
                name="authorisedcollector_age_is_known",
                violation_error_message="Enter the date of birth of somebody under 18.",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorisedcollector",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("exception_agreed_by", ""), ("exception_reason", "")),
                    models.Q(
                        models.Q(("exception_reason", ""), _negated=True),
                        models.Q(("exception_agreed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="authorisedcollector_exception_is_agreed",
                violation_error_message="Say why the head agreed to the exception, and who the head is.",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorisedcollector",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="authorisedcollector_ends_after_start",
                violation_error_message="The last day cannot be before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="authorisedcollector",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("end_reason", ""), ("ended_at__isnull", True), ("ended_by__isnull", True)),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        models.Q(("end_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="authorisedcollector_end_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="collectorpupil",
            constraint=models.UniqueConstraint(
                fields=("collector", "pupil"), name="collectorpupil_stands_once"
            ),
        ),
        migrations.AddIndex(
            model_name="earlydeparture",
            index=models.Index(fields=["school", "on"], name="earlydeparture_by_day"),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("correction_reason", ""), ("is_withdrawal", False), ("replaces__isnull", True)),
                    models.Q(("replaces__isnull", False), models.Q(("correction_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="earlydeparture_correction_has_reason",
                violation_error_message="Say why the entry is put right.",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("proof__in", ["card", "message", "seen_before", "other", "not_needed", "none"]),
                    ("reason__in", ["medical", "unwell", "interview", "family", "exceptional", "other"]),
                ),
                name="earlydeparture_reason_and_proof_are_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expected_back_at__isnull", True),
                    ("expected_back_at__gt", models.F("left_at")),
                    _connector="OR",
                ),
                name="earlydeparture_back_after_leaving",
                violation_error_message="The pupil cannot be back before leaving.",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("collected_by", ""),
                        ("collector__isnull", True),
                        ("contact__isnull", True),
                        ("is_alone", True),
                    ),
                    models.Q(("is_alone", False), models.Q(("collected_by", ""), _negated=True)),
                    _connector="OR",
                ),
                name="earlydeparture_says_who_collected",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(("contact__isnull", True), ("collector__isnull", True), _connector="OR"),
                name="earlydeparture_one_collected",
            ),
        ),
        migrations.AddConstraint(
            model_name="earlydeparture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("contact__isnull", False),
                    ("collector__isnull", False),
                    models.Q(("override_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="earlydeparture_stranger_has_reason",
                violation_error_message="Say why the pupil left without somebody on the list.",
            ),
        ),
        migrations.AddConstraint(
            model_name="departurereturn",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("correction_reason", ""), ("is_withdrawal", False), ("replaces__isnull", True)),
                    models.Q(("replaces__isnull", False), models.Q(("correction_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="departurereturn_correction_has_reason",
                violation_error_message="Say why the entry is put right.",
            ),
        ),
        migrations.AddIndex(
            model_name="latearrival",
            index=models.Index(fields=["school", "session"], name="latearrival_by_session"),
        ),
        migrations.AddConstraint(
            model_name="latearrival",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("correction_reason", ""), ("is_withdrawal", False), ("replaces__isnull", True)),
                    models.Q(("replaces__isnull", False), models.Q(("correction_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="latearrival_correction_has_reason",
                violation_error_message="Say why the entry is put right.",
            ),
        ),
        migrations.AddConstraint(
            model_name="latearrival",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes_late__range", (0, 1440))),
                name="latearrival_minutes_are_of_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="latearrival",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "reason__in",
                        [
                            "overslept",
                            "transport",
                            "family",
                            "unwell",
                            "appointment",
                            "weather",
                            "other",
                            "not_given",
                        ],
                    )
                ),
                name="latearrival_reason_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="latearrival",
            constraint=models.CheckConstraint(
                condition=models.Q(("company__in", ["parent", "sibling", "adult", "alone"])),
                name="latearrival_company_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="lategate",
            index=models.Index(fields=["school", "on"], name="lategate_by_day"),
        ),
        migrations.AddConstraint(
            model_name="lategatepupil",
            constraint=models.UniqueConstraint(fields=("gate", "pupil"), name="lategatepupil_stands_once"),
        ),
        migrations.AddIndex(
            model_name="paperregister",
            index=models.Index(fields=["class_group", "session"], name="paperregister_by_session"),
        ),
        migrations.AddConstraint(
            model_name="paperregister",
            constraint=models.CheckConstraint(
                condition=models.Q(("entered_at__gte", models.F("marked_at"))),
                name="paperregister_entered_after_marking",
                violation_error_message="A register cannot be entered before it was marked.",
            ),
        ),
        migrations.AddConstraint(
            model_name="paperregister",
            constraint=models.CheckConstraint(
                condition=models.Q(("marked_by_name", ""), _negated=True),
                name="paperregister_says_who_marked",
                violation_error_message="Say who marked the register on paper.",
            ),
        ),
        migrations.RunSQL(
            [GUARD, OLD_ENOUGH],
            [
                UNGUARD,
                "DROP FUNCTION registers_refuse_change_of_book()",
                "ALTER TABLE registers_authorisedcollector DROP CONSTRAINT authorisedcollector_is_old_enough",
            ],
        ),
    ]
