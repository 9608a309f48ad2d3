"""Addresses of letters and messages."""

from django.urls import path

from letters.views import archive, messages

app_name = "letters"
urlpatterns = [
    path("s/<slug:school_key>/letters/", archive.letter_list, name="list"),
    path("s/<slug:school_key>/letters/<int:pk>/", archive.letter_page, name="letter"),
    path("s/<slug:school_key>/letters/<int:pk>/file.pdf", archive.letter_file, name="file"),
    path("s/<slug:school_key>/letters/<int:pk>/again/", archive.letter_retry, name="again"),
    path("s/<slug:school_key>/messages/", messages.message_list, name="messages"),
    path("s/<slug:school_key>/messages/<int:pk>/", messages.message_page, name="message"),
    path("s/<slug:school_key>/messages/<int:pk>/again/", messages.message_again, name="message_again"),
    path(
        "s/<slug:school_key>/pupils/<int:pupil_id>/messages/", messages.pupil_messages, name="pupil_messages"
    ),
]
