"""URLs of registers."""

from django.urls.resolvers import URLPattern

app_name = "registers"
urlpatterns: list[URLPattern] = []
