"""URLs of absences."""

from django.urls import path

from absences import views

app_name = "absences"
urlpatterns = [path("family/", views.family, name="family")]
