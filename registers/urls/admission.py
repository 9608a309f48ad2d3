"""URLs of the admission register: pupils, particulars, contacts, flags."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
