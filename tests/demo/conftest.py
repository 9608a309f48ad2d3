"""The trust as ./start builds it, drawn once for all tests of the demo."""

from datetime import date

import pytest

from demo.generation import trust

TODAY = date(2026, 11, 20)  # a Friday in the second half of the autumn term
SEED = 1


@pytest.fixture(scope="session")
def whole_trust() -> trust.Trust:
    """Return the trust at its usual size, both years drawn."""
    built = trust.generate(pupils=1500, seed=SEED, today=TODAY)
    for academic_year in (2025, 2026):
        built.year_of_marks(academic_year)
    return built


@pytest.fixture(scope="session")
def small_trust() -> trust.Trust:
    """Return a trust small enough to compare draw by draw."""
    return trust.generate(pupils=120, seed=SEED, today=TODAY)
