"""URLs of marks known ahead: timetables, patterns, trips."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
