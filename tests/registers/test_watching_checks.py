"""The checks of both registers: each finds its fault, counts what it lists, and clears by an honest act."""

from collections.abc import Callable, Iterator
from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from django_scopes import scope, scopes_disabled

from accounts.models import School, User
from accounts.people import system_user
from registers.models import (
    ClassMembership,
    Code,
    Contact,
    Enrolment,
    Mark,
    PartTimeTimetable,
    Pupil,
    PupilContact,
    Session,
)
from registers.selectors.contacts import pupils_with_fewer_than_two_contacts
from registers.selectors.integrity import CHECK_OF, CHECKS, counts, findings
from registers.services import closing
from registers.services.amendments import amend_mark
from registers.services.mark_sets import WantedMark, set_marks
from tests.cast import SignIn
from tests.factories.registers import (
    ClassGroupFactory,
    ClassMembershipFactory,
    ContactFactory,
    EnrolmentFactory,
    PartTimeTimetableFactory,
    PupilContactFactory,
    PupilFactory,
    RegisterFactory,
    TimetableAbsenceFactory,
    pupil_in_class,
)
from tests.factories.registers_ahead import TimetableReviewFactory, WeeklyPatternFactory, known_ahead_for
from tests.factories.registers_arrivals import PaperRegisterFactory
from tests.registers.taking import (
    TUESDAY,
    Controls,
    Morning,
    clock_at,
    london,
    make_morning,
    mark,
    queries_of,
    words_of,
)

PAGE = "/s/hill/checks/"


class Scene:
    """A class of two with two people to call for each, on Tuesday 11 November."""

    def __init__(self, school: School, morning: Morning, office: User) -> None:
        self.school, self.morning, self.office = school, morning, office
        self.pupil, self.other = morning.pupils
        self.today = TUESDAY
        for pupil in morning.pupils:
            self.give_contacts(pupil, 2)

    def give_contacts(self, pupil: Pupil, count: int) -> None:
        for priority in range(1, count + 1):
            contact = ContactFactory(school=self.school)
            PupilContactFactory(pupil=pupil, contact=contact, priority=priority)

    def session(self, day: int, half: str = "AM") -> Session:
        return next(one for one in self.morning.sessions if (one.on.day, one.half) == (day, half))

    def mark(
        self, code: str, day: int = 10, half: str = "AM", pupil: Pupil | None = None, **values: str
    ) -> None:
        mark(self.session(day, half), pupil or self.pupil, code, by=self.office, **values)

    def amend(self, code: str, day: int = 10, half: str = "AM", **values: object) -> None:
        amend_mark(
            self.pupil,
            self.session(day, half),
            code=code,
            reason="Found by the checks.",
            by=self.office,
            at=london(TUESDAY, time(12, 0)),
            **values,  # type: ignore[arg-type]
        )

    def found(self, key: str) -> list[tuple[str, str, str]]:
        with scope(school=self.school):
            rows = findings(self.school, CHECK_OF[key], on=self.today)
            assert counts(self.school, on=self.today, checks=[CHECK_OF[key]]) == {key: len(rows)}
        return [
            (row.surname or row.class_name, f"{row.on:%d} {row.half}" if row.on else "", row.detail)
            for row in rows
        ]


@pytest.fixture
def scene(school: School, class_group: object, office: User) -> Iterator[Scene]:
    with scopes_disabled():
        yield Scene(school, make_morning(school, class_group, pupils=2), office)  # type: ignore[arg-type]


def plan(scene: Scene) -> PartTimeTimetable:
    """Give the pupil a part-time timetable of November without Monday mornings."""
    made: PartTimeTimetable = PartTimeTimetableFactory(pupil=scene.pupil)
    TimetableAbsenceFactory(timetable=made, weekday=0, half="AM")
    return made


# --- one fault for each check, and the honest act that clears it. Each returns that act.


def present_despite_absence(scene: Scene) -> Callable[[], object]:
    known = known_ahead_for(
        scene.pupil, code_id="M", name="Dentist", first_day=date(2025, 11, 10), last_day=date(2025, 11, 10)
    )
    scene.mark("/")
    scene.mark("M", half="PM")
    return lambda: (
        type(known)
        .objects.filter(pk=known.pk)
        .update(withdrawn_at=london(TUESDAY, time(9, 0)), withdrawn_by=scene.office)
    )


