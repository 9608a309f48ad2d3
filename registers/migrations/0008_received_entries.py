import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_single_keys"),
        ("registers", "0007_history_belongs_to_the_owner"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ReceivedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("outcome", models.JSONField()),
                ("received_at", models.DateTimeField(db_index=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
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
                        fields=("by", "key"), name="receivedentry_key_is_unique_for_a_person"
                    )
                ],
            },
        ),
    ]
