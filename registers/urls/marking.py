"""URLs of taking registers: the day board and the register of a class."""

from django.urls import path

from registers.views import day, keyboard, marking, register

urlpatterns = [
    path("s/<slug:school_key>/registers/", day.day_board, name="day"),
    path("s/<slug:school_key>/registers/<day:on>/", day.day_board, name="day_on"),
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/",
        register.register,
        name="register",
    ),
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/marks/",
        marking.take_entries,
        name="entries",
    ),
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/changes/",
        marking.changes,
        name="changes",
    ),
    path("s/<slug:school_key>/keyboard/", keyboard.keyboard, name="keyboard"),
    path("outbox/", marking.outbox, name="outbox"),
]