def no_mark(scene: Scene) -> Callable[[], object]:
    RegisterFactory(class_group=scene.morning.class_group, session=scene.session(10))
    scene.mark("/", pupil=scene.other)
    scene.mark("/")
    closing.close_session(
        scene.school, scene.session(10), by=system_user(), at=london(date(2025, 11, 10), time(9, 21))
    )
    cleared = WantedMark(scene.pupil.pk, scene.session(10).pk, "")
    at = london(TUESDAY, time(9, 0))
    set_marks(scene.school, [cleared], by=scene.office, at=at, reason="Entered for the wrong pupil.")
    return lambda: scene.amend("I")


def closed_untaken(scene: Scene) -> Callable[[], object]:
    scene.mark("/", pupil=scene.other)
    closing.close_session(
        scene.school, scene.session(10), by=system_user(), at=london(date(2025, 11, 10), time(9, 21))
    )
    return lambda: scene.amend("I")


def taken_late(scene: Scene) -> Callable[[], object]:
    session = scene.session(10)
    late = session.closes_at + timedelta(hours=1)
    RegisterFactory(class_group=scene.morning.class_group, session=session, taken_at=late)
    RegisterFactory(class_group=scene.morning.class_group, session=scene.session(7))
    return lambda: PaperRegisterFactory(
        class_group=scene.morning.class_group, session=session, marked_at=session.opens_at, entered_at=late
    )


def return_passed(scene: Scene) -> Callable[[], object]:
    known_ahead_for(
        scene.pupil, code_id="C", name="Funeral", first_day=date(2025, 11, 6), last_day=date(2025, 11, 7)
    )
    known_ahead_for(
        scene.other, code_id="C", name="Funeral", first_day=date(2025, 11, 6), last_day=date(2025, 11, 7)
    )
    scene.mark("N")
    scene.mark("O", half="PM")
    scene.mark("N", pupil=scene.other)
    scene.mark("\\", half="PM", pupil=scene.other)
    return lambda: known_ahead_for(
        scene.pupil, code_id="C", name="Longer", first_day=date(2025, 11, 10), last_day=date(2025, 11, 12)
    )


def c2_review(scene: Scene) -> Callable[[], object]:
    timetable = plan(scene)
    PartTimeTimetable.objects.filter(pk=timetable.pk).update(review_on=date(2025, 11, 10))
    return lambda: TimetableReviewFactory(timetable=timetable, held_on=TUESDAY, next_review_on=None)


def c2_without_timetable(scene: Scene) -> Callable[[], object]:
    timetable = plan(scene)
    scene.mark("C2")
    PartTimeTimetable.objects.filter(pk=timetable.pk).update(
        last_day=date(2025, 11, 7), review_on=date(2025, 11, 7)
    )
    return lambda: scene.amend("C")


def d_without_school(scene: Scene) -> Callable[[], object]:
    scene.mark("D")
    scene.mark("D", day=7, nature="Vale Primary School")
    return lambda: WeeklyPatternFactory(
        pupil=scene.pupil, code_id="D", nature="Vale Primary School", first_day=date(2025, 11, 3)
    )


def nature_missing(scene: Scene) -> Callable[[], object]:
    scene.mark("V")
    scene.mark("V", day=7, nature="Museum")
    return lambda: scene.amend("V", nature="Museum")


def late_without_time(scene: Scene) -> Callable[[], object]:
    scene.mark("U")
    return lambda: scene.amend("U", arrived_at=time(9, 40))


def code_not_valid(scene: Scene) -> Callable[[], object]:
    scene.mark("G")
    # As when the national codes change and somebody's history is older than the table.
    Code.objects.filter(symbol="G").update(valid_to=date(2025, 11, 7))
    return lambda: scene.amend("C")


def x_of_compulsory_age(scene: Scene) -> Callable[[], object]:
    Pupil.objects.filter(pk=scene.pupil.pk).update(date_of_birth=date(2021, 3, 15))
    scene.mark("X")
    # The birthday was entered wrongly.
    Pupil.objects.filter(pk=scene.pupil.pk).update(date_of_birth=date(2016, 3, 15))
    return lambda: scene.amend("C")


