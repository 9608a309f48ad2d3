"""URLs of escalation."""

from django.urls.resolvers import URLPattern

app_name = "escalation"
urlpatterns: list[URLPattern] = []
