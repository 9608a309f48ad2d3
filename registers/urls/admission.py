"""URLs of the admission register: pupils, particulars, contacts, flags."""

from django.urls import path

from registers.views import contacts, pupils

PUPIL = "s/<slug:school_key>/pupils/<int:pupil_id>/"

urlpatterns = [
    path("s/<slug:school_key>/pupils/", pupils.pupils, name="pupils"),
    path("s/<slug:school_key>/outside-contacts/", contacts.outside_contacts, name="outside_contacts"),
    path(
        "s/<slug:school_key>/outside-contacts/new/", contacts.outside_contact_add, name="outside_contact_add"
    ),
    path(
        "s/<slug:school_key>/outside-contacts/<int:outside_id>/",
        contacts.outside_contact,
        name="outside_contact",
    ),
    path(f"{PUPIL}details/", pupils.pupil_details, name="pupil_details"),
    path(f"{PUPIL}details/change/", pupils.pupil_particulars, name="pupil_particulars"),
    path(f"{PUPIL}details/history/", pupils.particulars_history, name="particulars_history"),
    path(f"{PUPIL}addresses/new/", pupils.address_add, name="address_add"),
    path(f"{PUPIL}addresses/<int:address_id>/", pupils.address, name="address"),
    path(f"{PUPIL}flags/new/", pupils.flag_add, name="flag_add"),
    path(f"{PUPIL}flags/<int:flag_id>/", pupils.flag, name="flag"),
    path(f"{PUPIL}contacts/", contacts.pupil_contacts, name="pupil_contacts"),
    path(f"{PUPIL}contacts/new/", contacts.contact_add, name="contact_add"),
    path(f"{PUPIL}contacts/<int:contact_id>/", contacts.contact, name="contact"),
    path(f"{PUPIL}contacts/<int:contact_id>/link/", contacts.contact_link, name="contact_link"),
    path(f"{PUPIL}contacts/<int:contact_id>/remove/", contacts.contact_remove, name="contact_remove"),
    path(f"{PUPIL}outside/new/", contacts.pupil_outside_add, name="pupil_outside_add"),
    path(f"{PUPIL}outside/<int:link_id>/", contacts.pupil_outside, name="pupil_outside"),
]
