"""URLs of taking registers: the day board and the register of a class."""

from django.urls import path

from registers.views import day, register

urlpatterns = [
    path("s/<slug:school_key>/registers/", day.day_board, name="day"),
    path("s/<slug:school_key>/registers/<day:on>/", day.day_board, name="day_on"),
    path(
        "s/<slug:school_key>/registers/<day:on>/<half:half>/<int:class_id>/",
        register.register,
        name="register",
    ),
]
