"""Ten thousand acts of schools in any order: marks, history, figures and chain agree after each of them."""

from collections import Counter

import pytest

from tests.registers.machine.run import ACTS, Run
from tests.registers.machine.small_school import Die, make_small_school

SEEDS, SCHOOLS, STEPS = 4, 5, 500  # for each seed some schools, one after the other
assert SEEDS * SCHOOLS * STEPS >= 10_000


@pytest.mark.django_db
class TestSchoolsAtWhichAnythingHappens:
    @pytest.mark.parametrize("seed", range(SEEDS))
    def test_keep_marks_history_figures_and_chain_together(self, seed: int) -> None:
        steps, done, refused = 0, Counter[str](), Counter[str]()
        for number in range(SCHOOLS):
            run, chance = Run(make_small_school()), Die(1000 * seed + number)
            while run.steps < STEPS:
                run.step(chance.pick(ACTS), chance)
            assert run.look_at_all() == []
            steps += run.steps
            done.update(run.here.done)
            refused.update(run.here.refused)
        assert steps == SCHOOLS * STEPS
        assert done.total() + refused.total() == steps
