"""Every URL of Rollcall. Pages of a school stand under `/s/<school_key>/`, families' under `/family/`."""

from django.conf import settings
from django.urls import include, path, re_path

from accounts.views import closed

urlpatterns = [
    # The school knows the address at which a person signs in; changing it here could take over a colleague's.
    re_path(r"^accounts/(?:email|confirm-email|signup)/", closed, name="closed"),
    path("accounts/", include("allauth.urls")),
    path("", include("accounts.urls")),
    path("", include("registers.urls")),
    path("", include("letters.urls")),
    path("", include("absences.urls")),
    path("", include("escalation.urls")),
    path("", include("reports.urls")),
]
# The demo's pages are not even routed on a production server; the views check demo data and loopback besides.
if settings.DEBUG:
    urlpatterns += [path("demo/", include("demo.urls"))]

handler400 = "accounts.views.bad_request"
handler403 = "accounts.views.permission_denied"
handler404 = "accounts.views.page_not_found"
handler500 = "accounts.views.server_error"
