"""What a call list is made of: pupils, their contacts, what was tried, and what word came."""

from dataclasses import dataclass, field
from datetime import date, datetime

from absences.models import AttemptOutcome, Task
from absences.rules import calling
from absences.rules.calling import Person, Run, Tried
from absences.rules.contact import CONFIRMED, SPOKE_DID_NOT_KNOW
from absences.rules.reasons import REASON_BY_KEY
from absences.rules.terms import Terms
from registers.rules.flags import flag_label


@dataclass(frozen=True)
class Attempt:
    """One attempt to reach somebody about a pupil's day, not struck out."""

    id: int
    contact_id: int | None
    outside_id: int | None
    person: str
    address: str
    channel: str
    outcome: str
    reason: str
    note: str
    at: datetime
    by: str

    @property
    def is_confirmed(self) -> bool:
        """Say whether it settled where the child is."""
        return self.outcome in CONFIRMED

    @property
    def outcome_words(self) -> str:
        """Return what it came to, in words."""
        return str(AttemptOutcome(self.outcome).label)

    @property
    def reason_words(self) -> str:
        """Return the reason that was learnt, in words; "" for none."""
        return REASON_BY_KEY[self.reason].label if self.reason in REASON_BY_KEY else ""


@dataclass(frozen=True)
class Word:
    """Word of the absence that came and is not decided, or that keeps the school from calling."""

    report_id: int
    reference: str
    reason: str
    channel: str
    is_waiting: bool
    wants_call_back: bool
    quiet_until: date | None = None


@dataclass(frozen=True)
class Claim:
    """Somebody is calling about the pupil until a moment."""

    by_id: int
    by: str
    until: datetime


@dataclass(frozen=True)
class ListedContact:
    """One grown-up of a pupil on the list; of one whom a court order keeps away there is no number."""

    contact_id: int
    name: str
    relationship: str
    priority: int
    language: str
    phones: tuple[str, ...]
    email: str
    has_responsibility: bool
    is_kept_away: bool
    order: str  # what the order is, in words
    order_has_ended: bool


@dataclass
class ListedPupil:
    """One pupil of the list, with everything that somebody who calls has to know."""

    id: int
    surname: str
    forename: str
    known_as: str
    class_id: int
    class_name: str
    half: str
    left_at_lunch: bool  # was there in the morning
    session_id: int
    is_marked: bool
    is_register_taken: bool  # or somebody gave the mark without it
    flags: tuple[str, ...]
    absent_days: int
    run: Run
    word: Word | None
    claim: Claim | None
    attempts: tuple[Attempt, ...]
    contacts: tuple[ListedContact, ...] = ()
    tasks: tuple[Task, ...] = ()
    wrong_numbers: frozenset[str] = frozenset()
    siblings: tuple["ListedPupil", ...] = field(default=(), repr=False)

    @property
    def full_name(self) -> str:
        """Return forename and surname."""
        return f"{self.forename} {self.surname}"

    @property
    def register_name(self) -> str:
        """Return the name as registers sort it."""
        return f"{self.surname}, {self.forename}"

    @property
    def flag_words(self) -> tuple[str, ...]:
        """Return the flags that let the pupil come first, in words."""
        return tuple(flag_label(flag) for flag in self.flags)

    @property
    def is_confirmed(self) -> bool:
        """Say whether a conversation settled where the child is."""
        return any(attempt.is_confirmed for attempt in self.attempts)

    @property
    def confirmed(self) -> Attempt | None:
        """Return the last attempt that settled it."""
        return next((one for one in reversed(self.attempts) if one.is_confirmed), None)

    @property
    def last_attempt(self) -> Attempt | None:
        """Return the latest attempt of the day."""
        return self.attempts[-1] if self.attempts else None

    @property
    def guardian_did_not_know(self) -> bool:
        """Say whether a guardian was surprised and nothing settled it since."""
        return not self.is_confirmed and any(
            attempt.outcome == SPOKE_DID_NOT_KNOW for attempt in self.attempts
        )

    @property
    def has_word(self) -> bool:
        """Say whether word came that makes a call needless; a voicemail to be called back does not."""
        return self.word is not None and not self.word.wants_call_back

    @property
    def needs_call(self) -> bool:
        """Say whether somebody has to call."""
        return not self.is_confirmed and not self.has_word

    @property
    def callable_contacts(self) -> tuple[ListedContact, ...]:
        """Return the people whom no court order keeps away."""
        return tuple(contact for contact in self.contacts if not contact.is_kept_away)

    @property
    def next_call(self) -> calling.Next | None:
        """Return whom to try next."""
        return calling.next_number(
            [Person(one.contact_id, one.phones) for one in self.callable_contacts],
            [Tried(one.contact_id, one.address, one.outcome) for one in self.attempts if one.address],
            self.wrong_numbers,
        )

    @property
    def is_exhausted(self) -> bool:
        """Say whether everybody who can be called was tried at least once today."""
        asked = self.next_call
        return asked is None or not asked.is_first_round

    def is_claimed_by_other(self, user_id: int, *, at: datetime) -> bool:
        """Say whether somebody else is calling now."""
        return self.claim is not None and self.claim.by_id != user_id and self.claim.until > at

    def tasks_of(self, kind: str) -> tuple[Task, ...]:
        """Return the open tasks of a kind."""
        return tuple(task for task in self.tasks if task.kind == kind)


@dataclass(frozen=True)
class CallList:
    """The calls of one day under the terms in force. `begins_at` is None on a day without school."""

    on: date
    begins_at: datetime | None
    has_begun: bool
    to_call: tuple[ListedPupil, ...] = ()
    spoken: tuple[ListedPupil, ...] = ()
    word_came: tuple[ListedPupil, ...] = ()
    safeguarding: tuple[Task, ...] = ()
    terms: Terms | None = None
    missing_terms: str = ""  # why there is no list: no policy was in force

    @property
    def ready(self) -> tuple[ListedPupil, ...]:
        """Return the pupils to call of whom somebody said that they are missing, or who were called about."""
        return tuple(pupil for pupil in self.to_call if pupil.is_register_taken or pupil.attempts)

    @property
    def not_ready(self) -> tuple[ListedPupil, ...]:
        """Return the pupils of classes whose register nobody took: who of them is missing is not known."""
        return tuple(pupil for pupil in self.to_call if not (pupil.is_register_taken or pupil.attempts))

    @property
    def untaken(self) -> tuple[tuple[int, str, str, int], ...]:
        """Return classes whose register nobody took: id, name, half, and how many pupils are listed."""
        counts: dict[tuple[int, str, str], int] = {}
        for pupil in self.not_ready:
            key = (pupil.class_id, pupil.class_name, pupil.half)
            counts[key] = counts.get(key, 0) + 1
        return tuple((*key, count) for key, count in counts.items())

    def pupil(self, pk: int) -> ListedPupil | None:
        """Return a pupil of the list, whichever part they stand in."""
        return next((one for one in (*self.to_call, *self.spoken, *self.word_came) if one.id == pk), None)
