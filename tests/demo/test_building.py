"""Building the demo in a real database, and bringing an old one up to date."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection, transaction
from django_scopes import scope, scopes_disabled

from accounts.access import roles_at
from accounts.models import Event, Installation, Role, RoleAssignment, School, User
from demo import services
from demo import tasks as demo_tasks
from demo.generation import facts, showing, trust
from demo.generation.sheets import HALVES
from demo.services import catching_up, living
from escalation.services import policies
from registers import clock
from registers import tasks as school_tasks
from registers.models import (
    ClassClosing,
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Contact,
    Enrolment,
    EntryBatch,
    Mark,
    Pupil,
    Register,
    RegisterClosing,
    Session,
)
from registers.rules.figures import NO_SESSIONS, Figures
from registers.selectors.figures import figures_for, total_of
from registers.services import marks
from registers.services.history import first_fault

LONDON = ZoneInfo("Europe/London")
FRIDAY = datetime(2026, 11, 20, 9, 30, tzinfo=LONDON)
TODAY = FRIDAY.date()
LAST_YEAR = (date(2025, 9, 1), date(2026, 7, 31))
SCHOOLS = {"werrington", "strathmore", "lunts_heath", "welbourn", "leedon"}
PUPILS = 150


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[services.Built]:
    """Build the demo once for all tests of this module, and take it away after the last one."""
    with django_db_blocker.unblock(), scopes_disabled(), transaction.atomic():
        yield services.build_demo(pupils=PUPILS, seed=1, at=FRIDAY)
        transaction.set_rollback(True)
    clock.latest_school_day.cache_clear()


@pytest.fixture
def demo(built: services.Built, db: None) -> Iterator[services.Built]:
    """Let one test change the demo without the next one seeing it."""
    with scopes_disabled():
        yield built
    clock.latest_school_day.cache_clear()


def at(day: date, hour: int = 9, minute: int = 30) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def counts() -> dict[str, int]:
    models = (School, User, Pupil, Enrolment, ClassMembership, Contact, Mark, EntryBatch, Register, Event)
    return {model.__name__: model.objects.count() for model in models}


class TestTheBuiltTrust:
    def test_is_five_schools_with_the_pupils_asked_for(self, demo: services.Built) -> None:
        on_roll = Enrolment.objects.filter(starts_on__lte=TODAY).exclude(leaving_on__lt=TODAY)

        assert set(School.objects.values_list("key", flat=True)) == SCHOOLS
        assert on_roll.count() == PUPILS
        assert Installation.objects.get().is_demo
        assert demo.today == TODAY
        assert demo.pupils == Pupil.objects.count()
        assert demo.contacts == Contact.objects.count()
        assert demo.marks == Mark.objects.count()

    def test_has_each_school_under_its_own_policy_in_both_years(self, demo: services.Built) -> None:
        for school in School.objects.all():
            with scope(school=school):
                for day in (date(2025, 9, 3), TODAY):
                    version, policy = policies.policy_in_force(school, day)
                    assert policy.school.key == school.key
                    assert version.number == 1

    def test_has_the_published_rates_by_the_one_selector(self, demo: services.Built) -> None:
        everybody: list[Figures] = []
        for school in School.objects.all():
            with scope(school=school):
                everybody += figures_for(school, first_day=LAST_YEAR[0], last_day=LAST_YEAR[1]).values()
        of_last_year = [figures for figures in everybody if figures != NO_SESSIONS and figures.possible]
        total = total_of(of_last_year)

        for measure, percent in facts.percentages().items():
            if measure.startswith("code "):
                share = 100 * total.by_code.get(measure.removeprefix("code "), 0) / total.possible
                assert share == pytest.approx(percent, abs=0.3), measure
        assert 100 * total.absent / total.possible == pytest.approx(5.2767, abs=0.3)
        persistent = sum(figures.persistent for figures in of_last_year)
        assert 100 * persistent / len(of_last_year) == pytest.approx(13.7726, abs=3)

    def test_has_a_history_without_a_broken_link(self, demo: services.Built) -> None:
        assert [first_fault(school) for school in School.objects.all()] == [None] * 5

    def test_has_marks_up_to_yesterday_for_everybody_on_roll(self, demo: services.Built) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT count(*) FILTER (WHERE m.pupil_id IS NULL), count(*)
                FROM registers_session AS s
                JOIN registers_enrolment AS r ON r.school_id = s.school_id AND r.starts_on <= s."on"
                    AND (r.leaving_on IS NULL OR r.leaving_on >= s."on")
                LEFT JOIN registers_mark AS m ON m.session_id = s.id AND m.pupil_id = r.pupil_id
                WHERE s.status = 'held' AND s."on" < %s
                """,
                [TODAY],
            )
            missing, expected = cursor.fetchone()

        assert missing == 0
        assert expected > 60_000

    def test_leaves_the_registers_of_today_to_visitors(self, demo: services.Built) -> None:
        assert not Mark.objects.filter(session__on__gt=TODAY).exists()
        taken = Register.objects.filter(session__on=TODAY).count()
        classes = ClassGroup.objects.filter(academic_year=2026).count()
        assert taken < classes / 4
        assert not Mark.objects.filter(session__on=TODAY, session__half="PM").exists()

    def test_has_a_register_for_every_class_and_session_before_today(self, demo: services.Built) -> None:
        yesterday = Session.objects.filter(on=date(2026, 11, 19), status="held")
        for session in yesterday:
            classes = ClassGroup.objects.filter(school=session.school_id, academic_year=2026)
            with_pupils = classes.filter(memberships__ends_on__isnull=True).distinct().count()
            assert Register.objects.filter(session=session).count() == with_pupils

    def test_has_the_last_days_taken_by_teachers_and_amended_by_the_office(
        self, demo: services.Built
    ) -> None:
        yesterday = Mark.objects.filter(session__on=date(2026, 11, 19), source="register")
        teachers = set(ClassTeacher.objects.values_list("user_id", flat=True))
        amended = EntryBatch.objects.exclude(reason="")

        assert set(yesterday.values_list("recorded_by_id", flat=True)) <= teachers
        assert yesterday.count() > PUPILS
        assert amended.count() == demo.amendments >= 5
        offices = set(RoleAssignment.objects.filter(role=Role.OFFICE).values_list("user_id", flat=True))
        assert set(amended.values_list("by_id", flat=True)) <= offices

    def test_has_every_role_and_nobody_with_a_password(self, demo: services.Built) -> None:
        for school in School.objects.all():
            held = RoleAssignment.objects.filter(school=school).values_list("role", flat=True)
            assert set(held) == set(Role.values)
        assert not any(user.has_usable_password() for user in User.objects.all())
        officer = User.objects.get(email="trust@example.org")
        assert all(roles_at(officer, school, on=TODAY) == {"trust"} for school in School.objects.all())

    def test_gives_every_class_of_this_year_one_teacher_of_its_own(self, demo: services.Built) -> None:
        teachers = list(
            ClassTeacher.objects.filter(class_group__academic_year=2026).values_list("class_group", "user")
        )
        classes = ClassGroup.objects.filter(academic_year=2026).count()

        assert len(teachers) == len({group for group, _ in teachers}) == len({user for _, user in teachers})
        assert len(teachers) == classes

    def test_links_parents_accounts_to_their_contacts(self, demo: services.Built) -> None:
        linked = Contact.objects.filter(user__isnull=False)

        assert {contact.school.key for contact in linked} == SCHOOLS
        assert all(contact.user and contact.email == contact.user.email for contact in linked)


