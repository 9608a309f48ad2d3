"""URLs of joining, leaving, moving class and going up a year."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
