"""Parents and carers as a file: siblings share them, and what the file does not know stays."""

import pytest
from django_scopes import scope

from registers.models import Contact, PupilContact
from tests.commands import everything_stored, run, write_csv
from tests.factories.registers import ContactFactory, PupilFactory

pytestmark = [pytest.mark.django_db]

HEADER = (
    "upn,name,relationship,priority,phone,email,address,parental_responsibility,lives_with,receives_letters"
)
MOTHER = 'A1,Jo Ash,mother,1,01632 960001,jo@ash.example,"1 Hill Road, Anytown",yes,yes,yes'
FATHER = "A1,Sam Ash,father,2,01632 960002,,,yes,no,no"


@pytest.fixture
def within(school):
    for upn in ("A1", "A2", "A3"):
        PupilFactory(school=school, upn=upn)
    with scope(school=school):
        yield school


def import_rows(tmp_path, *rows, header=HEADER, options=()):
    path = write_csv(tmp_path, "contacts.csv", header, *rows)
    return run("import_contacts", path, "--school", "hill", "--json", *options)


def families():
    """Return for each contact the pupils it is linked to."""
    return {
        (contact.name, contact.phone, contact.email): sorted(
            PupilContact.objects.filter(contact=contact).values_list("pupil__upn", flat=True)
        )
        for contact in Contact.objects.all()
    }


class TestANewContact:
    def test_is_kept_with_all_the_file_says(self, tmp_path, within):
        ran = import_rows(tmp_path, MOTHER, FATHER)

        assert ran.lines == [
            {
                "file": "contacts.csv",
                "contacts_added": 2,
                "contacts_changed": 0,
                "links_added": 2,
                "links_changed": 0,
                "dry_run": False,
            }
        ]
        links = PupilContact.objects.select_related("contact").order_by("priority")
        assert [
            (
                link.contact.name,
                link.contact.email,
                link.contact.address,
                link.relationship,
                link.priority,
                link.parental_responsibility,
                link.lives_with,
                link.receives_letters,
                link.court_order_restricts,
            )
            for link in links
        ] == [
            ("Jo Ash", "jo@ash.example", "1 Hill Road\nAnytown", "mother", 1, True, True, True, False),
            ("Sam Ash", "", "", "father", 2, True, False, False, False),
        ]

    def test_lives_with_the_pupil_and_receives_letters_unless_the_file_says_no(self, tmp_path, within):
        import_rows(tmp_path, "A1,Jo Ash,mother,1", header="upn,name,relationship,priority")

        link = PupilContact.objects.get()
        assert (link.parental_responsibility, link.lives_with, link.receives_letters) == (True, True, True)


class TestSiblings:
    @pytest.mark.parametrize(
        "row",
        [
            "A2,Jo Ash,mother,1,01632960001,,,,,",
            "A2,jo  ash,mother,1,,JO@ash.example,,,,",
            'A2,Jo Ash,mother,1,,,"1 hill road; ANYTOWN",,,',
        ],
        ids=["telephone", "e-mail", "address"],
    )
    def test_share_a_parent_whose_name_and_one_detail_agree(self, tmp_path, within, row):
        import_rows(tmp_path, MOTHER, row)

        assert [(name, pupils) for (name, _, _), pupils in families().items()] == [("Jo Ash", ["A1", "A2"])]

    def test_do_not_share_a_namesake_without_a_detail_in_common(self, tmp_path, within):
        import_rows(tmp_path, MOTHER, "A2,Jo Ash,mother,1,01632 960009,,,,,")

        assert sorted(families().values()) == [["A1"], ["A2"]]

    def test_share_one_who_is_known_already(self, tmp_path, within):
        import_rows(tmp_path, MOTHER)

        import_rows(tmp_path, MOTHER.replace("A1", "A3"))

        assert list(families().values()) == [["A1", "A3"]]


class TestTheSameFileAgain:
    def test_changes_nothing(self, tmp_path, within):
        rows = (MOTHER, FATHER, MOTHER.replace("A1", "A2").replace("960001", "960009"))
        import_rows(tmp_path, *rows)
        before = everything_stored()

        ran = import_rows(tmp_path, *rows)

        assert [ran.lines[0][key] for key in ran.lines[0] if key not in ("file", "dry_run")] == [0, 0, 0, 0]
        assert everything_stored() == before


class TestAChangedContact:
    def test_takes_new_details_and_keeps_those_the_file_does_not_know(self, tmp_path, within):
        import_rows(tmp_path, MOTHER)

        ran = import_rows(tmp_path, "A1,Jo Ash,stepmother,2,01632 960077,,,yes,yes,no")

        assert (ran.lines[0]["contacts_changed"], ran.lines[0]["links_changed"]) == (1, 1)
        contact, link = Contact.objects.get(), PupilContact.objects.get()
        assert (contact.phone, contact.email, contact.address) == (
            "01632 960077",
            "jo@ash.example",
            "1 Hill Road\nAnytown",
        )
        assert (link.relationship, link.priority, link.receives_letters) == ("stepmother", 2, False)

    def test_is_never_one_of_another_school(self, tmp_path, within, other_school):
        ContactFactory(school=other_school, name="Jo Ash", email="jo@ash.example")

        import_rows(tmp_path, MOTHER)

        assert Contact._base_manager.filter(name="Jo Ash").count() == 2


class TestAWrongFile:
    @pytest.mark.parametrize(
        ("row", "fault"),
        [
            (MOTHER.replace("A1", "A9"), "column upn: there is no pupil A9 at this school"),
            (MOTHER, "column name: the contact stands twice for pupil A1"),
            ("A2,Jo Ash,mother,0,,,,,,", "column priority: '0' is not a whole number from 1 to 99"),
            ("A2,Jo Ash,mother,1,,nobody,,,,", "column email: 'nobody' is not an e-mail address"),
            (
                "A2,Jo Ash,mother,1,,,,perhaps,,",
                "column parental_responsibility: 'perhaps' is neither yes nor no",
            ),
            ("A2,,mother,1,,,,,,", "column name: is empty"),
        ],
    )
    def test_is_refused_whole(self, tmp_path, within, row, fault):
        before = everything_stored()

        ran = import_rows(tmp_path, MOTHER, row)

        assert (ran.status, ran.out, ran.problems) == (1, "", [f"contacts.csv: line 3, {fault}"])
        assert everything_stored() == before

    def test_is_only_looked_at_in_a_trial_run(self, tmp_path, within):
        before = everything_stored()

        ran = import_rows(tmp_path, MOTHER, options=["--dry-run"])

        assert (ran.status, ran.lines[0]["contacts_added"]) == (0, 1)
        assert everything_stored() == before