class TestADatabaseWithTheDemo:
    def test_is_refused_and_not_changed(self, demo: services.Built) -> None:
        before = counts()

        with pytest.raises(services.HasSchoolsAlready):
            services.build_demo(pupils=60, seed=2, at=FRIDAY)

        assert counts() == before


class TestCatchingUp:
    def test_adds_the_days_since_up_to_yesterday(self, demo: services.Built) -> None:
        done = services.catch_up(at=at(date(2026, 12, 8)))

        assert done.refused == ()
        days = Mark.objects.filter(session__on__gte=TODAY).values_list("session__on", flat=True).distinct()
        assert (min(days), max(days)) == (TODAY, date(2026, 12, 7))
        assert len(set(days)) == 12
        assert done.marks == pytest.approx(PUPILS * 2 * 12, abs=60)
        assert [first_fault(school) for school in School.objects.all()] == [None] * 5

    def test_says_what_the_schools_know_on_that_day(self, demo: services.Built) -> None:
        day = date(2026, 12, 8)
        invented = trust.generate(pupils=PUPILS, seed=1, today=TODAY)
        expected = {
            (mark.sheet.pupil.upn, mark.day, HALVES[mark.session % 2], mark.code)
            for sheet in invented.year_of_marks(2026).sheets
            for mark in showing.shown_marks(sheet, today=day, seed=1)
        }

        services.catch_up(at=at(day, hour=7))

        standing = Mark.objects.filter(academic_year=2026)
        fields = ("pupil__upn", "session__on", "session__half", "code")
        assert set(standing.values_list(*fields)) == expected

    def test_keeps_what_visitors_marked(self, demo: services.Built) -> None:
        school = School.objects.get(key="welbourn")
        session = Session.objects.get(school=school, on=TODAY, half="AM")
        taken = set(Mark.objects.filter(session=session).values_list("pupil_id", flat=True))
        pupil = (
            Pupil.objects.filter(school=school, enrolments__leaving_on__isnull=True)
            .exclude(pk__in=taken)
            .first()
        )
        assert pupil is not None
        visitor = User.objects.get(email="head@welbourn.example.org")
        row = marks.MarkRow(pupil.pk, session.pk, 2026, "M")
        marks.load_marks(school, [row], by=visitor, at=FRIDAY, source="register")

        services.catch_up(at=at(date(2026, 11, 24)))

        mark = Mark.objects.get(pupil=pupil, session=session)
        assert (mark.code_id, mark.recorded_by_id) == ("M", visitor.pk)

    def test_explains_absences_whose_reason_came_meanwhile(self, demo: services.Built) -> None:
        unexplained = list(Mark.objects.filter(code="N").values_list("pupil_id", "session_id"))

        done = services.catch_up(at=at(date(2026, 12, 8)))

        assert unexplained
        left = Mark.objects.filter(code="N", session__on__lt=date(2026, 12, 1))
        assert not left.exists()
        assert done.amendments >= len(unexplained)

    def test_twice_on_a_day_changes_nothing(self, demo: services.Built) -> None:
        services.catch_up(at=at(date(2026, 12, 8)))
        before = counts()

        done = services.catch_up(at=at(date(2026, 12, 8), hour=11))

        assert (done.marks, done.joined, done.left) == (0, 0, 0)
        assert counts() == before

    def test_is_asked_for_only_when_a_day_is_lacking(self, demo: services.Built) -> None:
        assert services.is_behind(at(TODAY)) is False
        assert services.is_behind(at(date(2026, 12, 8))) is True

        services.catch_up(at=at(date(2026, 12, 8)))

        assert services.is_behind(at(date(2026, 12, 8))) is False

    def test_ends_with_the_academic_year_of_the_demo(self, demo: services.Built) -> None:
        done = services.catch_up(at=at(date(2027, 11, 3)))

        assert done.today == date(2027, 7, 21)
        assert done.refused == ()
        on_roll = Enrolment.objects.filter(starts_on__lte=done.today).exclude(leaving_on__lt=done.today)
        assert on_roll.count() == PUPILS
        assert done.joined >= done.left >= 1

    def test_leaves_a_school_alone_whose_rolls_no_longer_fit(self, demo: services.Built) -> None:
        school = School.objects.get(key="leedon")
        ClassTeacher.objects.filter(school=school).delete()
        before = Mark.objects.filter(school=school).count()

        done = services.catch_up(at=at(date(2026, 11, 24)))

        assert done.refused == (
            "Leedon Lower School stays at 20 November 2026: The school has lost its office staff or a class"
            " teacher.",
        )
        assert Mark.objects.filter(school=school).count() == before
        assert Mark.objects.filter(session__on=TODAY, session__half="PM").exists()
        reached = Event.objects.filter(kind=catching_up.CAUGHT_UP).latest("pk").data["reached"]
        assert reached == {key: "2026-11-20" if key == "leedon" else "2026-11-24" for key in SCHOOLS}


