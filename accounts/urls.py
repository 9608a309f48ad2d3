"""URLs of signing in that are ours; django-allauth has the rest under /accounts/."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("start/", views.landing, name="landing"),
]
