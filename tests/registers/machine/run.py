"""One run of the state machine: an act, what it may have changed, and what must be so whatever happened."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django_scopes import scope

from accounts.errors import DomainError
from tests.registers.machine import marking, office
from tests.registers.machine.marking import Effect, NothingToDo
from tests.registers.machine.small_school import FIRST_DAY, LAST_DAY, Chance, SmallSchool
from tests.registers.machine.watch import (
    Known,
    Replay,
    changes_after,
    different,
    faults_of_chain,
    faults_of_figures,
    faults_of_keys,
    faults_of_marks,
    faults_of_reasons,
    fingerprint_of,
    known_of,
)

Act = Callable[[SmallSchool, Chance], Effect]
# How often each act is chosen; the first is what a search for the shortest fault falls back on.
WEIGHTS: dict[Act, int] = {
    marking.mark: 12,
    office.tick: 16,
    office.close: 8,
    marking.amend: 6,
    marking.amend_range: 5,
    marking.undo: 7,
    marking.set_some: 6,
    marking.send: 9,
    marking.send_again: 6,
    marking.use_key_otherwise: 2,
    office.settle: 3,
    office.arrange: 4,
    office.withdraw: 2,
    office.set_pattern: 3,
    office.close_school: 2,
    office.reopen_school: 3,
    office.sign_in: 5,
    office.join: 4,
    office.leave: 2,
    office.stay: 2,
    office.move: 3,
    office.take_in_file: 5,
}
ACTS: tuple[Act, ...] = tuple(act for act, weight in WEIGHTS.items() for _ in range(weight))
CHECK_ALL_EVERY = 25


class Run:
    """A school at which one thing happens after another; `faults` says what is wrong with it."""

    def __init__(self, here: SmallSchool) -> None:
        self.here = here
        self.steps = 0
        self.replay = Replay()
        self.known = known_of(here.school)
        self.fingerprint = fingerprint_of(here.school)

    def step(self, act: Act, chance: Chance) -> bool:
        """
        Do one thing, or be refused, and look at what came of it; False where there was nothing to do.

        :raises AssertionError: something is not as it must be
        """
        here, name = self.here, act.__name__
        effect, is_refused = Effect(), False
        with scope(school=here.school):
            try:
                effect = act(here, chance)
            except NothingToDo:
                return False
            except DomainError:
                here.refused[name] = here.refused.get(name, 0) + 1
                is_refused = True
            else:
                here.done[name] = here.done.get(name, 0) + 1
            before, first_link = self.known, self.replay.number + 1
            stood = self.fingerprint
            faults = self.look()
            if is_refused and self.fingerprint != stood:
                faults.append("rows changed though it was refused")
            faults += faults_of_effect(effect, before, self.known)
            if effect.is_act and self.replay.number >= first_link:
                here.acts.append((first_link, self.replay.number))
            self.steps += 1
            if self.steps % CHECK_ALL_EVERY == 0:
                faults += self.look_at_all()
        assert not faults, f"step {self.steps}, {name}: {faults}"
        return True

    def look(self) -> list[str]:
        """Return what is wrong with the marks, the roll, and the history written since the last look."""
        before, self.fingerprint = self.fingerprint, fingerprint_of(self.here.school)
        head, *sessions_and_roll = self.fingerprint[:3]
        is_same_roll = sessions_and_roll == list(before[1:3])
        self.known = known_of(self.here.school, self.known if is_same_roll else None)
        changes = changes_after(self.here.school, self.replay.number) if head != before[0] else []
        if self.fingerprint != before:
            with connection.cursor() as cursor:  # what else would be judged at the end of the transaction
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        return [
            *self.replay.take(changes),
            *self.replay.faults_of(self.known),
            *faults_of_marks(self.known),
            *faults_of_reasons(changes, self.known),
        ]

    def look_at_all(self) -> list[str]:
        """Return what is wrong with the whole history, the figures, the keys and the chain."""
        here = self.here
        with scope(school=here.school):
            return self._look_at_all(here)

    def _look_at_all(self, here: SmallSchool) -> list[str]:
        whole, changes = Replay(), changes_after(here.school, 0)
        faults = [*whole.take(changes), *whole.faults_of(self.known), *faults_of_reasons(changes, self.known)]
        first = FIRST_DAY + timedelta(days=self.steps % 15)
        for first_day, last_day in ((FIRST_DAY, LAST_DAY), (first, first + timedelta(days=4))):
            faults += faults_of_figures(
                here.school, self.known, whole.state, first_day=first_day, last_day=last_day
            )
        faults += faults_of_keys(here.school, here.device, here.keys, changes)
        return faults + faults_of_chain(here.school)


def faults_of_effect(effect: Effect, before: Known, now: Known) -> list[str]:
    """Return which marks do not stand as an act said, and which changed though it had no business there."""
    stood = {place: mark.values for place, mark in before.rows}
    stands = {place: mark.values for place, mark in now.rows}
    faults = [
        f"{place} was to be {values} and is {stands.get(place)}"
        for place, values in effect.stands.items()
        if stands.get(place) != values
    ]
    only = effect.only if effect.only is not None else frozenset(effect.stands)
    return faults + [
        f"{place} became {stands.get(place)} and was {stood.get(place)}: not this act's business"
        for place in sorted(different(stood, stands) - only)
    ]
