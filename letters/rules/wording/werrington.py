"""Letters of a ladder by days of absence: 3, 5, 8, 10 and 17 days, and a notice to improve."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import LetterTemplate, Paragraph, RowTable, SessionTable
from letters.rules.wording.common import (
    ABSENCE_DAYS,
    ABSENT_DATES,
    CHART_NOTE,
    CIRCUMSTANCES,
    CONDITIONAL,
    EVERY_LETTER,
    GRIEF,
    GUIDANCE_NOTE,
    ILL_CHILD,
    ILLNESS,
    LATE_COUNT,
    LATE_DATES,
    LATE_ON,
    LEGAL_GUARDS,
    MAX_YEAR_PCT,
    MEETING_AT,
    NEXT_TRIGGER_DAYS,
    OFFENCE_ON,
    OFFICE_PHONE,
    PANEL_AT,
    PRIOR_LETTER_DATE,
    TALK,
    TARGET_PCT,
    THANKS,
    YEAR_SESSIONS,
    YOUNG,
    national,
    optional,
)

POLICY = "our attendance policy"
GUIDE = "our guide to attendance"

NOTICE_3 = LetterTemplate(
    key="wer_notice_3",
    title="Notice at three days of absence",
    version=1,
    subject="{pupil}: {absence_days} of absence this school year",
    tone="support",
    from_policy=False,
    fields=(*EVERY_LETTER, ABSENCE_DAYS, ABSENT_DATES, *CIRCUMSTANCES),
    body=(
        GRIEF,
        Paragraph(
            "{forename} has now missed **{absence_days}** of school this year. We write to every family when "
            "it comes to three days, so that it does not come as a surprise later."
        ),
        ILL_CHILD,
        ILLNESS,
        *CHART_NOTE,
        Paragraph("If the list is right and all is well, you do not need to do anything."),
        TALK,
        THANKS,
    ),
)

LETTER_1 = LetterTemplate(
    key="wer_1",
    title="Attendance letter 1",
    version=1,
    subject="{pupil}: {absence_days} of absence this school year",
    tone="concern",
    from_policy=True,
    enclosures=(POLICY, GUIDE),
    notes=(GUIDANCE_NOTE,),
    fields=(
        *EVERY_LETTER,
        ABSENCE_DAYS,
        ABSENT_DATES,
        TARGET_PCT,
        NEXT_TRIGGER_DAYS,
        OFFICE_PHONE,
        YEAR_SESSIONS,
        optional(MAX_YEAR_PCT),
        *CIRCUMSTANCES,
        *national("guidance"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "{forename} has now missed **{absence_days}** of school this year. We care about how {forename} "
            "is doing, and days missed soon add up, so we would like to talk with you."
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "We hope that every child will be here for at least {target_pct} of the year. If {forename} "
            "misses one more day, that is out of reach for this year.",
            when="one_more_day_below_target",
        ),
        Paragraph(
            "We hope that every child will be here for at least {target_pct} of the year. The best that "
            "{forename} can reach now is {max_year_pct}.",
            when="below_target_for_the_year and max_year_pct",
        ),
        Paragraph(
            "We hope that every child will be here for at least {target_pct} of the year.",
            when="not one_more_day_below_target and not below_target_for_the_year",
        ),
        *CHART_NOTE,
        Paragraph(
            "Please ring the school office on **{office_phone}** in the next few days. Tell us how things "
            "are, and we will work out together how {forename} can catch up on what they missed."
        ),
        Paragraph(
            "If the absence comes to {next_trigger_days}, we will write again and ask you to come in. We "
            "would then write a plan with you."
        ),
        THANKS,
    ),
)

MAX_AT_NEXT = Field(
    "max_year_pct_at_next_trigger", Kind.SHARE, "the best possible year at the next trigger", CONDITIONAL
)

LETTER_2 = LetterTemplate(
    key="wer_2",
    title="Attendance letter 2",
    version=1,
    subject="{pupil}: {absence_days} of absence, and an invitation to meet",
    tone="concern",
    from_policy=True,
    enclosures=(POLICY + ", with the form of the support plan", GUIDE),
    notes=(GUIDANCE_NOTE,),
    fields=(
        *EVERY_LETTER,
        ABSENCE_DAYS,
        ABSENT_DATES,
        PRIOR_LETTER_DATE,
        NEXT_TRIGGER_DAYS,
        MAX_AT_NEXT,
        optional(MEETING_AT),
        *CIRCUMSTANCES,
        *national("guidance"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "We wrote to you on {prior_letter_date}. Since then {forename} has missed more school, and it "
            "now comes to **{absence_days}** this year.",
            when="prior_letter_date",
        ),
        Paragraph(
            "{forename} has now missed **{absence_days}** of school this year, and we are worried.",
            when="not prior_letter_date",
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "If it comes to {next_trigger_days}, the best that {forename} could still reach for the whole "
            "year is {max_year_pct_at_next_trigger}.",
            when="max_year_pct_at_next_trigger",
        ),
        *CHART_NOTE,
        Paragraph(
            "Please come and see us on **{meeting_at}**. If you cannot come then, {how_to_reach}. We will "
            "find another time.",
            when="meeting_at",
        ),
        Paragraph(
            "We would like to meet you. If we have not yet rung you about a time, please {how_to_reach}.",
            when="not meeting_at",
        ),
        Paragraph(
            "You will meet the headteacher, our attendance champion and our support team. Together we will "
            "write a short plan: what goes well, what worries you or us, what school will do and what you "
            "can do at home."
        ),
        THANKS,
    ),
)

LETTER_3 = LetterTemplate(
    key="wer_3",
    title="Attendance letter 3",
    version=1,
    subject="{pupil}: {absence_days} of absence, and a look at the plan",
    tone="concern",
    from_policy=True,
    enclosures=(GUIDE,),
    notes=(GUIDANCE_NOTE,),
    fields=(
        *EVERY_LETTER,
        ABSENCE_DAYS,
        ABSENT_DATES,
        MAX_YEAR_PCT,
        YEAR_SESSIONS,
        Field("plan_meeting_date", Kind.DATE, "the day the plan was made", CONDITIONAL),
        Field("review_meeting_at", Kind.MOMENT, "the day and time of the review", CONDITIONAL),
        *CIRCUMSTANCES,
        *national("guidance"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "{forename} has now missed **{absence_days}** of school this year. Even with no more absence, "
            "the best they can reach for the year is {max_year_pct}."
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "A child who misses a tenth of the school year or more is called persistently absent. "
            "{forename} has reached that for this year.",
            when="persistent_for_the_year",
        ),
        Paragraph(
            "A child who misses a tenth of the school year or more is called persistently absent. We want "
            "to help so that it does not come to that.",
            when="not persistent_for_the_year",
        ),
        *CHART_NOTE,
        Paragraph(
            "We made a support plan with you on {plan_meeting_date}. It is time to look at it together: "
            "what has helped, what has not, and what to change.",
            when="plan_meeting_date",
        ),
        Paragraph(
            "Please come and see us on **{review_meeting_at}**. If you cannot come then, {how_to_reach}. We "
            "will find another time.",
            when="review_meeting_at",
        ),
        Paragraph(
            "We would like to meet you. If we have not yet rung you about a time, please {how_to_reach}.",
            when="not review_meeting_at",
        ),
        Paragraph(
            "From now on we will look at {forename}’s attendance every week, and tell you when it gets "
            "better. Thank you for your help."
        ),
    ),
)

NOTICE_TO_IMPROVE = LetterTemplate(
    key="wer_nti",
    title="Notice to improve",
    version=1,
    subject="Notice to improve: {pupil}’s attendance",
    tone="formal",
    from_policy=True,
    guards=LEGAL_GUARDS,
    fields=(
        *EVERY_LETTER,
        ABSENCE_DAYS,
        ABSENT_DATES,
        Field("plan_date", Kind.DATE, "the day the support plan was made"),
        Field(
            "nti_rows",
            Kind.ROWS,
            "what must improve, the help for it and by when",
            columns=("What needs to get better", "Help with it", "By when"),
        ),
        OFFENCE_ON,
        *CIRCUMSTANCES,
        *national("duty_s7", "warning", "penalty_who", "court_penalties"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "We met and made a support plan for {forename} on {plan_date}. Since then there has been more "
            "absence. It now comes to **{absence_days}** this school year."
        ),
        ILL_CHILD,
        Paragraph("This letter sets out what has to get better, what help there is, and by when."),
        RowTable("nti_rows", "What we ask for, and what help there is"),
        Paragraph(
            "If you need other help, or if something in this list cannot work for your family, please "
            "{how_to_reach} now. We can change the plan with you."
        ),
        SessionTable("absent_dates", "{forename}’s absences this school year"),
        Paragraph("{duty_s7}"),
        Paragraph("{warning} {penalty_who}"),
        Paragraph("{court_penalties}"),
        Paragraph("We would much rather not get that far, and we will do all we can to help you."),
    ),
)

LETTER_4 = LetterTemplate(
    key="wer_4",
    title="Attendance letter 4",
    version=1,
    subject="{pupil}: invitation to an attendance panel",
    notes=(GUIDANCE_NOTE,),
    tone="formal",
    from_policy=True,
    fields=(
        *EVERY_LETTER,
        ABSENCE_DAYS,
        ABSENT_DATES,
        MAX_YEAR_PCT,
        YEAR_SESSIONS,
        PANEL_AT,
        *CIRCUMSTANCES,
        *national("guidance"),
    ),
    body=(
        GRIEF,
        Paragraph(
            "{forename} has now missed **{absence_days}** of school this year. Even with no more absence, "
            "the best they can reach for the year is {max_year_pct}. We are very worried about what this "
            "means for them."
        ),
        Paragraph(
            "They will also count as persistently absent for this year, because they have missed a tenth of "
            "it.",
            when="persistent_for_the_year",
        ),
        ILL_CHILD,
        ILLNESS,
        Paragraph(
            "Please come to an **attendance panel** with our leadership team on **{panel_at}**. You may "
            "bring somebody with you: a friend, someone from your family, or a person who speaks for you. "
            "Just tell us who is coming."
        ),
        Paragraph(
            "At the panel we will talk about an attendance contract. This is a written promise on both "
            "sides: what school will do, and what you will do. It is your choice to sign it, and signing is "
            "not a punishment."
        ),
        Paragraph(
            "We will ring you to check that you can come. You can also {how_to_reach}. Thank you for coming "
            "to talk with us."
        ),
        *CHART_NOTE,
        Paragraph(
            "We have a duty to tell you this: if unauthorised absence goes on, we may have to ask the "
            "council to think about legal action. We want to settle things with you long before that.",
            when="some_unauthorised and not below_compulsory_age and not significant_medical",
        ),
    ),
)

LATE = LetterTemplate(
    key="wer_late",
    title="Letter about lateness",
    version=1,
    subject="{pupil}: late {late_count} this school year",
    tone="concern",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        LATE_COUNT,
        LATE_DATES,
        optional(MEETING_AT),
        Field("late_after", Kind.TIME, "the time after which a pupil is late", CONDITIONAL),
        Field("register_closes", Kind.TIME, "the time the morning register closes", CONDITIONAL),
        YOUNG,
    ),
    body=(
        Paragraph(
            "{forename} has come late **{late_count}** this school year. The first minutes of a day matter: "
            "the teacher says what the day will bring, and friends settle down together."
        ),
        LATE_ON,
        Paragraph(
            "School starts at {late_after}. After {register_closes} the register is closed. A child who "
            "comes in after that has to be marked absent for the session, even though they are in school.",
            when="late_after and register_closes",
        ),
        Paragraph(
            "Please come and see us on **{meeting_at}**, so that we can think together about what would make "
            "mornings easier. If you cannot come then, {how_to_reach}.",
            when="meeting_at",
        ),
        Paragraph(
            "We would like to meet you and think together about what would make mornings easier. Please "
            "{how_to_reach}.",
            when="not meeting_at",
        ),
        Paragraph("If {forename} has been on time lately, thank you. We do notice."),
    ),
)

TEMPLATES = (NOTICE_3, LETTER_1, LETTER_2, LETTER_3, NOTICE_TO_IMPROVE, LETTER_4, LATE)
