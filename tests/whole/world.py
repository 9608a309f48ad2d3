"""One of everything at a school, so that every address of ours can be filled in."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from absences.models import Attachment, LeaveRequest, Report
from absences.services.terms import text_of
from accounts.models import School, User
from escalation.models import Step
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from letters.models import Letter
from registers.models import ClassGroup, Contact, Pupil, Session
from tests.factories.absences import ReportFactory, SchoolTermsFactory, TaskFactory
from tests.factories.absences_calls import ContactAttemptFactory
from tests.factories.absences_evidence import (
    EvidenceDemandFactory,
    EvidenceRequestFactory,
    asked_for,
    stored_attachment,
)
from tests.factories.absences_leave import LeaveDesignateFactory, LeaveRequestFactory
from tests.factories.absences_parents import DetailsRequestFactory
from tests.factories.absences_records import (
    ReintegrationProgrammeFactory,
    ReintegrationStepFactory,
    SupportNoteFactory,
)
from tests.factories.accounts import UserFactory
from tests.factories.escalation import StepFactory
from tests.factories.letters import LetterFactory, LetterFileFactory, MessageFactory
from tests.factories.registers import (
    CalendarPeriodFactory,
    ClassGroupFactory,
    ContactFactory,
    PartTimeTimetableFactory,
    PupilContactFactory,
    PupilFlagFactory,
    held_sessions,
    london,
    pupil_in_class,
)
from tests.factories.registers_admission import (
    OutsideContactFactory,
    PupilAddressFactory,
    PupilOutsideContactFactory,
)
from tests.factories.registers_ahead import WeeklyPatternFactory, known_ahead_for
from tests.factories.registers_amending import amendment_of
from tests.factories.registers_arrivals import (
    CollectorPupilFactory,
    EarlyDepartureFactory,
    GateStrikeFactory,
    LateArrivalFactory,
)
from tests.factories.registers_files import UploadedFileFactory
from tests.factories.registers_roll import DepartureFactory

DAY = date(2025, 9, 9)
NOW = london(DAY, time(9, 0))
STAFF_DAY = date(2025, 10, 6)
# What the policy in force says of absences.
WERRINGTON = text_of(terms_of(load_policy(shipped_text("werrington"), name="werrington")))


@dataclass(frozen=True)
class World:
    """What stands at one school on the morning of Tuesday 9 September 2025."""

    school: School
    class_group: ClassGroup
    pupil: Pupil
    session: Session
    letter: Letter
    step: Step
    # What else addresses name, by the words of the access rows.
    rows: dict[str, object]

    @property
    def arguments(self) -> dict[str, object]:
        """Return what fills in the addresses."""
        return {
            "school_key": self.school.key,
            "on": DAY,
            "half": "AM",
            "class_id": self.class_group.pk,
            "pupil_id": self.pupil.pk,
            "session_id": self.session.pk,
            "letter": self.letter.pk,
            "step": self.step.pk,
            "letter_key": self.step.letters[0],
            "check_key": "no-mark",
            **self.rows,
        }


def world_of(school: School, class_group: ClassGroup | None = None, pupil: Pupil | None = None) -> World:
    """Build one of everything at the school, around a class and a pupil where the test has them."""
    group = class_group or ClassGroupFactory(school=school, academic_year=2025)
    child = pupil or pupil_in_class(group)
    half_term = CalendarPeriodFactory(school=school)
    author: User = UserFactory()
    morning = held_sessions(school, DAY, DAY)[0]
    returning = ReintegrationProgrammeFactory(pupil=child)
    SchoolTermsFactory(school=school, data=WERRINGTON)
    return World(
        school=school,
        class_group=group,
        pupil=child,
        session=morning,
        letter=LetterFactory(
            pupil=child,
            prepared_by=author,
            state="rendered",
            rendered_at=NOW,
            file=LetterFileFactory(school=school),
        ),
        # A notice waits for what a person has to enter: approvals are refused.
        step=StepFactory(pupil=child, judged_on=DAY, proposed_at=NOW, letters=["wer_nti"]),
        rows={
            "address": PupilAddressFactory(pupil=child).pk,
            "flag": PupilFlagFactory(pupil=child).pk,
            # Nobody who could be written to: what is asked of a step stays refused.
            "contact": PupilContactFactory(pupil=child, priority=9).contact_id,
            "outside": OutsideContactFactory(school=school).pk,
            "outside_link": PupilOutsideContactFactory(pupil=child).pk,
            "known_ahead": known_ahead_for(child).pk,
            "pattern": WeeklyPatternFactory(pupil=child).pk,
            "timetable": PartTimeTimetableFactory(pupil=child).pk,
            "upload": UploadedFileFactory(school=school).pk,
            "arrival_id": LateArrivalFactory(session=morning, pupil=child).pk,
            "departure_id": EarlyDepartureFactory(pupil=child).pk,
            "gate_id": GateStrikeFactory(
                greeting__pupil=child, greeting__gate__school=school
            ).greeting.gate_id,
            "collector_id": CollectorPupilFactory(pupil=child).collector_id,
            "attempt": ContactAttemptFactory(pupil=child).pk,
            "task": TaskFactory(pupil=child).pk,
            "year": 2025,
            "half_term": half_term.pk,
            "closure": CalendarPeriodFactory(
                school=school, kind="closure", name="Staff day", first_day=STAFF_DAY, last_day=STAFF_DAY
            ).pk,
            "left": DepartureFactory(
                enrolment__pupil=child,
                enrolment__starts_on=date(2024, 9, 2),
                leaving_on=date(2025, 7, 16),
                return_sent_on=date(2025, 7, 9),
                recorded_on=date(2025, 7, 9),
            ).enrolment_id,
            "amendment": amendment_of(pupil_in_class(group), amended_again=True).pk,
            "message": MessageFactory(pupil=child, school=school).pk,
            "evidence": EvidenceRequestFactory(pupil=child).pk,
            "programme": returning.pk,
            "programme_step": ReintegrationStepFactory(programme=returning).pk,
            "support": SupportNoteFactory(pupil=child).pk,
            "demand": EvidenceDemandFactory(pupil=child).pk,
            "attachment": stored_attachment(report=ReportFactory(pupil=child)).pk,
            "leave": LeaveRequestFactory(pupil=child, applicant=ContactFactory(school=school)).pk,
            "designate": LeaveDesignateFactory(school=school).pk,
            "holiday_report": ReportFactory(pupil=child, reason="holiday", code="G").pk,
            **family_rows_of(child),
        },
    )


def family_rows_of(pupil: Pupil) -> dict[str, object]:
    """Build one of everything that families' addresses name, of one pupil; see `give_to_family`."""
    told = ReportFactory(pupil=pupil)
    return {
        "child": pupil.pk,
        "report": told.pk,
        "submission": told.submission,
        "details_request": DetailsRequestFactory(pupil=pupil).pk,
        "family_attachment": stored_attachment(report=told).pk,
        "family_evidence": asked_for(pupil).pk,
        "family_leave": LeaveRequestFactory(pupil=pupil).pk,
        "letter_to_parent": _letter_to(ContactFactory(school=pupil.school), pupil).pk,
        # A draft is of a session in a browser: in the tests of addresses nobody has begun one.
        "draft": UUID("00000000-0000-4000-8000-000000000000"),
        "question": "check",
    }


def _letter_to(contact: Contact, pupil: Pupil) -> Letter:
    letter: Letter = LetterFactory(
        pupil=pupil,
        contact_ids=[contact.pk],
        prepared_by=UserFactory(),
        state="rendered",
        rendered_at=NOW,
        file=LetterFileFactory(school=pupil.school),
    )
    return letter


def give_to_family(world: World, contact: Contact) -> None:
    """Make somebody a parent of the world's pupil, who has told and asked what stands in it."""
    PupilContactFactory(pupil=world.pupil, contact=contact, priority=8)
    Report._base_manager.filter(pk=world.rows["report"]).update(contact=contact)
    LeaveRequest._base_manager.filter(pk=world.rows["family_leave"]).update(applicant=contact)
    world.rows["letter_to_parent"] = _letter_to(contact, world.pupil).pk
    Attachment._base_manager.filter(pk=world.rows["family_attachment"]).update(uploaded_by=contact.user)
