"""URLs of joining, leaving, moving class and going up a year."""

from django.urls import path

from registers.views import leaving, moving, previous_marks, roll

SCHOOL = "s/<slug:school_key>/roll/"
PUPIL = "s/<slug:school_key>/pupils/<int:pupil_id>/roll/"
TIME = f"{PUPIL}<int:enrolment_id>/"

urlpatterns = [
    path(SCHOOL, roll.roll, name="roll"),
    path(f"{SCHOOL}join/", roll.pupil_join, name="pupil_join"),
    path(f"{SCHOOL}move/", moving.move_class, name="move_class"),
    path(f"{SCHOOL}next-year/", moving.next_year, name="next_year"),
    path(PUPIL, roll.pupil_roll, name="pupil_roll"),
    path(f"{PUPIL}again/", roll.pupil_readmit, name="pupil_readmit"),
    path(f"{PUPIL}previous-marks/", previous_marks.previous_marks, name="previous_marks"),
    path(f"{TIME}return/", roll.joining_return, name="joining_return"),
    path(f"{TIME}leave/", leaving.leave, name="pupil_leave"),
    path(f"{TIME}stay/", leaving.stay, name="pupil_stay"),
    path(f"{TIME}next-school/", leaving.next_school, name="next_school"),
    path(f"{TIME}enquiry/", leaving.enquiry, name="pupil_enquiry"),
]
