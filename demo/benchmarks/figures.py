"""What a section of the benchmark reports."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measurement, a time or a rate, with the bare SQL of the same work beside it."""

    name: str
    unit: str  # "ms", "per second" or "s"
    p50: float
    p95: float | None = None  # None: measured as a whole, once
    bare: float | None = None  # p50 of the bare SQL, in the same unit
    queries: int | None = None
    target: str = ""  # what is aimed at, in words

    @property
    def ratio(self) -> float | None:
        """Return how much longer it takes than the bare SQL, or for a rate what part of it is reached."""
        return round(self.p50 / self.bare, 2) if self.bare else None

    def as_json(self) -> dict[str, Any]:
        """Return the figure as one line of JSON."""
        return {**asdict(self), "ratio": self.ratio}

    def as_words(self) -> str:
        """Return the figure as one line for people."""
        spread = "" if self.p95 is None else f", p95 {self.p95:,.1f}"
        queries = "" if self.queries is None else f", {self.queries} queries"
        beside = "" if self.bare is None else f"; bare SQL {self.bare:,.1f}, ratio {self.ratio}"
        aim = f" (aim: {self.target})" if self.target else ""
        middle = "p50 " if self.p95 is not None else ""
        return f"{self.name}: {middle}{self.p50:,.1f}{spread} {self.unit}{queries}{beside}{aim}"


def timed(action: Callable[[], object], *, times: int, warm_up: int = 5) -> list[float]:
    """Return how many milliseconds each run of an action took, shortest first, without the first runs."""
    for _ in range(warm_up):
        action()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def percentile(taken: list[float], share: float) -> float:
    """Return the value below which this share of sorted values lies."""
    return taken[min(len(taken) - 1, int(len(taken) * share))]
