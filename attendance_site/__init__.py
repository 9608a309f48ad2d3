"""Wiring only: settings, URLs, Celery and the embedded servers."""

from attendance_site.celery import app as celery_app

__all__ = ["celery_app"]
