"""URLs of records of support."""

from django.urls import path

from absences.views import records

SCHOOL = "s/<slug:school_key>"
PUPIL = f"{SCHOOL}/pupils/<int:pupil_id>/records"
PROGRAMME = f"{SCHOOL}/absences/records/programmes/<int:programme_id>"
SUPPORT = f"{SCHOOL}/absences/records/support/<int:note_id>"

urlpatterns = [
    path(f"{SCHOOL}/absences/records/", records.records, name="records"),
    path(f"{PUPIL}/", records.pupil_records, name="pupil_records"),
    path(f"{PUPIL}/programmes/new/", records.programme_new, name="programme_new"),
    path(f"{PUPIL}/support/new/", records.support_new, name="support_new"),
    path(f"{PROGRAMME}/", records.programme, name="programme"),
    path(f"{PROGRAMME}/review/", records.programme_review, name="programme_review"),
    path(f"{PROGRAMME}/end/", records.programme_end, name="programme_end"),
    path(f"{PROGRAMME}/steps/", records.programme_step, name="programme_step"),
    path(f"{PROGRAMME}/steps/<int:step_id>/done/", records.step_done, name="step_done"),
    path(f"{SUPPORT}/", records.support, name="support"),
    path(f"{SUPPORT}/review/", records.support_review, name="support_review"),
    path(f"{SUPPORT}/end/", records.support_end, name="support_end"),
]
