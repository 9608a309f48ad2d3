"""The pages of the hatch without a script: sign-in desk, leaving early, late gate, late book."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from accounts.models import School, User
from registers.models import ClassGroup, EarlyDeparture, LateArrival, LateGatePupil, Pupil
from tests.cast import SignIn
from tests.factories.registers import (
    ContactFactory,
    PupilContactFactory,
    PupilFactory,
    SessionFactory,
    pupil_in_class,
)
from tests.factories.registers_arrivals import (
    AuthorisedCollectorFactory,
    CollectorPupilFactory,
    DepartureReturnFactory,
    EarlyDepartureFactory,
    LateGateFactory,
    LateGatePupilFactory,
)
from tests.registers.taking import (
    TUESDAY,
    Controls,
    Morning,
    clock_at,
    make_morning,
    mark,
    queries_of,
    standing,
    words_of,
)

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def morning(school: School, class_group: ClassGroup) -> Morning:
    return make_morning(school, class_group)


@pytest.fixture
def late() -> Iterator[None]:
    with clock_at(time(8, 57)):
        yield


@pytest.fixture
def desk(late: None, office: User, sign_in: SignIn, morning: Morning) -> Client:
    """The office at the hatch at 8:57."""
    return sign_in(office)


def url(name: str, school: School, *parts: Any) -> str:
    return reverse(f"registers:{name}", args=[school.key, *parts])


def line(pupil: Pupil, **values: str) -> dict[str, str]:
    return {
        "pupil": str(pupil.pk),
        "arrived_at": "8:57",
        "reason": "overslept",
        "company": "parent",
        **values,
    }


def words(response: HttpResponse) -> str:
    return words_of(response.content.decode())


def arrivals() -> int:
    with scopes_disabled():
        return LateArrival.objects.count()


class TestTheSignInDesk:
    def test_offers_the_time_and_pupils_not_marked_in_first(
        self, desk: Client, school: School, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "/", by=class_teacher)

        html = desk.get(url("arrivals", school)).content.decode()

        assert Controls(html).fields["arrived_at"] == "8:57"
        assert html.index("Baker, Robin") < html.index("Carter, Robin") < html.index("Abbot, Robin")
        assert "AM: present to 8:50am, L to 9:20am, then U." in words_of(html)

    def test_signs_in_and_says_what_became_of_the_mark(
        self, desk: Client, school: School, morning: Morning
    ) -> None:
        response = desk.post(url("arrivals", school), line(morning.pupils[0]), follow=True)

        assert response.redirect_chain == [(url("arrivals", school), 302)]
        assert "Robin Abbot is signed in: 8:57am, 7 minutes late. The mark is L." in words(response)
        assert standing(morning.session) == {"Abbot": ("L", time(8, 57), "")}

    def test_keeps_what_was_entered_when_something_is_wrong(
        self, desk: Client, school: School, morning: Morning
    ) -> None:
        response = desk.post(
            url("arrivals", school), line(morning.pupils[0], arrived_at="9:30", reason_text=HOSTILE)
        )

        html = response.content.decode()
        assert response.status_code == 422
        assert "<title>Error: " in html
        assert 'href="#id_arrived_at"' in html
        assert "The time of arrival cannot be later than now, 8:57am." in words_of(html)
        assert Controls(html).fields["pupil"] == str(morning.pupils[0].pk)
        assert HOSTILE not in html
        assert (arrivals(), standing(morning.session)) == (0, {})

    def test_names_each_thing_that_is_missing(self, desk: Client, school: School) -> None:
        response = desk.post(url("arrivals", school), {})

        html = response.content.decode()
        for message, place in (
            ("Choose a pupil", "id_pupil"),
            ("Enter arrived", "id_arrived_at"),
            ("Choose the reason", "id_reason"),
            ("Choose who came along", "id_company"),
        ):
            assert f'<a href="#{place}">{message}</a>' in html
            assert place in Controls(html).ids

    @pytest.mark.parametrize("typed", ["later", "25:00", "9:7", "²:00", "-1:00", HOSTILE, "9" * 300])
    def test_reads_no_time_out_of_anything_else(
        self, desk: Client, school: School, morning: Morning, typed: str
    ) -> None:
        response = desk.post(url("arrivals", school), line(morning.pupils[0], arrived_at=typed))

        assert response.status_code == 422
        assert "Enter a time like 9:12 or 1:15pm" in words(response)
        assert arrivals() == 0

    def test_asks_when_a_teacher_marked_the_pupil_in(
        self, desk: Client, school: School, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, morning.pupils[0], "/", by=class_teacher)

        response = desk.post(url("arrivals", school), line(morning.pupils[0]))
        fields = Controls(response.content.decode()).fields
        assert response.status_code == 422
        assert "The pupil is marked / (present) already." in words(response)
        assert fields["seen"] == "/"

        again = desk.post(url("arrivals", school), {**fields, "code": "L"}, follow=True)
        assert "The mark is L." in words(again)
        assert standing(morning.session) == {"Abbot": ("L", time(8, 57), "")}

    def test_escapes_what_people_write(self, desk: Client, school: School, morning: Morning) -> None:
        desk.post(
            url("arrivals", school),
            line(morning.pupils[0], reason_text=HOSTILE, company_name=HOSTILE),
        )

        html = desk.get(url("arrivals", school)).content.decode()
        assert HOSTILE not in html
        assert html.count("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;") == 2

    def test_refuses_texts_that_are_too_long(self, desk: Client, school: School, morning: Morning) -> None:
        response = desk.post(url("arrivals", school), line(morning.pupils[0], reason_text="x" * 201))

        assert response.status_code == 422
        assert arrivals() == 0

    def test_knows_no_pupil_of_another_school(
        self, desk: Client, school: School, other_school: School
    ) -> None:
        response = desk.post(url("arrivals", school), line(PupilFactory(school=other_school)))

        assert response.status_code == 422
        assert arrivals() == 0

    def test_says_that_the_school_is_closed(self, desk: Client, school: School) -> None:
        closed = date(2025, 11, 17)
        SessionFactory(school=school, on=closed, status="closed")

        shown = words(desk.get(url("arrivals_on", school, closed)))

        assert "No school on Mon 17 Nov" in shown
        assert "Came with" not in shown

    def test_takes_an_entry_for_a_past_day(self, desk: Client, school: School, morning: Morning) -> None:
        monday = date(2025, 11, 10)

        desk.post(url("arrivals_on", school, monday), line(morning.pupils[0], arrived_at="9:30"))

        session = next(one for one in morning.sessions if one.on == monday and one.half == "AM")
        assert standing(session) == {"Abbot": ("U", time(9, 30), "")}

    def test_waits_for_days_to_come(self, desk: Client, school: School, morning: Morning) -> None:
        page = url("arrivals_on", school, date(2025, 11, 12))

        assert "This day is still to come" in words(desk.get(page))
        assert desk.post(page, line(morning.pupils[0])).status_code == 422
        assert arrivals() == 0

    def test_needs_as_many_statements_for_thirty_pupils_and_entries_as_for_three(
        self, desk: Client, school: School, class_group: ClassGroup, morning: Morning
    ) -> None:
        for pupil in morning.pupils[:2]:
            desk.post(url("arrivals", school), line(pupil))
        few = len(queries_of(desk, url("arrivals", school)))
        for number in range(12):
            pupil = pupil_in_class(class_group, surname=f"Zebra{number:02d}")
            desk.post(url("arrivals", school), line(pupil))

        assert len(queries_of(desk, url("arrivals", school))) == few


class TestAnEntry:
    @pytest.fixture
    def entry(self, desk: Client, school: School, morning: Morning) -> LateArrival:
        desk.post(url("arrivals", school), line(morning.pupils[0]))
        with scopes_disabled():
            return LateArrival.objects.get()

    def test_is_undone_by_one_button_for_a_few_minutes(
        self, desk: Client, school: School, morning: Morning, entry: LateArrival
    ) -> None:
        assert "Undo the entry of Robin Abbot" in words(desk.get(url("arrivals", school)))

        response = desk.post(url("arrival_withdrawal", school, entry.pk), {"undo": "1"}, follow=True)

        assert "The entry of Robin Abbot is withdrawn. There is no mark." in words(response)
        assert standing(morning.session) == {}

    def test_needs_a_reason_later(
        self, desk: Client, school: School, morning: Morning, entry: LateArrival
    ) -> None:
        with clock_at(time(9, 8)):
            assert "Undo the entry" not in words(desk.get(url("arrivals", school)))
            page = url("arrival_withdrawal", school, entry.pk)
            assert desk.post(page, {"undo": "1"}).status_code == 422
            assert standing(morning.session) == {"Abbot": ("L", time(8, 57), "")}
            assert desk.post(page, {"why": "Wrong child"}).status_code == 302
        assert standing(morning.session) == {}

    def test_is_put_right_with_a_reason_and_shows_both(
        self, desk: Client, school: School, morning: Morning, entry: LateArrival
    ) -> None:
        page = url("arrival", school, entry.pk)
        fields = Controls(desk.get(page).content.decode()).fields
        fields = {name: value for name, value in fields.items() if name != "csrfmiddlewaretoken"}

        assert desk.post(page, {**fields, "arrived_at": "8:55", "why": ""}).status_code == 422
        assert desk.post(page, {**fields, "arrived_at": "8:55", "why": "Typing slip"}).status_code == 302

        assert standing(morning.session) == {"Abbot": ("L", time(8, 55), "")}
        with scopes_disabled():
            newest = LateArrival.objects.order_by("pk").last()
        assert newest is not None
        shown = words(desk.get(url("arrival", school, newest.pk)))
        assert "Arrived 8:57am" in shown
        assert "Put right: arrived 8:55am" in shown
        assert "Reason: Typing slip" in shown
        assert "This entry stands no more" in words(desk.get(page))


class TestLeavingEarly:
    @pytest.fixture
    def robin(self, morning: Morning) -> Pupil:
        """A pupil with a mother at home, a father kept away by a court, and an authorised neighbour."""
        pupil = morning.pupils[0]
        PupilContactFactory(pupil=pupil, contact=ContactFactory(school=pupil.school, name="Mara Abbot"))
        PupilContactFactory(
            pupil=pupil,
            contact=ContactFactory(school=pupil.school, name="Fred Abbot"),
            relationship="father",
            priority=2,
            court_order_restricts=True,
        )
        CollectorPupilFactory(
            pupil=pupil, collector=AuthorisedCollectorFactory(school=pupil.school, name="Nora Neighbour")
        )
        return pupil

    @pytest.fixture
    def noon(self) -> Iterator[None]:
        with clock_at(time(10, 35)):
            yield

    @pytest.fixture
    def hatch(self, noon: None, office: User, sign_in: SignIn, robin: Pupil) -> Client:
        return sign_in(office)

    def keys(self, client: Client, school: School, robin: Pupil) -> dict[str, str]:
        """Return the key of each choice of who collects, by name."""
        html = client.get(url("departure_new", school, robin.pk)).content.decode()
        found = {}
        for part in html.split('name="collected"')[1:]:
            value = part.split('value="')[1].split('"')[0]
            found[words_of(part.split("<label")[1].split("</label>")[0]).split(">")[-1].strip()] = value
        return found

    def leave(self, client: Client, school: School, robin: Pupil, **values: str) -> HttpResponse:
        return client.post(
            url("departure_new", school, robin.pk),
            {"left_at": "10:30", "reason": "medical", "proof": "card", **values},
        )

    def rows(self) -> list[tuple[str, str, str]]:
        with scopes_disabled():
            return list(
                EarlyDeparture.objects.order_by("pk").values_list(
                    "collected_by", "relationship", "override_reason"
                )
            )

    def test_begins_with_the_pupil_and_names_no_one_in_the_address(
        self, hatch: Client, school: School, robin: Pupil
    ) -> None:
        response = hatch.post(url("departures", school), {"pupil": str(robin.pk)})

        assert response["Location"] == url("departure_new", school, robin.pk)

    def test_warns_of_a_court_order(self, hatch: Client, school: School, robin: Pupil) -> None:
        shown = words(hatch.get(url("departure_new", school, robin.pk)))

        assert "Do not hand Robin Abbot over to Fred Abbot (father)" in shown
        assert list(self.keys(hatch, school, robin)) == [
            "Mara Abbot, mother",
            "Nora Neighbour, neighbour",
            "Fred Abbot, father – may not collect: A court order restricts this person: do not hand the "
            "child over.",
            "Somebody else, not on the list",
            "Nobody: leaves alone",
        ]

    def test_lets_those_on_the_list_collect(self, hatch: Client, school: School, robin: Pupil) -> None:
        keys = self.keys(hatch, school, robin)

        response = self.leave(hatch, school, robin, collected=keys["Nora Neighbour, neighbour"])

        assert response.status_code == 302
        assert self.rows() == [("Nora Neighbour", "neighbour", "")]

    @pytest.mark.parametrize("who", ["restricted", "other", "alone"])
    def test_refuses_others_without_a_reason(
        self, hatch: Client, school: School, robin: Pupil, who: str
    ) -> None:
        keys = self.keys(hatch, school, robin)
        restricted = next(key for name, key in keys.items() if name.startswith("Fred"))
        chosen = {"collected": restricted if who == "restricted" else who, "other_name": "Sam Stranger"}

        refused = self.leave(hatch, school, robin, **chosen)
        assert refused.status_code == 422
        assert 'href="#id_override_reason"' in refused.content.decode()
        assert self.rows() == []

        allowed = self.leave(hatch, school, robin, **chosen, override_reason="Head agreed by phone")
        assert allowed.status_code == 302
        assert self.rows()[0][2] == "Head agreed by phone"

    def test_keeps_the_morning_mark_and_proposes_the_afternoon(
        self, hatch: Client, school: School, robin: Pupil, morning: Morning, class_teacher: User
    ) -> None:
        mark(morning.session, robin, "/", by=class_teacher)
        keys = self.keys(hatch, school, robin)
        self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"])
        assert "Mark M" in words(hatch.get(url("departures", school)))
        with scopes_disabled():
            entry = EarlyDeparture.objects.get()

        hatch.post(url("departure_afternoon", school, entry.pk), {"seen": ""})

        afternoon = next(one for one in morning.sessions if one.on == TUESDAY and one.half == "PM")
        assert standing(afternoon) == {"Abbot": ("M", None, "")}
        assert standing(morning.session) == {"Abbot": ("/", None, "")}
        assert "Mark M" not in words(hatch.get(url("departures", school)))
        again = hatch.post(url("departure_afternoon", school, entry.pk), {"seen": ""}, follow=True)
        assert "The afternoon is marked M now. Look again." in words(again)

    @pytest.mark.parametrize(("back", "code"), [(time(12, 0), ""), (time(13, 5), "L"), (time(13, 40), "M")])
    def test_signs_back_in_with_the_mark_that_follows(
        self, hatch: Client, school: School, robin: Pupil, morning: Morning, back: time, code: str
    ) -> None:
        keys = self.keys(hatch, school, robin)
        self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"])
        with scopes_disabled():
            entry = EarlyDeparture.objects.get()
        with clock_at(back):
            page = url("departure_return", school, entry.pk)
            response = hatch.post(page, {"returned_at": f"{back:%H:%M}"}, follow=True)
            assert "Robin Abbot is back" in words(response)
            assert "came back at" in words(hatch.post(page, {"returned_at": f"{back:%H:%M}"}, follow=True))

        afternoon = next(one for one in morning.sessions if one.on == TUESDAY and one.half == "PM")
        assert {name: values[0] for name, values in standing(afternoon).items()} == (
            {"Abbot": code} if code else {}
        )

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"left_at": "10:40"}, "The time cannot be later than now, 10:35am."),
            ({"left_at": "1:15"}, "The day begins at 8:50am: an afternoon time needs pm, or 13:15."),
            ({"expected_back_at": "10:20"}, "The pupil cannot be back before leaving."),
        ],
    )
    def test_refuses_times_that_cannot_be(
        self, hatch: Client, school: School, robin: Pupil, values: dict[str, str], message: str
    ) -> None:
        keys = self.keys(hatch, school, robin)

        response = self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"], **values)

        assert response.status_code == 422
        assert message in words(response)
        assert self.rows() == []

    def test_refuses_a_pupil_who_is_out_already(self, hatch: Client, school: School, robin: Pupil) -> None:
        keys = self.keys(hatch, school, robin)
        self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"])

        response = self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"])

        assert response.status_code == 422
        assert "left at 10:30am already and is not back" in words(response)
        assert len(self.rows()) == 1

    def test_needs_as_many_statements_for_many_departures_as_for_few(
        self, hatch: Client, school: School, class_group: ClassGroup, robin: Pupil
    ) -> None:
        def leave(pupil: Pupil) -> None:
            entry = EarlyDepartureFactory(pupil=pupil, on=TUESDAY)
            DepartureReturnFactory(departure=entry, returned_at=time(10, 33))

        for _ in range(3):
            leave(pupil_in_class(class_group))
        pages = (url("departures", school), url("late_book", school))
        few = [len(queries_of(hatch, page)) for page in pages]
        for _ in range(27):
            leave(pupil_in_class(class_group))

        assert [len(queries_of(hatch, page)) for page in pages] == few

    def test_is_put_right_and_withdrawn_with_reasons(
        self, hatch: Client, school: School, robin: Pupil
    ) -> None:
        keys = self.keys(hatch, school, robin)
        self.leave(hatch, school, robin, collected=keys["Mara Abbot, mother"])
        with scopes_disabled():
            entry = EarlyDeparture.objects.get()
        values = {
            "left_at": "10:25",
            "reason": "unwell",
            "proof": "not_needed",
            "collected": keys["Mara Abbot, mother"],
        }
        page = url("departure", school, entry.pk)
        assert hatch.post(page, values).status_code == 422
        assert hatch.post(page, {**values, "why": "Typing slip"}).status_code == 302
        with scopes_disabled():
            corrected = EarlyDeparture.objects.get(replaces=entry)
        hatch.get(url("departures", school))  # with the messages of what was done
        shown = words(hatch.get(url("departures", school)))
        assert "10:25am" in shown
        assert "10:30am" not in shown
        assert hatch.post(url("departure_withdrawal", school, corrected.pk), {}).status_code == 422

        hatch.post(url("departure_withdrawal", school, corrected.pk), {"why": "Did not leave"})

        assert "Nobody has left early on this day." in words(hatch.get(url("departures", school)))
        assert len(self.rows()) == 3


class TestTheLateGate:
    def test_logs_several_pupils_each_with_a_time(
        self, desk: Client, school: School, morning: Morning
    ) -> None:
        first, second, _ = morning.pupils

        desk.post(
            url("late_gate", school),
            {
                "staff_name": "Gia Gate",
                "started_at": "8:52",
                "pupil": [str(first.pk), str(second.pk)],
                f"seen_{first.pk}": "8:54",
            },
        )

        with scopes_disabled():
            rows = list(LateGatePupil.objects.order_by("pk").values_list("pupil_id", "seen_at"))
        assert rows == [(first.pk, time(8, 54)), (second.pk, time(8, 52))]
        assert "Seen at the gate, not signed in yet" in words(desk.get(url("arrivals", school)))
        assert standing(morning.session) == {}

    def test_strikes_an_entry_out_with_a_reason(self, desk: Client, school: School, morning: Morning) -> None:
        gate = LateGateFactory(school=school, on=TUESDAY)
        wrong, right = (
            LateGatePupilFactory(gate=gate, pupil=pupil, seen_at=time(8, 54)) for pupil in morning.pupils[:2]
        )
        address = url("gate_check", school, gate.pk)

        nothing = desk.post(address, {})
        assert nothing.status_code == 422
        assert 'href="#id_why">Enter why it is struck out</a>' in nothing.content.decode()
        assert "Choose who was not greeted" in words(nothing)

        struck = desk.post(address, {"greeting": [wrong.pk], "why": "His brother"}, follow=True)
        assert "1 entry struck out." in words(struck)
        log = words(desk.get(url("late_gate", school)))
        assert "8:52am, Gia Gate: 1 pupil" in log
        assert f"{wrong.pupil.full_name} struck out" in log
        assert "by Olive Office: His brother" in log
        seen = words(desk.get(url("arrivals", school))).split("Seen at the gate")[1]
        assert right.pupil.surname in seen
        assert wrong.pupil.surname not in seen
        book = words(desk.get(url("late_book", school)))
        assert f"Gia Gate: {right.pupil.full_name} 8:54am" in book

        again = desk.post(address, {"greeting": [wrong.pk], "why": "Again"})
        assert again.status_code == 422

    @pytest.mark.parametrize("seen", ["soon", "9:30"])
    def test_refuses_times_that_cannot_be(
        self, desk: Client, school: School, morning: Morning, seen: str
    ) -> None:
        pupil = morning.pupils[0]

        response = desk.post(
            url("late_gate", school),
            {
                "staff_name": "Gia Gate",
                "started_at": "8:52",
                "pupil": [str(pupil.pk)],
                f"seen_{pupil.pk}": seen,
            },
        )

        assert response.status_code == 422
        with scopes_disabled():
            assert LateGatePupil.objects.count() == 0


class TestTheLateBookOfAPeriod:
    def test_counts_by_pupil(self, desk: Client, school: School, morning: Morning) -> None:
        desk.post(url("arrivals_on", school, date(2025, 11, 10)), line(morning.pupils[0], arrived_at="9:30"))
        desk.post(url("arrivals", school), line(morning.pupils[0]))

        query = "?first_day=10&first_month=11&first_year=2025&last_day=11&last_month=11&last_year=2025"
        shown = words(desk.get(url("late_book", school) + query))

        assert "Late book, Mon 10 Nov to Tue 11 Nov" in shown
        assert "Abbot, Robin Oak 2 1 1 47" in shown

    @pytest.mark.parametrize(
        "query",
        [
            "?first_day=11&first_month=11&first_year=2025&last_day=10&last_month=11&last_year=2025",
            "?first_day=31&first_month=2&first_year=2025&last_day=10&last_month=11&last_year=2025",
            "?first_day=1&first_month=1&first_year=2020&last_day=10&last_month=11&last_year=2025",
        ],
    )
    def test_refuses_a_period_that_cannot_be(self, desk: Client, school: School, query: str) -> None:
        assert desk.get(url("late_book", school) + query).status_code == 422
