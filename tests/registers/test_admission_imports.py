"""Particulars that lists of pupils and contacts may bring: taken in, kept where the list is silent, noted."""

import pytest
from django_scopes import scope

from registers.models import Contact, ParticularsChange, Pupil
from tests.commands import run, write_csv

pytestmark = pytest.mark.django_db

PUPILS = "upn,surname,forename,date_of_birth,year_group,class_name,start_date"
ROBIN = "A801200001001,Ashdown,Robin,2016-03-15,5,Oak,2025-09-01"


class TestAListOfPupils:
    def take_in(self, tmp_path, header, row):
        return run("import_pupils", write_csv(tmp_path, "pupils.csv", header, row), "--school", "hill")

    def test_brings_names_language_and_last_school(self, school, tmp_path):
        header = f"{PUPILS},middle_names,known_as,home_language,last_school_name"
        assert self.take_in(tmp_path, header, f"{ROBIN},Jo Lee,Bobbie,Polish,Vale School").status == 0

        with scope(school=school):
            robin = Pupil.objects.get()
        assert (robin.legal_name, robin.known_as) == ("Robin Jo Lee Ashdown", "Bobbie")
        assert (robin.home_language, robin.last_school_name) == ("Polish", "Vale School")

    def test_leaves_what_it_does_not_say(self, school, tmp_path):
        self.take_in(tmp_path, f"{PUPILS},known_as", f"{ROBIN},Bobbie")

        assert self.take_in(tmp_path, f"{PUPILS},known_as", f"{ROBIN},").status == 0
        assert self.take_in(tmp_path, PUPILS, ROBIN).status == 0

        with scope(school=school):
            assert Pupil.objects.get().known_as == "Bobbie"
            assert not ParticularsChange.objects.exclude(field="").exists()

    def test_leaves_a_line_in_the_history_for_each_change(self, school, tmp_path):
        self.take_in(tmp_path, PUPILS, ROBIN)
        self.take_in(tmp_path, PUPILS, ROBIN.replace("Ashdown", "Birch"))

        with scope(school=school):
            change = ParticularsChange.objects.exclude(field="").get()
        assert (change.field, change.old, change.new) == ("surname", "Ashdown", "Birch")
        assert change.by_id is not None


class TestAListOfContacts:
    def test_brings_more_numbers_and_the_language(self, school, tmp_path):
        run("import_pupils", write_csv(tmp_path, "pupils.csv", PUPILS, ROBIN), "--school", "hill")
        header = "upn,name,relationship,priority,phone,home_phone,work_phone,language"
        row = "A801200001001,Ann Ashdown,mother,1,01632 960001,01632 960002,01632 960003,Polish"

        path = write_csv(tmp_path, "contacts.csv", header, row)
        assert run("import_contacts", path, "--school", "hill").status == 0

        with scope(school=school):
            ann = Contact.objects.get()
        assert ann.phones == ("01632 960001", "01632 960002", "01632 960003")
        assert ann.language == "Polish"

    def test_does_not_take_people_who_share_a_language_for_one_person(self, school, tmp_path):
        lee = ROBIN.replace("A801200001001", "A801200001002").replace("Robin", "Lee")
        run("import_pupils", write_csv(tmp_path, "pupils.csv", PUPILS, ROBIN, lee), "--school", "hill")
        rows = [f"A80120000100{n},Ann Ashdown,mother,1,Polish" for n in (1, 2)]

        path = write_csv(tmp_path, "contacts.csv", "upn,name,relationship,priority,language", *rows)
        assert run("import_contacts", path, "--school", "hill").status == 0

        with scope(school=school):
            assert Contact.objects.filter(name="Ann Ashdown").count() == 2
