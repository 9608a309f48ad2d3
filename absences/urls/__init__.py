"""URLs of absences, one module for each area."""

from absences.urls import calls, evidence, family, intake, leave, parents, records

app_name = "absences"
urlpatterns = [
    *calls.urlpatterns,
    *evidence.urlpatterns,
    *family.urlpatterns,
    *intake.urlpatterns,
    *parents.urlpatterns,
    *leave.urlpatterns,
    *records.urlpatterns,
]
