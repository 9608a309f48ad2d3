"""The invented people of the demo: nobody real, nobody in a class too large, everybody of the right age."""

import re
from collections import Counter
from datetime import date, timedelta

import pytest

from demo.generation import calendars, names, rolls, schools, trust, upn

FICTIONAL_NUMBER = re.compile(r"07700 900\d{3}|01632 960\d{3}")


class TestUniquePupilNumbers:
    @pytest.mark.parametrize("published", ["B801200005001", "P207000016049"])
    def test_have_the_check_letter_of_published_examples(self, published: str) -> None:
        # The second one by hand: 2×2 + 7×4 + 1×9 + 6×10 + 4×12 + 9×13 = 266 = 11×23 + 13, and letter 13 is P.
        assert upn.check_letter(published[1:]) == published[0]

    @pytest.mark.parametrize("digits", ["20700001604", "2070000160491", "20700001604A", "20700001604²"])
    def test_need_exactly_twelve_digits(self, digits: str) -> None:
        with pytest.raises(ValueError, match="twelve digits"):
            upn.check_letter(digits)

    def test_of_the_trust_are_valid_different_and_of_no_real_authority(
        self, whole_trust: trust.Trust
    ) -> None:
        numbers = [pupil.upn for pupil in whole_trust.pupils]

        assert all(upn.check_letter(number[1:]) == number[0] for number in numbers)
        assert len(set(numbers)) == len(numbers)
        assert {number[1:4] for number in numbers} == {"999"}


class TestTheRoll:
    def test_has_as_many_pupils_as_asked_for_on_every_day_of_the_year(self, whole_trust: trust.Trust) -> None:
        for day in (date(2026, 9, 3), date(2026, 11, 20), date(2027, 3, 1), date(2027, 7, 21)):
            on_roll = [
                pupil
                for pupil in whole_trust.pupils
                if pupil.starts_on <= day and (pupil.leaving_on is None or day <= pupil.leaving_on)
            ]
            assert len(on_roll) == 1500

    def test_has_at_most_thirty_in_a_class_on_any_day(self, whole_trust: trust.Trust) -> None:
        changes: Counter[tuple[str, int, str, date]] = Counter()
        for pupil in whole_trust.pupils:
            for place in pupil.places:
                class_of = (pupil.school_key, place.academic_year, place.class_name)
                changes[(*class_of, place.starts_on)] += 1
                changes[(*class_of, place.ends_on + timedelta(days=1))] -= 1
        size: Counter[tuple[str, int, str]] = Counter()
        largest: Counter[tuple[str, int, str]] = Counter()
        for key, academic_year, name, day in sorted(changes):
            class_key = (key, academic_year, name)
            size[class_key] += changes[(*class_key, day)]
            largest[class_key] = max(largest[class_key], size[class_key])

        assert max(largest.values()) <= schools.LARGEST_CLASS
        assert len(largest) == len(whole_trust.classes) == 106
        assert set(size.values()) == {0}

    def test_has_pupils_of_the_age_of_their_year_group(self, whole_trust: trust.Trust) -> None:
        for pupil in whole_trust.pupils:
            for place in pupil.places:
                first, last = rolls.birthdays(rolls.reception_year(place.year_group, place.academic_year))
                assert first <= pupil.date_of_birth <= last

    def test_moves_classes_up_and_lets_the_oldest_leave(self, whole_trust: trust.Trust) -> None:
        last_groups = {school.key: school.year_groups[-1] for school in schools.SCHOOLS}
        after = {"N": "R", "R": "1"}
        for pupil in whole_trust.pupils:
            groups = [place.year_group for place in pupil.places]
            if len(groups) == 2:
                assert groups[1] == after.get(
                    groups[0], str(int(groups[0]) + 1) if groups[0] not in after else ""
                )
            elif groups[0] == last_groups[pupil.school_key] and pupil.places[0].academic_year == 2025:
                assert pupil.leaving_on is not None
                assert pupil.leaving_on <= date(2026, 7, 15)

    def test_has_joiners_and_leavers_in_the_middle_of_both_years(self, whole_trust: trust.Trust) -> None:
        for starts in (2025, 2026):
            days = calendars.school_year(starts).school_days()
            joined = sum(days[0] < pupil.starts_on <= days[-1] for pupil in whole_trust.pupils)
            left = sum(
                pupil.leaving_on is not None and days[0] < pupil.leaving_on < days[-1]
                for pupil in whole_trust.pupils
            )
            assert 30 <= joined <= 110
            assert 30 <= left <= 110

    def test_has_places_only_while_enrolled(self, whole_trust: trust.Trust) -> None:
        for pupil in whole_trust.pupils:
            assert pupil.places
            for place in pupil.places:
                assert pupil.starts_on <= place.starts_on <= place.ends_on
                assert pupil.leaving_on is None or place.ends_on <= pupil.leaving_on

    def test_has_free_meals_and_special_needs_as_common_as_in_england(self, whole_trust: trust.Trust) -> None:
        pupils = whole_trust.pupils
        shares = Counter(pupil.sen for pupil in pupils)

        assert 0.20 <= sum(pupil.fsm for pupil in pupils) / len(pupils) <= 0.31
        assert 0.11 <= shares["K"] / len(pupils) <= 0.17
        assert 0.025 <= shares["E"] / len(pupils) <= 0.055


