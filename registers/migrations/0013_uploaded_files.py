"""Files that somebody looks at before they are taken in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_single_keys"),
        ("registers", "0012_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UploadedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("pupils", "Pupils: the admission register"),
                            ("contacts", "Parents and carers"),
                            ("marks", "Marks: attendance history"),
                            ("previous_marks", "Marks of schools before"),
                            ("calendar", "Half terms and closures"),
                            ("timetables", "Part-time timetables"),
                            ("ctf", "Common Transfer File (XML)"),
                        ],
                        max_length=20,
                    ),
                ),
                ("name", models.CharField(help_text="as faults call it", max_length=120)),
                ("content", models.BinaryField()),
                ("options", models.JSONField(default=dict, help_text="what was chosen beside the file")),
                ("uploaded_at", models.DateTimeField()),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "pupils",
                                    "contacts",
                                    "marks",
                                    "previous_marks",
                                    "calendar",
                                    "timetables",
                                    "ctf",
                                ],
                            )
                        ),
                        name="uploadedfile_kind_is_known",
                    )
                ],
            },
        ),
    ]
