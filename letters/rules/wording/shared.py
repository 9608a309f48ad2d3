"""Letters that several schools send in the same words."""

from letters.rules.fields import Field, Kind
from letters.rules.templates import LetterTemplate, Paragraph, SessionTable
from letters.rules.wording.common import ABSENT_DATES, CONDITIONAL, EVERY_LETTER

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

TEMPLATES = (LETTER_HOME,)
