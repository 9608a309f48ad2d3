"""URLs of the office's reports."""

from django.urls import path

from absences.views import intake

REPORTS = "s/<slug:school_key>/absences/reports"

urlpatterns = [
    path(f"{REPORTS}/", intake.queue, name="reports"),
    path(f"{REPORTS}/trusted/", intake.accept_trusted, name="reports_accept_trusted"),
    path(f"{REPORTS}/new/", intake.new, name="report_new"),
    path(f"{REPORTS}/callers/", intake.callers, name="report_callers"),
    path(f"{REPORTS}/app/", intake.app, name="reporting_app"),
    path(f"{REPORTS}/<int:pk>/", intake.report, name="report"),
    path(f"{REPORTS}/<int:pk>/accept/", intake.accept, name="report_accept"),
    path(f"{REPORTS}/<int:pk>/refuse/", intake.refuse, name="report_refuse"),
    path(f"{REPORTS}/<int:pk>/withdraw/", intake.withdraw, name="report_withdraw"),
    path(f"{REPORTS}/<int:pk>/call-back/", intake.call_back, name="report_call_back"),
]
