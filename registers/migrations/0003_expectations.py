"""One view of every code that is known before a register is taken, whatever record it rests on."""

from django.db import migrations

# One arm for each kind of record. Columns stay these, in this order: pages and the closing of registers read
# them. Where two records speak of one session the reader takes the lowest `rank`.
CREATE = """
CREATE VIEW registers_expectation AS
SELECT s.school_id, t.pupil_id, s.id AS session_id, 'C2'::varchar AS code, ''::varchar AS nature,
    'Part-time timetable'::varchar AS reason, 30 AS rank
FROM registers_parttimetimetable AS t
JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
JOIN registers_session AS s ON s.school_id = t.school_id AND s.status = 'held'
    AND s."on" BETWEEN t.first_day AND t.last_day
    AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
"""


class Migration(migrations.Migration):
    dependencies = [("registers", "0002_marks_and_history")]

    operations = [migrations.RunSQL([CREATE], ["DROP VIEW registers_expectation"])]
