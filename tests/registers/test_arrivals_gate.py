"""The late gate: who was greeted, and what of it was struck out."""

from datetime import time
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope, scopes_disabled

from accounts.errors import DomainError
from accounts.models import Event, School, User
from registers.models import ClassGroup, GateStrike, Pupil
from registers.selectors import arrivals as selectors
from registers.selectors.arrivals import GateCheck
from registers.services import arrivals as services
from tests.factories.registers import PupilFactory, london
from tests.factories.registers_arrivals import GateStrikeFactory, LateGateFactory, LateGatePupilFactory
from tests.registers.taking import TUESDAY, Morning, make_morning, standing


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


class TestTheLateGate:
    def record(self, morning: Morning, greeted: dict[int, time], *, by: User, now: time = time(9, 5)) -> None:
        with scope(school=morning.session.school):
            services.record_gate(
                morning.session.school,
                on=TUESDAY,
                started_at=time(8, 52),
                staff_name="Gia Gate",
                greeted=greeted,
                by=by,
                at=london(TUESDAY, now),
            )

    def test_keeps_who_was_greeted_and_leaves_the_register(self, morning: Morning, office: User) -> None:
        first, second, _ = morning.pupils
        self.record(morning, {first.pk: time(8, 53), second.pk: time(8, 55)}, by=office)

        with scope(school=first.school):
            (check,) = selectors.gate_checks(first.school, first_day=TUESDAY, last_day=TUESDAY)
            seen = selectors.seen_at_gate(first.school, on=TUESDAY)
        assert [(one.pupil_id, one.seen_at) for one in check.greeted] == [
            (first.pk, time(8, 53)),
            (second.pk, time(8, 55)),
        ]
        assert seen == {first.pk: time(8, 53), second.pk: time(8, 55)}
        assert standing(morning.session) == {}

    def strike(self, check: GateCheck, *surnames: str, by: User, why: str = "Another child") -> int:
        ids = [one.pk for one in (*check.greeted, *check.struck) if one.pupil.surname in surnames]
        return services.strike_out(check.gate, ids, why=why, by=by, at=london(TUESDAY, time(9, 10)))

    def test_strikes_out_whom_nobody_greeted_and_keeps_it_readable(
        self, morning: Morning, office: User
    ) -> None:
        first, second, _ = morning.pupils
        self.record(morning, {first.pk: time(8, 53), second.pk: time(8, 55)}, by=office)

        with scope(school=first.school):
            (check,) = selectors.gate_checks(first.school, first_day=TUESDAY, last_day=TUESDAY)
            assert self.strike(check, "Abbot", by=office) == 1

            after = selectors.gate_check(check.gate)
            seen = selectors.seen_at_gate(first.school, on=TUESDAY)
        assert [one.pupil.surname for one in after.greeted] == ["Baker"]
        assert [
            (one.pupil.surname, one.seen_at, one.strike.reason, one.strike.recorded_by.name)
            for one in after.struck
        ] == [("Abbot", time(8, 53), "Another child", "Olive Office")]
        assert seen == {second.pk: time(8, 55)}
        with scopes_disabled():
            event = Event.objects.get(kind="gate.struck_out")
        assert event.data == {"pupils": 1}

    def test_strikes_nothing_out_twice_without_reason_or_of_another_check(
        self, morning: Morning, office: User
    ) -> None:
        first, second, _ = morning.pupils
        school = first.school
        for pupil in (first, second):
            self.record(morning, {pupil.pk: time(8, 53)}, by=office)
        with scope(school=school):
            of_second, of_first = selectors.gate_checks(school, first_day=TUESDAY, last_day=TUESDAY)
            self.strike(of_first, "Abbot", by=office)

            for ids, why in (
                ([], "Another child"),
                ([of_second.greeted[0].pk], " "),
                ([of_first.greeted[0].pk, of_second.greeted[0].pk], "Another child"),
                ([of_first.greeted[0].pk], "Again"),
            ):
                with pytest.raises(DomainError):
                    services.strike_out(
                        of_first.gate, ids, why=why, by=office, at=london(TUESDAY, time(9, 11))
                    )
            assert GateStrike.objects.count() == 1

    def test_takes_no_strike_back_and_changes_none(self, morning: Morning, office: User) -> None:
        pupil = morning.pupils[0]
        self.record(morning, {pupil.pk: time(8, 53)}, by=office)
        with scope(school=pupil.school):
            (check,) = selectors.gate_checks(pupil.school, first_day=TUESDAY, last_day=TUESDAY)
            self.strike(check, "Abbot", by=office)

            for act in (
                lambda: GateStrike.objects.update(reason="Nothing"),
                lambda: GateStrike.objects.all().delete(),
            ):
                with pytest.raises(IntegrityError, match="can only grow"), transaction.atomic():
                    act()
            assert GateStrike.objects.get().reason == "Another child"

    def test_needs_as_many_statements_for_thirty_pupils_as_for_three(
        self, morning: Morning, office: User, django_assert_num_queries: Any
    ) -> None:
        school = morning.session.school
        gate = LateGateFactory(school=school, on=TUESDAY)
        for count in (3, 27):
            for _ in range(count):
                GateStrikeFactory(greeting__gate=gate, greeting__pupil__school=school)
                LateGatePupilFactory(gate=gate, pupil__school=school)
            with scope(school=school), django_assert_num_queries(2):
                (check,) = selectors.gate_checks(school, first_day=TUESDAY, last_day=TUESDAY)
                assert len({one.strike.recorded_by.name for one in check.struck}) == len(check.struck)
        assert (len(check.greeted), len(check.struck)) == (30, 30)

    def test_refuses_nobody_the_future_and_strangers(
        self, morning: Morning, office: User, other_school: School
    ) -> None:
        stranger: Pupil = PupilFactory(school=other_school)
        for greeted in ({}, {morning.pupils[0].pk: time(9, 6)}, {stranger.pk: time(8, 53)}):
            with pytest.raises(DomainError):
                self.record(morning, greeted, by=office)
        with scope(school=morning.session.school):
            assert selectors.gate_checks(morning.session.school, first_day=TUESDAY, last_day=TUESDAY) == []
