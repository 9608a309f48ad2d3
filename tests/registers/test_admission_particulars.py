"""The particulars of the admission register: what changes them, what refuses, and the history that stays."""

from datetime import date, time

import pytest
from django.db import IntegrityError, connection, transaction
from django_scopes import scope

from accounts.models import Event
from registers.models import ParticularsChange, Pupil, PupilAddress, PupilFlag
from registers.rules.fingerprints import fingerprint
from registers.rules.flags import FLAGS, flag_label
from registers.selectors.particulars import history_of, particulars_on
from registers.selectors.pupils import addresses_of, flags_of
from registers.services import particulars
from registers.services.particulars import ChangedMeanwhile, ParticularRefused
from tests.factories.registers import ContactFactory, PupilContactFactory, PupilFlagFactory, london
from tests.factories.registers_admission import PupilAddressFactory

TODAY = date(2025, 11, 20)
NOW = london(TODAY, time(9, 0))


@pytest.fixture(autouse=True)
def in_scope(school):
    with scope(school=school):
        yield


def change(pupil, office, *, counts_from=TODAY, seen=None, at=NOW, **values):
    """Change particulars of a pupil as the office does; by default as somebody who has just read them."""
    stands = Pupil.objects.get(pk=pupil.pk)
    return particulars.change_particulars(
        pupil,
        values,
        seen=seen or fingerprint(particulars.particulars_of(stands)),
        by=office,
        at=at,
        position="Office staff",
        counts_from=counts_from,
    )


def notes(pupil):
    """Return what the history says of the pupil's own fields since the pupil was entered."""
    return list(
        ParticularsChange.objects.filter(pupil_id=pupil.pk, subject="pupil")
        .exclude(field="")
        .order_by("pk")
        .values_list("field", "old", "new", "counts_from", "by_name", "by_position")
    )


class TestChangingParticulars:
    def test_changes_the_named_fields_and_notes_old_new_who_and_when(self, pupil, office):
        assert change(pupil, office, surname="Birch", known_as="Bobbie") == ("surname", "known_as")

        pupil.refresh_from_db()
        assert (pupil.surname, pupil.known_as, pupil.forename) == ("Birch", "Bobbie", "Robin")
        assert notes(pupil) == [
            ("known_as", "", "Bobbie", TODAY, "Olive Office", "Office staff"),
            ("surname", "Ashdown", "Birch", TODAY, "Olive Office", "Office staff"),
        ]
        assert set(ParticularsChange.objects.filter(field="surname").values_list("at", flat=True)) == {NOW}

    def test_notes_a_mistake_as_one_that_never_was_right(self, pupil, office):
        change(pupil, office, counts_from=None, surname="Ashdowne")

        assert notes(pupil) == [
            ("surname", "Ashdown", "Ashdowne", None, "Olive Office", "Office staff"),
        ]

    def test_writes_nothing_when_all_stands_so_already(self, pupil, office):
        assert change(pupil, office, surname="Ashdown") == ()

        assert notes(pupil) == []

    def test_refuses_what_somebody_else_changed_meanwhile_and_says_what_stands(self, pupil, office):
        seen = fingerprint(particulars.particulars_of(pupil))
        change(pupil, office, surname="Birch")

        with pytest.raises(ChangedMeanwhile) as caught:
            change(pupil, office, seen=seen, surname="Cedar")

        assert caught.value.current["surname"] == "Birch"
        pupil.refresh_from_db()
        assert pupil.surname == "Birch"
        assert len(notes(pupil)) == 1

    def test_refuses_a_pupil_number_that_another_pupil_has(self, pupil, office, class_group):
        from tests.factories.registers import pupil_in_class

        other = pupil_in_class(class_group)

        with pytest.raises(ParticularRefused) as caught:
            change(pupil, office, upn=other.upn)

        assert caught.value.field == "upn"
        assert notes(pupil) == []

    @pytest.mark.parametrize("born", [date(2025, 9, 1), date(2025, 9, 2)])
    def test_refuses_a_birth_on_or_after_the_starting_day(self, pupil, office, born):
        with pytest.raises(ParticularRefused) as caught:
            change(pupil, office, date_of_birth=born)

        assert caught.value.field == "date_of_birth"
        assert notes(pupil) == []

    def test_knows_no_field_beyond_the_list(self, pupil, office):
        with pytest.raises(KeyError):
            change(pupil, office, school_id=1)


