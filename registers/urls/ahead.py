"""URLs of marks known ahead: timetables, patterns, trips."""

from django.urls import path

from registers.views import ahead, part_time

PUPIL = "s/<slug:school_key>/pupils/<int:pupil_id>"
TIMETABLE = f"{PUPIL}/timetables/<int:timetable_id>"
PATTERN = f"{PUPIL}/patterns/<int:pattern_id>"

urlpatterns = [
    path("s/<slug:school_key>/ahead/", ahead.ahead_list, name="ahead"),
    path("s/<slug:school_key>/ahead/new/", ahead.ahead_new, name="ahead_new"),
    path("s/<slug:school_key>/ahead/<int:pk>/", ahead.ahead_one, name="ahead_one"),
    path("s/<slug:school_key>/ahead/<int:pk>/withdraw/", ahead.ahead_withdraw, name="ahead_withdraw"),
    path("s/<slug:school_key>/ahead/<int:pk>/leave-out/", ahead.ahead_leave_out, name="ahead_leave_out"),
    path(f"{PUPIL}/ahead/", ahead.pupil_ahead, name="pupil_ahead"),
    path(f"{PUPIL}/patterns/new/", part_time.pattern_new, name="pattern_new"),
    path(f"{PATTERN}/", part_time.pattern, name="pattern"),
    path(f"{PATTERN}/end/", part_time.pattern_end, name="pattern_end"),
    path(f"{PUPIL}/timetables/new/", part_time.timetable_new, name="timetable_new"),
    path(f"{TIMETABLE}/", part_time.timetable, name="timetable"),
    path(f"{TIMETABLE}/review/", part_time.timetable_review, name="timetable_review"),
    path(f"{TIMETABLE}/end/", part_time.timetable_end, name="timetable_end"),
    path(f"{TIMETABLE}/told/", part_time.timetable_told, name="timetable_told"),
]
