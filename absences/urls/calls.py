"""Staff pages of calls and tasks."""

from django.urls import path

from absences.views import attempts, calls, tasks

urlpatterns = [
    path("s/<slug:school_key>/absences/", calls.calls, name="calls"),
    path("s/<slug:school_key>/absences/<day:on>/", calls.calls, name="calls_on"),
    path("s/<slug:school_key>/absences/<day:on>/claim/", calls.claim, name="call_claim"),
    path("s/<slug:school_key>/absences/<day:on>/paper/", calls.paper, name="calls_paper"),
    path(
        "s/<slug:school_key>/absences/<day:on>/pupils/<int:pupil_id>/attempt/",
        attempts.attempt,
        name="attempt",
    ),
    path("s/<slug:school_key>/absences/<day:on>/pupils/<int:pupil_id>/text/", attempts.text, name="text"),
    path("s/<slug:school_key>/absences/<day:on>/pupils/<int:pupil_id>/step/", attempts.step, name="step"),
    path("s/<slug:school_key>/absences/attempts/<int:attempt_id>/strike/", attempts.strike, name="strike"),
    path("s/<slug:school_key>/absences/tasks/", tasks.tasks, name="tasks"),
    path("s/<slug:school_key>/absences/tasks/<int:task_id>/", tasks.task, name="task"),
    path("s/<slug:school_key>/absences/pupils/<int:pupil_id>/", tasks.pupil_calls, name="pupil_calls"),
    path("s/<slug:school_key>/absences/contact-health/", tasks.contact_health, name="contact_health"),
    path(
        "s/<slug:school_key>/absences/contact-health.csv",
        tasks.contact_health_file,
        name="contact_health_file",
    ),
    path("s/<slug:school_key>/absences/calls/settings/", tasks.call_settings, name="call_settings"),
]
