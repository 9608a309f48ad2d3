"""Two desks, or a desk and a teacher, at the very same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import time
from threading import Barrier

import pytest
from django.db import connection
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import School, User
from registers.models import ClassGroup, LateArrival
from registers.selectors.registers import register_page
from registers.services import arrivals as services
from registers.services.arrivals import Arrival
from registers.services.marks import MarkInput, save_marks
from tests.factories.registers import london
from tests.registers.taking import TUESDAY, Morning, make_morning, standing

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


def together(*acts: Callable[[], object]) -> list[str]:
    """Let all act at the same moment; return "done" or the message of the refusal for each."""
    start = Barrier(len(acts), timeout=20)

    def run(act: Callable[[], object]) -> str:
        try:
            start.wait()
            act()
        except DomainError as refusal:
            return refusal.message
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(run, act) for act in acts]]


def signing_in(morning: Morning, office: User) -> Callable[[], object]:
    def act() -> object:
        with scope(school=morning.session.school):
            return services.sign_in(
                morning.pupils[0],
                Arrival(time(9, 5), reason="overslept", company="parent"),
                on=TUESDAY,
                by=office,
                at=london(TUESDAY, time(9, 6)),
            )

    return act


class TestDesksAtTheSameMoment:
    def test_write_one_entry_for_one_child(self, morning: Morning, office: User) -> None:
        found = together(*[signing_in(morning, office)] * AT_ONCE)

        assert found.count("done") == 1
        assert all("is in the late book already" in message for message in found if message != "done")
        with scopes_disabled():
            assert LateArrival.objects.count() == 1
        assert standing(morning.session) == {"Abbot": ("L", time(9, 5), "")}


class TestADeskAndATeacherAtTheSameMoment:
    def test_never_lose_the_arrival_silently(
        self, morning: Morning, office: User, class_teacher: User
    ) -> None:
        with scope(school=morning.session.school):
            page = register_page(morning.class_group, morning.session)

        def saving() -> object:
            with scope(school=morning.session.school):
                return save_marks(
                    morning.class_group,
                    morning.session,
                    marks=[MarkInput(morning.pupils[0].pk, "N", seen_code="")],
                    pupils=page.pupils,
                    with_timetable=page.with_timetable,
                    by=class_teacher,
                    at=london(TUESDAY, time(9, 6)),
                )

        desk, teacher = together(signing_in(morning, office), saving)

        with scopes_disabled():
            entries = LateArrival.objects.count()
        code = standing(morning.session)["Abbot"][0]
        # Whoever came second either saw the other's mark or was told of it.
        assert (desk == "done") == (entries == 1)
        assert code == ("L" if desk == "done" else "N")
        assert desk == "done" or "Somebody marked the pupil N" in desk
        assert teacher == "done" or "Somebody else changed marks" in teacher
        assert "done" in (desk, teacher)
