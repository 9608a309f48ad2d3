-- Judges the marks that a statement wrote and links them to the history of their school.
-- The entries written are judged from arrays: their plan needs no partition and is kept with the connection.
CREATE OR REPLACE FUNCTION registers_judge_marks() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $function$
DECLARE
    acting bigint := nullif(current_setting('rollcall.by', true), '')::bigint;
    acting_name text := coalesce(current_setting('rollcall.by_name', true), '');
    acting_position text := coalesce(current_setting('rollcall.by_position', true), '');
    given_reason text := btrim(coalesce(current_setting('rollcall.reason', true), ''));
    writing timestamptz := clock_timestamp();
    acted_at timestamptz := coalesce(nullif(current_setting('rollcall.at', true), '')::timestamptz, writing);
    schools bigint[];
    years smallint[];
    one_school bigint;
    author bigint;
    batch bigint;
    how_many int;
    pupils bigint[];
    sessions bigint[];
    in_years smallint[];
    codes varchar[];
    head record;
    fault record;
    entries_sha bytea;
    chained bytea;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(DISTINCT school_id), array_agg(DISTINCT academic_year), min(recorded_by_id)
            INTO schools, years, author FROM new_rows;
    ELSE
        SELECT array_agg(DISTINCT school_id), array_agg(DISTINCT academic_year)
            INTO schools, years FROM old_rows;
    END IF;
    IF schools IS NULL THEN
        RETURN NULL;  -- the statement changed nothing
    END IF;
    author := coalesce(acting, author);
    IF author IS NULL THEN
        RAISE EXCEPTION 'A mark cannot be changed without saying who changes it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_change_has_author';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF EXISTS (
            SELECT FROM new_rows AS n
            LEFT JOIN old_rows AS o USING (academic_year, pupil_id, session_id, school_id)
            WHERE o.pupil_id IS NULL
        ) THEN
            RAISE EXCEPTION 'A mark cannot be moved to another pupil or session.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_stays_in_place';
        END IF;
        IF EXISTS (
            SELECT FROM new_rows AS n
            JOIN old_rows AS o USING (academic_year, pupil_id, session_id)
            WHERE (o.code, o.arrived_at, o.nature) IS NOT DISTINCT FROM (n.code, n.arrived_at, n.nature)
                AND (o.recorded_at, o.recorded_by_id, o.source) IS DISTINCT FROM
                    (n.recorded_at, n.recorded_by_id, n.source)
        ) THEN
            RAISE EXCEPTION 'Who recorded a mark, and when, changes only with the mark.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'mark_author_changes_with_mark';
        END IF;
    END IF;

    -- Sorted, so that two statements over the same schools wait for each other instead of deadlocking.
    FOR one_school IN SELECT unnest(schools) AS id ORDER BY id LOOP
        batch := nextval(pg_get_serial_sequence('registers_entrybatch', 'id'));

        IF TG_OP = 'INSERT' THEN
            WITH written AS (
                INSERT INTO registers_markentry
                SELECT academic_year, batch, pupil_id, session_id, NULL, NULL, NULL, code, arrived_at, nature
                FROM new_rows WHERE school_id = one_school
                RETURNING pupil_id, session_id, academic_year, new_code
            )
            SELECT count(*), array_agg(pupil_id), array_agg(session_id), array_agg(academic_year), array_agg(new_code)
                INTO how_many, pupils, sessions, in_years, codes FROM written;
        ELSIF TG_OP = 'UPDATE' THEN
            WITH written AS (
                INSERT INTO registers_markentry
                SELECT n.academic_year, batch, n.pupil_id, n.session_id,
                    o.code, o.arrived_at, o.nature, n.code, n.arrived_at, n.nature
                FROM new_rows AS n JOIN old_rows AS o USING (academic_year, pupil_id, session_id)
                WHERE n.school_id = one_school
                    AND (o.code, o.arrived_at, o.nature) IS DISTINCT FROM (n.code, n.arrived_at, n.nature)
                RETURNING pupil_id, session_id, academic_year, new_code
            )
            SELECT count(*), array_agg(pupil_id), array_agg(session_id), array_agg(academic_year), array_agg(new_code)
                INTO how_many, pupils, sessions, in_years, codes FROM written;
        ELSE
            WITH written AS (
                INSERT INTO registers_markentry
                SELECT academic_year, batch, pupil_id, session_id, code, arrived_at, nature, NULL, NULL, NULL
                FROM old_rows WHERE school_id = one_school
                RETURNING pupil_id, session_id, academic_year, new_code
            )
            SELECT count(*), array_agg(pupil_id), array_agg(session_id), array_agg(academic_year), array_agg(new_code)
                INTO how_many, pupils, sessions, in_years, codes FROM written;
        END IF;
        CONTINUE WHEN how_many = 0;

        SELECT fault_name, fault_text INTO fault FROM (
            SELECT e.pupil_id, s."on" AS day, s.half, e.new_code,
                CASE
                    WHEN s.id IS NULL OR s.school_id <> one_school OR s.academic_year <> e.academic_year
                        THEN 'mark_session_of_school'
                    WHEN p.id IS NULL OR p.school_id <> one_school THEN 'mark_pupil_of_school'
                    WHEN TG_OP <> 'INSERT' AND given_reason = '' AND acted_at > greatest(s.closes_at, (
                            SELECT max(y.closes_at)
                            FROM registers_yeargrouptimes AS y
                            JOIN registers_classmembership AS m ON m.year_group = y.year_group
                            WHERE y.session_id = s.id AND m.pupil_id = e.pupil_id
                                AND m.starts_on <= s."on" AND (m.ends_on IS NULL OR m.ends_on >= s."on")
                        ))
                        THEN 'mark_change_has_reason'
                    WHEN e.new_code IS NULL THEN NULL
                    WHEN s.status <> 'held' THEN 'mark_session_is_held'
                    WHEN c.symbol IS NULL OR NOT c.is_mark OR s."on" < c.valid_from OR s."on" > c.valid_to
                        THEN 'mark_code_is_valid_that_day'
                    WHEN c.half <> '' AND c.half <> s.half THEN 'mark_code_is_of_that_half'
                    WHEN NOT EXISTS (
                        SELECT FROM registers_enrolment AS r
                        WHERE r.pupil_id = e.pupil_id AND r.starts_on <= s."on"
                            AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
                    ) THEN 'mark_pupil_is_on_roll'
                    WHEN c.age_rule = 'non_compulsory' AND registers_is_compulsory_age(p.date_of_birth, s."on")
                        OR c.age_rule = 'compulsory' AND NOT registers_is_compulsory_age(p.date_of_birth, s."on")
                        THEN 'mark_code_is_of_that_age'
                    WHEN e.new_code = 'C2' AND NOT EXISTS (
                        SELECT FROM registers_parttimetimetable AS t
                        JOIN registers_timetableabsence AS a ON a.timetable_id = t.id
                        WHERE t.pupil_id = e.pupil_id AND s."on" BETWEEN t.first_day AND t.last_day
                            AND a.weekday = extract(isodow FROM s."on")::int - 1 AND a.half = s.half
                    ) THEN 'mark_has_part_time_timetable'
                END AS fault_name
            FROM unnest(pupils, sessions, in_years, codes) AS e (pupil_id, session_id, academic_year, new_code)
            LEFT JOIN registers_session AS s ON s.id = e.session_id
            LEFT JOIN registers_pupil AS p ON p.id = e.pupil_id
            LEFT JOIN registers_code AS c ON c.symbol = e.new_code
            OFFSET 0  -- judged once, not once for each place below that names the fault
        ) AS judged,
        LATERAL (SELECT CASE fault_name
            WHEN 'mark_session_of_school' THEN 'There is no such session at this school.'
            WHEN 'mark_pupil_of_school' THEN 'There is no such pupil at this school.'
            WHEN 'mark_change_has_reason'
                THEN format('The register of %s %s is closed: a change needs a reason.', day, half)
            WHEN 'mark_session_is_held' THEN format('The school was closed on %s %s.', day, half)
            WHEN 'mark_code_is_valid_that_day' THEN format('Code %s cannot be used as a mark on %s.', new_code, day)
            WHEN 'mark_code_is_of_that_half' THEN format('Code %s cannot be used in a %s session.', new_code, half)
            WHEN 'mark_pupil_is_on_roll' THEN format('Pupil %s was not on roll on %s.', pupil_id, day)
            WHEN 'mark_code_is_of_that_age'
                THEN format('Code %s cannot be used for the age of pupil %s on %s.', new_code, pupil_id, day)
            WHEN 'mark_has_part_time_timetable'
                THEN format('Code C2 needs a part-time timetable of pupil %s for %s %s.', pupil_id, day, half)
            END AS fault_text) AS words
        WHERE fault_name IS NOT NULL
        ORDER BY day, pupil_id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '%', fault.fault_text USING ERRCODE = 'check_violation', CONSTRAINT = fault.fault_name;
        END IF;

        entries_sha := registers_entries_digest(batch, years);
        INSERT INTO registers_historyhead (school_id, number, digest) VALUES (one_school, 0, '\x')
            ON CONFLICT (school_id) DO NOTHING;
        SELECT number, digest INTO head FROM registers_historyhead WHERE school_id = one_school FOR UPDATE;
        chained := registers_chain_digest(
            head.digest, one_school, head.number + 1, author, acting_name, acting_position, acted_at, given_reason,
            how_many, entries_sha
        );
        INSERT INTO registers_entrybatch (
            id, school_id, number, by_id, by_name, by_position, at, written_at, reason, entries_count,
            entries_digest, previous_digest, digest
        ) OVERRIDING SYSTEM VALUE VALUES (
            batch, one_school, head.number + 1, author, acting_name, acting_position, acted_at, writing, given_reason,
            how_many, entries_sha, head.digest, chained
        );
        UPDATE registers_historyhead SET number = head.number + 1, digest = chained WHERE school_id = one_school;
    END LOOP;
    RETURN NULL;
END $function$;