class TestTheHistory:
    def test_is_written_whoever_changes_a_row(self, pupil):
        Pupil.objects.filter(pk=pupil.pk).update(surname="Elm")

        assert notes(pupil)[-1][:3] == ("surname", "Ashdown", "Elm")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE registers_particularschange SET old = 'Oak'",
            "DELETE FROM registers_particularschange",
        ],
    )
    def test_can_only_grow(self, pupil, office, statement):
        change(pupil, office, surname="Birch")
        before = ParticularsChange.objects.count()

        with pytest.raises(IntegrityError, match="can only grow"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)

        assert ParticularsChange.objects.count() == before
        assert notes(pupil)[0][1] == "Ashdown"

    def test_keeps_an_entry_for_six_years_and_no_longer(self, pupil, office):
        change(pupil, office, at=london(date(2015, 1, 5), time(9, 0)), surname="Birch")
        change(pupil, office, surname="Cedar")

        assert ParticularsChange.objects.filter(field="surname", new="Birch").delete()[0] == 1
        with pytest.raises(IntegrityError), transaction.atomic():
            ParticularsChange.objects.filter(field="surname", new="Cedar").delete()

    def test_says_in_words_what_happened_newest_first(self, pupil, office):
        change(pupil, office, surname="Birch", counts_from=date(2025, 10, 1))
        particulars.add_flag(
            pupil,
            "young_carer",
            starts_on=TODAY,
            ends_on=None,
            by=office,
            at=london(TODAY, time(10, 0)),
            position="Office staff",
        )

        told = [(line.about, line.what, line.old, line.new) for line in history_of(pupil, today=TODAY)]

        assert told[0] == ("Young carer", "flag added", "", "from Thu 20 Nov")
        assert told[1] == ("Pupil", "surname", "Ashdown", "Birch")
        assert told[-1] == ("Pupil", "entered in the register", "", "Robin Ashdown")


class TestParticularsOnAPastDay:
    def test_are_those_of_the_day_from_which_each_change_counts(self, pupil, office):
        change(pupil, office, surname="Birch", counts_from=date(2025, 10, 1))
        change(pupil, office, surname="Cedar", counts_from=date(2025, 11, 1))

        names = {
            day: particulars_on(pupil_again(pupil), day).values["surname"]
            for day in (
                date(2025, 9, 30),
                date(2025, 10, 1),
                date(2025, 10, 31),
                date(2025, 11, 1),
                TODAY,
            )
        }

        assert list(names.values()) == ["Ashdown", "Birch", "Birch", "Cedar", "Cedar"]

    def test_are_as_a_mistake_was_put_right(self, pupil, office):
        change(pupil, office, surname="Ashdowne", counts_from=None)

        assert particulars_on(pupil_again(pupil), date(2025, 9, 2)).values["surname"] == "Ashdowne"

    def test_have_the_address_and_the_people_of_that_day(self, pupil, office):
        PupilAddressFactory(pupil=pupil, lines="1 Old Lane\nAnytown", ends_on=date(2025, 10, 31))
        PupilAddressFactory(pupil=pupil, lines="9 New Road\nAnytown", starts_on=date(2025, 11, 1))
        people = PupilContactFactory(pupil=pupil, relationship="mother").contact
        with particulars.noting(by=office, at=NOW, position="", counts_from=date(2025, 11, 1)):
            people.address = "9 New Road\nAnytown"
            people.save(update_fields=["address"])

        before = particulars_on(pupil, date(2025, 10, 31))
        after = particulars_on(pupil, date(2025, 11, 1))

        assert before.addresses == ("1 Old Lane, Anytown",)
        assert after.addresses == ("9 New Road, Anytown",)
        assert [person.values["address"] for person in after.contacts] == ["9 New Road, Anytown"]


