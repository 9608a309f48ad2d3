"""Families' reports, and what the office sets and confirms for them."""

from django.urls import path

from absences.views import parents, parents_reports

REPORT = "family/report/"
REPORTS = "family/reports/"

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
]
