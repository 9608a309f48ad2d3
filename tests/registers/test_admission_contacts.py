"""Grown-ups of pupils: what each is to a pupil, court orders, siblings, and who can be called."""

from datetime import date, time

import pytest
from django.db import IntegrityError, transaction
from django_scopes import scope

from absences.access import children_of
from letters.errors import NoRecipient
from letters.selectors.recipients import recipients_for
from registers.models import Contact, ParticularsChange, PupilContact, PupilOutsideContact
from registers.rules.fingerprints import fingerprint
from registers.selectors import contacts as selectors
from registers.services import contact_records
from registers.services.contact_records import AlreadyLinked, contact_values
from registers.services.particulars import ChangedMeanwhile, ParticularRefused
from tests.factories.registers import ContactFactory, PupilContactFactory, london, pupil_in_class
from tests.factories.registers_admission import OutsideContactFactory, PupilAddressFactory

TODAY = date(2025, 11, 20)
NOW = london(TODAY, time(9, 0))
ENTERED = {
    "name": "Alex Ashdown",
    "phone": "01632 960 001",
    "home_phone": "",
    "work_phone": "",
    "email": "alex@family.example",
    "address": "2 Valley Road\nAnytown",
    "address_confidential": False,
    "language": "",
    "relationship": "mother",
    "priority": 1,
    "parental_responsibility": True,
    "lives_with": True,
    "receives_letters": True,
    "may_sign_in": True,
    "court_order_restricts": False,
    "court_order_type": "",
    "court_order_from": None,
    "court_order_until": None,
    "court_order_note": "",
}


@pytest.fixture(autouse=True)
def in_scope(school):
    with scope(school=school):
        yield


@pytest.fixture
def author(office):
    return {"by": office, "at": NOW, "position": "Office staff"}


@pytest.fixture
def add(pupil, author):
    """Return a function that adds a contact to the pupil."""

    def added(**values):
        return contact_records.add_contact(pupil, ENTERED | values, **author, on=TODAY)

    return added


@pytest.fixture
def change(author):
    """Return a function that changes a contact as somebody who has just read it."""

    def changed(link, *, seen=None, counts_from=TODAY, **values):
        stands = PupilContact.objects.select_related("contact").get(pk=link.pk)
        current = contact_values(stands)
        return contact_records.change_contact(
            link, current | values, seen=seen or fingerprint(current), **author, counts_from=counts_from
        )

    return changed


def order_of(pupil):
    return list(
        PupilContact.objects.filter(pupil=pupil).order_by("priority").values_list("contact__name", "priority")
    )


class TestAddingAContact:
    def test_keeps_the_person_and_what_they_are_to_the_pupil(self, add, pupil):
        link = add(home_phone="01632 960 002", language="Polish")

        link.refresh_from_db()
        assert contact_values(link) == ENTERED | {"home_phone": "01632 960 002", "language": "Polish"}
        assert link.contact.phones == ("01632 960 001", "01632 960 002")
        assert set(
            ParticularsChange.objects.filter(contact_id=link.contact_id).values_list(
                "subject", "field", "counts_from", "by_name"
            )
        ) == {("contact", "", TODAY, "Olive Office"), ("link", "", TODAY, "Olive Office")}

    def test_makes_room_in_the_order_of_calls(self, add, pupil):
        add(name="First")
        add(name="Second", priority=2)

        add(name="New first", priority=1)
        add(name="Far off", priority=50)

        assert order_of(pupil) == [("New first", 1), ("First", 2), ("Second", 3), ("Far off", 4)]


class TestACourtOrderThatRestricts:
    def test_turns_letters_and_sign_in_off(self, add, pupil):
        link = add(court_order_restricts=True, court_order_type="prohibited_steps")

        assert (link.receives_letters, link.may_sign_in) == (False, False)
        with pytest.raises(NoRecipient):
            recipients_for(pupil)

    def test_may_be_on_record_without_restricting(self, add, pupil):
        add(court_order_type="special_guardianship", court_order_from=date(2024, 1, 8))

        assert [copy.names for copy in recipients_for(pupil)] == [("Alex Ashdown",)]

    def test_cannot_end_before_it_begins(self, add, pupil):
        with pytest.raises(ParticularRefused) as caught:
            add(
                court_order_type="care",
                court_order_from=date(2025, 2, 1),
                court_order_until=date(2025, 1, 31),
            )

        assert caught.value.field == "court_order_until"
        assert not PupilContact.objects.filter(pupil=pupil).exists()
        assert not Contact.objects.exists()

    def test_is_of_a_kind_that_the_database_knows(self, pupil):
        with pytest.raises(IntegrityError, match="court_order_is_known"), transaction.atomic():
            PupilContactFactory(pupil=pupil, court_order_type="family feud")


