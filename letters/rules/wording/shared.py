"""Letters that several schools send in the same words."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import FactTable, Guard, LetterTemplate, Paragraph, SessionTable
from letters.rules.wording.common import (
    ABSENT_DATES,
    CLASS,
    CONDITIONAL,
    EVERY_LETTER,
    YOUNG,
    national,
    optional,
)

LETTER_HOME = LetterTemplate(
    key="letter_home_no_contact",
    title="Letter home when nobody could be reached",
    version=1,
    subject="{pupil}: please get in touch",
    tone="support",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        ABSENT_DATES,
        Field("tried_on", Kind.DATE, "the day the school last tried to reach the family", CONDITIONAL),
    ),
    body=(
        Paragraph(
            "{forename} has not been in school, and we do not know why. We have tried to ring everybody "
            "whose number we have. The last time was on {tried_on}.",
            when="tried_on",
        ),
        Paragraph(
            "{forename} has not been in school, and we do not know why. We have tried to ring everybody "
            "whose number we have.",
            when="not tried_on",
        ),
        SessionTable("absent_dates", "When {forename} was missed"),
        Paragraph(
            "**We need to know that {forename} is safe.** Please {how_to_reach} as soon as you read this."
        ),
        Paragraph(
            "If your number has changed, please give us the new one, and the name of somebody else we can "
            "ring. If we still cannot reach anyone, one of us may call at your home. In the end we have to "
            "tell the council that we do not know where {forename} is."
        ),
        Paragraph(
            "If {forename} is ill or something has happened at home, just tell us. We would like to help."
        ),
    ),
)

LEAVE_DECISION = LetterTemplate(
    key="leave_decision",
    title="Decision on a request for leave",
    version=1,
    subject="{pupil}: our answer to your request for leave",
    tone="formal",
    from_policy=False,
    guards=(
        Guard("leave_decision_known", "the decision is neither granted, nor granted in part, nor refused"),
        Guard(
            "leave_decision_complete",
            "granted leave needs its first and last day, refused leave needs a reason",
        ),
    ),
    fields=(
        *EVERY_LETTER,
        optional(CLASS),
        Field("leave_dates", Kind.PERIOD, "the first and last day of the leave"),
        Field("decision", Kind.TEXT, "the decision: granted, granted in part or refused"),
        Field("dates_from", Kind.DATE, "the first day of agreed leave", CONDITIONAL),
        Field("dates_to", Kind.DATE, "the last day of agreed leave", CONDITIONAL),
        Field("refusal_reason", Kind.PASSAGE, "why the leave, or part of it, was not agreed", CONDITIONAL),
        Field("no_work_set", Kind.FLAG, "the school sets no work for leave", CONDITIONAL),
        YOUNG,
        *national("penalty_who", "penalty_threshold"),
    ),
    body=(
        FactTable(
            "This letter is about",
            (("Pupil", "{pupil}"), ("You asked for", "{leave_dates}"), ("Decision", "{decision}")),
        ),
        Paragraph(
            "Thank you for asking. I have agreed to the leave. {forename} may be away from **{dates_from}** "
            "to **{dates_to}**, both days included, and our register will show it as authorised.",
            when="leave_granted and dates_from and dates_to",
        ),
        Paragraph(
            "Thank you for asking. I have agreed to a part of the leave. {forename} may be away from "
            "**{dates_from}** to **{dates_to}**, both days included. I cannot agree to the rest, for this "
            "reason:",
            when="leave_granted_in_part and dates_from and dates_to",
        ),
        Paragraph(
            "Thank you for asking. I have thought about it with care. I am sorry that I cannot agree to the "
            "leave, for this reason:",
            when="leave_refused",
        ),
        Paragraph("{refusal_reason}", when="refusal_reason and not leave_granted"),
        Paragraph(
            "We do not set work for this time. Reading together every day, and a diary of what {forename} "
            "sees and does, are a good way to keep learning.",
            when="no_work_set and not leave_refused",
        ),
        Paragraph(
            "If {forename} is away on days that were not agreed, our register will show them as "
            "unauthorised.",
            when="not leave_granted",
        ),
        Paragraph(
            "{penalty_threshold} {penalty_who}",
            when="not leave_granted and not below_compulsory_age",
        ),
        Paragraph(
            "If you have a question, or if there is something that I do not know yet, please {how_to_reach}."
        ),
    ),
)

TEMPLATES = (LETTER_HOME, LEAVE_DECISION)
