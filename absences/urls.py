"""URLs of absences."""

from django.urls.resolvers import URLPattern

app_name = "absences"
urlpatterns: list[URLPattern] = []