def changed_often(scene: Scene) -> Callable[[], object]:
    scene.mark("N")
    for code in ("I", "M", "I"):
        scene.amend(code)
    assert scene.found("changed-often") == []
    scene.amend("N")
    # Nothing undoes it: it is listed for six weeks.
    return lambda: setattr(scene, "today", date(2025, 12, 23))


def few_contacts(scene: Scene) -> Callable[[], object]:
    first = PupilContact.objects.filter(pupil=scene.pupil).latest("priority")
    Contact.objects.filter(pk=first.contact_id).update(phone="", home_phone="", work_phone="")
    return lambda: Contact.objects.filter(pk=first.contact_id).update(work_phone="01632 960000")


def without_class(scene: Scene) -> Callable[[], object]:
    newcomer = EnrolmentFactory(pupil=PupilFactory(school=scene.school, surname="Newcomer")).pupil
    scene.give_contacts(newcomer, 2)
    return lambda: ClassMembershipFactory(pupil=newcomer, class_group=scene.morning.class_group)


FAULTS: dict[str, tuple[Callable[[Scene], Callable[[], object]], list[tuple[str, str, str]]]] = {
    "present-despite-absence": (
        present_despite_absence,
        [("Abbot", "10 AM", "/ stands, known ahead: M, Dentist")],
    ),
    "no-mark": (no_mark, [("Abbot", "10 AM", "No mark")]),
    "closed-untaken": (closed_untaken, [("Oak", "10 AM", "1 N of 1 still stand")]),
    "taken-late": (taken_late, [("Oak", "10 AM", "First saved 10 Nov, 10:20")]),
    "return-passed": (return_passed, [("Abbot", "10 PM", "Funeral until 07 Nov")]),
    "c2-review": (c2_review, [("Abbot", "", "Review due 10 Nov 2025")]),
    "c2-without-timetable": (c2_without_timetable, [("Abbot", "10 AM", "No timetable covers it")]),
    "d-without-school": (d_without_school, [("Abbot", "10 AM", "D")]),
    "nature-missing": (nature_missing, [("Abbot", "10 AM", "V, Educational visit or trip")]),
    "late-without-time": (late_without_time, [("Abbot", "10 AM", "U")]),
    "code-not-valid": (code_not_valid, [("Abbot", "10 AM", "G, Holiday not granted")]),
    "x-of-compulsory-age": (x_of_compulsory_age, [("Abbot", "10 AM", "Born 15 Mar 2016")]),
    "changed-often": (changed_often, [("Abbot", "10 AM", "4 changes")]),
    "few-contacts": (few_contacts, [("Abbot", "", "One person to call")]),
    "without-class": (without_class, [("Newcomer", "", "No class today")]),
}


class TestTheChecks:
    def test_are_all_proved_here(self) -> None:
        assert list(FAULTS) == [check.key for check in CHECKS]

    @pytest.mark.parametrize("key", list(FAULTS))
    def test_find_exactly_their_fault_until_it_is_put_right(self, scene: Scene, key: str) -> None:
        make, rows = FAULTS[key]
        assert scene.found(key) == []

        put_right = make(scene)
        assert scene.found(key) == rows
        put_right()

        assert scene.found(key) == []

    @pytest.mark.parametrize("key", list(FAULTS))
    def test_find_nothing_of_another_school(self, scene: Scene, other_school: School, key: str) -> None:
        FAULTS[key][0](scene)

        with scope(school=other_school):
            assert findings(other_school, CHECK_OF[key], on=TUESDAY) == []

    def test_count_exactly_what_they_list(self, scene: Scene) -> None:
        for key in ("nature-missing", "without-class", "closed-untaken"):
            FAULTS[key][0](scene)
        with scope(school=scene.school):
            found = counts(scene.school, on=TUESDAY)
            listed = {check.key: len(findings(scene.school, check, on=TUESDAY)) for check in CHECKS}

        assert found == listed
        # The newcomer was closed as N too, and stands in no class; the V of the tenth came first.
        assert {key for key, count in found.items() if count} >= {"nature-missing", "without-class"}

    def test_agree_with_the_admission_register_on_who_has_few_contacts(self, scene: Scene) -> None:
        few_contacts(scene)
        lonely = pupil_in_class(scene.morning.class_group, surname="Lonely")
        kept_away = pupil_in_class(scene.morning.class_group, surname="Kept")
        for priority in (1, 2):
            PupilContactFactory(
                pupil=kept_away,
                contact=ContactFactory(school=scene.school),
                priority=priority,
                court_order_restricts=True,
            )
        with scope(school=scene.school):
            theirs = {each.pupil.pk for each in pupils_with_fewer_than_two_contacts(scene.school, TUESDAY)}
            ours = {row.pupil_id for row in findings(scene.school, CHECK_OF["few-contacts"], on=TUESDAY)}

        assert ours == theirs == {scene.pupil.pk, lonely.pk, kept_away.pk}

    def test_leave_out_who_left(self, scene: Scene) -> None:
        few_contacts(scene)
        ClassMembership.objects.filter(pupil=scene.pupil).delete()
        Enrolment.objects.filter(pupil=scene.pupil).update(leaving_on=date(2025, 11, 7))

        assert scene.found("few-contacts") == []
        assert scene.found("without-class") == []


