"""Letters as PDF: what they say, how they are tagged, and that nothing from outside can get into one."""

import io
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pypdfium2
import pytest
from django.conf import settings

from letters import rendering
from letters.errors import RenderingFailed
from letters.rules import samples
from letters.rules.catalogue import TEMPLATES, template_for
from letters.rules.content import LetterContent, Signature
from letters.rules.merging import address_letter, merge_template
from tests.letters.hostile import HOSTILE, SHAPELESS

MM = 72 / 25.4
EACH = pytest.mark.parametrize("key", TEMPLATES)


def sample(key: str, *, address: tuple[str, ...] = samples.ADDRESS, **changes: Any) -> LetterContent:
    """Return a template with its sample values, addressed to the sample family."""
    template = template_for(key)
    wording = merge_template(
        template,
        samples.sample_values(template) | changes,
        on=samples.ON,
        reference=samples.REFERENCE,
        school=samples.LETTERHEAD.name,
        signature=samples.SIGNATURE.name,
    )
    return address_letter(
        wording,
        letterhead=samples.LETTERHEAD,
        names=samples.NAMES,
        address=address,
        on=samples.ON,
        reference=samples.REFERENCE,
        signature=Signature(template.closing, samples.SIGNATURE.name, samples.SIGNATURE.post),
    )


@cache
def pdf_of(key: str) -> bytes:
    """Render a sample letter, once for all tests."""
    return rendering.render_pdf(sample(key))


