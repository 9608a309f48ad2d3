"""Moving pupils to another class, taking a school up a year, and why a pupil stands on a register."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope, scopes_disabled

from accounts.models import Event, School, User
from registers.models import (
    ClassGroup,
    ClassMembership,
    ClassTeacher,
    Departure,
    Enrolment,
    Pupil,
    RollOver,
)
from registers.rules.class_names import next_class_name, year_after
from registers.selectors.registers import pupils_in_class
from registers.selectors.roll import why_on_register
from registers.selectors.roll_over import RollOverPlan, roll_over_plan, years_to_roll_into
from registers.services.moving import CannotMove, move_pupils
from registers.services.rolling_over import (
    Choices,
    RollChangedMeanwhile,
    RolledOver,
    RollOverRefused,
    roll_over,
)
from tests.factories.registers import (
    ClassGroupFactory,
    ClassTeacherFactory,
    EnrolmentFactory,
    PupilFactory,
    RegisterFactory,
    SessionFactory,
    held_sessions,
    london,
    pupil_in_class,
)

TODAY = date(2025, 11, 14)
AT = london(TODAY, time(10, 0))
MONDAY = date(2025, 11, 17)
SUMMER = date(2026, 7, 1)


@pytest.fixture
def elm(school: School) -> ClassGroup:
    made: ClassGroup = ClassGroupFactory(school=school, name="Elm", academic_year=2025)
    return made


def memberships(*pupils: Pupil) -> list[tuple[int, str, str, date, date | None]]:
    with scopes_disabled():
        return list(
            ClassMembership.objects.filter(pupil__in=pupils)
            .order_by("pupil", "starts_on")
            .values_list("pupil", "class_group__name", "year_group", "starts_on", "ends_on")
        )


class TestAMove:
    def move(self, pupils: list[Pupil], to: ClassGroup, by: User, **values: object) -> int:
        given: dict[str, object] = {"starts_on": MONDAY, "reason": "", "on": TODAY, "by": by, "at": AT}
        with scope(school=to.school):
            return move_pupils(to.school, [one.pk for one in pupils], to=to, **{**given, **values}).moved  # type: ignore[arg-type]

    def test_ends_the_old_class_the_day_before_and_keeps_past_registers(
        self, school: School, class_group: ClassGroup, elm: ClassGroup, pupil: Pupil, office: User
    ) -> None:
        second, stays = pupil_in_class(class_group), pupil_in_class(class_group)
        with scope(school=school):
            before = pupils_in_class(class_group, on=TODAY)
        assert self.move([pupil, second], elm, office, year_group="6") == 2
        with scope(school=school):
            assert pupils_in_class(class_group, on=TODAY) == before
            assert pupils_in_class(class_group, on=MONDAY) == [stays]
            assert {one.pk for one in pupils_in_class(elm, on=MONDAY)} == {pupil.pk, second.pk}

        sunday = MONDAY - timedelta(days=1)
        assert memberships(pupil, stays) == [
            (pupil.pk, "Oak", "5", date(2025, 9, 1), sunday),
            (pupil.pk, "Elm", "6", MONDAY, None),
            (stays.pk, "Oak", "5", date(2025, 9, 1), None),
        ]
        event = Event.objects.get(kind="pupils.moved_class")
        assert (event.data["pupils"], event.data["is_past"]) == ([pupil.pk, second.pk], False)

    def test_keeps_year_group_and_planned_end(self, elm: ClassGroup, pupil: Pupil, office: User) -> None:
        with scopes_disabled():
            Enrolment.objects.filter(pupil=pupil).update(leaving_on=date(2025, 12, 19))
            ClassMembership.objects.filter(pupil=pupil).update(ends_on=date(2025, 12, 19))
        self.move([pupil], elm, office)

        assert memberships(pupil)[1] == (pupil.pk, "Elm", "5", MONDAY, date(2025, 12, 19))

    def test_replaces_a_class_that_begins_that_very_day(
        self, class_group: ClassGroup, elm: ClassGroup, office: User
    ) -> None:
        joins = pupil_in_class(class_group, starts_on=MONDAY)
        self.move([joins], elm, office)

        assert memberships(joins) == [(joins.pk, "Elm", "5", MONDAY, None)]

    def test_puts_a_pupil_without_a_class_into_one(self, elm: ClassGroup, office: User) -> None:
        child: Pupil = PupilFactory(school=elm.school)
        EnrolmentFactory(pupil=child)
        with pytest.raises(CannotMove, match="Select the year group"):
            self.move([child], elm, office)
        self.move([child], elm, office, year_group="4")

        assert memberships(child) == [(child.pk, "Elm", "4", MONDAY, None)]

    @pytest.mark.parametrize(
        ("starts_on", "words"),
        [
            (date(2025, 11, 11), "The register of Oak was taken on Tue 11 Nov 2025 AM. Choose a later day"),
            (date(2025, 11, 12), None),
        ],
    )
    def test_from_a_day_whose_register_was_taken_needs_a_reason(
        self,
        school: School,
        class_group: ClassGroup,
        elm: ClassGroup,
        pupil: Pupil,
        office: User,
        starts_on: date,
        words: str | None,
    ) -> None:
        session = SessionFactory(school=school, on=date(2025, 11, 11))
        RegisterFactory(class_group=class_group, session=session)
        if words is None:
            self.move([pupil], elm, office, starts_on=starts_on)
            return
        before = memberships(pupil)
        with pytest.raises(CannotMove, match=words) as refused:
            self.move([pupil], elm, office, starts_on=starts_on)
        assert refused.value.field == "reason"
        assert memberships(pupil) == before
        self.move([pupil], elm, office, starts_on=starts_on, reason="Set right: was in Elm all along")
        event = Event.objects.get(kind="pupils.moved_class")
        assert (event.data["reason"], event.data["is_past"]) == ("Set right: was in Elm all along", True)

    def test_is_refused_for_all_when_one_cannot_move(
        self, class_group: ClassGroup, elm: ClassGroup, pupil: Pupil, office: User
    ) -> None:
        there = pupil_in_class(elm, forename="Una", surname="There")
        left = PupilFactory(school=elm.school, forename="Lou", surname="Left")
        EnrolmentFactory(pupil=left, leaving_on=date(2025, 11, 14))
        before = memberships(pupil, there, left)
        for pupils, words in (
            ([], "Select at least one pupil"),
            ([pupil, there], "Una There is in Elm on Mon 17 Nov 2025 already"),
            ([pupil, left], "Lou Left is not on roll on Mon 17 Nov 2025"),
        ):
            with pytest.raises(CannotMove, match=words):
                self.move(pupils, elm, office)
        with pytest.raises(CannotMove, match="Elm is no class of 2026/27"):
            self.move([pupil], elm, office, starts_on=date(2026, 9, 1))

        assert memberships(pupil, there, left) == before
        assert not Event.objects.filter(kind="pupils.moved_class").exists()

    def test_knows_no_pupil_of_another_school(
        self, other_school: School, elm: ClassGroup, office: User
    ) -> None:
        stranger = pupil_in_class(ClassGroupFactory(school=other_school, academic_year=2025))
        with pytest.raises(CannotMove, match="no such pupil"):
            self.move([stranger], elm, office)

    def test_costs_the_same_for_three_and_for_thirty(
        self, class_group: ClassGroup, elm: ClassGroup, office: User
    ) -> None:
        counts = []
        for number in (3, 30):
            pupils = [pupil_in_class(class_group) for _ in range(number)]
            with CaptureQueriesContext(connection) as captured:
                self.move(pupils, elm, office)
            counts.append(len([one for one in captured if "SAVEPOINT" not in one["sql"]]))

        assert counts[0] == counts[1]


class TestNextClassNames:
    @pytest.mark.parametrize(
        ("name", "year", "classes", "risen"),
        [
            ("3B", "3", {}, "4B"),
            ("Year 3", "3", {}, "Year 4"),
            ("Class 13", "3", {"3": ["Class 13"], "4": ["Class 14"]}, "Class 14"),
            ("Y9 Red", "9", {}, "Y10 Red"),
            ("Reception", "R", {"R": ["Reception"], "1": ["Year 1"]}, "Year 1"),
            ("R Oak", "R", {"R": ["R Elm", "R Oak"]}, "1 Oak"),
            ("RA", "R", {"R": ["RA"]}, "1A"),
            ("Acorn (R, 1)", "R", {"R": ["Acorn (R, 1)"], "1": ["Acorn (R, 1)"]}, "Acorn (R, 1)"),
            (
                "Acorn (R, 1)",
                "1",
                {"R": ["Acorn (R, 1)"], "1": ["Acorn (R, 1)"], "2": ["Beech (2, 3)"]},
                "Beech (2, 3)",
            ),
            ("N Morning", "N", {"N": ["N Morning"], "R": ["R Robins", "R Wrens"]}, "N Morning"),
            ("Oak", "5", {"5": ["Ash", "Oak"], "6": ["Fir", "Yew"]}, "Yew"),
            ("Oak", "5", {"5": ["Oak"], "6": ["Oak"]}, "Oak"),
            ("Oak", "5", {"5": ["Ash", "Oak"], "6": ["Fir", "Pine", "Yew"]}, "Oak"),
        ],
    )
    def test_are_proposed(self, name: str, year: str, classes: dict[str, list[str]], risen: str) -> None:
        assert next_class_name(name, year, classes) == risen

    def test_years_follow_each_other(self) -> None:
        assert [year_after(year) for year in ("N", "R", "1", "9", "13")] == ["R", "1", "2", "10", ""]


@pytest.fixture
def three_classes(school: School) -> dict[str, ClassGroup]:
    """Make Year 1, Year 5 in Oak with two of Year 6, and Year 6 in Yew; the school ends with Year 6."""
    school.leaving_year = "6"
    school.save()
    held_sessions(school, date(2026, 7, 13), date(2026, 7, 15))
    groups = {
        name: ClassGroupFactory(school=school, name=name, academic_year=2025) for name in ("1A", "Oak", "Yew")
    }
    for name, year, number in (("1A", "1", 3), ("Oak", "5", 2), ("Oak", "6", 2), ("Yew", "6", 3)):
        for place in range(number):
            pupil_in_class(groups[name], year_group=year, surname=f"{name}{year}{place}")
    return groups


def plan_of(school: School) -> RollOverPlan:
    with scope(school=school):
        return roll_over_plan(school, to_year=2026)


def choices_of(plan: RollOverPlan, **values: object) -> Choices:
    # Oak is a class of two years, for which the preview proposes Oak again; here its Year 5 goes to Yew.
    names = {
        group.key: "Yew" if group.class_group.name == "Oak" else group.proposed_name for group in plan.groups
    }
    return replace(Choices(names), **values)  # type: ignore[arg-type]


class TestTakingASchoolUpAYear:
    def do(
        self, school: School, choices: Choices, by: User, *, on: date = SUMMER, seen: str = ""
    ) -> RolledOver:
        with scope(school=school):
            return roll_over(school, choices, to_year=2026, on=on, by=by, at=AT, seen=seen)

    def test_moves_everybody_and_plans_the_leaving_of_the_final_year(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        plan = plan_of(school)
        with scope(school=school):
            past = {
                name: pupils_in_class(group, on=date(2026, 6, 1)) for name, group in three_classes.items()
            }
        done = self.do(school, choices_of(plan), head, seen=plan.fingerprint)

        assert done == RolledOver(moved=5, kept=0, leaving=5, classes=2)
        with scope(school=school):
            for name, group in three_classes.items():
                assert pupils_in_class(group, on=date(2026, 6, 1)) == past[name]
                assert pupils_in_class(group, on=date(2026, 9, 1)) == []
            new = {
                group.name: [one.surname for one in pupils_in_class(group, on=date(2026, 9, 1))]
                for group in ClassGroup.objects.filter(academic_year=2026)
            }
            departures = list(Departure.objects.select_related("enrolment").order_by("pk"))
            roll = RollOver.objects.get()
            years = set(
                ClassMembership.objects.filter(starts_on=date(2026, 8, 1)).values_list(
                    "year_group", flat=True
                )
            )
            ended = set(
                ClassMembership.objects.filter(
                    class_group__name__in=("1A", "Oak"),
                    year_group__in=("1", "5"),
                    class_group__academic_year=2025,
                ).values_list("ends_on", flat=True)
            )
        assert new == {"2A": ["1A10", "1A11", "1A12"], "Yew": ["Oak50", "Oak51"]}
        assert (years, ended) == ({"2", "6"}, {date(2026, 7, 31)})
        assert {
            (one.leaving_on, one.enrolment.leaving_on, one.ground, one.is_exempt) for one in departures
        } == {(date(2026, 7, 15), date(2026, 7, 15), "a", True)}
        assert [one.class_name for one in departures] == ["Oak", "Oak", "Yew", "Yew", "Yew"]
        assert (roll.to_year, roll.moved, roll.kept, roll.leaving, roll.done_by) == (2026, 5, 0, 5, head)
        assert Event.objects.get(kind="school.rolled_over").data["moved"] == 5
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_changes_nothing_the_second_time(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        choices = choices_of(plan_of(school))
        self.do(school, choices, head)
        with scopes_disabled():
            after = (
                list(ClassMembership.objects.order_by("pk").values_list()),
                list(Enrolment.objects.order_by("pk").values_list()),
                list(Departure.objects.order_by("pk").values_list()),
            )
        assert plan_of(school).pupils == 0
        with pytest.raises(RollOverRefused, match="in a class of the new year already"):
            self.do(school, choices, head)
        with scopes_disabled():
            assert after == (
                list(ClassMembership.objects.order_by("pk").values_list()),
                list(Enrolment.objects.order_by("pk").values_list()),
                list(Departure.objects.order_by("pk").values_list()),
            )

    def test_takes_up_only_who_joined_since_when_run_again(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        self.do(school, choices_of(plan_of(school)), head)
        late = pupil_in_class(three_classes["1A"], year_group="1", starts_on=date(2026, 7, 6))
        done = self.do(school, choices_of(plan_of(school)), head)

        assert done == RolledOver(moved=1, kept=0, leaving=0, classes=0)
        assert memberships(late)[1][1:] == ("2A", "2", date(2026, 8, 1), None)
        with scopes_disabled():
            assert RollOver.objects.get().moved == 6

    def test_keeps_back_who_stays_in_a_year_even_in_the_final_one(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        with scopes_disabled():
            younger, older = Pupil.objects.get(surname="1A10"), Pupil.objects.get(surname="Yew60")
        plan = plan_of(school)
        done = self.do(school, choices_of(plan, staying=frozenset({younger.pk, older.pk})), head)

        assert done == RolledOver(moved=4, kept=2, leaving=4, classes=3)
        assert memberships(younger)[1][1:] == ("1A", "1", date(2026, 8, 1), None)
        assert memberships(older)[1][1:] == ("Yew", "6", date(2026, 8, 1), None)

    def test_lets_teachers_keep_a_class_of_the_same_name(
        self, school: School, three_classes: dict[str, ClassGroup], head: User, office: User
    ) -> None:
        ClassTeacherFactory(class_group=three_classes["Yew"], user=office)
        ClassTeacherFactory(class_group=three_classes["1A"], user=head)
        self.do(school, choices_of(plan_of(school), keep_teachers=True), head)
        with scopes_disabled():
            found = ClassTeacher.objects.filter(class_group__academic_year=2026)
            assert [(one.class_group.name, one.user, one.starts_on) for one in found] == [
                ("Yew", office, date(2026, 8, 1))
            ]

    def test_leaves_alone_who_leaves_before_and_lets_who_leaves_later_go_up(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        for surname, leaving_on in (("1A10", date(2026, 7, 15)), ("1A11", date(2026, 10, 2))):
            with scopes_disabled():
                Enrolment.objects.filter(pupil__surname=surname).update(leaving_on=leaving_on)
                ClassMembership.objects.filter(pupil__surname=surname).update(ends_on=leaving_on)
        self.do(school, choices_of(plan_of(school)), head)
        with scopes_disabled():
            gone, later = Pupil.objects.get(surname="1A10"), Pupil.objects.get(surname="1A11")

        assert memberships(gone) == [(gone.pk, "1A", "1", date(2025, 9, 1), date(2026, 7, 15))]
        assert memberships(later)[1][1:] == ("2A", "2", date(2026, 8, 1), date(2026, 10, 2))

    def test_is_refused_whole(self, school: School, three_classes: dict[str, ClassGroup], head: User) -> None:
        plan = plan_of(school)
        choices = choices_of(plan)
        key = plan.groups[0].key
        pupil_in_class(three_classes["1A"], year_group="1")
        before = (memberships(*Pupil._base_manager.all()), ClassGroup._base_manager.count())
        for wrong, words, error in (
            ({"on": date(2026, 3, 31)}, "from 1 April 2026", RollOverRefused),
            ({"on": date(2026, 9, 1)}, "The normal end of the final year has passed", RollOverRefused),
            ({"seen": plan.fingerprint}, "Look at it again", RollChangedMeanwhile),
            (
                {"choices": replace(choices, names={**choices.names, key: " "})},
                "Enter the new class",
                RollOverRefused,
            ),
            (
                {"choices": replace(choices, names={**choices.names, key: "x" * 41})},
                "40 characters",
                RollOverRefused,
            ),
            ({"choices": replace(choices, staying=frozenset({0}))}, "Look at it again", RollChangedMeanwhile),
        ):
            given = {"choices": choices, "by": head, **wrong}
            with pytest.raises(error, match=words):
                self.do(school, given.pop("choices"), given.pop("by"), **given)  # type: ignore[arg-type]

        assert before == (memberships(*Pupil._base_manager.all()), ClassGroup._base_manager.count())
        assert not Event.objects.filter(kind="school.rolled_over").exists()

    def test_plans_a_leaving_for_today_when_the_last_day_has_passed(
        self, school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        self.do(school, choices_of(plan_of(school)), head, on=date(2026, 7, 20))
        with scopes_disabled():
            assert set(Departure.objects.values_list("leaving_on", flat=True)) == {date(2026, 7, 20)}

    def test_costs_the_same_for_ten_and_for_sixty_pupils(
        self, school: School, other_school: School, three_classes: dict[str, ClassGroup], head: User
    ) -> None:
        counts = []
        other_school.leaving_year = "6"
        other_school.save()
        held_sessions(other_school, date(2026, 7, 13), date(2026, 7, 15))
        groups = {
            name: ClassGroupFactory(school=other_school, name=name, academic_year=2025)
            for name in ("1A", "Oak", "Yew")
        }
        for name, year, number in (("1A", "1", 20), ("Oak", "5", 20), ("Oak", "6", 10), ("Yew", "6", 10)):
            for _ in range(number):
                pupil_in_class(groups[name], year_group=year)
        for one in (school, other_school):
            plan = plan_of(one)
            with CaptureQueriesContext(connection) as captured:
                self.do(one, choices_of(plan, keep_teachers=True), head)
            counts.append(len([query for query in captured if "SAVEPOINT" not in query["sql"]]))

        assert counts[0] == counts[1]

    def test_is_offered_for_the_year_that_comes_next(
        self, school: School, three_classes: dict[str, ClassGroup]
    ) -> None:
        with scope(school=school):
            found = [years_to_roll_into(school, on=on) for on in (TODAY, SUMMER, date(2026, 9, 3))]

        assert found == [2026, 2026, 2026]


class TestWhyAPupilIsOnARegister:
    @pytest.fixture
    def child(self, class_group: ClassGroup, elm: ClassGroup) -> Pupil:
        child = pupil_in_class(class_group, forename="Robin", surname="Ash")
        with scopes_disabled():
            ClassMembership.objects.filter(pupil=child).update(ends_on=date(2025, 11, 14))
            ClassMembership.objects.create(
                school=elm.school,
                pupil=child,
                class_group=elm,
                year_group="5",
                starts_on=MONDAY,
                ends_on=date(2025, 11, 21),
            )
            Enrolment.objects.filter(pupil=child).update(leaving_on=date(2025, 11, 28))
        EnrolmentFactory(pupil=child, starts_on=date(2026, 1, 5))
        return child

    @pytest.mark.parametrize(
        ("on", "sentence"),
        [
            (date(2025, 8, 29), "Robin Ash is not on this register: the starting day is Mon 1 Sep 2025."),
            (
                date(2025, 11, 14),
                "Robin Ash is on this register: on roll since Mon 1 Sep 2025 "
                "and in Oak since Mon 1 Sep 2025.",
            ),
            (
                MONDAY,
                "Robin Ash is not on this register: on that day Robin Ash is in Elm since Mon 17 Nov 2025.",
            ),
            (
                date(2025, 11, 24),
                "Robin Ash is on roll on Mon 24 Nov 2025 AM but in no class, and so on no register. "
                "Move Robin Ash into a class.",
            ),
            (
                date(2025, 12, 1),
                "Robin Ash is not on this register: the last day on roll was Fri 28 Nov 2025, "
                "the next starting day is Mon 5 Jan 2026.",
            ),
        ],
    )
    def test_is_said_in_one_sentence(
        self, school: School, class_group: ClassGroup, child: Pupil, on: date, sentence: str
    ) -> None:
        session = SessionFactory(school=school, on=on)
        with scope(school=school):
            assert why_on_register(child, class_group, session) == sentence

    def test_names_a_closure_and_a_pupil_never_entered(self, school: School, class_group: ClassGroup) -> None:
        closed = SessionFactory(school=school, on=TODAY, status="closed")
        held = SessionFactory(school=school, on=MONDAY)
        nobody = PupilFactory(school=school, forename="Nil", surname="Nobody")
        with scope(school=school):
            assert why_on_register(nobody, class_group, closed) == (
                "There is no register: the school is closed on Fri 14 Nov 2025 AM."
            )
            assert why_on_register(nobody, class_group, held) == (
                "Nil Nobody is not on this register: the pupil was never entered on roll."
            )
