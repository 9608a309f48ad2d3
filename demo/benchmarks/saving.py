"""Thirty marks with their history: through the page, and as the bare statements."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from django.db import connection
from django_scopes import scope

from demo.benchmarks.clients import STATES, body_of, client_of, token_of
from demo.benchmarks.figures import Figure, percentile, timed
from demo.benchmarks.scene import Scene
from registers.selectors.registers import register_page
from registers.services.marks import MarkInput, save_marks

FORM = "application/x-www-form-urlencoded"


def measure(scene: Scene) -> Iterator[Figure]:
    """Save the register of one class again and again, every mark changed each time."""
    client = client_of(scene, 0)
    token = token_of(client.get(scene.url(0)).content.decode())
    bodies = [body_of(scene, 0, token, seen=seen, code=code) for seen, code in (STATES, STATES[::-1])]
    first = body_of(scene, 0, token, seen="", code=STATES[0])
    assert client.post(scene.url(0), first, content_type=FORM).status_code == 302  # noqa: S101
    turn = cycle(bodies)

    def save() -> None:
        response = client.post(scene.url(0), next(turn), content_type=FORM)
        assert response.status_code == 302, response.status_code  # noqa: S101

    times = 20 if scene.quick else 300
    taken = timed(save, times=times, warm_up=6)
    # The bare statements change the marks of the next class, which has none yet.
    statements = bare_statements(scene, 1)
    bare = timed(statements, times=times, warm_up=6)
    yield Figure(
        "save of 30 marks with history",
        "ms",
        percentile(taken, 0.5),
        percentile(taken, 0.95),
        bare=percentile(bare, 0.5),
        target="p95 20 ms",
    )


def bare_statements(scene: Scene, place: int) -> Callable[[], None]:
    """Return an action that saves one class's marks by the service's statements alone, sent as they are."""
    with scope(school=scene.school):
        page = register_page(scene.groups[place], scene.session)
    codes = cycle(STATES)
    sent: list[tuple[str, Any]] = []

    def save() -> None:
        with scope(school=scene.school):
            save_marks(
                scene.groups[place],
                scene.session,
                marks=[MarkInput(pupil, code) for code in [next(codes)] for pupil in page.pupils],
                pupils=page.pupils,
                with_timetable=frozenset(),
                by=scene.teachers[place],
                at=scene.session.late_after_at,
            )

    def take_down(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    # What the service sends for each of the two states, taken down once and repeated without it.
    prepared = []
    for _ in range(3):
        sent.clear()
        with connection.execute_wrapper(take_down):
            save()
        prepared.append([statement for statement in sent if "SAVEPOINT" not in statement[0]])
    turn = cycle(prepared[1:])

    def repeat() -> None:
        raw = connection.connection
        with raw.transaction(), raw.cursor() as cursor:
            for sql, params in next(turn):
                cursor.execute(sql, params)

    return repeat
