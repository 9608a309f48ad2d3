-- Every code that is known before a register is taken. Where two records speak of one session of a pupil the reader
-- takes the lowest rank: what was arranged for the day itself goes before what is so every week.
-- Only codes that can stand there are named, so that closing a register never fails on an arrangement that a birthday
-- or a change of the national codes has overtaken.
CREATE OR REPLACE VIEW registers_expectation AS
WITH arranged AS (
    SELECT k.school_id, t.pupil_id, s.id AS session_id, s."on", s.half, k.code, k.nature, k.name AS reason, 10 AS rank
    FROM registers_knownahead AS k
    JOIN registers_knownaheadpupil AS t ON t.known_ahead_id = k.id
    JOIN registers_session AS s ON s.school_id = k.school_id AND s.status = 'held'
        AND s."on" BETWEEN k.first_day AND k.last_day
        AND (s."on" > k.first_day OR s.half >= k.first_half)
        AND (s."on" < k.last_day OR s.half <= k.last_half)
    WHERE k.withdrawn_at IS NULL
    UNION ALL
    SELECT w.school_id, w.pupil_id, s.id, s."on", s.half, w.code, w.nature, w.name, 20
    FROM registers_weeklypattern AS w
    JOIN registers_patternsession AS q ON q.pattern_id = w.id
    JOIN registers_session AS s ON s.school_id = w.school_id AND s.status = 'held'
        AND s."on" >= w.first_day AND (w.last_day IS NULL OR s."on" <= w.last_day)
        AND q.weekday = extract(isodow FROM s."on")::int - 1 AND q.half = s.half
    UNION ALL
    SELECT t.school_id, t.pupil_id, s.id, s."on", s.half, 'C2', '', 'Part-time timetable', 30
    FROM registers_parttimetimetable AS t
    JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
    JOIN registers_session AS s ON s.school_id = t.school_id AND s.status = 'held'
        AND s."on" BETWEEN t.first_day AND t.last_day
        AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
)
SELECT e.school_id, e.pupil_id, e.session_id, e.code::varchar AS code, e.nature::varchar AS nature,
    e.reason::varchar AS reason, e.rank
FROM arranged AS e
JOIN registers_code AS c ON c.symbol = e.code AND c.is_mark
    AND (c.valid_from IS NULL OR c.valid_from <= e."on") AND (c.valid_to IS NULL OR c.valid_to >= e."on")
    AND c.half IN ('', e.half)
JOIN registers_pupil AS p ON p.id = e.pupil_id
WHERE c.age_rule = ''
    OR registers_is_compulsory_age(p.date_of_birth, e."on") = (c.age_rule = 'compulsory');
