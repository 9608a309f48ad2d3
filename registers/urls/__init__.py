"""URLs of registers, one module for each area."""

from registers import converters  # noqa: F401 - the areas write days and halves with them
from registers.urls import (
    admission,
    ahead,
    amending,
    arrivals,
    files,
    marking,
    roll,
    set_up,
    watching,
)

app_name = "registers"
urlpatterns = [
    *marking.urlpatterns,
    *amending.urlpatterns,
    *admission.urlpatterns,
    *roll.urlpatterns,
    *set_up.urlpatterns,
    *watching.urlpatterns,
    *arrivals.urlpatterns,
    *ahead.urlpatterns,
    *files.urlpatterns,
]
