"""Who gets a letter, and who shares a copy."""

import pytest

from letters.errors import NoRecipient
from letters.selectors.recipients import Addressee, recipients_for
from registers.models import Pupil
from tests.factories.registers import ContactFactory, PupilContactFactory

pytestmark = pytest.mark.django_db

HOME = "2 Valley Road\nAnytown\nAN1 2BB"
AWAY = "9 Harbour Street\nFarport\nFP9 9ZZ"


def parent(
    pupil: Pupil, name: str, *, address: str = HOME, confidential: bool = False, **link: object
) -> int:
    """Give the pupil a grown-up and return the contact's id."""
    contact = ContactFactory(
        school=pupil.school, name=name, address=address, address_confidential=confidential
    )
    PupilContactFactory(pupil=pupil, contact=contact, priority=link.pop("priority", 1), **link)
    return int(contact.pk)


def copies(pupil: Pupil) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return names and address of each copy."""
    return [(one.names, one.address) for one in recipients_for(pupil)]


class TestParentsAtOneAddress:
    def test_share_a_copy_in_the_order_they_are_called(self, pupil: Pupil) -> None:
        second = parent(pupil, "Paul Ashdown", priority=2)
        first = parent(pupil, "Mona Ashdown", priority=1)

        (copy,) = recipients_for(pupil)

        assert copy == Addressee(
            key=copy.key,
            contact_ids=(first, second),
            names=("Mona Ashdown", "Paul Ashdown"),
            address=("2 Valley Road", "Anytown", "AN1 2BB"),
            is_confidential=False,
        )

    def test_share_it_though_the_address_is_typed_differently(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")
        parent(pupil, "Paul Ashdown", address="2, Valley Road\n\n ANYTOWN \nan1 2bb", priority=2)

        assert [names for names, _ in copies(pupil)] == [("Mona Ashdown", "Paul Ashdown")]

    def test_share_it_without_an_address_when_the_pupil_lives_with_them(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown", address="")
        parent(pupil, "Paul Ashdown", address="", priority=2)

        assert copies(pupil) == [(("Mona Ashdown", "Paul Ashdown"), ())]


class TestACopyForOneOfThem:
    def test_names_nobody_else_even_at_the_same_address(self, pupil: Pupil) -> None:
        first = parent(pupil, "Mona Ashdown")
        parent(pupil, "Paul Ashdown", priority=2)

        assert [one.names for one in recipients_for(pupil, only=[first])] == [("Mona Ashdown",)]

    def test_goes_to_nobody_whom_a_court_order_restricts(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")
        kept_away = parent(pupil, "Paul Ashdown", court_order_restricts=True, priority=2)

        with pytest.raises(NoRecipient):
            recipients_for(pupil, only=[kept_away])


class TestSeparatedParents:
    def test_get_a_copy_each_with_their_own_address_alone(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")
        parent(pupil, "Paul Ashdown", address=AWAY, lives_with=False, priority=2)

        assert copies(pupil) == [
            (("Mona Ashdown",), ("2 Valley Road", "Anytown", "AN1 2BB")),
            (("Paul Ashdown",), ("9 Harbour Street", "Farport", "FP9 9ZZ")),
        ]

    def test_without_addresses_get_a_copy_each_when_one_lives_elsewhere(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown", address="")
        parent(pupil, "Paul Ashdown", address="", lives_with=False, priority=2)

        assert [names for names, _ in copies(pupil)] == [("Mona Ashdown",), ("Paul Ashdown",)]


class TestProtection:
    def test_a_court_order_keeps_a_person_from_letters(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")
        parent(pupil, "Paul Ashdown", court_order_restricts=True, priority=2)

        assert [names for names, _ in copies(pupil)] == [("Mona Ashdown",)]

    def test_a_confidential_address_stands_on_no_other_copy_even_at_the_same_address(
        self, pupil: Pupil
    ) -> None:
        parent(pupil, "Mona Ashdown", confidential=True)
        parent(pupil, "Paul Ashdown", priority=2)

        first, second = recipients_for(pupil)

        assert (first.names, first.is_confidential) == (("Mona Ashdown",), True)
        assert (second.names, second.is_confidential) == (("Paul Ashdown",), False)
        assert first.key != second.key

    def test_people_who_do_not_receive_letters_are_left_out(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")
        parent(pupil, "Gran Ashdown", receives_letters=False, priority=2)

        assert [names for names, _ in copies(pupil)] == [("Mona Ashdown",)]

    def test_a_confidential_contact_without_address_is_addressed_alone(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown", address="", confidential=True)
        parent(pupil, "Paul Ashdown", address="", priority=2)

        assert [names for names, _ in copies(pupil)] == [("Mona Ashdown",), ("Paul Ashdown",)]

    def test_the_key_of_a_copy_shows_neither_name_nor_address(self, pupil: Pupil) -> None:
        parent(pupil, "Mona Ashdown")

        (copy,) = recipients_for(pupil)

        assert len(copy.key) == 64
        assert set(copy.key) <= set("0123456789abcdef")


class TestNobody:
    def test_on_record_is_said_with_what_to_add(self, pupil: Pupil) -> None:
        with pytest.raises(NoRecipient) as refusal:
            recipients_for(pupil)
        assert refusal.value.message == (
            "Robin Ashdown has no parent or carer on record. Add one who receives letters."
        )

    def test_but_restricted_people_is_said(self, pupil: Pupil) -> None:
        parent(pupil, "Paul Ashdown", court_order_restricts=True)
        with pytest.raises(NoRecipient, match="A court order restricts every parent and carer"):
            recipients_for(pupil)

    def test_who_receives_letters_is_said(self, pupil: Pupil) -> None:
        parent(pupil, "Paul Ashdown", receives_letters=False)
        parent(pupil, "Mona Ashdown", court_order_restricts=True, priority=2)
        with pytest.raises(NoRecipient, match="No parent or carer of Robin Ashdown receives letters"):
            recipients_for(pupil)
