"""Letters of a ladder by attendance below 95 per cent; the policy promises them and gives no text."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import LetterTemplate, Paragraph
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
    TALK,
    THANKS,
    THRESHOLD_PCT,
    YOUNG,
)

BELOW = LetterTemplate(
    key="lee_below_95",
    title="Attendance below the figure at which the school writes",
    version=1,
    subject="{pupil}’s attendance this school year",
    tone="support",
    from_policy=False,
    fields=(*EVERY_LETTER, ATTENDANCE_PCT, THRESHOLD_PCT, ABSENT_DATES, *CIRCUMSTANCES),
    body=(
        GRIEF,
        Paragraph(
            "{forename}’s attendance this school year is **{attendance_pct}**. We write to families when it "
            "falls below {threshold_pct}, because that is the time when a little help does the most good."
        ),
        ILL_CHILD,
        ILLNESS,
        *CHART_NOTE,
        TALK,
        Paragraph(
            "If things do not get better, we will ask you to come in, so that we can make a plan with you."
        ),
        THANKS,
    ),
)

PUNCTUALITY = LetterTemplate(
    key="lee_punctuality",
    title="Letter about lateness",
    version=1,
    subject="{pupil}: late {late_count} this school year",
    tone="support",
    from_policy=False,
    fields=(
        *EVERY_LETTER,
        LATE_COUNT,
        LATE_DATES,
        Field("late_after", Kind.TIME, "the time after which a pupil is late", CONDITIONAL),
        Field("register_closes", Kind.TIME, "the time the morning register closes", CONDITIONAL),
        YOUNG,
    ),
    body=(
        Paragraph(
            "{forename} has come late **{late_count}** this school year. Coming in after everybody else can "
            "be hard for a child, and they miss how the lesson starts."
        ),
        LATE_ON,
        Paragraph(
            "School starts at {late_after}. After {register_closes} the register is closed. A child who "
            "comes in after that has to be marked absent for the session, even though they are in school.",
            when="late_after and register_closes",
        ),
        Paragraph("What would make mornings easier? Please {how_to_reach}. We may be able to help."),
        Paragraph("If {forename} has been on time lately, thank you. We do notice."),
    ),
)

TEMPLATES = (BELOW, PUNCTUALITY)
