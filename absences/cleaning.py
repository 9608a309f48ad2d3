"""
Writing a sent file anew, so that nothing of it is kept but what can be seen.

Decoders of pictures and documents are large and have had holes; what is decoded here comes from outside. So a
child process does it, with limits on memory and time, and a decoder that dies takes nothing with it:
`cleaned` starts the child, `main` is the child. Type is decided by content, never by a name or a header.
"""

import io
import json
import re
import resource
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

JPEG, PNG, WEBP, PDF = "image/jpeg", "image/png", "image/webp", "application/pdf"
MOST_PIXELS = 50_000_000  # the largest photos of telephones today
LONGEST_SIDE = 2_400
MOST_PAGES = 40
MOST_SECONDS = 20
MOST_MEMORY = 1_500_000_000  # bytes of address space
JPEG_QUALITY = 85

_DAMAGED = "is damaged and cannot be opened. Take the photo or save the file again"
_TWO_THINGS = "is not only a photo or PDF: something else is hidden in it"
# What a browser or a program would run, wherever it stands in a picture. None is so short that it turns up
# in a picture by chance.
_HIDDEN = (b"<script", b"<?php", b"<iframe", b"<!doctype", b"javascript:", b"%pdf-", b"rar!\x1a\x07")
# What people send by mistake, to tell them what to do instead.
_HEIC = re.compile(rb"(?s)....ftyp(?:heic|heix|hevc|heim|heis|mif1|msf1|avif|avis)")


class FileRefused(Exception):
    """A file is not kept; the message is one clause that follows the file's name."""


@dataclass(frozen=True)
class Cleaned:
    """A file written anew."""

    kind: str
    content: bytes
    pages: int = 1


def kind_of(content: bytes) -> str:
    """
    Return what a file is by its first bytes.

    :raises FileRefused: it is nothing that is kept
    """
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    if content.startswith(b"%PDF-"):
        return PDF
    if _HEIC.match(content):
        raise FileRefused("is in Apple’s HEIC format. Send it as a JPEG, or take a photo of it in this page")
    raise FileRefused("is not a photo (JPEG, PNG or WebP) or a PDF")


def check_is_one_thing(content: bytes, kind: str) -> None:
    """
    Refuse a file that is something else as well, such as a picture with an archive behind it.

    :raises FileRefused: it is
    """
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise FileRefused(_TWO_THINGS)
    text = content.lower()
    hidden = (b"<?php", b"<!doctype") if kind == PDF else _HIDDEN
    if any(sign in text for sign in hidden):
        raise FileRefused(_TWO_THINGS)


def cleaned(content: bytes) -> Cleaned:
    """
    Return the file written anew, by a child process.

    :raises FileRefused: it is of no kind that is kept, is damaged, too large in pixels or pages, or is
        something else as well
    """
    kind = kind_of(content)
    check_is_one_thing(content, kind)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", str(Path(__file__).resolve())],
            input=content,
            capture_output=True,
            timeout=MOST_SECONDS + 5,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise FileRefused("takes too long to open. Save it again, or take a photo of it") from None
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        raise FileRefused(_DAMAGED)
    said = json.loads(head)
    if "refused" in said:
        raise FileRefused(said["refused"])
    return Cleaned(said["kind"], body, said["pages"])


def picture(content: bytes) -> Cleaned:
    """
    Return a picture as a new JPEG: the right way up, at most LONGEST_SIDE long, without any metadata.

    :raises FileRefused: it has too many pixels
    """
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    too_large = f"has more than {MOST_PIXELS // 1_000_000} million pixels. Send a smaller photo"
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise FileRefused(too_large)
            if opened.width < 1 or opened.height < 1:
                raise FileRefused(_DAMAGED)
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than it is kept
            opened.load()
            has_alpha = "A" in opened.getbands() or "transparency" in opened.info
            wide = opened.convert("RGBA" if has_alpha else "RGB")
            orientation = opened.getexif()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefused(too_large) from None
    wide.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    wide.info.clear()
    if orientation.get(0x0112, 1) != 1:
        wide.getexif()[0x0112] = orientation[0x0112]
        wide = ImageOps.exif_transpose(wide)
    flat = Image.new("RGB", wide.size, "white")
    flat.paste(wide, mask=wide.getchannel("A") if has_alpha else None)
    written = io.BytesIO()
    flat.save(written, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return Cleaned(JPEG, written.getvalue())


def document(content: bytes) -> Cleaned:
    """
    Return a PDF of the pages alone: what is filled in stands on them, and nothing can be run, opened or sent.

    Scripts, launch actions, embedded files, forms, links and metadata hang on the document's catalogue or on
    annotations; neither is taken along.

    A letter that only asks not to be printed or copied is kept without that.

    :raises FileRefused: it needs a password, or has no pages or too many
    """
    import pikepdf

    try:
        opened = pikepdf.open(io.BytesIO(content))
    except pikepdf.PasswordError:
        raise FileRefused("has a password. Save it without one, or take a photo of it") from None
    with opened, pikepdf.new() as fresh:
        if not 1 <= len(opened.pages) <= MOST_PAGES:
            raise FileRefused(
                f"has more than {MOST_PAGES} pages. Send only the pages that matter"
                if opened.pages
                else _DAMAGED
            )
        if "/AcroForm" in opened.Root:
            opened.generate_appearance_streams()
        opened.flatten_annotations("screen")
        fresh.pages.extend(opened.pages)
        for page in fresh.pages:
            for key in list(page.obj.keys()):
                if key not in _KEPT_OF_PAGES:
                    del page.obj[key]
        for thing in fresh.objects:
            if isinstance(thing, pikepdf.Stream):
                for key in _UNSEEN & thing.keys():
                    del thing[key]
        fresh.remove_unreferenced_resources()
        written = io.BytesIO()
        fresh.save(written, object_stream_mode=pikepdf.ObjectStreamMode.generate, fix_metadata_version=False)
        return Cleaned(PDF, written.getvalue(), len(fresh.pages))


_KEPT_OF_PAGES = frozenset(
    {"/Type", "/Parent", "/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Group"}
)
# What a drawing may carry besides what is drawn: data of other programs, and files that lie elsewhere.
_UNSEEN = frozenset(
    {
        "/Metadata",
        "/PieceInfo",
        "/AF",
        "/OPI",
        "/Ref",
        "/Alternates",
        "/AA",
        "/F",
        "/FFilter",
        "/FDecodeParms",
    }
)


def main() -> int:
    """Clean the file on standard input; a line of JSON and the new file on standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        made = document(content) if kind_of(content) == PDF else picture(content)
    except FileRefused as refused:
        said: dict[str, object] = {"refused": str(refused)}
        body = b""
    except Exception:  # whatever a decoder says of a file that is no such file
        said, body = {"refused": _DAMAGED}, b""
    else:
        said = {key: value for key, value in asdict(made).items() if key != "content"}
        body = made.content
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
