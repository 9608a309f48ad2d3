"""
The triggers write the history as the owner of its tables, so that the application's role need not be let near.

And a table of the links that were told to people outside the database.
"""

import django.db.models.deletion
from django.db import migrations, models

# pg_temp comes last: a temporary table of the caller must not stand in for one of ours. Nobody else may bind the
# function that writes history to a table of their own, which CREATE TRIGGER would otherwise let every role do.
FORWARDS = """
ALTER FUNCTION registers_judge_marks() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION registers_refuse_orphan_marks() SECURITY DEFINER SET search_path = public, pg_temp;
ALTER FUNCTION registers_refuse_change() SET search_path = public, pg_temp;
REVOKE EXECUTE ON FUNCTION registers_judge_marks(), registers_refuse_orphan_marks() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION registers_make_partitions(int, int), registers_guard_marks(text) FROM PUBLIC;
CREATE TRIGGER head_is_not_emptied BEFORE TRUNCATE ON registers_historyhead
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER head_is_not_emptied ON registers_historyhead;
GRANT EXECUTE ON FUNCTION registers_make_partitions(int, int), registers_guard_marks(text) TO PUBLIC;
GRANT EXECUTE ON FUNCTION registers_judge_marks(), registers_refuse_orphan_marks() TO PUBLIC;
ALTER FUNCTION registers_refuse_change() RESET search_path;
ALTER FUNCTION registers_refuse_orphan_marks() SECURITY INVOKER RESET search_path;
ALTER FUNCTION registers_judge_marks() SECURITY INVOKER RESET search_path;
"""
ANCHORS_ONLY_GROW = """
CREATE TRIGGER anchors_only_grow BEFORE UPDATE OR DELETE ON registers_historyanchor
    FOR EACH ROW EXECUTE FUNCTION registers_refuse_change();
CREATE TRIGGER anchors_are_not_emptied BEFORE TRUNCATE ON registers_historyanchor
    FOR EACH STATEMENT EXECUTE FUNCTION registers_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("registers", "0006_arrivals")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.CreateModel(
            name="HistoryAnchor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField(help_text="of the batch")),
                ("digest", models.BinaryField()),
                ("at", models.DateTimeField(help_text="when it was told")),
                (
                    "school",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.school"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("school", "number"), name="historyanchor_is_told_once")
                ],
            },
        ),
        migrations.RunSQL(ANCHORS_ONLY_GROW, migrations.RunSQL.noop),
    ]
