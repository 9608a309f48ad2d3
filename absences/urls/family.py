"""Families' pages."""

from django.urls import path

from absences.views import family

urlpatterns = [path("family/", family.family, name="family")]
