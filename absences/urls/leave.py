"""Leave: families' pages, and the leave desk."""

from django.urls import path

from absences.views import family_leave, leave, leave_outcomes

DESK = "s/<slug:school_key>/absences/leave"

urlpatterns = [
    path("family/leave/", family_leave.home, name="leave_home"),
    path("family/leave/new/", family_leave.start, name="leave_start"),
    path("family/leave/new/<uuid:key>/<slug:step>/", family_leave.step, name="leave_step"),
    path("family/leave/sent/<uuid:key>/", family_leave.sent, name="leave_sent"),
    path("family/leave/<int:pk>/", family_leave.one, name="leave_one"),
    path("family/leave/<int:pk>/withdraw/", family_leave.withdraw, name="leave_withdraw"),
    path(f"{DESK}/", leave.desk, name="leave"),
    path(f"{DESK}/form/", leave.blank_form, name="leave_blank"),
    path(f"{DESK}/paper/", leave.paper_find, name="leave_paper_find"),
    path(f"{DESK}/paper/<int:pupil_id>/", leave.paper, name="leave_paper"),
    path(f"{DESK}/designates/", leave.designates, name="leave_designates"),
    path(f"{DESK}/designates/<int:pk>/end/", leave.designate_end, name="leave_designate_end"),
    path(f"{DESK}/reports/<int:pk>/went/", leave_outcomes.of_report, name="leave_report_went"),
    path(f"{DESK}/<int:pk>/", leave.decide, name="leave_request"),
    path(f"{DESK}/<int:pk>/notes/", leave.note, name="leave_note"),
    path(f"{DESK}/<int:pk>/went/", leave_outcomes.of_request, name="leave_went"),
]
