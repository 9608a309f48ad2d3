"""Letters of a ladder by stages: half-termly, concern, evidence, before unauthorising, notice to improve."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import FactTable, LetterTemplate, Paragraph, Points, SessionTable, Title
from letters.rules.wording.common import (
    ABSENT_DATES,
    ATTENDANCE_PCT,
    CIRCUMSTANCES,
    CONDITIONAL,
    EVERY_LETTER,
    GRIEF,
    ILL_CHILD,
    ILLNESS,
    LEGAL_GUARDS,
    OFFENCE_ON,
    PART_TIME_COUNTS,
    TALK,
    THANKS,
    UNEXPLAINED,
    WHAT_COUNTS,
    national,
    optional,
)

HALF_TERM = LetterTemplate(
    key="lun_half_term",
    title="Half-termly letter to every family",
    version=1,
    subject="{pupil}: attendance and punctuality so far this year",
    tone="support",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        ATTENDANCE_PCT,
        Field("punctuality", Kind.COUNT, "how often the pupil was late", noun=("time", "times")),
        optional(ABSENT_DATES),
        *CIRCUMSTANCES,
    ),
    body=(
        Paragraph("Every family gets this letter each half term, so that you know what our registers say."),
        FactTable(
            "This school year so far",
            (("Attendance", "{attendance_pct}"), ("Late", "{punctuality}")),
            when="not never_late",
        ),
        FactTable(
            "This school year so far",
            (("Attendance", "{attendance_pct}"), ("Late", "never")),
            when="never_late",
        ),
        Paragraph(
            "{forename} has not missed a single session. Thank you for all it takes to get here each day.",
            when="full_attendance",
        ),
        ILL_CHILD,
        ILLNESS,
        SessionTable("absent_dates", "{forename}’s absences this school year"),
        WHAT_COUNTS,
        UNEXPLAINED,
        PART_TIME_COUNTS,
        Paragraph("You do not need to do anything if all this is right."),
        TALK,
        THANKS,
    ),
)

CONCERN = LetterTemplate(
    key="lun_concern",
    title="Letter of concern after the three-week review",
    version=1,
    subject="{pupil}: something we have noticed",
    tone="concern",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        Field("concern", Kind.PASSAGE, "what the school has noticed"),
        optional(ATTENDANCE_PCT),
        optional(ABSENT_DATES),
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph(
            "Every three weeks we look at the attendance of every child. This time we noticed something:"
        ),
        Paragraph("{concern}"),
        Paragraph("{forename}’s attendance this school year is {attendance_pct}.", when="attendance_pct"),
        ILL_CHILD,
        ILLNESS,
        SessionTable("absent_dates", "The sessions this is about"),
        WHAT_COUNTS,
        UNEXPLAINED,
        PART_TIME_COUNTS,
        Paragraph(
            "There may be a simple reason that we do not know of. You know {forename} best, so please tell "
            "us."
        ),
        TALK,
        THANKS,
    ),
)

EVIDENCE = LetterTemplate(
    key="lun_evidence",
    title="Letter asking for evidence of illness",
    version=1,
    subject="{pupil}: could you send us something about the illness?",
    tone="support",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        ABSENT_DATES,
        Field("reply_by", Kind.DATE, "the day by which an answer is asked for", CONDITIONAL),
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph("We hope that {forename} is feeling better."),
        ILL_CHILD,
        SessionTable("absent_dates", "The sessions this is about"),
        Paragraph(
            "When an illness goes on for more than five school days, or when we are not sure about it, we "
            "ask for something that shows it. You do not need to pay for a doctor’s letter. Any of these "
            "will do:"
        ),
        Points(
            (
                Paragraph("a prescription or the label of a medicine"),
                Paragraph("an appointment card"),
                Paragraph("a doctor’s note, if you already have one"),
                Paragraph("anything else that shows it: tell us what you have"),
            )
        ),
        Paragraph("Please send it to us by {reply_by}.", when="reply_by"),
        Paragraph(
            "If you have nothing to send, please {how_to_reach} and tell us about it. We will not mark the "
            "absence as unauthorised before we have heard you."
        ),
        THANKS,
    ),
)

BEFORE_UNAUTHORISING = LetterTemplate(
    key="lun_unauthorise_notice",
    title="Notice before absence is marked unauthorised",
    version=1,
    subject="{pupil}: before we mark these sessions as unauthorised",
    tone="concern",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        ABSENT_DATES,
        Field("reply_by", Kind.DATE, "the day by which an answer is asked for", CONDITIONAL),
        Field("why", Kind.PASSAGE, "why the school cannot authorise the absence", CONDITIONAL),
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph(
            "We want to tell you about a decision before we make it. As things stand, the headteacher cannot "
            "authorise these absences:"
        ),
        SessionTable("absent_dates", "The sessions this is about"),
        Paragraph("{why}", when="why"),
        ILL_CHILD,
        Paragraph(
            "Is there something we do not know, or something you can send us? Please {how_to_reach} by "
            "**{reply_by}**. We will think about what you tell us before we decide.",
            when="reply_by",
        ),
        Paragraph(
            "Is there something we do not know, or something you can send us? Please {how_to_reach} in the "
            "next few days. We will think about what you tell us before we decide.",
            when="not reply_by",
        ),
        Paragraph(
            "If we hear nothing, the sessions will be marked as unauthorised in our register. You can still "
            "talk to us after that. A mark can be put right when there is a good reason."
        ),
    ),
)

NOTICE_TO_IMPROVE = LetterTemplate(
    key="lun_nti",
    title="Notice to improve",
    version=1,
    subject="Notice to improve: {pupil}’s attendance",
    tone="formal",
    from_policy=False,
    guards=LEGAL_GUARDS,
    notes=("A copy of this letter goes to the council’s Education Welfare Service.",),
    fields=(
        *EVERY_LETTER,
        Field("attendance_record", Kind.SHARE, "the attendance record"),
        Field("offences", Kind.SESSIONS, "the unauthorised sessions"),
        optional(ABSENT_DATES),
        Field("support_so_far", Kind.PASSAGE, "the help given so far"),
        Field("support_available", Kind.PASSAGE, "the help still on offer"),
        Field("sufficient_improvement", Kind.PASSAGE, "what is enough improvement"),
        Field("period_start", Kind.DATE, "the first day of the notice"),
        Field("period_end", Kind.DATE, "the last day of the notice"),
        Field("early_issue_grounds", Kind.PASSAGE, "when the council may act before the end"),
        OFFENCE_ON,
        *CIRCUMSTANCES,
        *national("duty_s7", "warning", "penalty_who", "court_penalties"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "This is a notice to improve. It says how {forename}’s attendance stands, what has to get better "
            "and by when, and what help there is. We want it to work, so please read it through and talk to "
            "us."
        ),
        ILL_CHILD,
        Title("How things stand"),
        Paragraph("{forename}’s attendance is {attendance_record}. These sessions are unauthorised:"),
        SessionTable("offences", "Unauthorised sessions"),
        Title("Why it matters"),
        Paragraph("A child who is in school each day keeps up, keeps their friends and is safe. {duty_s7}"),
        Title("Help so far"),
        Paragraph("{support_so_far}"),
        Title("Help you can still have"),
        Paragraph("{support_available}"),
        Paragraph("To take it up, please {how_to_reach}."),
        Title("What has to get better, and by when"),
        Paragraph("The notice runs from **{period_start}** to **{period_end}**."),
        Paragraph("{sufficient_improvement}"),
        Title("What happens if it does not"),
        Paragraph("{warning} {penalty_who}"),
        Paragraph("{court_penalties}"),
        Paragraph("The council may also act before the end of the notice:"),
        Paragraph("{early_issue_grounds}"),
    ),
)

TEMPLATES = (HALF_TERM, CONCERN, EVIDENCE, BEFORE_UNAUTHORISING, NOTICE_TO_IMPROVE)
