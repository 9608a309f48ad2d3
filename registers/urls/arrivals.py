"""URLs of late book, early departures, late gate, collectors and paper sheets."""

from django.urls import path

from registers.views import arrivals, collectors, departures, sheets

urlpatterns = [
    path("s/<slug:school_key>/arrivals/", arrivals.desk, name="arrivals"),
    path("s/<slug:school_key>/arrivals/<day:on>/", arrivals.desk, name="arrivals_on"),
    path("s/<slug:school_key>/arrivals/entries/<int:arrival_id>/", arrivals.entry, name="arrival"),
    path(
        "s/<slug:school_key>/arrivals/entries/<int:arrival_id>/withdrawal/",
        arrivals.withdraw,
        name="arrival_withdrawal",
    ),
    path("s/<slug:school_key>/arrivals/gate/", arrivals.late_gate, name="late_gate"),
    path("s/<slug:school_key>/arrivals/gate/<int:gate_id>/", arrivals.gate_check, name="gate_check"),
    path("s/<slug:school_key>/arrivals/book/", arrivals.book, name="late_book"),
    path("s/<slug:school_key>/arrivals/departures/", departures.desk, name="departures"),
    path("s/<slug:school_key>/arrivals/departures/<day:on>/", departures.desk, name="departures_on"),
    path(
        "s/<slug:school_key>/arrivals/departures/pupils/<int:pupil_id>/",
        departures.leave,
        name="departure_new",
    ),
    path(
        "s/<slug:school_key>/arrivals/departures/entries/<int:departure_id>/",
        departures.entry,
        name="departure",
    ),
    path(
        "s/<slug:school_key>/arrivals/departures/entries/<int:departure_id>/withdrawal/",
        departures.withdraw,
        name="departure_withdrawal",
    ),
    path(
        "s/<slug:school_key>/arrivals/departures/entries/<int:departure_id>/return/",
        departures.come_back,
        name="departure_return",
    ),
    path(
        "s/<slug:school_key>/arrivals/departures/entries/<int:departure_id>/afternoon/",
        departures.afternoon,
        name="departure_afternoon",
    ),
    path("s/<slug:school_key>/arrivals/collectors/", collectors.collectors_list, name="collectors_list"),
    path("s/<slug:school_key>/pupils/<int:pupil_id>/collectors/", collectors.collectors, name="collectors"),
    path(
        "s/<slug:school_key>/arrivals/collectors/<int:collector_id>/",
        collectors.correct,
        name="collector",
    ),
    path(
        "s/<slug:school_key>/arrivals/collectors/<int:collector_id>/letter/",
        collectors.letter,
        name="collector_letter",
    ),
    path(
        "s/<slug:school_key>/arrivals/collectors/<int:collector_id>/end/",
        collectors.end,
        name="collector_end",
    ),
    path("s/<slug:school_key>/arrivals/sheets/", sheets.sheets, name="sheets"),
    path("s/<slug:school_key>/arrivals/sheets/<day:on>/", sheets.sheets, name="sheets_on"),
    path("s/<slug:school_key>/arrivals/paper/<day:on>/", sheets.paper_of_day, name="paper_day"),
    path(
        "s/<slug:school_key>/arrivals/paper/<day:on>/<half:half>/<int:class_id>/", sheets.paper, name="paper"
    ),
]
