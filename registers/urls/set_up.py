"""URLs of a school's calendar and day, and what is missing."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
