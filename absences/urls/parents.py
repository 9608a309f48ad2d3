"""Families' reports, and what the office sets and confirms for them."""

from django.urls import path

from absences.views import parents, parents_child, parents_office, parents_reports

REPORT = "family/report/"
REPORTS = "family/reports/"
CHILD = "family/children/<int:child_id>/"
SCHOOL = "s/<slug:school_key>/absences/"

urlpatterns = [
    path("family/language/", parents.choose_language, name="family_language"),
    path(REPORT, parents.start, name="report_start"),
    path(f"{REPORT}<uuid:key>/sent/", parents.sent, name="report_sent"),
    path(f"{REPORT}<uuid:key>/<slug:step>/", parents.step, name="report_step"),
    path(REPORTS, parents_reports.report_list, name="family_reports"),
    path(f"{REPORTS}<int:pk>/", parents_reports.report, name="family_report"),
    path(f"{REPORTS}<int:pk>/change/", parents_reports.change, name="family_report_change"),
    path(f"{REPORTS}<int:pk>/withdrawal/", parents_reports.withdrawal, name="family_report_withdrawal"),
    path(f"{REPORTS}<int:pk>/files/", parents_reports.files, name="family_report_files"),
    path(CHILD, parents_child.child, name="child"),
    path(f"{CHILD}letters/<int:letter_id>/", parents_child.letter, name="child_letter"),
    path(f"{CHILD}details/", parents_child.contact_details, name="child_details"),
    path(f"{SCHOOL}settings/", parents_office.settings, name="settings"),
    path(f"{SCHOOL}details/<int:pk>/", parents_office.details_request, name="details_request"),
]