def text_of(pdf: bytes) -> str:
    """Return the words of a PDF with single spaces."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def tags_of(element: Any) -> Iterator[Any]:
    """Yield the structure elements of a tagged PDF in reading order."""
    if isinstance(element, pikepdf.Array):
        for child in element:
            yield from tags_of(child)
    elif isinstance(element, pikepdf.Dictionary) and "/S" in element:
        yield element
        if "/K" in element:
            yield from tags_of(element.K)


# What the documents ask each letter to hold, as it prints with the sample values.
FACTS = {
    "wer_notice_3": ["3 days", "Mon 15 to Wed 17 Sep 2025", "Illness"],
    "wer_1": [
        "5 days",
        "97 %",
        "8 days",
        "01632 960 123",
        "our attendance policy",
        "our guide to attendance",
    ],
    "wer_2": ["8 days", "8 October 2025", "10 days", "94.7 %", "9 December 2025 at 9:15am", "support plan"],
    "wer_3": ["10 days", "94.7 %", "20 November 2025", "9 December 2025 at 3:30pm", "every week"],
    "wer_nti": [
        "9.5 days",
        "20 November 2025",
        "Breakfast club",
        "19 December 2025",
        "£80",
        "£160",
        "£1,000",
        "£2,500",
    ],
    "wer_4": ["17 days", "91.0 %", "11 December 2025 at 2:00pm", "attendance contract", "bring somebody"],
    "wer_late": ["10 times", "Tue 9 Sep", "Mon 1 Dec 2025", "9 December 2025 at 9:15am"],
    "str_A": ["10 times", "half term to come"],
    "str_B": ["92.3 % (109 of 118 sessions)", "96 %", "operation"],
    "str_C": ["92.3 %", "96 %", "8 October 2025", "13 February 2026"],
    "str_evidence": ["92.3 %", "8 December 2025", "do not need to pay"],
    "str_D": ["92.3 %", "97 %", "medical needs"],
    "str_E": ["notice to improve, on the council’s form", "section 7 of the Education Act 1996"],
    "lun_half_term": ["92.3 %", "2 times", "Every family gets this letter each half term"],
    "lun_concern": ["Olumide has missed four of the last six Mondays."],
    "lun_evidence": ["more than five school days", "12 December 2025", "6 days"],
    "lun_unauthorise_notice": ["before we make it", "12 December 2025", "family was away"],
    "lun_nti": [
        *("83.8 % (99 of 118 sessions)", "Mon 10 to Fri 14 Nov 2025", "section 7 of the Education Act 1996"),
        *("Breakfast club each morning.", "8 December 2025", "16 January 2026", "£80", "£160"),
        *("not more than two sessions", "Two or more further unauthorised sessions", "copy of this letter"),
    ],
    "wel_1": ["3 September 2025", "92.3 %", "95 %"],
    "wel_2": ["3 September 2025", "92.3 %", "9 December 2025 at 9:15am", "or talk on the phone"],
    "wel_3": ["92.3 %", "11 December 2025 at 2:00pm", "Chair of Governors", "20 November 2025"],
    "wel_4": [
        *("Formal warning", samples.REFERENCE, "11 February 2017", "Harbour Lane Primary School"),
        *(
            "3 September 2025 to Monday 1 December 2025",
            "10 sessions",
            "118 possible sessions",
            "£80",
            "£160",
        ),
        *("absence record", "section 7 of the Education Act 1996", "section 444 of the Education Act 1996"),
    ],
    "wel_5": [
        "Final warning",
        "11 February 2017",
        "Wexshire County Council has agreed",
        "solicitor",
        "£2,500",
    ],
    "wel_late": ["9:00am", "9:05am", "9:15am", "absent without leave"],
    "wel_holiday_warning": ["Monday 2 to Friday 6 March 2026", "£80", "£160", "10 unauthorised sessions"],
    "wel_leave_decision": [
        "4 Kingfisher",
        "granted in part",
        "5 March 2026",
        "6 March 2026",
        "one day of travel",
    ],
    "wel_praise_term_100": ["autumn term"],
    "wel_praise_year_99": ["99.2 % (377 of 380 sessions)"],
    "wel_praise_year_100": ["every single session"],
    "lee_below_95": ["92.3 %", "96 %", "make a plan"],
    "lee_punctuality": ["10 times", "9:00am"],
    "leave_decision": ["granted in part", "5 March 2026", "one day of travel", "10 unauthorised"],
    "letter_home_no_contact": ["Mon 1 Dec 2025", "safe", "council"],
}


class TestEveryLetter:
    @EACH
    def test_holds_the_facts_its_policy_asks_for(self, key: str) -> None:
        text = text_of(pdf_of(key))
        expected = ["Olumide", "2 December 2025", "Dear Temperance Adeyemi-Holt and Gideon Holt", *FACTS[key]]
        assert [fact for fact in expected if fact not in text] == []

    @EACH
    def test_names_the_stale_amounts_nowhere(self, key: str) -> None:
        text = text_of(pdf_of(key))
        assert "£60" not in text
        assert "£120" not in text

    @EACH
    def test_fits_two_pages_and_most_fit_one(self, key: str) -> None:
        pages = len(pypdf.PdfReader(io.BytesIO(pdf_of(key))).pages)
        assert pages == (2 if key in {"wer_nti", "wer_4", "lun_nti", "wel_4"} else 1)

    @EACH
    def test_is_tagged_in_british_english_with_a_title(self, key: str) -> None:
        with pikepdf.open(io.BytesIO(pdf_of(key))) as pdf:
            assert str(pdf.Root.Lang) == "en-GB"
            assert pdf.Root.MarkInfo.Marked
            assert pdf.Root.ViewerPreferences.DisplayDocTitle
            assert str(pdf.docinfo["/Title"]) == sample(key).subject
            with pdf.open_metadata() as metadata:
                assert metadata["pdfuaid:part"] == "1"
            names = [str(tag.S) for tag in tags_of(pdf.Root.StructTreeRoot.K)]
        assert names.count("/H1") == 1
        assert names.index("/P") < names.index("/H1")

    @EACH
    def test_ties_every_cell_of_a_table_to_its_headings(self, key: str) -> None:
        with pikepdf.open(io.BytesIO(pdf_of(key))) as pdf:
            tags = list(tags_of(pdf.Root.StructTreeRoot.K))
            ids = {str(tag.ID) for tag in tags if "/ID" in tag}
            for tag in tags:
                if str(tag.S) == "/TD":
                    headers = [str(one) for one in tag.A.Headers]
                    assert headers
                    assert set(headers) <= ids

    @EACH
    def test_embeds_the_bundled_fonts_and_no_others(self, key: str) -> None:
        with pikepdf.open(io.BytesIO(pdf_of(key))) as pdf:
            fonts = {
                str(font.BaseFont).split("+")[1]: "/FontFile3" in descriptor or "/FontFile2" in descriptor
                for page in pdf.pages
                for font in page.Resources.Font.values()
                for descriptor in [font.DescendantFonts[0].FontDescriptor]
            }
        assert fonts
        assert set(fonts) <= {"Letter", "Letter-Semi-Bold"}
        assert all(fonts.values())

    @EACH
    def test_stays_small(self, key: str) -> None:
        assert len(pdf_of(key)) < 40_000


class TestTheSameContent:
    def test_gives_the_same_bytes_in_another_process(self) -> None:
        program = textwrap.dedent(
            """
            import hashlib, django
            from django.conf import settings
            settings.configure(TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates",
                                           "DIRS": ["templates"]}])
            django.setup()
            from tests.letters.test_rendering import pdf_of
            print(hashlib.sha256(pdf_of("wer_1")).hexdigest(), hashlib.sha256(pdf_of("wel_4")).hexdigest())
            """
        )
        runs = {
            subprocess.run(
                [sys.executable, "-c", program],
                cwd=settings.BASE_DIR,
                env={"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        }
        assert len(runs) == 1

    def test_with_another_word_gives_another_identifier(self) -> None:
        ids = set()
        for content in (sample("wel_praise_year_100"), sample("wel_praise_year_100", forename="Olu")):
            with pikepdf.open(io.BytesIO(rendering.render_pdf(content))) as pdf:
                ids.add(bytes(pdf.trailer.ID[0]))
        assert len(ids) == 2


class TestThePage:
    def boxes(self, pdf: bytes, page: int = 0) -> list[tuple[float, float, float, float, str]]:
        """Return left, top, right, bottom (mm from the sheet's top left) and words of each line of text."""
        document = pypdfium2.PdfDocument(pdf)
        sheet = document[page]
        height = sheet.get_height()
        text = sheet.get_textpage()
        found = []
        for index in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(index)
            words = text.get_text_bounded(left, bottom, right, top)
            found.append((left / MM, (height - top) / MM, right / MM, (height - bottom) / MM, words))
        return found

    @pytest.mark.parametrize(
        "address", [samples.ADDRESS, tuple("Flat 2|Oak House|3 Long Road|Oldtown|Newtown|NT1 2AB".split("|"))]
    )
    def test_puts_the_address_into_the_window_of_the_envelope(self, address: tuple[str, ...]) -> None:
        """Between 39.5 and 66.3 mm from the top, 24.6 to 120 mm from the left."""
        boxes = self.boxes(rendering.render_pdf(sample("wer_1", address=address)))
        lines = [
            box for box in boxes if box[4].strip() in {"Temperance Adeyemi-Holt and Gideon Holt", *address}
        ]
        assert len(lines) == len(address) + 1
        for left, top, right, bottom, words in lines:
            assert 24.4 <= left, words
            assert right <= 120, words
            assert 39.5 <= top, words
            assert bottom <= 66.3, words

    def test_keeps_everything_else_out_of_the_window_and_the_body_below_the_fold(self) -> None:
        for left, top, right, bottom, words in self.boxes(pdf_of("wer_1")):
            if top >= 95 or words.strip() in {"Temperance Adeyemi-Holt and Gideon Holt", *samples.ADDRESS}:
                continue
            assert left >= 125 or bottom <= 30, words
            assert 15 <= left < right <= 195, words

    def test_numbers_pages_from_the_second(self) -> None:
        first = " ".join(box[4] for box in self.boxes(pdf_of("lun_nti")))
        second = " ".join(box[4] for box in self.boxes(pdf_of("lun_nti"), page=1))
        assert "Page 1" not in first
        assert "Page 2 of 2" in second
        assert samples.REFERENCE in second

    def test_signs_above_an_annex(self) -> None:
        reader = pypdf.PdfReader(io.BytesIO(pdf_of("wel_4")))
        assert "Yours sincerely" in reader.pages[0].extract_text()
        assert "Yours sincerely" not in reader.pages[1].extract_text()
        assert "absence record" in reader.pages[1].extract_text()


class TestHostileValues:
    """
    Every value in every place a person can fill: the page must show it and ask for nothing.

    Several values share a page, since the question is only whether each is inert.
    """

    @pytest.mark.parametrize("name", HOSTILE)
    def test_print_as_the_characters_they_are(self, name: str) -> None:
        value = HOSTILE[name]
        content = sample("lun_concern", address=(value,), pupil=value, forename="Robin", concern=value)

        text = text_of(rendering.render_pdf(content))

        squeezed = "".join(value.split())
        seen = "".join(text.split())
        if name != "emoji":  # no letter of the bundled fonts; the words around it still print
            assert seen.count(squeezed) >= 3  # address, subject and the passage itself

    @pytest.mark.parametrize(("value", "printed"), SHAPELESS.values(), ids=SHAPELESS.keys())
    def test_lose_what_has_no_shape(self, value: str, printed: str) -> None:
        content = sample("lun_concern", pupil=value)
        assert content.subject == f"{printed}: something we have noticed"
        assert "Every three weeks" in text_of(rendering.render_pdf(content))

    def test_cannot_attach_a_file_or_a_link(self) -> None:
        everything = " ".join(HOSTILE.values())[:2_900]
        with pikepdf.open(io.BytesIO(rendering.render_pdf(sample("lun_concern", concern=everything)))) as pdf:
            assert "/Names" not in pdf.Root
            assert "/AF" not in pdf.Root
            assert all("/Annots" not in page for page in pdf.pages)

    def test_reach_no_socket(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> None:
            raise AssertionError("a letter reached for the network")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket, "getaddrinfo", refuse)
        rendering.render_pdf(sample("lun_concern", concern=" ".join(HOSTILE.values())[:2_900]))


class TestTheFetcher:
    def test_gives_the_bundled_fonts(self) -> None:
        font = rendering.ASSETS / "fonts" / "SourceSans3-Regular.ttf"
        assert rendering.fetch_bundled(font.as_uri()).read() == font.read_bytes()

    @pytest.mark.parametrize(
        "url",
        [
            "http://evil.example/x.png",
            "https://evil.example/x.css",
            "ftp://evil.example/x",
            "file:///etc/passwd",
            "data:text/css,*{color:red}",
            (rendering.ASSETS / "letter.css").as_uri(),
            (rendering.ASSETS / "fonts" / ".." / "letter.css").as_uri(),
            (rendering.ASSETS / "fonts" / "SourceSans3-Regular.ttf").as_uri() + "?x",
        ],
    )
    def test_refuses_everything_else(self, url: str) -> None:
        with pytest.raises(rendering.OutsideAssets):
            rendering.fetch_bundled(url)

    def test_stops_a_page_that_asks_for_anything(self, tmp_path: Path, settings: Any) -> None:
        """Were markup ever to get through, the letter would fail instead of calling out."""
        page = tmp_path / "letters" / "print"
        page.mkdir(parents=True)
        (page / "letter.html").write_text(
            '<html lang="en-GB"><title>x</title><img src="http://evil.example/x.png">'
        )
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

        with pytest.raises(
            RenderingFailed, match=r"http://evil\.example/x\.png is not one of the bundled assets"
        ):
            rendering.render_pdf(sample("wer_1"))


class TestTheFonts:
    def test_ship_with_their_licence(self) -> None:
        licence = (rendering.ASSETS / "fonts" / "OFL.md").read_text(encoding="utf-8")
        assert "SIL OPEN FONT LICENSE Version 1.1" in licence
        assert "Reserved Font Name 'Source'" in licence