class TestADayOfTheDemo:
    """Its registers are taken by its invented teachers and closed, whoever looks on or not."""

    def test_has_all_registers_but_one_of_each_school_taken(self, demo: services.Built) -> None:
        closed = living.close_registers(at=at(TODAY, hour=15))

        today = [one for one in closed if one.session.on == TODAY]
        assert len(today) == 2 * len(SCHOOLS)
        classes = ClassClosing.objects.filter(closing__session__on=TODAY, was_begun=False)
        by_school = {(one.closing.school_id, one.closing.session.half) for one in classes}
        assert len(by_school) == len(classes) == 2 * len(SCHOOLS)
        system = Mark.objects.filter(session__on=TODAY, source="system")
        assert set(system.values_list("code", flat=True)) == {"N"}
        assert system.count() == sum(one.unexplained for one in classes)
        assert [first_fault(school) for school in School.objects.all()] == [None] * 5

    def test_twice_changes_nothing_more(self, demo: services.Built) -> None:
        living.close_registers(at=at(TODAY, hour=15))
        before = counts()

        assert living.close_registers(at=at(TODAY, hour=16)) == []
        assert counts() == before

    def test_leaves_open_registers_to_visitors(self, demo: services.Built) -> None:
        before = Mark.objects.filter(session__on=TODAY, session__half="PM").count()

        living.close_registers(at=at(TODAY, hour=9, minute=45))

        assert Mark.objects.filter(session__on=TODAY, session__half="PM").count() == before == 0

    def test_keeps_a_register_that_a_visitor_took(self, demo: services.Built) -> None:
        session = Session.objects.get(school__key="welbourn", on=TODAY, half="PM")
        group = ClassGroup.objects.filter(school=session.school_id, academic_year=2026).order_by("name")[0]
        visitor = User.objects.get(email="head@welbourn.example.org")
        Register.objects.create(
            school_id=session.school_id,
            class_group=group,
            session=session,
            taken_at=session.opens_at,
            taken_by=visitor,
            saved_at=session.opens_at,
        )

        living.close_registers(at=at(TODAY, hour=15))

        assert Register.objects.get(class_group=group, session=session).taken_by_id == visitor.pk
        assert ClassClosing.objects.get(class_group=group, closing__session=session).was_begun

    def test_is_put_right_the_next_day(self, demo: services.Built) -> None:
        living.close_registers(at=at(TODAY, hour=15))
        closed = list(Mark.objects.filter(source="system").values_list("pupil_id", "session_id"))

        services.catch_up(at=at(date(2026, 11, 24)))

        left = Mark.objects.filter(source="system", code="N").count()
        assert left < len(closed) / 4
        told = EntryBatch.objects.filter(reason="The register had been kept on paper.")
        assert told.exists()

    def test_is_closed_by_its_own_task_and_not_by_the_schools(self, demo: services.Built) -> None:
        with time_machine.travel(at(TODAY, hour=15), tick=False):
            school_tasks.close_registers()
            by_school_task = RegisterClosing.objects.count()
            demo_tasks.close_registers()

        assert by_school_task == 0
        assert RegisterClosing.objects.filter(session__on=TODAY).count() == 2 * len(SCHOOLS)