def pupil_again(pupil):
    return Pupil.objects.get(pk=pupil.pk)


def address_values(**changed):
    return {"lines": "9 New Road", "starts_on": TODAY, "ends_on": None, "with_contact": None} | changed


class TestAddresses:
    def add(self, pupil, office, **values):
        return particulars.add_address(
            pupil, **address_values(**values), by=office, at=NOW, position="Office staff"
        )

    def test_stand_ahead_now_or_before(self, pupil, office):
        self.add(pupil, office, lines="1 Old Lane", starts_on=date(2024, 9, 1), ends_on=date(2025, 8, 31))
        self.add(pupil, office, lines="2 Valley Road", starts_on=date(2025, 9, 1))
        self.add(pupil, office, lines="3 Hill Street", starts_on=date(2026, 1, 1))

        found = addresses_of(pupil, on=TODAY)

        assert [each.lines for each in found.past] == [("1 Old Lane",)]
        assert [each.lines for each in found.now] == [("2 Valley Road",)]
        assert [each.lines for each in found.ahead] == [("3 Hill Street",)]

    def test_are_two_at_a_time_and_no_more(self, pupil, office):
        self.add(pupil, office, lines="1 Old Lane", starts_on=date(2025, 9, 1))
        self.add(pupil, office, lines="2 Valley Road", starts_on=date(2025, 10, 1))

        with pytest.raises(ParticularRefused) as caught:
            self.add(pupil, office, lines="3 Hill Street", starts_on=date(2025, 9, 15))

        assert caught.value.field == "starts_on"
        assert PupilAddress.objects.filter(pupil=pupil).count() == 2

    def test_may_follow_one_another_without_end(self, pupil, office):
        for month in range(1, 9):
            self.add(
                pupil,
                office,
                lines=f"{month} Long Street",
                starts_on=date(2025, month, 1),
                ends_on=date(2025, month, 28),
            )

        assert PupilAddress.objects.filter(pupil=pupil).count() == 8

    def test_refuse_an_end_before_the_beginning(self, pupil, office):
        with pytest.raises(ParticularRefused) as caught:
            self.add(pupil, office, ends_on=date(2025, 11, 19))

        assert caught.value.field == "ends_on"
        assert not PupilAddress.objects.filter(pupil=pupil).exists()

    def test_are_not_overwritten_by_somebody_who_saw_an_older_one(self, pupil, office):
        row = PupilAddressFactory(pupil=pupil)
        seen = fingerprint(particulars.address_values(row))
        PupilAddress.objects.filter(pk=row.pk).update(lines="4 Other Road")

        with pytest.raises(ChangedMeanwhile):
            particulars.change_address(
                row, **address_values(), seen=seen, by=office, at=NOW, position="Office staff"
            )

        row.refresh_from_db()
        assert row.lines == "4 Other Road"

    def test_that_are_removed_stay_in_the_history(self, pupil, office):
        row = PupilAddressFactory(pupil=pupil)

        particulars.remove_address(row, by=office, at=NOW, position="Office staff")

        assert not PupilAddress.objects.filter(pupil=pupil).exists()
        told = history_of(pupil, today=TODAY)[0]
        assert (told.what, told.old) == ("address removed", "2 Valley Road, Anytown, AN1 2BB, from Mon 1 Sep")

    def test_are_refused_empty_by_the_database(self, pupil):
        with pytest.raises(IntegrityError, match="pupiladdress_says_where"), transaction.atomic():
            PupilAddressFactory(pupil=pupil, lines="")


