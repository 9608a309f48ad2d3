"""What was retired when the time for keeping it had passed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0011_roll"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RetiredEntries",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("academic_year", models.SmallIntegerField()),
                ("entries", models.IntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="retired",
                        to="registers.entrybatch",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("batch", "academic_year"), name="retiredentries_stand_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetiredYear",
            fields=[
                ("academic_year", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("marks", models.BigIntegerField()),
                ("entries", models.BigIntegerField()),
                ("last_entry_at", models.DateTimeField(help_text="when the last of its entries was written")),
                ("retired_at", models.DateTimeField()),
                (
                    "retired_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("entries__gte", 1), ("marks__gte", 0)),
                        name="retiredyear_held_something",
                    )
                ],
            },
        ),
        # Which history went, and when, is itself history. Bound to the function that guards the entries.
        migrations.RunSQL(
            [
                "CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON registers_retiredyear"
                " FOR EACH ROW EXECUTE FUNCTION registers_refuse_change()",
                "CREATE TRIGGER history_is_append_only BEFORE UPDATE OR DELETE ON registers_retiredentries"
                " FOR EACH ROW EXECUTE FUNCTION registers_refuse_change()",
            ],
            migrations.RunSQL.noop,
        ),
    ]
