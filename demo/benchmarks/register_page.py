"""The register of thirty pupils, opened by the class's teacher."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django_scopes import scope

from demo.benchmarks.clients import client_of
from demo.benchmarks.figures import Figure, percentile, timed
from demo.benchmarks.scene import Scene
from registers.selectors.registers import REGISTER_ROWS, register_parameters


def measure(scene: Scene) -> Iterator[Figure]:
    """Open the register again and again in this very process, through every middleware."""
    clients = [client_of(scene, place) for place in range(14)]
    turn = iter(range(10**9))

    def open_page() -> None:
        place = next(turn) % 14
        response = clients[place].get(scene.url(place))
        assert response.status_code == 200, response.status_code  # noqa: S101

    taken = timed(open_page, times=20 if scene.quick else 300, warm_up=28)
    queries: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        queries.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        open_page()

    with scope(school=scene.school), connection.cursor() as cursor:
        values = register_parameters(scene.groups[0], scene.session)

        def ask() -> None:
            cursor.execute(REGISTER_ROWS, values)
            cursor.fetchall()

        bare = timed(ask, times=20 if scene.quick else 300)
    yield Figure(
        "register page of 30 pupils",
        "ms",
        percentile(taken, 0.5),
        percentile(taken, 0.95),
        bare=percentile(bare, 0.5),
        queries=len(queries),
        target="p95 25 ms, 6 queries",
    )
