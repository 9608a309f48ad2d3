"""Building the demo trust, and bringing it up to date."""

from demo.services.building import Built, HasSchoolsAlready, TooSmall, build_demo, claim_installation
from demo.services.catching_up import CaughtUp, NoDemo, catch_up, is_behind

__all__ = [
    "Built",
    "CaughtUp",
    "HasSchoolsAlready",
    "NoDemo",
    "TooSmall",
    "build_demo",
    "catch_up",
    "claim_installation",
    "is_behind",
]
