"""Addresses of letters."""

from django.urls import path

from letters.views import archive

app_name = "letters"
urlpatterns = [
    path("s/<slug:school_key>/letters/", archive.letter_list, name="list"),
    path("s/<slug:school_key>/letters/<int:pk>/", archive.letter_page, name="letter"),
    path("s/<slug:school_key>/letters/<int:pk>/file.pdf", archive.letter_file, name="file"),
    path("s/<slug:school_key>/letters/<int:pk>/again/", archive.letter_retry, name="again"),
]
