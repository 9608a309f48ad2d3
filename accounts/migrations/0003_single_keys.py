from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_events_only_grow")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="uses_single_keys",
            field=models.BooleanField(default=True),
        ),
    ]
