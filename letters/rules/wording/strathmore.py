"""Letters of a ladder by attendance: lateness, two reminders, evidence, medical needs, council notice."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import LetterTemplate, Paragraph, Points, SessionTable
from letters.rules.wording.common import (
    ABSENT_DATES,
    ATTENDANCE_PCT,
    CHART_NOTE,
    CIRCUMSTANCES,
    CONDITIONAL,
    EVERY_LETTER,
    GRIEF,
    ILL_CHILD,
    ILLNESS,
    LATE_COUNT,
    LATE_DATES,
    LATE_ON,
    LEGAL_GUARDS,
    OFFENCE_ON,
    PRIOR_LETTER_DATE,
    TALK,
    TARGET_PCT,
    THANKS,
    THRESHOLD_PCT,
    UNEXPLAINED,
    WHAT_COUNTS,
    YOUNG,
    national,
    optional,
)

REGARDS = "Kind regards"

LATE = LetterTemplate(
    key="str_A",
    title="Letter A: lateness",
    version=1,
    subject="{pupil}: late {late_count} this school year",
    tone="support",
    from_policy=True,
    closing=REGARDS,
    late_halves=("AM",),
    fields=(*EVERY_LETTER, LATE_COUNT, LATE_DATES, YOUNG),
    body=(
        Paragraph(
            "{forename} has come late **{late_count}** this school year, and so has missed how the day "
            "begins. For young children that part of the day matters a lot."
        ),
        LATE_ON,
        Paragraph(
            "We know that some mornings go wrong. When that happens, please let us know the same morning "
            "that you will be late, and why."
        ),
        Paragraph(
            "We have to look at lateness together with the council, so please help {forename} to be on time "
            "in the half term to come. We will look at it again then."
        ),
        Paragraph(
            "Would some help make mornings easier? Please {how_to_reach}. That is what we are here for."
        ),
        THANKS,
    ),
)

BELOW = LetterTemplate(
    key="str_B",
    title="Letter B: attendance below the school’s figure",
    version=1,
    subject="{pupil}’s attendance this school year",
    tone="support",
    from_policy=True,
    closing=REGARDS,
    fields=(*EVERY_LETTER, ATTENDANCE_PCT, THRESHOLD_PCT, ABSENT_DATES, *CIRCUMSTANCES),
    body=(
        GRIEF,
        Paragraph(
            "{forename}’s attendance this school year is **{attendance_pct}**. We write to the families of "
            "all children below {threshold_pct}, so that everybody has the same facts."
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "Our attendance officer and our family officer will keep an eye on how {forename} gets on. Has "
            "{forename} been ill, or had an operation? Is there a medical condition, old or new? Please tell "
            "us."
        ),
        *CHART_NOTE,
        TALK,
        THANKS,
    ),
)

NOT_BETTER = LetterTemplate(
    key="str_C",
    title="Letter C: attendance has not gone up",
    version=1,
    subject="{pupil}’s attendance since our last letter",
    tone="concern",
    from_policy=True,
    closing=REGARDS,
    fields=(
        *EVERY_LETTER,
        ATTENDANCE_PCT,
        THRESHOLD_PCT,
        PRIOR_LETTER_DATE,
        Field("next_half_term", Kind.DATE, "the last day of the next half term"),
        ABSENT_DATES,
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph(
            "We wrote to you on {prior_letter_date} about {forename}’s attendance. It has not gone up since "
            "then.",
            when="prior_letter_date",
        ),
        Paragraph(
            "{forename}’s attendance this school year is **{attendance_pct}**. That is still below "
            "{threshold_pct}."
        ),
        ILL_CHILD,
        ILLNESS,
        *CHART_NOTE,
        Paragraph(
            "We know that {forename} may have been ill, and that we may have authorised the absence. If "
            "attendance has not gone up by {next_half_term}, we will ask you to show us something from a "
            "doctor, a chemist or a clinic each time {forename} is ill.",
            when="not significant_medical",
        ),
        Paragraph("Would you like to talk about it? Please {how_to_reach}. We will find a time to meet."),
        THANKS,
    ),
)

EVIDENCE = LetterTemplate(
    key="str_evidence",
    title="Letter asking for evidence of illness",
    version=1,
    subject="{pupil}: please send us something each time they are ill",
    tone="concern",
    from_policy=False,
    closing=REGARDS,
    fields=(
        *EVERY_LETTER,
        ATTENDANCE_PCT,
        PRIOR_LETTER_DATE,
        Field("evidence_from_date", Kind.DATE, "the first day from which evidence is asked for"),
        ABSENT_DATES,
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph("{forename}’s attendance this school year is **{attendance_pct}**."),
        Paragraph(
            "It has not gone up since we wrote to you on {prior_letter_date}.", when="prior_letter_date"
        ),
        ILL_CHILD,
        Paragraph(
            "From **{evidence_from_date}** until the end of the school year, please send us something each "
            "time {forename} is too ill for school. You do not need to pay for a doctor’s letter. Any of "
            "these will do:"
        ),
        Points(
            (
                Paragraph("a prescription or the label of a medicine with {forename}’s name on it"),
                Paragraph("an appointment card, a text or an email from a doctor, a clinic or a hospital"),
                Paragraph("a note of the advice that a doctor, a chemist or NHS 111 gave you"),
            )
        ),
        Paragraph(
            "If you cannot get anything, please still ring us and tell us what is wrong. If we have nothing "
            "to go by, we may not be able to authorise the absence. We will talk with you first."
        ),
        *CHART_NOTE,
        Paragraph("If this is hard for you, please {how_to_reach}. We will find a way together."),
        THANKS,
    ),
)

MEDICAL_NEEDS = LetterTemplate(
    key="str_D",
    title="Letter D: medical needs or a part-time timetable",
    version=1,
    subject="{pupil}’s attendance this school year",
    tone="support",
    from_policy=True,
    closing=REGARDS,
    fields=(
        *EVERY_LETTER,
        ATTENDANCE_PCT,
        TARGET_PCT,
        optional(ABSENT_DATES),
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph(
            "We have a duty to tell every family how their child’s attendance stands. {forename}’s "
            "attendance this school year is **{attendance_pct}**. As a school we hope to reach {target_pct} "
            "or more."
        ),
        Paragraph(
            "We know that {forename} has medical needs, and we take that into account. Thank you for "
            "telling us each time they are ill. When there is a medical appointment, please send our office "
            "the card, the letter or the text about it.",
            when="significant_medical",
        ),
        Paragraph(
            "{forename} is on a part-time timetable that we agreed with you, and this lowers the figure. It "
            "is meant to be for a time only, and our aim is a full week. If it has gone on for long, we "
            "will ring you to plan the next step together.",
            when="part_time_timetable",
        ),
        SessionTable("absent_dates", "{forename}’s absences this school year"),
        WHAT_COUNTS,
        UNEXPLAINED,
        Paragraph("If you need help, or if something has changed, please {how_to_reach}."),
        THANKS,
    ),
)

COUNCIL_NOTICE = LetterTemplate(
    key="str_E",
    title="Letter E: cover of the council’s notice to improve",
    version=1,
    subject="Notice to improve: {pupil}’s attendance",
    tone="formal",
    from_policy=True,
    closing=REGARDS,
    enclosures=("notice to improve, on the council’s form",),
    guards=LEGAL_GUARDS,
    fields=(
        *EVERY_LETTER,
        ABSENT_DATES,
        Field("period", Kind.PERIOD, "the first and last day of the notice", CONDITIONAL),
        OFFENCE_ON,
        *CIRCUMSTANCES,
        *national("duty_s7"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "With this letter comes a **notice to improve** about {forename}’s attendance. It is on the form "
            "that the council has written for all its schools. Please read it, and ask us about anything "
            "that is not clear."
        ),
        ILL_CHILD,
        Paragraph("The notice covers the time from {period}.", when="period"),
        SessionTable("absent_dates", "{forename}’s absences this school year"),
        WHAT_COUNTS,
        Paragraph("{duty_s7}"),
        Paragraph(
            "The notice says what has to get better and what help there is. If you have not taken up help "
            "that we offered before, you still can. Please {how_to_reach} as soon as you can, so that we can "
            "start."
        ),
    ),
)

TEMPLATES = (LATE, BELOW, NOT_BETTER, EVIDENCE, MEDICAL_NEEDS, COUNCIL_NOTICE)
