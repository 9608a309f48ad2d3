"""URLs of evidence: files, proof that is asked for, notices before marks change."""

from django.urls import path

from absences.views import evidence, files, parents_evidence

SCHOOL = "s/<slug:school_key>"
REQUEST = f"{SCHOOL}/absences/evidence/<int:request_id>"
PUPIL = f"{SCHOOL}/pupils/<int:pupil_id>/evidence"

urlpatterns = [
    path(f"{SCHOOL}/absences/evidence/", evidence.evidence_list, name="evidence"),
    path(f"{REQUEST}/", evidence.one, name="evidence_one"),
    path(f"{REQUEST}/talk/", evidence.talk, name="evidence_talk"),
    path(f"{REQUEST}/ask/", evidence.ask, name="evidence_ask"),
    path(f"{REQUEST}/receive/", evidence.receive, name="evidence_receive"),
    path(f"{REQUEST}/judge/", evidence.judge, name="evidence_judge"),
    path(f"{REQUEST}/withdraw/", evidence.withdraw, name="evidence_withdraw"),
    path(f"{REQUEST}/notice/", evidence.notice, name="evidence_notice"),
    path(f"{REQUEST}/unauthorise/", evidence.unauthorise, name="evidence_unauthorise"),
    path(f"{PUPIL}/", evidence.pupil_evidence, name="pupil_evidence"),
    path(f"{PUPIL}/new/", evidence.new, name="evidence_new"),
    path(f"{PUPIL}/notice/", evidence.pupil_notice, name="pupil_notice"),
    path(f"{PUPIL}/demands/<int:demand_id>/end/", evidence.demand_end, name="demand_end"),
    path(f"{SCHOOL}/absences/files/<int:attachment_id>/", files.attachment, name="attachment"),
    path("family/files/<int:attachment_id>/", files.family_attachment, name="family_attachment"),
    path("family/evidence/<int:request_id>/", parents_evidence.proof, name="family_evidence"),
]