class TestAParentWhoMayNotSignIn:
    def test_sees_none_of_the_childs_record(self, parent, pupil):
        assert children_of(parent, on=TODAY) == [pupil]
        PupilContact.objects.filter(pupil=pupil, contact__user=parent).update(may_sign_in=False)

        assert children_of(parent, on=TODAY) == []


class TestChangingAContact:
    def test_changes_the_person_for_every_child_and_the_link_for_one(self, add, change, pupil, class_group):
        link = add()
        sister = pupil_in_class(class_group)
        PupilContactFactory(pupil=sister, contact=link.contact, relationship="aunt")

        done = change(link, phone="01632 960 009", relationship="carer")

        assert (done.person, done.link) == (("phone",), ("relationship",))
        hers = PupilContact.objects.select_related("contact").get(pupil=sister)
        assert (hers.contact.phone, hers.relationship) == ("01632 960 009", "aunt")

    def test_is_refused_when_somebody_else_changed_it_meanwhile(self, add, change):
        link = add()
        seen = fingerprint(contact_values(link))
        change(link, phone="01632 960 007")

        with pytest.raises(ChangedMeanwhile) as caught:
            change(link, seen=seen, phone="01632 960 008")

        assert caught.value.current["phone"] == "01632 960 007"
        link.contact.refresh_from_db()
        assert link.contact.phone == "01632 960 007"

    def test_notices_a_change_of_the_person_on_a_sisters_page(self, add, change, class_group):
        link = add()
        seen = fingerprint(contact_values(link))
        hers = PupilContactFactory(pupil=pupil_in_class(class_group), contact=link.contact)
        change(hers, address="9 New Road")

        with pytest.raises(ChangedMeanwhile):
            change(link, seen=seen, relationship="carer")

        link.refresh_from_db()
        assert link.relationship == "mother"

    def test_leaves_what_is_equal_alone(self, add, change):
        link = add()
        before = ParticularsChange.objects.count()

        done = change(link)

        assert (done.person, done.link) == ((), ())
        assert ParticularsChange.objects.count() == before


class TestSharingAContact:
    def test_makes_children_brothers_and_sisters_both_ways(self, add, author, pupil, class_group):
        link = add()
        brother = pupil_in_class(class_group, forename="Sam", surname="Other")

        contact_records.link_contact(
            brother, link.contact, ENTERED | {"relationship": "stepmother"}, **author, on=TODAY
        )

        assert [(each.pupil, each.shared) for each in selectors.siblings_of(pupil, on=TODAY)] == [
            (brother, ("Alex Ashdown",))
        ]
        assert [(each.pupil, each.class_name) for each in selectors.siblings_of(brother, on=TODAY)] == [
            (pupil, "Oak")
        ]
        assert Contact.objects.count() == 1

    def test_is_refused_twice(self, add, author, pupil):
        link = add()

        with pytest.raises(AlreadyLinked):
            contact_records.link_contact(pupil, link.contact, ENTERED, **author, on=TODAY)

        assert PupilContact.objects.filter(pupil=pupil).count() == 1

    def test_never_reaches_over_to_another_school(self, add, other_school, pupil):
        link = add()
        with scope(school=other_school):
            ContactFactory(school=other_school, name=link.contact.name, phone=link.contact.phone)

        assert selectors.siblings_of(pupil, on=TODAY) == []


class TestPeopleWhoAreKnownAlready:
    @pytest.mark.parametrize(
        ("entered", "because"),
        [
            ({"phones": ["+44 1632 960001"]}, "the same telephone number"),
            ({"phones": ["", "(01632) 960-001"]}, "the same telephone number"),
            ({"email": "ALEX@family.example"}, "the same e-mail address"),
            ({"name": "alex  ASHDOWN"}, "the same name"),
        ],
    )
    def test_are_offered(self, add, class_group, entered, because):
        add()
        new_pupil = pupil_in_class(class_group)

        found = selectors.people_like(new_pupil, **entered)

        assert [(each.contact.name, each.because, each.children) for each in found] == [
            ("Alex Ashdown", because, ("Robin Ashdown",))
        ]

    def test_are_not_offered_for_their_own_child_or_without_a_likeness(self, add, pupil, class_group):
        add(home_phone="")

        assert selectors.people_like(pupil, phones=["01632960001"]) == []
        assert selectors.people_like(pupil_in_class(class_group), phones=[""], email="", name="") == []

    def test_are_offered_from_the_family(self, add, pupil, class_group):
        shared = add().contact
        add(name="Ben Birch", relationship="father", phone="01632 960 050", email="")
        sister = pupil_in_class(class_group)
        PupilContactFactory(pupil=sister, contact=shared)

        assert [each.contact.name for each in selectors.family_contacts(sister)] == ["Ben Birch"]


