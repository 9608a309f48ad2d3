"""URLs of the demo: routed with DEBUG only, and even then only for visitors at this very machine."""

from django.urls import path

from demo import views

app_name = "demo"
urlpatterns = [
    path("", views.welcome, name="welcome"),
    path("users.json", views.users, name="users"),
    path("sign-in/", views.sign_in, name="sign-in"),
]