class TestFlags:
    def add(self, pupil, office, name="ebsa", starts_on=TODAY, ends_on=None):
        return particulars.add_flag(
            pupil,
            name,
            starts_on=starts_on,
            ends_on=ends_on,
            by=office,
            at=NOW,
            position="Office staff",
        )

    def test_stand_from_a_day_to_a_day(self, pupil, office):
        row = self.add(pupil, office, starts_on=date(2025, 10, 1))
        seen = fingerprint(particulars.flag_values(row))

        particulars.change_flag(
            row,
            starts_on=row.starts_on,
            ends_on=date(2025, 11, 14),
            seen=seen,
            by=office,
            at=NOW,
            position="Office staff",
        )

        assert [flag.label for flag in flags_of(pupil, on=date(2025, 11, 14)).now] == [
            "Emotionally based school avoidance"
        ]
        assert flags_of(pupil, on=date(2025, 11, 15)).now == ()
        ended = ParticularsChange.objects.get(subject="flag", field="ends_on")
        assert (ended.old, ended.new, ended.counts_from) == (None, "2025-11-14", date(2025, 11, 15))

    def test_are_refused_twice_on_one_day(self, pupil, office):
        self.add(pupil, office, starts_on=date(2025, 10, 1), ends_on=date(2025, 11, 30))

        with pytest.raises(ParticularRefused):
            self.add(pupil, office, starts_on=date(2025, 11, 30))

        assert PupilFlag.objects.filter(pupil=pupil).count() == 1

    def test_may_come_back(self, pupil, office):
        self.add(pupil, office, starts_on=date(2025, 10, 1), ends_on=date(2025, 10, 31))
        self.add(pupil, office, starts_on=date(2025, 11, 1))

        assert PupilFlag.objects.filter(pupil=pupil, name="ebsa").count() == 2

    def test_that_were_never_right_stay_in_the_history(self, pupil, office):
        row = PupilFlagFactory(pupil=pupil, name="traveller")

        particulars.remove_flag(row, by=office, at=NOW, position="Office staff")

        assert not PupilFlag.objects.filter(pupil=pupil).exists()
        told = history_of(pupil, today=TODAY)[0]
        assert (told.about, told.what) == ("Traveller family", "flag removed")


class TestTheNamesOfFlags:
    def test_include_those_that_policies_and_letters_ask_for(self):
        from escalation.selectors.judging import PupilFlag as judged
        from letters.selectors.known import FLAGS as in_letters

        assert judged is PupilFlag
        assert set(in_letters) <= set(FLAGS)
        assert {"medical", "social_worker", "looked_after", "previously_looked_after"} <= set(FLAGS)

    def test_that_are_not_in_the_list_read_as_words(self):
        assert flag_label("free_milk") == "Free milk"
        assert flag_label("ebsa") == "Emotionally based school avoidance"


class TestOpeningARecord:
    def test_is_logged_once_for_each_person_pupil_and_day(self, pupil, office, champion):
        for at in (NOW, london(TODAY, time(16, 0))):
            particulars.note_seen(pupil, by=office, at=at)
        particulars.note_seen(pupil, by=champion, at=NOW)
        particulars.note_seen(pupil, by=office, at=london(date(2025, 11, 21), time(0, 1)))

        seen = Event.objects.filter(kind="pupil.seen", subject_id=pupil.pk).order_by("at", "pk")
        assert [(event.by_name, event.at.date()) for event in seen] == [
            ("Olive Office", date(2025, 11, 20)),
            ("Charlie Champion", date(2025, 11, 20)),
            ("Olive Office", date(2025, 11, 21)),
        ]
        assert {event.subject_type for event in seen} == {"registers.pupil"}

    def test_names_nobody_but_the_person_who_looked(self, pupil, office):
        ContactFactory(school=pupil.school)
        particulars.note_seen(pupil, by=office, at=NOW)

        assert Event.objects.get(kind="pupil.seen").data == {}
