"""URLs of escalation."""

from django.urls import path

from escalation import views

app_name = "escalation"
urlpatterns = [
    path("s/<slug:school_key>/desk/", views.desk, name="desk"),
    path("s/<slug:school_key>/desk/approvals/", views.approvals, name="approvals"),
    path("s/<slug:school_key>/desk/sweep/", views.sweep, name="sweep"),
    path("s/<slug:school_key>/desk/<int:step_id>/", views.step, name="step"),
    path("s/<slug:school_key>/desk/<int:step_id>/approval/", views.step_approval, name="step-approval"),
    path("s/<slug:school_key>/desk/<int:step_id>/details/", views.step_details, name="step-details"),
    path("s/<slug:school_key>/desk/<int:step_id>/dismissal/", views.step_dismissal, name="step-dismissal"),
    path("s/<slug:school_key>/desk/<int:step_id>/hold/", views.step_hold, name="step-hold"),
    path("s/<slug:school_key>/desk/<int:step_id>/release/", views.step_release, name="step-release"),
    path(
        "s/<slug:school_key>/desk/<int:step_id>/<str:letter>/preview.pdf",
        views.step_preview,
        name="step-preview",
    ),
]
