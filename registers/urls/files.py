"""URLs of imports and exports."""

from django.urls import path

from registers.views import files

urlpatterns = [
    path("s/<slug:school_key>/files/", files.files, name="files"),
    path("s/<slug:school_key>/files/take-in/", files.upload, name="upload"),
    path("s/<slug:school_key>/files/<int:pk>/", files.upload_look, name="upload_look"),
    path("s/<slug:school_key>/files/<int:pk>/put-aside/", files.upload_aside, name="upload_aside"),
    path("s/<slug:school_key>/files/give-out/", files.export, name="export"),
]
