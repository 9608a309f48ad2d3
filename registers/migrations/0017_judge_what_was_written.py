"""Marks are judged from what the statement wrote, by a plan that each connection makes once."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "sql" / "judge_marks.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("registers", "0016_absence_words")]

    operations = [migrations.RunSQL([SQL], migrations.RunSQL.noop)]
