"""The report of an absence in Polish, Romanian, Ukrainian and Urdu: whole, and only where it is asked for."""

import html
import re

import polib
import pytest
import time_machine
from django.utils import translation

from absences.models import Report
from letters.models import Message
from tests.absences.intake_world import give_terms
from tests.absences.parents_world import EARLY, FIRST_HELD, LAST_HELD, Parent
from tests.factories.registers import held_sessions
from tools import translations

LANGUAGES = list(translations.LANGUAGES)


class TestTheCatalogues:
    def test_have_every_message_translated_and_none_left_over(self):
        assert translations.faults() == []
        assert len(translations.messages()) > 140

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_are_compiled_as_they_stand(self, language):
        compiled = translations.catalogue(language).with_suffix(".mo")

        assert compiled.read_bytes() == translations.compiled(language)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_say_nothing_in_english(self, language):
        entries = polib.pofile(str(translations.catalogue(language)))

        assert [entry.msgid for entry in entries if entry.msgstr == entry.msgid] == []

    def test_are_what_django_shows(self):
        shown = {}
        for language in LANGUAGES:
            with translation.override(language):
                shown[language] = translation.gettext("Report an absence")

        assert shown == {
            "pl": "Zgłoś nieobecność",
            "ro": "Anunțați o absență",
            "uk": "Повідомити про відсутність",
            "ur": "غیر حاضری کی اطلاع دیں",
        }


class TestTheLookForMessages:
    def test_finds_tags_blocks_and_calls(self):
        template = (
            '{% translate "One" %}{% blocktranslate trimmed with a=b %}Two\n {{ a }}{% endblocktranslate %}'
        )

        assert translations.of_template(template) == {"One", "Two %(a)s"}
        assert translations.of_module('x = _("Three") + gettext("Four" " five") + other("six")') == {
            "Three",
            "Four five",
        }

    def test_notices_what_is_missing(self, monkeypatch):
        monkeypatch.setattr(translations, "messages", lambda root: {"Nobody translated this"})

        assert "pl: no translation of 'Nobody translated this'" in translations.faults()


@pytest.mark.django_db
class TestTheJourney:
    @pytest.fixture(autouse=True)
    def early(self):
        """Tuesday 11 November 2025, ten past eight."""
        with time_machine.travel(EARLY, tick=False):
            yield

    @pytest.fixture
    def family(self, parent, school, sign_in) -> Parent:
        held_sessions(school, FIRST_HELD, LAST_HELD)
        give_terms(school, "welbourn")
        return Parent(sign_in(parent))

    def english_on(self, page: str) -> list[str]:
        """Return the messages that stand on a page in English."""
        main = re.search(r"<body.*</body>", page, re.DOTALL)[0]
        shown = {line.strip() for line in html.unescape(re.sub(r"<[^>]+>", "\n", main)).split("\n")}
        return sorted(text for text in translations.messages() if len(text) > 4 and text in shown)

    @pytest.mark.parametrize(
        ("language", "direction"), [("pl", "ltr"), ("ro", "ltr"), ("uk", "ltr"), ("ur", "rtl")]
    )
    def test_is_in_the_chosen_language_from_the_first_page_to_the_e_mail(
        self, family, pupil, language, direction
    ):
        family.send("/family/language/", language=language, next="/family/report/")
        assert family.at == "/family/report/"
        found: dict[str, list[str]] = {}

        def look(name: str) -> None:
            text = family.page.content.decode()
            assert f'<html lang="{language}" dir="{direction}"' in text
            assert family.page.headers["Content-Language"] == language
            found[name] = self.english_on(text)

        look("start")
        family.begin(pupil)
        look("reason")
        family.answer()
        look("error")
        for step in ("when", "days", "back", "note"):
            family.go(step)
            look(step)
        family.go("reason")
        family.answer(reason="appointment")
        look("appointment")
        family.go("reason")
        family.answer(reason="holiday")
        look("leave")
        family.go("reason")
        family.answer(reason="sickness")
        look("check")
        family.answer()
        look("sent")
        report = Report._base_manager.get()
        for address in ("", "withdrawal/"):
            family.open(f"/family/reports/{report.pk}/{address}")
            look(address or "report")
        family.open("/family/reports/")
        look("reports")

        assert found == {name: [] for name in found}
        with translation.override(language):
            subject = translation.gettext("Your report of an absence: %(reference)s")
        assert Message._base_manager.get().subject == subject % {"reference": report.reference}

    def test_is_english_to_whoever_chose_nothing(self, family, pupil):
        family.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "pl"
        family.begin(pupil)

        page = family.page.content.decode()
        assert '<html lang="en-GB" dir="ltr"' in page
        assert {"Continue", "Another day", "Ill or unwell"} < set(self.english_on(page))

    def test_writes_days_as_the_language_does(self, family, pupil):
        family.send("/family/language/", language="pl", next="/family/report/")
        family.begin(pupil)

        assert "Dziś, Wt 11 listopada" in family.text

    def test_leaves_staff_pages_in_english(self, office, sign_in):
        client = sign_in(office)
        client.cookies["language"] = "pl"

        page = client.get("/s/hill/absences/settings/").content.decode()
        assert '<html lang="en-GB" dir="ltr"' in page
        assert "What families may report" in page

    @pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example/family/", "/s/hill/", ""])
    def test_goes_on_only_to_families_pages(self, family, next_page):
        answer = family.client.post("/family/language/", {"language": "pl", "next": next_page})

        assert answer.headers["Location"] == "/family/report/"

    def test_knows_no_other_language(self, family):
        answer = family.client.post("/family/language/", {"language": "xx", "next": "/family/"})

        assert "language" not in answer.cookies

    def test_keeps_the_language_in_a_cookie_that_no_script_reads(self, family):
        cookie = family.client.post("/family/language/", {"language": "ur"}).cookies["language"]

        assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("ur", True, "Lax")
