"""Letters and their files."""

import hashlib

from factory.declarations import LazyAttribute, SelfAttribute, Sequence, SubFactory

from letters.models import Letter, LetterFile, Message, MessageEvent
from letters.rules import samples
from letters.rules.catalogue import template_for
from letters.rules.content import LetterContent
from letters.rules.merging import address_letter, merge_template
from tests.factories.accounts import SchoolFactory, UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ContactFactory, PupilFactory, london


def sample_content(
    template_key: str = "wel_praise_year_100", *, reference: str = "HIL-2222-3333"
) -> LetterContent:
    """Return a short letter, finished and addressed."""
    template = template_for(template_key)
    wording = merge_template(
        template,
        samples.sample_values(template),
        on=samples.ON,
        reference=reference,
        school="Hill School",
        signature="Hilary Head",
    )
    return address_letter(
        wording,
        letterhead=samples.LETTERHEAD,
        names=samples.NAMES,
        address=samples.ADDRESS,
        on=samples.ON,
        reference=reference,
        signature=samples.SIGNATURE,
    )


class LetterFileFactory(RowFactory[LetterFile]):
    """A file of a page; its bytes are no real PDF."""

    class Meta:
        model = LetterFile

    school = SubFactory(SchoolFactory)
    content = Sequence(lambda n: b"%%PDF-1.7 %d" % n)
    sha256 = LazyAttribute(lambda file: hashlib.sha256(file.content).hexdigest())
    pages = 1
    created_at = london(samples.ON, samples.VALUES["late_after"])


class LetterFactory(RowFactory[Letter]):
    """A letter of praise that waits for its file."""

    class Meta:
        model = Letter
        exclude = ("words",)

    pupil = SubFactory(PupilFactory)
    school = SelfAttribute("pupil.school")
    origin = Sequence(lambda n: f"step:{n}")
    reference = Sequence(lambda n: f"HIL-2222-{n:04d}")
    words = LazyAttribute(lambda letter: sample_content(reference=letter.reference))
    template_key = SelfAttribute("words.template_key")
    template_version = SelfAttribute("words.template_version")
    recipients = LazyAttribute(lambda letter: list(samples.NAMES))
    contact_ids = LazyAttribute(lambda letter: [1, 2])
    address_key = "a" * 64
    address = LazyAttribute(lambda letter: list(samples.ADDRESS))
    salutation = SelfAttribute("words.salutation")
    content = LazyAttribute(lambda letter: letter.words.as_json())
    content_digest = SelfAttribute("words.digest")
    prepared_by = SubFactory(UserFactory)
    prepared_at = london(samples.ON, samples.VALUES["late_after"])


class MessageFactory(RowFactory[Message]):
    """An e-mail to a parent that waits to be sent."""

    class Meta:
        model = Message

    school = SubFactory(SchoolFactory)
    key = Sequence(lambda n: f"test:{n}")
    kind = "test"
    contact = SubFactory(ContactFactory, school=SelfAttribute("..school"))
    channel = "email"
    address = Sequence(lambda n: f"parent{n}@example.com")
    subject = "Amara is not in school"
    body = "Please tell us why.\n\nHill School"
    original = "Please tell us why."
    parts = 1
    queued_by = SubFactory(UserFactory)
    queued_at = london(samples.ON, samples.VALUES["late_after"])
    next_try_at = SelfAttribute("queued_at")


class MessageEventFactory(RowFactory[MessageEvent]):
    """The first move of a message: it was put into the outbox."""

    class Meta:
        model = MessageEvent

    message = SubFactory(MessageFactory)
    school = SelfAttribute("message.school")
    at = SelfAttribute("message.queued_at")
    by = SelfAttribute("message.queued_by")
    state = "ready"
