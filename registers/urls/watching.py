"""URLs of unexplained marks and the integrity of the registers."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
