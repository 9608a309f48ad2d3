"""URLs of late book, early departures, late gate, collectors and paper sheets."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
