"""The fact files under demo/data, read once."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "data"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of a fact file; lines that begin with # name its source and are left out."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(_without_comments(file)))


def _without_comments(lines: Iterator[str]) -> Iterator[str]:
    return (line for line in lines if not line.startswith("#"))


@cache
def percentages() -> dict[str, float]:
    """
    Return the published primary rates, in per cent of possible sessions, by measure or "code X".

    "pa" is in per cent of pupils.
    """
    return {row["measure"]: float(row["percent"]) for row in rows("published_rates.csv")}


@cache
def weekday_factors(measure: str) -> tuple[float, ...]:
    """Return a measure's rate on Monday to Friday, each against the week's mean."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    row = next(row for row in rows("weekday_factors.csv") if row["measure"] == measure)
    return tuple(float(row[day]) for day in days)
