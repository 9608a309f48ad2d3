"""URLs of absences, one module for each area."""

from absences.urls import calls, family, parents

app_name = "absences"
urlpatterns = [
    *calls.urlpatterns,
    *family.urlpatterns,
    *parents.urlpatterns,
]
