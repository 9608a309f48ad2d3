"""Fourteen teachers who save at once, again and again, through the real web server."""

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from demo.benchmarks.clients import STATES, body_of, seen_in, token_of
from demo.benchmarks.figures import Figure, percentile
from demo.benchmarks.saving import FORM, bare_statements
from demo.benchmarks.scene import Scene

TEACHERS = 14
HEADERS = {"X-Forwarded-Proto": "https", "Host": "127.0.0.1", "Referer": "https://127.0.0.1/"}


def measure(scene: Scene) -> Iterator[Figure]:
    """Post for some seconds; this process is the browsers, and its work is part of what is measured."""
    seconds = 1.0 if scene.quick else 12.0
    with _web_server() as port:
        _rush(scene, port, seconds=seconds / 4)  # warms up
        taken, elapsed = _rush(scene, port, seconds=seconds)
    bare = _bare(scene, seconds=seconds / 2)
    yield Figure(
        "registers saved a second, 14 at once",
        "per second",
        len(taken) / elapsed,
        bare=bare,
        target="130, better 200",
    )
    taken.sort()
    yield Figure("one of the 14 waits", "ms", percentile(taken, 0.5), percentile(taken, 0.95))


@contextmanager
def _web_server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "-c", "attendance_site/gunicorn_conf.py"]
    command += ["attendance_site.wsgi", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR)  # noqa: S603 - our own web server
    try:
        for _ in range(300):
            try:
                http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def _rush(scene: Scene, port: int, *, seconds: float) -> tuple[list[float], float]:
    """Return how many milliseconds each save took, and how many seconds all took together."""
    taken: list[float] = []
    faults: list[str] = []
    start = threading.Barrier(TEACHERS)
    ends = [0.0]

    def teacher(place: int) -> None:
        browser = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        url = scene.url(place)
        cookie = f"{settings.SESSION_COOKIE_NAME}={scene.cookies[place]}"
        browser.request("GET", url, headers={**HEADERS, "Cookie": cookie})
        page = browser.getresponse()
        given = page.getheader("Set-Cookie") or ""
        html = page.read().decode()
        token = token_of(html)
        headers = {**HEADERS, "Cookie": f"{cookie}; {given.split(';')[0]}", "Content-Type": FORM}

        def post(seen: str, code: str) -> int:
            body = body_of(scene, place, token, seen=seen, code=code)
            browser.request("POST", url, body, headers)
            answer = browser.getresponse()
            answer.read()
            return answer.status

        if post(seen_in(html), STATES[0]) != 302:
            faults.append("the first save was refused")
        bodies = [
            body_of(scene, place, token, seen=seen, code=code).encode()
            for seen, code in (STATES, STATES[::-1])
        ]
        start.wait()
        ends[0] = ends[0] or time.perf_counter() + seconds
        turn = 0
        while time.perf_counter() < ends[0]:
            began = time.perf_counter()
            try:
                browser.request("POST", url, bodies[turn % 2], headers)
                answer = browser.getresponse()
            except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
                # The server closes a connection that was quiet for long; a browser opens another.
                browser.close()
                continue
            answer.read()
            if answer.status != 302:
                faults.append(f"status {answer.status}")
                return
            taken.append((time.perf_counter() - began) * 1000)
            turn += 1

    threads = [threading.Thread(target=teacher, args=(place,)) for place in range(TEACHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[0]  # noqa: S101 - a figure of refused saves would be a lie
    return taken, seconds


def _bare(scene: Scene, *, seconds: float) -> float:
    """Return how many saves a second the same statements reach from 14 connections without a web server."""
    done: list[int] = []
    start = threading.Barrier(TEACHERS)
    ends = [0.0]

    def saver(place: int) -> None:
        action: Callable[[], None] = bare_statements(scene, place)
        start.wait()
        ends[0] = ends[0] or time.perf_counter() + seconds
        while time.perf_counter() < ends[0]:
            action()
            done.append(place)
        connection.close()

    threads = [threading.Thread(target=saver, args=(place,)) for place in range(TEACHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(done) / seconds
