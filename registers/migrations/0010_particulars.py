"""The particulars of the admission register (SI 2024/208 reg 8), with a history that the database keeps."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = (Path(__file__).parent / "sql" / "particulars.sql").read_text(encoding="utf-8")
BACKWARDS = """
DROP TRIGGER particulars_are_noted ON registers_pupil;
DROP TRIGGER particulars_are_noted ON registers_pupiladdress;
DROP TRIGGER particulars_are_noted ON registers_pupilflag;
DROP TRIGGER particulars_are_noted ON registers_contact;
DROP TRIGGER particulars_are_noted ON registers_pupilcontact;
DROP TRIGGER particulars_are_noted ON registers_pupiloutsidecontact;
DROP TRIGGER particulars_history_is_append_only ON registers_particularschange;
DROP TRIGGER particulars_history_is_not_emptied ON registers_particularschange;
DROP FUNCTION registers_refuse_change_of_particulars();
DROP FUNCTION registers_note_particulars();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_single_keys"),
        ("registers", "0009_closings"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutsideContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("authority", "Local authority"),
                            ("welfare_officer", "Education welfare officer"),
                            ("social_worker", "Social worker"),
                            ("virtual_school", "Virtual school"),
                            ("youth_justice", "Youth justice worker"),
                            ("health", "Health professional"),
                            ("other", "Another professional"),
                        ],
                        max_length=20,
                    ),
                ),
                ("organisation", models.CharField(blank=True, max_length=150)),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("is_current", models.BooleanField(default=True, help_text="still works with the school")),
            ],
        ),
        migrations.CreateModel(
            name="ParticularsChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(max_length=8)),
                ("subject_id", models.BigIntegerField()),
                ("pupil_id", models.BigIntegerField(null=True)),
                ("contact_id", models.BigIntegerField(null=True)),
                ("field", models.CharField(blank=True, max_length=40)),
                ("old", models.TextField(null=True)),
                ("new", models.TextField(null=True)),
                (
                    "counts_from",
                    models.DateField(help_text="empty: what stood there was never right", null=True),
                ),
                ("at", models.DateTimeField()),
                ("by_id", models.BigIntegerField(null=True)),
                ("by_name", models.CharField(blank=True, max_length=150)),
                ("by_position", models.CharField(blank=True, max_length=40)),
                ("reason", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="PupilAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lines", models.TextField(help_text="one line of the address on each line")),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PupilOutsideContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name="contact",
            name="home_phone",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="contact",
            name="language",
            field=models.CharField(
                blank=True, help_text="the language to speak, if not English", max_length=60
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="work_phone",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="pupil",
            name="home_language",
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AddField(
            model_name="pupil",
            name="known_as",
            field=models.CharField(
                blank=True, help_text="the forename the pupil is called by", max_length=100
            ),
        ),
        migrations.AddField(
            model_name="pupil",
            name="last_school_address",
            field=models.TextField(blank=True, help_text="one line of the address on each line"),
        ),
        migrations.AddField(
            model_name="pupil",
            name="last_school_name",
            field=models.CharField(blank=True, help_text="the last school attended", max_length=150),
        ),
        migrations.AddField(
            model_name="pupil",
            name="middle_names",
            field=models.CharField(blank=True, max_length=150),
        ),
        migrations.AddField(
            model_name="pupilcontact",
            name="court_order_from",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="pupilcontact",
            name="court_order_note",
            field=models.CharField(blank=True, help_text="what it limits", max_length=500),
        ),
        migrations.AddField(
            model_name="pupilcontact",
            name="court_order_type",
            field=models.CharField(
                blank=True,
                choices=[
                    ("child_arrangements", "Child arrangements order"),
                    ("prohibited_steps", "Prohibited steps order"),
                    ("specific_issue", "Specific issue order"),
                    ("special_guardianship", "Special guardianship order"),
                    ("care", "Care order"),
                    ("non_molestation", "Non-molestation order"),
                    ("other", "Another order"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="pupilcontact",
            name="court_order_until",
            field=models.DateField(blank=True, help_text="the last day it holds", null=True),
        ),
        migrations.AddField(
            model_name="pupilcontact",
            name="may_sign_in",
            field=models.BooleanField(default=True, help_text="may see the pupil's record online"),
        ),
        migrations.AlterField(
            model_name="contact",
            name="phone",
            field=models.CharField(blank=True, help_text="the number to try first", max_length=40),
        ),
        migrations.AddConstraint(
            model_name="pupilcontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "court_order_type__in",
                        [
                            "",
                            "child_arrangements",
                            "prohibited_steps",
                            "specific_issue",
                            "special_guardianship",
                            "care",
                            "non_molestation",
                            "other",
                        ],
                    )
                ),
                name="pupilcontact_court_order_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="pupilcontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("court_order_from__isnull", True),
                    ("court_order_until__isnull", True),
                    ("court_order_until__gte", models.F("court_order_from")),
                    _connector="OR",
                ),
                name="pupilcontact_court_order_ends_after_start",
            ),
        ),
        migrations.AddField(
            model_name="outsidecontact",
            name="school",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outside_contacts",
                to="accounts.school",
            ),
        ),
        migrations.AddField(
            model_name="particularschange",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
        ),
        migrations.AddField(
            model_name="pupiladdress",
            name="pupil",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="addresses", to="registers.pupil"
            ),
        ),
        migrations.AddField(
            model_name="pupiladdress",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
        ),
        migrations.AddField(
            model_name="pupiladdress",
            name="with_contact",
            field=models.ForeignKey(
                blank=True,
                help_text="the parent with whom the pupil lives there",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pupil_addresses",
                to="registers.contact",
            ),
        ),
        migrations.AddField(
            model_name="pupiloutsidecontact",
            name="outside_contact",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pupils",
                to="registers.outsidecontact",
            ),
        ),
        migrations.AddField(
            model_name="pupiloutsidecontact",
            name="pupil",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outside_contacts",
                to="registers.pupil",
            ),
        ),
        migrations.AddField(
            model_name="pupiloutsidecontact",
            name="school",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
        ),
        migrations.AddConstraint(
            model_name="outsidecontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "authority",
                            "welfare_officer",
                            "social_worker",
                            "virtual_school",
                            "youth_justice",
                            "health",
                            "other",
                        ],
                    )
                ),
                name="outsidecontact_role_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="particularschange",
            index=models.Index(fields=["pupil_id", "id"], name="particularschange_of_pupil"),
        ),
        migrations.AddIndex(
            model_name="particularschange",
            index=models.Index(fields=["contact_id", "id"], name="particularschange_of_contact"),
        ),
        migrations.AddConstraint(
            model_name="particularschange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("subject__in", ["pupil", "address", "flag", "contact", "link", "outside"])
                ),
                name="particularschange_subject_is_known",
            ),
        ),
        migrations.AddIndex(
            model_name="pupiladdress",
            index=models.Index(fields=["pupil", "starts_on"], name="pupiladdress_by_pupil"),
        ),
        migrations.AddConstraint(
            model_name="pupiladdress",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="pupiladdress_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="pupiladdress",
            constraint=models.CheckConstraint(
                condition=models.Q(("lines", ""), _negated=True), name="pupiladdress_says_where"
            ),
        ),
        migrations.AddConstraint(
            model_name="pupiloutsidecontact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on__isnull", True), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="pupiloutsidecontact_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="pupiloutsidecontact",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends_on__isnull", True)),
                fields=("pupil", "outside_contact"),
                name="pupiloutsidecontact_stands_once",
            ),
        ),
        migrations.RunSQL([SQL], [BACKWARDS]),
    ]
