"""URLs of reports."""

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("s/<slug:school_key>/overview/", views.overview, name="overview"),
    path("s/<slug:school_key>/governors/", views.governors, name="governors"),
    path("trust/", views.trust, name="trust"),
]
