"""Fields and paragraphs that several letters share."""

from dataclasses import replace

from letters.rules.fields import Field, Kind, Need
from letters.rules.templates import Guard, Paragraph, SessionTable

CONDITIONAL = Need.CONDITIONAL


def optional(field: Field) -> Field:
    """Return the field as one without which the letter can still be printed."""
    return replace(field, need=CONDITIONAL)


def national(*names: str) -> tuple[Field, ...]:
    """Return entries of the national table as fields."""
    return tuple(Field(name, Kind.NATIONAL, name.replace("_", " ")) for name in names)


def of_letter(*names: str) -> tuple[Field, ...]:
    """Return what the letter itself has as fields: its date, its reference, the school, the signature."""
    return tuple(Field(name, Kind.LETTER, name) for name in names)


# --- fields

PUPIL = Field("pupil", Kind.TEXT, "the pupil’s name")
FORENAME = Field("forename", Kind.TEXT, "the pupil’s first name")
HOW_TO_REACH = Field("how_to_reach", Kind.TEXT, "whom to ring or write to")
OFFICE_PHONE = Field("office_phone", Kind.TEXT, "the school office’s phone number")
CLASS = Field("class", Kind.TEXT, "the class")
DATE_OF_BIRTH = Field("date_of_birth", Kind.BIRTH_DATE, "the date of birth")

ABSENCE_DAYS = Field("absence_days", Kind.DAYS, "days of absence this year")
ABSENT_DATES = Field("absent_dates", Kind.SESSIONS, "the sessions missed")
ATTENDANCE_PCT = Field("attendance_pct", Kind.SHARE, "attendance")
YEAR_SESSIONS = Field(
    "year_sessions", Kind.COUNT, "the pupil’s possible sessions in the whole year", CONDITIONAL
)
MAX_YEAR_PCT = Field("max_year_pct", Kind.SHARE, "the best possible attendance for the year")
LATE_COUNT = Field("late_count", Kind.COUNT, "how often the pupil was late", noun=("time", "times"))
LATE_DATES = Field("late_dates", Kind.SESSIONS, "the sessions the pupil was late for", CONDITIONAL)

TARGET_PCT = Field("target_pct", Kind.PERCENT, "the attendance the school expects")
THRESHOLD_PCT = Field("threshold_pct", Kind.PERCENT, "the attendance below which the school writes")
MINIMUM_PCT = Field("minimum_pct", Kind.PERCENT, "the least attendance the school expects")
NEXT_TRIGGER_DAYS = Field(
    "next_trigger_days", Kind.DAYS, "the days of absence at which the school writes again"
)
PRIOR_LETTER_DATE = Field("prior_letter_date", Kind.DATE, "the date of the letter before", CONDITIONAL)
SINCE = Field("since", Kind.DATE, "the first day of the school year")
MEETING_AT = Field("meeting_at", Kind.MOMENT, "the day and time of the meeting")
PANEL_AT = Field("panel_at", Kind.MOMENT, "the day and time of the panel")
OFFENCE_ON = Field("offence_on", Kind.DATE, "the day of the latest unauthorised absence", CONDITIONAL)

MEDICAL = Field("significant_medical", Kind.FLAG, "a significant medical need", CONDITIONAL)
BEREAVED = Field("bereavement", Kind.FLAG, "a bereavement in the family", CONDITIONAL)
PART_TIME = Field("part_time_timetable", Kind.FLAG, "a part-time timetable", CONDITIONAL)
YOUNG = Field("below_compulsory_age", Kind.FLAG, "below compulsory school age", CONDITIONAL)

EVERY_LETTER = (PUPIL, FORENAME, HOW_TO_REACH)
CIRCUMSTANCES = (MEDICAL, BEREAVED, PART_TIME, YOUNG)

# --- paragraphs

GRIEF = Paragraph(
    "We are sorry to write at such a sad time. We have to tell you about {forename}’s attendance, but how "
    "you all are matters more to us. Please tell us what would help.",
    when="bereavement",
)
ILL_CHILD = Paragraph(
    "We know about {forename}’s medical needs. You were right to keep them at home when they were too ill "
    "for school, and this letter is not a complaint. We want to be sure that they get the right help from "
    "us.",
    when="significant_medical",
)
ILLNESS = Paragraph(
    "We see that {forename} has been ill. A child who is too ill for school should be at home, and nobody is "
    "blaming you. If the same illness keeps coming back, please tell us, so that we can help.",
    when="some_illness and all_authorised and not significant_medical and not bereavement",
)
PART_TIME_COUNTS = Paragraph(
    "{forename} has a part-time timetable that we agreed with you. By national rules those sessions count as "
    "absence that is authorised, so they are in these figures too.",
    when="part_time_timetable",
)
UNEXPLAINED = Paragraph(
    "We do not know the reason for some of these sessions yet. Please tell us, so that we can put it right.",
    when="some_unexplained",
)
WHAT_COUNTS = Paragraph(
    "A session is a morning or an afternoon. We count every session missed, whatever the reason. If anything "
    "here looks wrong, please tell us and we will look into it."
)
ABSENCES = SessionTable("absent_dates", "{forename}’s absences this school year")
CHART_NOTE = (ABSENCES, WHAT_COUNTS, UNEXPLAINED, PART_TIME_COUNTS)

LATE_ON = Paragraph("The days were {late_dates}.", when="late_dates")

TALK = Paragraph(
    "Is something making it hard for {forename} to come to school? Please {how_to_reach}. The sooner we "
    "know, the more we can do."
)
THANKS = Paragraph("Thank you for reading this, and for your help.")
GUIDANCE_NOTE = "Guidance that all schools follow: {guidance}"

# --- guards: what a letter that warns of the law must never be printed without

ONLY_UNAUTHORISED = Guard(
    "some_unauthorised",
    "there is no unauthorised session, and a warning may not be sent for authorised absence",
)
ONLY_SETTLED = Guard(
    "not some_unexplained", "some sessions still have code N: settle their reason before a warning is printed"
)
ONLY_COMPULSORY_AGE = Guard(
    "not below_compulsory_age",
    "the pupil is below compulsory school age, so the law does not ask them to attend yet",
)
LEGAL_GUARDS = (ONLY_UNAUTHORISED, ONLY_SETTLED, ONLY_COMPULSORY_AGE)