class TestRemovingAContact:
    def test_keeps_the_person_for_others_and_the_history(self, add, author, pupil):
        link = add()
        contact_id = link.contact_id

        contact_records.remove_contact(link, **author, on=TODAY)

        assert not PupilContact.objects.filter(pupil=pupil).exists()
        assert Contact.objects.filter(pk=contact_id).exists()
        gone = ParticularsChange.objects.filter(subject="link").order_by("pk").last()
        assert (gone.field, gone.new, gone.by_name) == ("", None, "Olive Office")

    def test_is_refused_while_the_pupil_lives_with_them(self, add, author, pupil):
        link = add()
        PupilAddressFactory(pupil=pupil, with_contact=link.contact)

        with pytest.raises(ParticularRefused):
            contact_records.remove_contact(link, **author, on=TODAY)

        assert PupilContact.objects.filter(pupil=pupil).count() == 1


class TestPupilsWithFewerThanTwoContacts:
    def test_count_only_people_who_can_be_called(self, add, pupil, school, class_group):
        add()
        add(name="No number", phone="")
        add(name="Kept away", court_order_type="care", court_order_restricts=True)
        reached = pupil_in_class(class_group, surname="Zed")
        for number in (1, 2):
            PupilContactFactory(pupil=reached, priority=number)
        nobody = pupil_in_class(class_group, surname="Alone")

        found = selectors.pupils_with_fewer_than_two_contacts(school, TODAY)

        assert [(each.pupil, each.class_name, each.reachable) for each in found] == [
            (nobody, "Oak", 0),
            (pupil, "Oak", 1),
        ]

    def test_count_a_second_number_as_the_same_person(self, add, pupil, school):
        add(home_phone="01632 960 002", work_phone="01632 960 003")

        assert [each.reachable for each in selectors.pupils_with_fewer_than_two_contacts(school, TODAY)] == [
            1
        ]

    def test_are_only_those_on_roll(self, pupil, school):
        pupil.enrolments.update(leaving_on=date(2025, 11, 19))

        assert selectors.pupils_with_fewer_than_two_contacts(school, TODAY) == []

    def test_take_as_many_statements_for_thirty_as_for_three(
        self, school, class_group, django_assert_num_queries
    ):
        for _ in range(30):
            pupil_in_class(class_group)

        # links of people with a number, pupils on roll, classes
        with django_assert_num_queries(3):
            assert len(selectors.pupils_with_fewer_than_two_contacts(school, TODAY)) == 30


class TestSomebodyOfAnotherBody:
    def test_works_with_a_pupil_from_a_day_to_a_day(self, author, pupil):
        worker = OutsideContactFactory(school=pupil.school)

        link = contact_records.link_outside_contact(pupil, worker, starts_on=date(2025, 10, 1), **author)
        contact_records.end_outside_contact(link, ends_on=TODAY, **author)

        assert list(PupilOutsideContact.objects.values_list("starts_on", "ends_on")) == [
            (date(2025, 10, 1), TODAY)
        ]

    def test_works_with_a_pupil_once_at_a_time(self, author, pupil):
        worker = OutsideContactFactory(school=pupil.school)
        contact_records.link_outside_contact(pupil, worker, starts_on=TODAY, **author)

        with pytest.raises(AlreadyLinked):
            contact_records.link_outside_contact(pupil, worker, starts_on=TODAY, **author)

        assert PupilOutsideContact.objects.count() == 1

    def test_cannot_end_before_beginning(self, author, pupil):
        worker = OutsideContactFactory(school=pupil.school)
        link = contact_records.link_outside_contact(pupil, worker, starts_on=TODAY, **author)

        with pytest.raises(ParticularRefused):
            contact_records.end_outside_contact(link, ends_on=date(2025, 11, 19), **author)

        assert PupilOutsideContact.objects.get().ends_on is None
