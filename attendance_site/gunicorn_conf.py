"""How gunicorn serves Rollcall, in a trial and in production alike; the address comes with --bind."""

import sys

# Two processes use two cores; the threads wait for the database side by side. More of them only take the
# interpreter's lock from each other: fourteen saves at once were a fifth slower with eight than with four.
workers = 2
# Read once and shared by both: half the time until the first page.
preload_app = True
worker_class = "gthread"
threads = 4
# A page that takes this long is broken; the process is replaced.
timeout = 60
# A stop lets pages in flight finish.
graceful_timeout = 10
# Memory that a library never gives back is given back by a fresh process.
max_requests = 5000
max_requests_jitter = 500
# A worker proves its life through a file; this one is never on a slow disk.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn makes an unnamed file there


def post_worker_init(worker: object) -> None:
    """Let a thread that its database has answered go on soon: it holds the lock of a school's history."""
    sys.setswitchinterval(0.0005)
