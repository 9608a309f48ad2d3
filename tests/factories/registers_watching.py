"""Closings of registers and reminders to take one."""

from datetime import timedelta

from factory.declarations import LazyAttribute, SelfAttribute, SubFactory

from registers.models import ClassClosing, RegisterClosing, RegisterNudge
from tests.factories.accounts import UserFactory
from tests.factories.base import RowFactory
from tests.factories.registers import ClassGroupFactory, SessionFactory


class RegisterClosingFactory(RowFactory[RegisterClosing]):
    """The closing of a morning, a minute after its registers closed, that found every mark there."""

    class Meta:
        model = RegisterClosing

    session = SubFactory(SessionFactory)
    school = SelfAttribute("session.school")
    closed_at = LazyAttribute(lambda closing: closing.session.closes_at + timedelta(minutes=1))
    known_ahead = 0
    unexplained = 0


class ClassClosingFactory(RowFactory[ClassClosing]):
    """A class whose register was closed without being taken: one pupil got N."""

    class Meta:
        model = ClassClosing

    closing = SubFactory(RegisterClosingFactory, unexplained=1)
    class_group = SubFactory(ClassGroupFactory, school=SelfAttribute("..closing.school"))
    was_begun = False
    known_ahead = 0
    unexplained = 1


class RegisterNudgeFactory(RowFactory[RegisterNudge]):
    """A reminder five minutes after the register opened, not sent yet."""

    class Meta:
        model = RegisterNudge

    class_group = SubFactory(ClassGroupFactory)
    school = SelfAttribute("class_group.school")
    session = SubFactory(SessionFactory, school=SelfAttribute("..school"))
    nudged_at = LazyAttribute(lambda nudge: nudge.session.opens_at + timedelta(minutes=5))
    nudged_by = SubFactory(UserFactory)
    address = "http://testserver/s/hill/registers/2025-09-09/AM/1/"
