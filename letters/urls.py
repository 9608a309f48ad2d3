"""Addresses of letters."""

from django.urls import path

from letters import views

app_name = "letters"
urlpatterns = [
    path("s/<slug:school_key>/letters/", views.letter_list, name="list"),
    path("s/<slug:school_key>/letters/<int:pk>/", views.letter_page, name="letter"),
    path("s/<slug:school_key>/letters/<int:pk>/file.pdf", views.letter_file, name="file"),
    path("s/<slug:school_key>/letters/<int:pk>/again/", views.letter_retry, name="again"),
]
