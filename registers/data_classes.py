"""What kind of data each column of the two registers holds (see accounts.data_classes)."""

from accounts.data_classes import DataClass, classed

COLUMNS: dict[str, dict[str, DataClass]] = {
    "registers.DayTimes": classed(
        operational="id school_id weekday year_group starts_on",
        public="half gates_open_at entry_from opens_at late_after closes_at day_ends_at",
    ),
    "registers.CalendarPeriod": classed(
        operational="id school_id cleared_from cleared_to",
        public="kind name first_day first_half last_day last_half",
    ),
    "registers.YearGroupTimes": classed(
        operational="id school_id session_id year_group", public="opens_at late_after_at closes_at"
    ),
    "registers.Session": classed(
        operational="id school_id number school_week",
        public="on half academic_year half_term term status opens_at late_after_at closes_at",
    ),
    # Special: eligibility for free meals is not in article 9, but is kept as closely as need and plan are.
    "registers.Pupil": classed(
        personal=(
            "upn surname forename middle_names known_as date_of_birth sex home_language last_school_name"
            " last_school_address"
        ),
        special="fsm sen ehcp",
        operational="id school_id",
    ),
    "registers.PupilFlag": classed(special="name starts_on ends_on", operational="id school_id pupil_id"),
    "registers.Enrolment": classed(personal="starts_on leaving_on", operational="id school_id pupil_id"),
    "registers.ClassGroup": classed(operational="id school_id", public="academic_year name"),
    "registers.ClassMembership": classed(
        personal="year_group starts_on ends_on", operational="id school_id pupil_id class_group_id"
    ),
    "registers.ClassTeacher": classed(
        personal="starts_on ends_on", operational="id school_id class_group_id user_id"
    ),
    "registers.Contact": classed(
        personal="name email phone home_phone work_phone language address address_confidential",
        operational="id school_id user_id",
    ),
    # A court order is about family life and may be about offences.
    "registers.PupilContact": classed(
        personal="relationship priority parental_responsibility lives_with receives_letters may_sign_in",
        special=(
            "court_order_restricts court_order_type court_order_from court_order_until court_order_note"
        ),
        operational="id school_id pupil_id contact_id",
    ),
    "registers.OutsideContact": classed(
        personal="name organisation phone email", operational="id school_id role is_current"
    ),
    # That a social worker or a youth justice worker knows a child says much about the child.
    "registers.PupilOutsideContact": classed(
        special="outside_contact_id starts_on ends_on", operational="id school_id pupil_id"
    ),
    "registers.PupilAddress": classed(
        personal="lines with_contact_id starts_on ends_on", operational="id school_id pupil_id"
    ),
    # The history holds whatever changed, flags and court orders among it.
    "registers.ParticularsChange": classed(
        personal="by_name by_position reason",
        special="field old new",
        operational="id school_id subject subject_id pupil_id contact_id counts_from at by_id",
    ),
    "registers.Code": classed(
        public=(
            "symbol name group statistical_class half is_late nature_required age_rule valid_from valid_to"
            " is_mark"
        )
    ),
    "registers.Register": classed(
        operational="id school_id class_group_id session_id taken_at taken_by_id saved_at"
    ),
    "registers.Mark": classed(
        personal="arrived_at",
        special="code nature",
        operational="academic_year pupil_id session_id school_id recorded_at recorded_by_id source",
    ),
    # The outcome repeats the code and nature that were sent.
    "registers.ReceivedEntry": classed(
        special="outcome", operational="id school_id by_id key fingerprint received_at"
    ),
    "registers.HistoryHead": classed(operational="school_id number digest"),
    "registers.HistoryAnchor": classed(operational="id school_id number digest at"),
    "registers.EntryBatch": classed(
        personal="by_name by_position",
        special="reason",
        operational=(
            "id school_id number by_id at written_at entries_count entries_digest previous_digest digest"
        ),
    ),
    "registers.MarkEntry": classed(
        personal="old_arrived_at new_arrived_at",
        special="old_code old_nature new_code new_nature",
        operational="academic_year batch_id pupil_id session_id",
    ),
    # An agreement to come part of the week is nearly always about health.
    "registers.PartTimeTimetable": classed(
        personal="agreed_with",
        special=(
            "first_day last_day review_on agreed_on circumstances ambition ended_early_why authority_told_on"
            " plan_discussed_on social_worker_told_on"
        ),
        operational="id school_id pupil_id",
    ),
    "registers.TimetableReview": classed(
        special="held_on outcome next_review_on", operational="id timetable_id recorded_at recorded_by_id"
    ),
    "registers.KnownAhead": classed(
        personal="leader",
        special="name code nature withdrawn_why",
        operational=(
            "id school_id first_day first_half last_day last_half recorded_at recorded_by_id withdrawn_at"
            " withdrawn_by_id"
        ),
    ),
    "registers.AbsenceWord": classed(
        special="words",
        operational=(
            "id school_id pupil_id about first_day first_half last_day last_half came_at settled_at"
        ),
    ),
    "registers.KnownAheadPupil": classed(personal="pupil_id", operational="id known_ahead_id"),
    "registers.WeeklyPattern": classed(
        special="code name nature first_day last_day",
        operational="id school_id pupil_id recorded_at recorded_by_id",
    ),
    "registers.PatternSession": classed(special="weekday half", operational="id pattern_id"),
    "registers.RegisterClosing": classed(
        operational="id school_id session_id closed_at known_ahead unexplained"
    ),
    "registers.ClassClosing": classed(
        operational="id closing_id class_group_id was_begun known_ahead unexplained"
    ),
    "registers.RegisterNudge": classed(
        operational="id school_id class_group_id session_id nudged_at nudged_by_id address sent_at"
    ),
    "registers.TimetableAbsence": classed(special="weekday half", operational="id timetable_id"),
    # Why a child comes late or leaves may be about health; who may collect is about family life.
    "registers.LateArrival": classed(
        personal="arrived_at minutes_late company company_name",
        special="reason reason_text proposed_code code previous_code previous_arrived_at previous_nature",
        operational=(
            "id school_id pupil_id session_id recorded_by_id recorded_at replaces_id is_withdrawal"
            " correction_reason"
        ),
    ),
    "registers.EarlyDeparture": classed(
        personal="on left_at expected_back_at is_alone collected_by relationship",
        special="reason reason_text proof proof_text override_reason",
        operational=(
            "id school_id pupil_id contact_id collector_id recorded_by_id recorded_at replaces_id"
            " is_withdrawal"
            " correction_reason"
        ),
    ),
    "registers.DepartureReturn": classed(
        personal="returned_at",
        operational=(
            "id school_id pupil_id departure_id recorded_by_id recorded_at replaces_id is_withdrawal"
            " correction_reason"
        ),
    ),
    "registers.LateGate": classed(
        personal="on started_at staff_name note", operational="id school_id recorded_by_id recorded_at"
    ),
    "registers.LateGatePupil": classed(personal="seen_at", operational="id school_id gate_id pupil_id"),
    "registers.GateStrike": classed(operational="id school_id greeting_id reason recorded_by_id recorded_at"),
    "registers.AuthorisedCollector": classed(
        personal="name relationship phone is_adult date_of_birth letter_received_on valid_from valid_to",
        special="exception_reason end_reason",
        operational=(
            "id school_id exception_agreed_by recorded_by_id recorded_at ended_by_id ended_at replaces_id"
        ),
    ),
    "registers.CollectorPupil": classed(operational="id school_id collector_id pupil_id"),
    "registers.PaperRegister": classed(
        personal="marked_by_name",
        operational="id school_id class_group_id session_id marked_at entered_by_id entered_at marks_count",
    ),
    "registers.Joining": classed(
        personal=(
            "entered_on previous_school_name previous_school_address previous_first_day previous_last_day"
            " return_sent_on return_sent_to"
        ),
        operational="id school_id enrolment_id return_needed recorded_by_id recorded_at",
    ),
    # A ground may be an exclusion, a sentence or a death.
    "registers.Departure": classed(
        personal=(
            "leaving_on decider notice_on class_name current_address new_address new_address_from"
            " new_school_name new_school_address new_school_from return_sent_on return_sent_to"
        ),
        special="ground confirmations cancelled_because",
        operational=(
            "id school_id enrolment_id is_exempt memberships_before recorded_on recorded_by_id recorded_at"
            " cancelled_by_id cancelled_at"
        ),
    ),
    "registers.Enquiry": classed(
        personal="on made_by",
        special="asked result",
        operational="id school_id enrolment_id with_authority recorded_by_id recorded_at",
    ),
    "registers.RollOver": classed(operational="id school_id to_year moved kept leaving done_by_id done_at"),
    "registers.PreviousMark": classed(
        personal="source_school",
        special="code on half",
        operational="id school_id pupil_id recorded_by_id recorded_at",
    ),
    "registers.RetiredYear": classed(
        operational="academic_year marks entries last_entry_at retired_at retired_by_id"
    ),
    "registers.RetiredEntries": classed(operational="id batch_id academic_year entries"),
    # The file itself may hold anything that the registers hold.
    "registers.UploadedFile": classed(
        personal="name",
        special="content options",
        operational="id school_id kind uploaded_by_id uploaded_at",
    ),
}
