"""What kind of data each column of absences holds (see accounts.data_classes)."""

from accounts.data_classes import DataClass, classed

COLUMNS: dict[str, dict[str, DataClass]] = {
    "absences.SchoolTerms": classed(
        operational="id school_id in_force_from policy_number adopted_at",
        public="data tells_before_unauthorising",
    ),
    # Why a child is away tells of their health, religion or family.
    "absences.Report": classed(
        personal="caller",
        special="reason note code decision_note appointment_at",
        operational=(
            "id school_id pupil_id submission reference channel contact_id received_at recorded_at"
            " recorded_by_id in_time first_day first_half last_day last_half expected_return"
            " needs_call_back called_back_at called_back_by_id state decided_at decided_by_id replaces_id"
            " known_ahead_id version"
        ),
    ),
    "absences.ReportEvent": classed(special="words", operational="id school_id report_id at by_id what"),
    # Where a child was not, and what was said of it.
    "absences.ContactAttempt": classed(
        personal="person address",
        special="outcome reason note",
        operational=(
            "id school_id pupil_id entry on contact_id outside_contact_id channel at recorded_at by_id"
        ),
    ),
    "absences.ContactAttemptStrike": classed(
        special="reason", operational="id school_id attempt_id at by_id"
    ),
    "absences.CallClaim": classed(operational="id school_id pupil_id on by_id until"),
    "absences.CallSettings": classed(operational="id school_id safeguarding_minutes"),
    "absences.SchoolAbsenceSettings": classed(operational="id school_id days_ahead days_at_once days_back"),
    "absences.DetailsRequest": classed(
        personal="changes decision_note",
        operational=("id school_id pupil_id contact_id asked_at asked_by_id state decided_at decided_by_id"),
    ),
    "absences.ReportingApp": classed(operational="id school_id", public="name"),
    "absences.Task": classed(
        special="kind what outcome",
        operational=(
            "id school_id pupil_id cause source is_mandatory raised_at due_at closed_at closed_by_id"
        ),
    ),
    # Proof of illness is health data, and so is that it was asked for.
    "absences.Attachment": classed(
        special="name sha256 stored_as",
        operational=(
            "id school_id pupil_id report_id leave_request_id evidence_request_id kind size pages"
            " uploaded_by_id uploaded_at"
        ),
    ),
    "absences.EvidenceRequest": classed(
        special="rule why spoken_words received_kind closed_why",
        personal="asked_how",
        operational=(
            "id school_id pupil_id report_id cause first_day last_day source state proposed_at"
            " proposed_by_id spoken_at spoken_by_id asked_at asked_by_id due_on received_at received_by_id"
            " is_on_paper closed_at closed_by_id version"
        ),
    ),
    "absences.EvidenceDemand": classed(
        special="codes ended_why",
        operational=(
            "id school_id pupil_id cause first_day last_day source made_at made_by_id ended_at ended_by_id"
        ),
    ),
    # What a child needs, and what the family takes of it, tells of health and home.
    "absences.ReintegrationProgramme": classed(
        special="circumstances support outcome",
        personal="agreed_with",
        operational=(
            "id school_id pupil_id designated_id starts_on is_phased timetable_id review_on made_at"
            " made_by_id ended_on ended_by_id"
        ),
    ),
    "absences.ReintegrationStep": classed(
        special="what", operational="id school_id programme_id on done_on done_by_id"
    ),
    "absences.SupportNote": classed(
        special="kind offered answer outcome",
        personal="agreed_with",
        operational=(
            "id school_id pupil_id offered_on offered_by_id review_on recorded_at ended_on ended_by_id"
        ),
    ),
    "absences.RecordReview": classed(
        special="words", operational="id school_id programme_id note_id held_on by_id next_on"
    ),
    "absences.UnauthorisingNotice": classed(
        special="words",
        operational=(
            "id school_id pupil_id evidence_request_id first_day first_half last_day last_half told_at how"
            " contact_id by_id recorded_at"
        ),
    ),
    # Why a family asks for leave tells of their health, religion and means, and where they will be.
    "absences.LeaveRequest": classed(
        personal="signed_name home_address other_adults class_name",
        special="kind reasons detail decision_note told weighed withdrawn_why applicant_why",
        operational=(
            "id school_id pupil_id submission reference channel applicant_id asked_by_id asked_at recorded_at"
            " first_day first_half last_day last_half return_on sessions home_address_confirmed"
            " understood_penalty signed_on notice_days notice_met applicant_ok state decided_at decided_by_id"
            " version"
        ),
    ),
    "absences.LeaveTraveller": classed(operational="id school_id request_id contact_id"),
    "absences.LeavePart": classed(
        special="code",
        operational=(
            "id school_id request_id is_granted first_day first_half last_day last_half known_ahead_id"
        ),
    ),
    "absences.LeaveNote": classed(
        personal="consulted", special="words", operational="id school_id request_id at by_id"
    ),
    "absences.LeaveOutcome": classed(
        special="went code note",
        operational="id school_id pupil_id request_id report_id sessions amended decided_at decided_by_id",
    ),
    # That somebody is held to have broken the law (UK GDPR article 10).
    "absences.LeaveLiable": classed(special="contact_id", operational="id school_id outcome_id"),
    "absences.LeaveDesignate": classed(
        personal="user_id first_day last_day", operational="id school_id named_at named_by_id"
    ),
}