class TestFamilies:
    def test_give_every_pupil_at_least_one_contact_in_order_of_priority(
        self, whole_trust: trust.Trust
    ) -> None:
        for pupil in whole_trust.pupils:
            assert [link.priority for link in pupil.contacts] == list(range(1, len(pupil.contacts) + 1))
            assert pupil.contacts
            assert len({link.contact for link in pupil.contacts}) == len(pupil.contacts)

    def test_have_brothers_and_sisters_who_share_contacts(self, whole_trust: trust.Trust) -> None:
        large = [family for family in whole_trust.families if len(family.children) > 1]

        assert 250 <= len(large) <= 500
        for family in large:
            children = [whole_trust.pupils[number] for number in family.children]
            assert len({child.contacts for child in children}) == 1
            assert len({child.school_key for child in children}) == 1
            assert len({child.forename for child in children}) == len(children)

    def test_know_of_orders_hidden_homes_missing_mail_and_single_contacts(
        self, whole_trust: trust.Trust
    ) -> None:
        contacts = whole_trust.contacts
        restricted = [
            link for pupil in whole_trust.pupils for link in pupil.contacts if link.court_order_restricts
        ]

        assert len(restricted) >= 5
        assert not any(link.receives_letters for link in restricted)
        assert sum(contact.address_confidential for contact in contacts) >= 5
        assert sum(not contact.email for contact in contacts) >= 100
        assert sum(len(pupil.contacts) == 1 for pupil in whole_trust.pupils) >= 50
        assert (
            sum(
                len({contacts[link.contact].address for link in pupil.contacts if link.receives_letters}) == 2
                for pupil in whole_trust.pupils
            )
            >= 200
        )

    def test_have_no_telephone_or_mail_that_could_reach_anybody(self, whole_trust: trust.Trust) -> None:
        for contact in whole_trust.contacts:
            assert FICTIONAL_NUMBER.fullmatch(contact.phone)
            assert contact.email == "" or contact.email.endswith("@example.org")
            assert re.search(r"\nZZ\d{1,2} \d[A-Z]{2}$", contact.address)
        addresses = [contact.email for contact in whole_trust.contacts if contact.email]
        assert len(set(addresses)) == len(addresses)

    def test_have_names_with_hyphens_apostrophes_and_accents(self, whole_trust: trust.Trust) -> None:
        surnames = {pupil.surname for pupil in whole_trust.pupils}
        forenames = {pupil.forename for pupil in whole_trust.pupils}

        assert any("-" in name for name in surnames)
        assert any("'" in name for name in surnames)
        assert any(not name.isascii() for name in surnames)
        assert any(not name.isascii() for name in forenames)
        assert max(len(name) for name in surnames) >= 20


class TestPlainText:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("Łukasz", "lukasz"),
            ("Adébáyọ̀-Ogunleye", "adebayo-ogunleye"),
            ("O'Shaughnessy", "oshaughnessy"),
            ("Y\u0131ld\u0131z", "yildiz"),
            ("da Cunha", "da-cunha"),
        ],
    )
    def test_of_a_name_fits_an_address(self, name: str, expected: str) -> None:
        assert names.plain(name) == expected


class TestStaff:
    def test_are_one_teacher_for_each_class_and_the_posts_of_each_school(
        self, whole_trust: trust.Trust
    ) -> None:
        roles = Counter((member.school_key, member.role) for member in whole_trust.staff)
        taught = [place for member in whole_trust.staff for place in member.classes]

        for school in schools.SCHOOLS:
            assert roles[school.key, "office"] == 2
            assert (
                roles[school.key, "champion"]
                == roles[school.key, "head"]
                == roles[school.key, "governor"]
                == 1
            )
        assert roles["", "trust"] == 1
        assert len(taught) == len(whole_trust.classes)
        emails = [member.email for member in whole_trust.staff]
        assert len(set(emails)) == len(emails)

    def test_and_parents_of_several_kinds_can_sign_in_at_each_school(self, whole_trust: trust.Trust) -> None:
        for school in schools.SCHOOLS:
            here = [account for account in whole_trust.parents if account.school_key == school.key]
            children = [
                [
                    pupil
                    for pupil in whole_trust.pupils
                    if any(link.contact == account.contact for link in pupil.contacts)
                    and pupil.place_in(2026)
                    and pupil.leaving_on is None
                ]
                for account in here
            ]
            assert len(here) == 4
            assert any(len(of_account) == 1 for of_account in children)
            assert any(len(of_account) > 1 for of_account in children)
            assert all(whole_trust.contacts[account.contact].email for account in here)
