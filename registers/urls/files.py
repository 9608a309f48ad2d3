"""URLs of imports, exports and retention."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
