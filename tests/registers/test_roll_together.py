"""Two people at the same pupil at once: one is done, the other is told."""

from collections.abc import Callable
from datetime import date, time
from threading import Barrier, Thread

from django.db import connection
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, ClassMembership, Departure, Enrolment, Pupil
from registers.services.joining import NewPupil, Place, join_pupil
from registers.services.leaving import plan_leaving
from registers.services.moving import move_pupils
from tests.factories.registers import ClassGroupFactory, london
from tests.registers.test_roll_joining import GOOD
from tests.registers.test_roll_leaving import AT, TODAY, TRANSFER, enrolment_of

MONDAY = date(2025, 11, 17)


def at_once(school: School, one: Callable[[], object], other: Callable[[], object]) -> list[str]:
    """Do both in threads of their own; return what each of those refused was told."""
    together, told = Barrier(2, timeout=10), []

    def do(act: Callable[[], object]) -> None:
        try:
            with scope(school=school):
                together.wait()
                act()
        except DomainError as refused:
            told.append(refused.message)
        finally:
            connection.close()

    threads = [Thread(target=do, args=[act]) for act in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return told


class TestTwoPeopleAtOnce:
    def test_record_one_leaving(
        self, transactional_db: None, school: School, pupil: Pupil, office: User, head: User
    ) -> None:
        enrolment = enrolment_of(pupil)
        told = at_once(
            school,
            lambda: plan_leaving(enrolment, TRANSFER, on=TODAY, by=office, at=AT),
            lambda: plan_leaving(enrolment, TRANSFER, on=TODAY, by=head, at=AT),
        )

        assert told == ["The pupil leaves on 21 Nov 2025 already: take that back first."]
        with scopes_disabled():
            assert Departure.objects.count() == 1

    def test_put_one_pupil_on_roll(
        self, transactional_db: None, school: School, class_group: ClassGroup, office: User, head: User
    ) -> None:
        new = NewPupil(GOOD, "Newman", "Nia", date(2016, 2, 3))
        place, at = Place(MONDAY, class_group.pk, "5"), london(TODAY, time(9, 0))
        told = at_once(
            school,
            lambda: join_pupil(school, new, place, by=office, at=at),
            lambda: join_pupil(school, new, place, by=head, at=at),
        )

        assert told == ["Nia Newman has this UPN: open their record, and readmit them there if they left"]
        with scopes_disabled():
            assert Enrolment.objects.count() == 1

    def test_move_a_pupil_once(
        self,
        transactional_db: None,
        school: School,
        class_group: ClassGroup,
        pupil: Pupil,
        office: User,
        head: User,
    ) -> None:
        elm = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
        told = at_once(
            school,
            *(
                lambda by=by: move_pupils(
                    school, [pupil.pk], to=elm, starts_on=MONDAY, reason="", on=TODAY, by=by, at=AT
                )
                for by in (office, head)
            ),
        )

        assert told == ["Robin Ashdown is in Elm on Mon 17 Nov 2025 already"]
        with scopes_disabled():
            found = ClassMembership.objects.filter(pupil=pupil).order_by("starts_on")
            assert [one.class_group_id for one in found] == [class_group.pk, elm.pk]
