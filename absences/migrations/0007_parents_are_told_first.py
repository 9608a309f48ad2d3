"""
Illness becomes unauthorised only when the parent was told before, where the school's policy says so (002:177).

A trigger for each row, because its condition is judged before any function is called: of a class that is
saved almost no row meets it. Marks that are there already and become unauthorised are judged before they are
written; marks that are made anew are judged after, when it is known that none stood there.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION absences_parent_is_told() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    acted_at timestamptz :=
        coalesce(nullif(current_setting('rollcall.at', true), '')::timestamptz, clock_timestamp());
    sitting record;
    was_illness boolean := false;
BEGIN
    IF NOT coalesce((
        SELECT tells_before_unauthorising FROM absences_schoolterms
        WHERE school_id = NEW.school_id AND in_force_from <= (acted_at AT TIME ZONE 'Europe/London')::date
        ORDER BY in_force_from DESC LIMIT 1
    ), false) THEN
        RETURN NEW;
    END IF;
    SELECT "on" AS day, half, closes_at INTO sitting FROM registers_session WHERE id = NEW.session_id;
    -- While a register is open, I is what somebody tapped and may tap again; the school has decided nothing.
    IF NOT FOUND OR acted_at <= sitting.closes_at THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        was_illness := OLD.code = 'I';
    END IF;
    -- Nor by way of another mark, or of none.
    IF NOT was_illness AND NOT EXISTS (
        SELECT FROM registers_markentry AS e JOIN registers_entrybatch AS b ON b.id = e.batch_id
        WHERE e.academic_year = NEW.academic_year AND e.pupil_id = NEW.pupil_id
            AND e.session_id = NEW.session_id AND e.old_code = 'I' AND b.at > sitting.closes_at
    ) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT FROM absences_unauthorisingnotice AS n
        WHERE n.pupil_id = NEW.pupil_id AND n.school_id = NEW.school_id AND n.told_at <= acted_at
            AND (n.first_day, n.first_half) <= (sitting.day, sitting.half)
            AND (n.last_day, n.last_half) >= (sitting.day, sitting.half)
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The parent of pupil % was not told that % % will be unauthorised.',
        NEW.pupil_id, sitting.day, sitting.half
        USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_parent_is_told';
END $$
"""
ON_CHANGE = """
CREATE TRIGGER mark_parent_is_told BEFORE UPDATE ON registers_mark FOR EACH ROW
    WHEN (NEW.code IN ('G', 'N', 'O', 'U') AND OLD.code NOT IN ('G', 'N', 'O', 'U'))
    EXECUTE FUNCTION absences_parent_is_told()
"""
ON_A_NEW_MARK = """
CREATE TRIGGER mark_parent_is_told_of_a_new_one AFTER INSERT ON registers_mark FOR EACH ROW
    WHEN (NEW.code IN ('G', 'N', 'O', 'U'))
    EXECUTE FUNCTION absences_parent_is_told()
"""


class Migration(migrations.Migration):
    dependencies = [("absences", "0006_attachments_of_leave"), ("registers", "0015_lock_the_chain_last")]

    operations = [
        migrations.RunSQL([FUNCTION], ["DROP FUNCTION absences_parent_is_told()"]),
        migrations.RunSQL([ON_CHANGE], ["DROP TRIGGER mark_parent_is_told ON registers_mark"]),
        migrations.RunSQL(
            [ON_A_NEW_MARK], ["DROP TRIGGER mark_parent_is_told_of_a_new_one ON registers_mark"]
        ),
    ]