class TestThePageOfChecks:
    def test_counts_what_is_to_be_put_right(self, scene: Scene, sign_in: SignIn) -> None:
        nature_missing(scene)
        with clock_at(time(10, 0)):
            answer = sign_in(scene.office).get(PAGE)

        words = words_of(answer.content.decode())
        assert "Nature of the activity missing" in words.split("Nothing found")[0]
        assert "On roll, but in no class" in words.split("Nothing found")[1]
        assert (
            reverse("registers:check", args=["hill", "nature-missing"])
            in Controls(answer.content.decode()).links
        )

    def test_says_when_nothing_is(self, scene: Scene, sign_in: SignIn) -> None:
        with clock_at(time(10, 0)):
            words = words_of(sign_in(scene.office).get(PAGE).content.decode())

        assert "Nothing to put right" in words

    @pytest.mark.parametrize("key", list(FAULTS))
    def test_opens_each_list_with_a_link_to_put_it_right(
        self, scene: Scene, sign_in: SignIn, key: str
    ) -> None:
        make, rows = FAULTS[key]
        make(scene)
        client = sign_in(scene.office)
        with clock_at(time(10, 0)):
            answer = client.get(f"{PAGE}{key}/")
            html = answer.content.decode()
            body = html[html.index("<tbody") : html.index("</tbody")]
            links = Controls(body).links
            statuses = {link: client.get(link).status_code for link in links}

        assert f"{CHECK_OF[key].name} ({len(rows)})" in words_of(html)
        assert links
        assert statuses == dict.fromkeys(links, 200)

    def test_knows_no_other_check(self, scene: Scene, sign_in: SignIn) -> None:
        with clock_at(time(10, 0)):
            assert sign_in(scene.office).get(f"{PAGE}anything/").status_code == 404

    def test_shows_a_hundred_rows_at_a_time(self, scene: Scene, sign_in: SignIn) -> None:
        group = ClassGroupFactory(school=scene.school, academic_year=2025)
        for _ in range(101):
            pupil_in_class(group)
        client = sign_in(scene.office)
        with clock_at(time(10, 0)):
            first = words_of(client.get(f"{PAGE}few-contacts/").content.decode())
            second = client.get(f"{PAGE}few-contacts/?page=2").content.decode()

        assert "Fewer than two people to call (101)" in first
        assert "Page 1 of 2, 1 to 100 of 101" in first
        assert second.count("One person to call") + second.count("Nobody to call") == 1

    def test_costs_the_same_for_3_rows_and_30(self, scene: Scene, sign_in: SignIn) -> None:
        client = sign_in(scene.office)
        costs = []
        with clock_at(time(10, 0)):
            for more in (3, 27):
                for _ in range(more):
                    pupil_in_class(scene.morning.class_group)
                costs.append((len(queries_of(client, PAGE)), len(queries_of(client, f"{PAGE}few-contacts/"))))

        # Two to know who asks; one for each check, or the list.
        assert costs == [(2 + len(CHECKS), 3)] * 2

    def test_is_for_those_who_see_pupils(
        self, scene: Scene, class_teacher: User, governor: User, sign_in: SignIn
    ) -> None:
        with clock_at(time(10, 0)):
            for person in (class_teacher, governor):
                assert sign_in(person).get(PAGE).status_code == 403
                assert sign_in(person).get(f"{PAGE}few-contacts/").status_code == 403
        assert not Mark.objects.exists()
