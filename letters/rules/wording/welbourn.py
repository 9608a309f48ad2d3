"""Letters of a ladder by half-term reviews: five letters, lateness, leave, and praise."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import FactTable, Guard, LetterTemplate, Paragraph, SessionTable, Title
from letters.rules.wording.common import (
    ABSENT_DATES,
    ATTENDANCE_PCT,
    CHART_NOTE,
    CIRCUMSTANCES,
    CLASS,
    CONDITIONAL,
    DATE_OF_BIRTH,
    EVERY_LETTER,
    FORENAME,
    GRIEF,
    ILL_CHILD,
    ILLNESS,
    LATE_COUNT,
    LATE_DATES,
    LATE_ON,
    MEETING_AT,
    MINIMUM_PCT,
    OFFENCE_ON,
    ONLY_COMPULSORY_AGE,
    ONLY_SETTLED,
    PANEL_AT,
    PRIOR_LETTER_DATE,
    PUPIL,
    SINCE,
    TALK,
    THANKS,
    YOUNG,
    national,
    of_letter,
    optional,
)

SINCE_THEN = (*EVERY_LETTER, SINCE, *of_letter("date"))
ONLY_UNAUTHORISED_PERIOD = Guard(
    "sessions_absent_unauthorised",
    "there is no unauthorised session in the period: meet the family again instead of sending a warning",
)

LETTER_1 = LetterTemplate(
    key="wel_1",
    title="Letter 1: attendance letter",
    version=1,
    subject="{pupil}’s attendance since September",
    tone="support",
    from_policy=True,
    fields=(*SINCE_THEN, MINIMUM_PCT, ATTENDANCE_PCT, ABSENT_DATES, *CIRCUMSTANCES),
    body=(
        GRIEF,
        Paragraph(
            "Each half term we look at how every child’s attendance is going. Since {since}, {forename}’s is "
            "**{attendance_pct}**. We hope for at least {minimum_pct}."
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "There may be a good reason, and you may have told us about it already. Even so, we want you to "
            "know how things stand, because it is harder to learn what you have missed."
        ),
        *CHART_NOTE,
        TALK,
        THANKS,
    ),
)

LETTER_2 = LetterTemplate(
    key="wel_2",
    title="Letter 2: invitation to meet",
    version=1,
    subject="{pupil}’s attendance: please come and talk with us",
    tone="concern",
    from_policy=True,
    fields=(
        *SINCE_THEN,
        MINIMUM_PCT,
        ATTENDANCE_PCT,
        MEETING_AT,
        PRIOR_LETTER_DATE,
        ABSENT_DATES,
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph(
            "Since {since}, {forename}’s attendance is **{attendance_pct}**. We hope for at least "
            "{minimum_pct}."
        ),
        Paragraph(
            "It has not gone up since we wrote to you on {prior_letter_date}.", when="prior_letter_date"
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "There may be a good reason, and you may have told us. I would still like to hear from you how "
            "things are, and to see what would help. There is more help than many families know of."
        ),
        Paragraph(
            "Please come and see me on **{meeting_at}**. If that does not suit you, {how_to_reach}. We will "
            "find another time, or talk on the phone."
        ),
        *CHART_NOTE,
        THANKS,
    ),
)

LETTER_3 = LetterTemplate(
    key="wel_3",
    title="Letter 3: school attendance panel",
    version=1,
    subject="{pupil}’s attendance: invitation to a school attendance panel",
    tone="concern",
    from_policy=True,
    fields=(
        *SINCE_THEN,
        ATTENDANCE_PCT,
        PANEL_AT,
        Field("met_on", Kind.DATE, "the day of the last meeting", CONDITIONAL),
        ABSENT_DATES,
        *CIRCUMSTANCES,
    ),
    body=(
        GRIEF,
        Paragraph("Since {since}, {forename}’s attendance is **{attendance_pct}**."),
        Paragraph("That is now below 90 %.", when="below_ninety"),
        Paragraph(
            "We met on {met_on} and agreed what to do. We are sorry that it has not been enough yet.",
            when="met_on",
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "Please come to a **school attendance panel** on **{panel_at}**. You will meet the headteacher "
            "and the Chair of Governors. We will look at what has been tried, and agree together what to do "
            "next."
        ),
        Paragraph(
            "You may bring somebody with you. If the day or the time does not suit you, {how_to_reach}. We "
            "will find another time, or talk on the phone."
        ),
        *CHART_NOTE,
        Paragraph("Thank you for coming to talk with us."),
    ),
)

WARNED_FIELDS = (
    *EVERY_LETTER,
    *of_letter("date", "ref", "school"),
    DATE_OF_BIRTH,
    ABSENT_DATES,
    OFFENCE_ON,
    *CIRCUMSTANCES,
)
ABOUT = Paragraph("This letter is about **{pupil}**, born on {date_of_birth}, a pupil of {school}.")
WHO = (("Pupil", "{pupil}"), ("Date of birth", "{date_of_birth}"), ("School", "{school}"))

LETTER_4 = LetterTemplate(
    key="wel_4",
    title="Letter 4: formal warning",
    version=1,
    subject="Formal warning: {pupil}’s attendance",
    tone="formal",
    from_policy=True,
    guards=(ONLY_UNAUTHORISED_PERIOD, ONLY_SETTLED, ONLY_COMPULSORY_AGE),
    enclosures=("{forename}’s absence record",),
    fields=(
        *WARNED_FIELDS,
        Field("period_from", Kind.DATE, "the first day of the period"),
        Field("period_to", Kind.DATE, "the last day of the period"),
        Field(
            "sessions_absent_unauthorised",
            Kind.COUNT,
            "the unauthorised sessions in the period",
            noun=("session", "sessions"),
        ),
        Field("sessions_possible", Kind.COUNT, "the possible sessions in the period"),
        *national(
            "penalty_first_discounted",
            "penalty_first_full",
            "duty_s7",
            "offence",
            "penalty_amounts",
            "penalty_who",
            "court_penalties",
        ),
    ),
    body=(
        GRIEF,
        ABOUT,
        Paragraph(
            "From {period_from} to {period_to}, {forename} missed **{sessions_absent_unauthorised} without a "
            "reason that we could accept**, out of {sessions_possible} possible sessions. The record on the "
            "next page names each one. A session is a morning or an afternoon."
        ),
        ILL_CHILD,
        Paragraph(
            "If you know a reason that we do not, or if something in the record is wrong, please tell us. We "
            "will look at it again."
        ),
        Paragraph("{duty_s7} {offence}"),
        Paragraph(
            "This letter is a warning. If such absence goes on, the council can send a penalty notice "
            "instead of going to court, or it can go to court. {penalty_amounts} {penalty_who}"
        ),
        Paragraph("{court_penalties}"),
        Paragraph(
            "It does not have to come to that. Please {how_to_reach}, and we will look for a way with you."
        ),
        Title("{forename}’s absence record", new_page=True),
        FactTable("This record is about", WHO),
        SessionTable("absent_dates", "Every session missed this school year"),
    ),
)

LETTER_5 = LetterTemplate(
    key="wel_5",
    title="Letter 5: final warning",
    version=1,
    subject="Final warning: {pupil}’s attendance",
    tone="formal",
    from_policy=True,
    guards=(
        Guard("some_unauthorised", "there is no unauthorised session, so there is nothing to warn of"),
        ONLY_SETTLED,
        ONLY_COMPULSORY_AGE,
    ),
    fields=(
        *WARNED_FIELDS,
        Field("council", Kind.TEXT, "the council"),
        PRIOR_LETTER_DATE,
        *national("offence", "court_penalties"),
    ),
    body=(
        GRIEF,
        ABOUT,
        Paragraph("We sent you a formal warning on {prior_letter_date}.", when="prior_letter_date"),
        Paragraph(
            "{forename}’s attendance has still not got better. {council} has agreed that we send you this "
            "final warning."
        ),
        ILL_CHILD,
        Paragraph("{offence}"),
        Paragraph(
            "If {forename} goes on missing school without a reason that the law accepts, the council may "
            "take you to court. {court_penalties}"
        ),
        Paragraph(
            "You do not have to answer this letter. You may want to ask a solicitor, or a free advice "
            "service, what it means for you."
        ),
        Paragraph(
            "Nobody wants to go to court about a child. Please {how_to_reach}. It is not too late, and the "
            "help we offered is still there."
        ),
        SessionTable("absent_dates", "{forename}’s absences this school year"),
    ),
)

LATE = LetterTemplate(
    key="wel_late",
    title="Late letter",
    version=1,
    subject="{pupil}: getting to school on time",
    tone="support",
    from_policy=True,
    fields=(
        *EVERY_LETTER,
        *of_letter("date"),
        optional(LATE_COUNT),
        LATE_DATES,
        Field("late_after", Kind.TIME, "the time of registration", CONDITIONAL),
        Field("lessons_begin", Kind.TIME, "the time lessons begin", CONDITIONAL),
        Field("register_closes", Kind.TIME, "the time the morning register closes", CONDITIONAL),
        YOUNG,
    ),
    body=(
        Paragraph("{forename} has come late **{late_count}** this school year.", when="late_count"),
        Paragraph("{forename} often comes late for school.", when="not late_count"),
        Paragraph(
            "Registration is at {late_after} and lessons begin at {lessons_begin}. A child who comes in "
            "after that misses what the day is about. It can be upsetting for them, and the class has to "
            "stop.",
            when="late_after and lessons_begin",
        ),
        Paragraph(
            "A child who comes late misses what the day is about. It can be upsetting for them, and the "
            "class has to stop.",
            when="not lessons_begin",
        ),
        LATE_ON,
        Paragraph(
            "After {register_closes} the register is closed. A child who comes in later than that may have "
            "to be marked as absent without leave for the session.",
            when="register_closes",
        ),
        Paragraph(
            "If mornings are hard, please {how_to_reach} to arrange a time to see me. We may be able to help."
        ),
        THANKS,
    ),
)

HOLIDAY_WARNING = LetterTemplate(
    key="wel_holiday_warning",
    title="Warning about a holiday that was not agreed",
    version=1,
    subject="{pupil}: your request for leave",
    tone="formal",
    from_policy=False,
    guards=(ONLY_COMPULSORY_AGE,),
    fields=(
        *EVERY_LETTER,
        Field("leave_dates", Kind.PERIOD, "the first and last day of the leave"),
        Field("refusal_reason", Kind.PASSAGE, "why the leave was not agreed", CONDITIONAL),
        OFFENCE_ON,
        YOUNG,
        *national("penalty_amounts", "penalty_who", "penalty_threshold", "court_penalties"),
    ),
    body=(
        Paragraph(
            "You asked for leave for {forename} for **{leave_dates}**. Schools may only agree to leave when "
            "the reason is exceptional. I am sorry that I cannot agree to this request."
        ),
        Paragraph("{refusal_reason}", when="refusal_reason"),
        Paragraph(
            "If {forename} is away on these days all the same, our register will show a holiday that was not "
            "agreed. These sessions are unauthorised. {penalty_threshold}"
        ),
        Paragraph("{penalty_amounts} {penalty_who}"),
        Paragraph("A notice that is not paid can lead to court. {court_penalties}"),
        Paragraph(
            "I would rather tell you now than afterwards. If your plans can change, or if there is something "
            "you have not told us yet, please {how_to_reach}."
        ),
    ),
)

LEAVE_DECISION = LetterTemplate(
    key="wel_leave_decision",
    title="Decision on a request for leave",
    version=1,
    subject="{pupil}: our answer to your request for leave",
    tone="formal",
    from_policy=True,
    guards=(
        Guard("leave_decision_known", "the decision is neither granted, nor granted in part, nor refused"),
        Guard(
            "leave_decision_complete",
            "granted leave needs its first and last day, refused leave needs a reason",
        ),
    ),
    fields=(
        *EVERY_LETTER,
        CLASS,
        Field("decision", Kind.TEXT, "the decision: granted, granted in part or refused"),
        Field("dates_from", Kind.DATE, "the first day of agreed leave", CONDITIONAL),
        Field("dates_to", Kind.DATE, "the last day of agreed leave", CONDITIONAL),
        Field("refusal_reason", Kind.PASSAGE, "why the leave, or part of it, was not agreed", CONDITIONAL),
        *of_letter("date", "signature"),
    ),
    body=(
        FactTable(
            "This letter is about", (("Pupil", "{pupil}"), ("Class", "{class}"), ("Decision", "{decision}"))
        ),
        Paragraph(
            "I have agreed to your request. {forename} has leave from **{dates_from}** to **{dates_to}**, "
            "both days included. Our register will show it as authorised.",
            when="leave_granted and dates_from and dates_to",
        ),
        Paragraph(
            "I have agreed to part of your request. {forename} has leave from **{dates_from}** to "
            "**{dates_to}**, both days included. I cannot agree to the rest, for this reason:",
            when="leave_granted_in_part and dates_from and dates_to",
        ),
        Paragraph(
            "I have thought about your request with care, and I am sorry that I cannot agree to it, for "
            "this reason:",
            when="leave_refused",
        ),
        Paragraph("{refusal_reason}", when="refusal_reason and not leave_granted"),
        Paragraph(
            "If {forename} is away on days that were not agreed, our register will show them as "
            "unauthorised.",
            when="not leave_granted",
        ),
        Paragraph(
            "If you have a question, or if there is something that I do not know, please {how_to_reach}."
        ),
        Paragraph("Signed: {signature}, {date}."),
    ),
)

PRAISE_FIELDS = (PUPIL, FORENAME)

PRAISE_TERM = LetterTemplate(
    key="wel_praise_term_100",
    title="Well done: full attendance this term",
    version=1,
    subject="Well done, {forename}!",
    tone="praise",
    from_policy=False,
    fields=(*PRAISE_FIELDS, Field("term", Kind.TEXT, "the term")),
    body=(
        Paragraph("{forename} was in school for every session of the {term} term. Not one was missed."),
        Paragraph(
            "That takes early mornings, packed bags and a lot of care at home. Thank you for all of it. "
            "Please tell {forename} that we are glad to have them here, and how pleased we are."
        ),
    ),
)

PRAISE_YEAR = LetterTemplate(
    key="wel_praise_year_99",
    title="Well done: hardly a session missed this year",
    version=1,
    subject="Well done, {forename}!",
    tone="praise",
    from_policy=False,
    fields=(*PRAISE_FIELDS, Field("year_pct", Kind.SHARE, "attendance over the year")),
    body=(
        Paragraph("{forename}’s attendance over the whole school year was **{year_pct}**."),
        Paragraph(
            "That is a great year. Thank you for getting {forename} here day after day. Please tell them how "
            "pleased we are, and have a good summer."
        ),
    ),
)

PRAISE_FULL_YEAR = LetterTemplate(
    key="wel_praise_year_100",
    title="Well done: a whole year without a session missed",
    version=1,
    subject="Well done, {forename}!",
    tone="praise",
    from_policy=False,
    fields=PRAISE_FIELDS,
    body=(
        Paragraph("{forename} was in school for every single session of the school year."),
        Paragraph(
            "Good health was part of that, and so was the care you took every morning. Thank you. Please "
            "tell {forename} how pleased we are, and have a good summer."
        ),
    ),
)

TEMPLATES = (
    LETTER_1,
    LETTER_2,
    LETTER_3,
    LETTER_4,
    LETTER_5,
    LATE,
    HOLIDAY_WARNING,
    LEAVE_DECISION,
    PRAISE_TERM,
    PRAISE_YEAR,
    PRAISE_FULL_YEAR,
)
