"""
From a finished letter to a PDF: tagged (PDF/UA-1), with the bundled fonts, without network or other files.

The style sheet and the fonts are read once in each process and kept. The same content gives the same bytes,
whichever process makes them: dates and the file's identifier come from the content.
"""

import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.template.loader import get_template
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

from letters.errors import RenderingFailed
from letters.rules import printing
from letters.rules.content import LetterContent

ASSETS = Path(__file__).resolve().parent / "assets"
BUNDLED = {path.as_uri(): path for path in (ASSETS / "fonts").glob("*.ttf")}

# Part of every identifier: raise it when page, style or fonts change what the same content looks like.
LAYOUT_VERSION = 1
PDF_OPTIONS = {"pdf_variant": "pdf/ua-1"}


class OutsideAssets(FatalURLFetchingError):
    """A page asked for a file or an address. Fatal on purpose: no letter is printed with a part missing."""


def fetch_bundled(url: str, *_args: Any, **_options: Any) -> URLFetcherResponse:
    """
    Return one of the bundled fonts, and nothing else whatever the scheme.

    :raises OutsideAssets: any other address
    """
    path = BUNDLED.get(url)
    if path is None:
        raise OutsideAssets(f"{url[:200]} is not one of the bundled assets")
    return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/ttf"})


@dataclass(frozen=True, slots=True)
class RenderedLetter:
    """A finished file and its number of pages."""

    pdf: bytes
    pages: int


def render_pdf(content: LetterContent) -> bytes:
    """
    Return the letter as PDF/UA-1.

    :raises RenderingFailed: the page asked for anything but a bundled asset
    """
    return render_letter(content).pdf


def render_letter(content: LetterContent) -> RenderedLetter:
    """
    Return the letter as PDF/UA-1 with its number of pages.

    :raises RenderingFailed: the page asked for anything but a bundled asset
    """
    fonts, styles = _warm()
    html = get_template("letters/print/letter.html").render(
        {"letter": content, "date": printing.letter_date(content.on), "created": content.on.isoformat()}
    )
    try:
        document = HTML(string=html, url_fetcher=fetch_bundled, media_type="print").render(
            font_config=fonts, stylesheets=[styles], **PDF_OPTIONS
        )
        identifier = f"{content.digest}.{LAYOUT_VERSION}".encode()
        pdf = document.write_pdf(pdf_identifier=identifier, **PDF_OPTIONS)
        return RenderedLetter(pdf, len(document.pages))
    except OutsideAssets as error:
        raise RenderingFailed(f"The letter could not be printed: {error}.") from error


@cache
def _warm() -> tuple[FontConfiguration, CSS]:
    """Read fonts and style sheet, once in each process."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    fonts = FontConfiguration()
    styles = CSS(filename=ASSETS / "letter.css", font_config=fonts, url_fetcher=fetch_bundled)
    return fonts, styles
