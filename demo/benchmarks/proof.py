"""Loading a history in bulk, and proving it."""

import time
from collections.abc import Iterator

from django.db import connection
from django_scopes import scope

from demo.benchmarks.figures import Figure
from demo.benchmarks.scene import Scene
from registers.services.history import verify

COUNT = "SELECT count(*), sum(length(new_code)) FROM registers_markentry"


def measure(scene: Scene) -> Iterator[Figure]:
    """Report what the load took and prove what stands there now."""
    yield Figure(
        f"bulk load of {scene.marks:,} marks", "per second", scene.marks / max(scene.load_seconds, 0.001)
    )
    with scope(school=scene.school), connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(COUNT)
        cursor.fetchall()
        bare = time.perf_counter() - began
        began = time.perf_counter()
        proof = verify(scene.school)
        taken = time.perf_counter() - began
    assert proof.fault is None, proof.fault  # noqa: S101
    yield Figure(
        f"verify_history of {proof.entries:,} entries in {proof.batches:,} batches",
        "s",
        taken,
        bare=bare,
        target="3 s for a school's year of 380,000",
    )
