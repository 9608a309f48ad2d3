"""The catalogue: every letter as it prints with invented values."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from letters.errors import LetterError
from letters.rules import samples
from letters.rules.catalogue import TEMPLATES, template_for
from letters.rules.content import LetterContent
from letters.rules.merging import address_letter, merge_template

PICTURE_DOTS_PER_INCH = (
    60  # a page of about 500 by 700 dots: readable, and light enough for the documentation
)


class CatalogueFailed(LetterError):
    """The catalogue cannot be written."""


def sample_letter(key: str) -> LetterContent:
    """
    Return one letter with invented values, addressed to an invented family.

    :raises UnknownTemplate: there is no such letter
    """
    template = template_for(key)
    wording = merge_template(
        template,
        samples.sample_values(template),
        on=samples.ON,
        reference=samples.REFERENCE,
        school=samples.LETTERHEAD.name,
        signature=samples.SIGNATURE.name,
    )
    return address_letter(
        wording,
        letterhead=samples.LETTERHEAD,
        names=samples.NAMES,
        address=samples.ADDRESS,
        on=samples.ON,
        reference=samples.REFERENCE,
        signature=replace(samples.SIGNATURE, closing=template.closing),
    )


def write_catalogue(out: Path, *, keys: Sequence[str] = (), with_pictures: bool = False) -> list[Path]:
    """
    Write a PDF for each letter (or those named) into a folder, and a PNG for each page. Return the files.

    :raises CatalogueFailed: a letter is unknown, the folder cannot be written, or the library that makes
        pictures is not installed (it comes with the development dependencies)
    """
    from letters.rendering import render_pdf  # loads Pango: only processes that make a page need it

    try:
        letters = {key: sample_letter(key) for key in keys or TEMPLATES}
        out.mkdir(parents=True, exist_ok=True)
        written = []
        for key, content in letters.items():
            path = out / f"{key}.pdf"
            path.write_bytes(render_pdf(content))
            written.append(path)
            if with_pictures:
                written += _pictures(path)
    except LetterError as error:
        raise CatalogueFailed(error.message) from error
    except OSError as error:
        raise CatalogueFailed(f"{out} cannot be written: {error.strerror}.") from error
    except ImportError as error:
        raise CatalogueFailed("Pictures need pypdfium2 and Pillow, which the dev group installs.") from error
    return written


def _pictures(pdf: Path) -> list[Path]:
    """Draw each page of a PDF as a small palette PNG."""
    import pypdfium2  # development only: nothing that Rollcall serves needs it

    written = []
    document = pypdfium2.PdfDocument(pdf)
    for index in range(len(document)):
        suffix = f"-{index + 1}" if len(document) > 1 else ""
        path = pdf.with_name(f"{pdf.stem}{suffix}.png")
        picture = document[index].render(scale=PICTURE_DOTS_PER_INCH / 72).to_pil()
        picture.convert("L").quantize(16).save(path, optimize=True)
        written.append(path)
    return written
