"""The call list of a large school at half past nine, opened by its office."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_scopes import scope

from absences.models import ContactAttempt, SchoolTerms
from absences.selectors.calls import LISTED, list_values
from absences.services.terms import text_of
from accounts.models import Role, RoleAssignment, User
from demo.benchmarks.figures import Figure, percentile, timed
from demo.benchmarks.scene import Scene, sign_in
from escalation.rules.loading import load_policy, shipped_text
from escalation.services.policies import terms_of
from registers.models import ClassMembership, Contact, Enrolment, Pupil, PupilContact, Register, Session
from registers.services.marks import MarkRow, load_marks

PUPILS = 1500
# Four in a hundred are missing without a word, of whom half were called once.
MISSING = 60


def measure(scene: Scene) -> Iterator[Figure]:
    """Open the list again and again in this very process, through every middleware."""
    office = _office(scene)
    pupils = _fill(scene, office)
    client = Client(headers={"x-forwarded-proto": "https", "host": "testserver"})
    client.cookies[settings.SESSION_COOKIE_NAME] = sign_in(office)
    url = f"/s/{scene.school.key}/absences/"

    def open_page() -> None:
        response = client.get(url)
        assert f"{MISSING} to call" in response.content.decode(), response.status_code  # noqa: S101

    taken = timed(open_page, times=10 if scene.quick else 100)
    queries: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        open_page()
    now = timezone.localtime()
    with scope(school=scene.school), connection.cursor() as cursor:
        values = list_values(scene.school, on=now.date(), at=now, terms=_terms())

        def ask() -> None:
            cursor.execute(LISTED, values)
            cursor.fetchall()

        bare = timed(ask, times=10 if scene.quick else 100)
        found = cursor.rowcount
    assert found == MISSING, found  # noqa: S101 - or something else was measured
    yield Figure(
        f"call list of {pupils:,} pupils, {MISSING} missing",
        "ms",
        percentile(taken, 0.5),
        percentile(taken, 0.95),
        bare=percentile(bare, 0.5),
        queries=len(queries),
        target="100 ms, 8 queries",
    )


def _terms() -> Any:
    return terms_of(load_policy(shipped_text("welbourn"), name="welbourn"))


def _office(scene: Scene) -> User:
    user: User = User.objects.create_user("office@benchmark.example", name="Office")
    RoleAssignment.objects.create(
        school=scene.school, user=user, role=Role.OFFICE, starts_on=scene.session.on - timedelta(days=60)
    )
    return user


def _fill(scene: Scene, office: User) -> int:
    """Let an afternoon close in which some are missing; return how many pupils the school has then."""
    now = timezone.localtime()
    school, morning = scene.school, scene.session
    with scope(school=school):
        # Calls began a while ago, and today: soon after midnight five minutes ago was another day.
        start = max(now - timedelta(minutes=5), now.replace(hour=0, minute=0))
        terms = _terms()
        named = terms.model_copy(
            update={"first_day": terms.first_day.model_copy(update={"start": f"{start:%H:%M}"})}
        )
        SchoolTerms.objects.create(
            school=school,
            in_force_from=now.date() - timedelta(days=60),
            policy_number=1,
            data=text_of(named),
            adopted_at=now,
        )
        afternoon = Session.objects.create(
            school=school,
            on=morning.on,
            half="PM",
            academic_year=morning.academic_year,
            half_term=morning.half_term,
            term=morning.term,
            number=(morning.number or 0) + 1,
            school_week=morning.school_week,
            opens_at=now - timedelta(minutes=30),
            late_after_at=now - timedelta(minutes=20),
            closes_at=now - timedelta(minutes=1),
        )
        ids = [pk for members in scene.pupils for pk in members]
        ids += [] if scene.quick else _more_pupils(scene, PUPILS - len(ids))
        step = max(1, len(ids) // MISSING)
        missing = set(ids[: step * MISSING : step])
        load_marks(
            school,
            [
                MarkRow(pk, afternoon.pk, afternoon.academic_year, "N" if pk in missing else "\\")
                for pk in ids
            ],
            by=office,
            at=now,
        )
        Register.objects.bulk_create(
            [
                Register(
                    school=school,
                    class_group=group,
                    session=afternoon,
                    taken_by=office,
                    taken_at=now,
                    saved_at=now,
                )
                for group in scene.groups
            ]
        )
        contacts = Contact.objects.bulk_create(
            [
                Contact(school=school, name=f"Contact {place}", phone=f"07700 9{place:05d}")
                for place in range(2 * len(ids))
            ],
            batch_size=2000,
        )
        PupilContact.objects.bulk_create(
            [
                PupilContact(
                    school=school,
                    pupil_id=ids[place // 2],
                    contact=contact,
                    relationship="mother" if place % 2 else "father",
                    priority=1 + place % 2,
                )
                for place, contact in enumerate(contacts)
            ],
            batch_size=2000,
        )
        place_of = {pk: place for place, pk in enumerate(ids)}
        ContactAttempt.objects.bulk_create(
            [
                ContactAttempt(
                    school=school,
                    pupil_id=pk,
                    entry=uuid4(),
                    on=morning.on,
                    contact=contacts[2 * place_of[pk]],
                    address=contacts[2 * place_of[pk]].phone,
                    channel="call",
                    outcome="no_answer",
                    at=now,
                    recorded_at=now,
                    by=office,
                )
                for pk in sorted(missing)[::2]
            ]
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return len(ids)


def _more_pupils(scene: Scene, count: int) -> list[int]:
    """Add pupils without a history until the school is large."""
    if count <= 0:
        return []
    starts_on = scene.session.on - timedelta(days=60)
    made = Pupil.objects.bulk_create(
        [
            Pupil(
                school=scene.school,
                upn=f"B{place:012d}",
                surname=f"Further{place:05d}",
                forename="Robin",
                date_of_birth=starts_on - timedelta(days=9 * 366),
                sex="F",
            )
            for place in range(count)
        ],
        batch_size=2000,
    )
    Enrolment.objects.bulk_create(
        [Enrolment(school=scene.school, pupil=pupil, starts_on=starts_on) for pupil in made]
    )
    ClassMembership.objects.bulk_create(
        [
            ClassMembership(
                school=scene.school,
                class_group=scene.groups[place % len(scene.groups)],
                pupil=pupil,
                starts_on=starts_on,
                year_group="4",
            )
            for place, pupil in enumerate(made)
        ]
    )
    return [pupil.pk for pupil in made]
