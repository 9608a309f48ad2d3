"""The Celery application and its timetable, which stands in code so that nobody can edit it by accident."""

import os

from celery import Celery
from celery.schedules import crontab
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attendance_site.settings")

app = Celery("rollcall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A worker takes from every queue unless told otherwise with -Q, as in a large installation.
app.conf.task_queues = [Queue(name) for name in ("interactive", "sweep", "letters", "messages")]

app.conf.beat_schedule = {
    # Every school night at 19:00, when the last register and late call is in: judge each school's policy.
    "nightly sweep": {
        "task": "escalation.tasks.sweep_all",
        "schedule": crontab(hour=19, minute=0),
    },
    # Every minute: give every pupil without a mark one in the registers that have closed.
    "closing of registers": {"task": "registers.tasks.close_registers", "schedule": 60.0},
    "closing of the demo's registers": {"task": "demo.tasks.close_registers", "schedule": 60.0},
    # Every night before the sweep: what stayed unexplained for more than five school days becomes O.
    "unexplained marks": {
        "task": "registers.tasks.settle_all",
        "schedule": crontab(hour=18, minute=45),
    },
    # Every night, after the sweep: the last link of each school's history goes to its headteachers, outside.
    "links of the history": {
        "task": "registers.tasks.tell_heads",
        "schedule": crontab(hour=20, minute=30),
    },
    # Every five minutes: once calls had their hour, tasks for people outside schools and cases of no contact.
    "follow-up of calls": {"task": "absences.tasks.follow_up_everywhere", "schedule": 300.0},
    # Every minute: reminders to take a register whose wake-up message was lost with the broker.
    "reminders left waiting": {"task": "registers.tasks.send_waiting_nudges", "schedule": 60.0},
    # Every night: keys of marks that browsers sent, which no laptop sends again after thirty days.
    "received entries": {
        "task": "registers.tasks.forget_received_entries",
        "schedule": crontab(hour=3, minute=15),
    },
    # Every night: files that somebody looked at and never took in.
    "files looked at": {
        "task": "registers.tasks.forget_old_uploads",
        "schedule": crontab(hour=3, minute=30),
    },
    # Every school night, before the sweep: absences that need proof are proposed to the office.
    "proof of absences": {
        "task": "absences.tasks.propose_evidence_everywhere",
        "schedule": crontab(hour=18, minute=50),
    },
    # Every minute: accepted reports count in registers that closed since; children who are not back.
    "reports of absences": {"task": "absences.tasks.follow_reports", "schedule": 60.0},
    # Every night: files of attachments that no row names.
    "attachments without a row": {
        "task": "absences.tasks.sweep_attachments",
        "schedule": crontab(hour=3, minute=45),
    },
    # Every minute: letters whose wake-up message was lost with the broker are picked up from the database.
    "letters left waiting": {"task": "letters.tasks.render_waiting", "schedule": 60.0},
    # Every minute: messages to parents whose wake-up was lost, that are to be tried again, or whose quiet
    # hours are over.
    "messages that are due": {"task": "letters.tasks.send_due", "schedule": 60.0},
    # Every two minutes: what became of messages that a provider took.
    "what became of messages": {"task": "letters.tasks.ask_about", "schedule": 120.0},
}
