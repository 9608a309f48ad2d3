"""URLs of absences, one module for each area."""

from absences.urls import family

app_name = "absences"
urlpatterns = [
    *family.urlpatterns,
]
