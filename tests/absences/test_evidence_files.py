"""Files that come from outside: what is kept of good ones, and that nothing is kept of bad ones."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from struct import pack
from typing import Any

import pikepdf
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django_scopes import scopes_disabled
from PIL import Image, ImageDraw

from absences.models import Attachment, Report
from absences.rules.file_names import display_name
from absences.services.attachments import AttachmentsRefused, keep, keep_for_all, sweep_orphans
from accounts.models import Event, User
from registers.models import Pupil
from tests.factories.absences import TOLD_AT, ReportFactory
from tests.factories.absences_evidence import (
    AttachmentFactory,
    EvidenceRequestFactory,
    picture,
    sent,
    stored_attachment,
)
from tests.factories.absences_leave import LeaveRequestFactory
from tests.factories.accounts import UserFactory

MB = 1024 * 1024


@pytest.fixture(autouse=True)
def _everything_in_sight(settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    with scopes_disabled():
        yield


@pytest.fixture
def report(db: None) -> Report:
    made: Report = ReportFactory()
    return made


@pytest.fixture
def sender(report: Report) -> User:
    return report.recorded_by


def stored(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def content_of(attachment: Attachment) -> bytes:
    with storages["attachments"].open(attachment.stored_as) as stream:
        return stream.read()


# --- files made here, good and bad


def pdf(pages: int = 1, **saving: Any) -> bytes:
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page()
    written = io.BytesIO()
    made.save(written, **saving)
    return written.getvalue()


def pdf_with(change: Any) -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    change(made)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def archive(names: tuple[str, ...] = ("run.txt",)) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return written.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def encrypted_pdf() -> bytes:
    return pdf(encryption=pikepdf.Encryption(user="secret", owner="owner"))


NOT_KNOWN = "is not a photo (JPEG, PNG or WebP) or a PDF."
DAMAGED = "is damaged and cannot be opened. Take the photo or save the file again."
TWO_THINGS = "is not only a photo or PDF: something else is hidden in it."
TOO_MANY_PIXELS = "has more than 50 million pixels. Send a smaller photo."
TOO_LARGE = "is larger than 10 MB."
JPEG_HEAD = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

# Name, content, content type as claimed, why it is refused.
BAD_FILES: dict[str, tuple[str, Any, str, str]] = {
    "empty": ("letter.jpg", b"", "image/jpeg", "is empty."),
    "one byte": ("letter.jpg", b"\xff", "image/jpeg", NOT_KNOWN),
    "eleven megabytes": ("a.jpg", lambda: picture() + b"\0" * (11 * MB), "image/jpeg", TOO_LARGE),
    "one byte too many": (
        "a.pdf",
        lambda: b"%PDF-1.7\n" + b"\0" * (10 * MB - 8),
        "application/pdf",
        TOO_LARGE,
    ),
    "html called jpg": ("a.jpg", b"<html><script>alert(1)</script></html>", "image/jpeg", NOT_KNOWN),
    "html after a blank": ("a.png", b"\n <!DOCTYPE html><p>x", "image/png", NOT_KNOWN),
    "svg with script": ("a.svg", SVG, "image/svg+xml", NOT_KNOWN),
    "svg called png": ("a.png", SVG, "image/png", NOT_KNOWN),
    "xml with an entity": ("a.pdf", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>', "", NOT_KNOWN),
    "program": ("a.jpg", b"MZ\x90\x00" + b"\0" * 200, "image/jpeg", NOT_KNOWN),
    "elf program": ("a.png", b"\x7fELF\x02\x01\x01" + b"\0" * 200, "image/png", NOT_KNOWN),
    "shell script": ("a.pdf", b"#!/bin/sh\necho\n", "application/pdf", NOT_KNOWN),
    "archive": ("a.zip", archive, "application/zip", NOT_KNOWN),
    "archive called jpg": ("a.jpg", archive, "image/jpeg", NOT_KNOWN),
    "word document": ("a.pdf", lambda: archive(("word/document.xml",)), "application/pdf", NOT_KNOWN),
    "plain text": ("a.txt", b"My child was ill.", "text/plain", NOT_KNOWN),
    "gif": ("a.gif", lambda: picture(kind="GIF"), "image/gif", NOT_KNOWN),
    "bitmap": ("a.bmp", lambda: picture(kind="BMP"), "image/bmp", NOT_KNOWN),
    "tiff": ("a.jpg", lambda: picture(kind="TIFF"), "image/jpeg", NOT_KNOWN),
    "heic": (
        "IMG_1.HEIC",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100,
        "image/heic",
        "is in Apple’s HEIC format. Send it as a JPEG, or take a photo of it in this page.",
    ),
    "postscript": ("a.pdf", b"%!PS-Adobe-3.0\n", "application/pdf", NOT_KNOWN),
    "pdf after other bytes": ("a.pdf", lambda: b"GIF89a" + pdf(), "application/pdf", NOT_KNOWN),
    "truncated jpeg": ("a.jpg", lambda: picture((400, 300))[:-200], "image/jpeg", DAMAGED),
    "truncated png": ("a.png", lambda: picture((400, 300), "PNG")[:-40], "image/png", DAMAGED),
    "truncated webp": ("a.webp", lambda: picture((400, 300), "WEBP")[:60], "image/webp", DAMAGED),
    "head of a jpeg alone": ("a.jpg", JPEG_HEAD, "image/jpeg", DAMAGED),
    "riff that is no webp": ("a.webp", b"RIFF\x10\0\0\0WEBPJUNK\0\0\0\0", "image/webp", DAMAGED),
    "pdf of words": ("a.pdf", b"%PDF-1.7\nThis is not a PDF at all.", "application/pdf", DAMAGED),
    "pdf without pages": ("a.pdf", lambda: pdf(0), "application/pdf", DAMAGED),
    "pdf with a password": (
        "a.pdf",
        encrypted_pdf,
        "application/pdf",
        "has a password. Save it without one, or take a photo of it.",
    ),
    "pdf of 41 pages": (
        "a.pdf",
        lambda: pdf(41),
        "application/pdf",
        "has more than 40 pages. Send only the pages that matter.",
    ),
    "bomb of 400 million pixels": (
        "a.png",
        lambda: picture_of_one_bit(20_000),
        "image/png",
        TOO_MANY_PIXELS,
    ),
    "png that claims more than it is": (
        "a.png",
        lambda: png_claiming(60_000, 60_000),
        "image/png",
        TOO_MANY_PIXELS,
    ),
    "png of no height": ("a.png", lambda: png_claiming(10, 0), "image/png", DAMAGED),
    "jpeg with an archive behind it": ("a.jpg", lambda: picture() + archive(), "image/jpeg", TWO_THINGS),
    "png with a script behind it": (
        "a.png",
        lambda: picture(kind="PNG") + b"<script>alert(1)</script>",
        "image/png",
        TWO_THINGS,
    ),
    "jpeg with php in its comment": (
        "a.jpg",
        lambda: picture(comment=b"<?php system($_GET[0]);"),
        "image/jpeg",
        TWO_THINGS,
    ),
    "jpeg with a pdf behind it": ("a.jpg", lambda: picture() + pdf(), "image/jpeg", TWO_THINGS),
    "pdf with an archive behind it": ("a.pdf", lambda: pdf() + archive(), "application/pdf", TWO_THINGS),
    "pdf that is a page as well": (
        "a.pdf",
        lambda: pdf() + b"<!DOCTYPE html><body onload=alert(1)>",
        "application/pdf",
        TWO_THINGS,
    ),
}


def picture_of_one_bit(side: int) -> bytes:
    written = io.BytesIO()
    Image.new("1", (side, side)).save(written, "PNG")
    return written.getvalue()


def bad(kind: str) -> SimpleUploadedFile:
    name, content, content_type, _ = BAD_FILES[kind]
    return sent(content() if callable(content) else content, name, content_type)


class TestABadFile:
    @pytest.mark.parametrize("kind", BAD_FILES)
    def test_is_refused_and_nothing_is_kept(
        self, kind: str, report: Report, sender: User, tmp_path: Path
    ) -> None:
        with pytest.raises(AttachmentsRefused) as refused:
            keep([bad(kind)], owner=report, by=sender, at=TOLD_AT)

        name = BAD_FILES[kind][0].rsplit(".", 1)[0]
        assert refused.value.faults == {0: f"“{name}” {BAD_FILES[kind][3]}"}
        assert not Attachment.objects.exists()
        assert stored(tmp_path) == []

    def test_takes_the_good_ones_with_it(self, report: Report, sender: User, tmp_path: Path) -> None:
        files = [sent(picture()), bad("plain text"), sent(pdf(), "b.pdf"), bad("empty"), sent(picture())]

        with pytest.raises(AttachmentsRefused) as refused:
            keep(files, owner=report, by=sender, at=TOLD_AT)

        assert refused.value.faults == {1: f"“a” {NOT_KNOWN}", 3: "“letter” is empty."}
        assert not Attachment.objects.exists()
        assert not Event.objects.exists()
        assert stored(tmp_path) == []


class TestTheNumberOfFiles:
    def test_is_five_at_most(self, report: Report, sender: User, tmp_path: Path) -> None:
        with pytest.raises(AttachmentsRefused) as refused:
            keep([sent(picture())] * 6, owner=report, by=sender, at=TOLD_AT)

        assert refused.value.faults == {5: "You can send 5 files at most."}
        assert stored(tmp_path) == []

    def test_counts_those_kept_already(self, report: Report, sender: User) -> None:
        keep([sent(picture())] * 4, owner=report, by=sender, at=TOLD_AT)

        with pytest.raises(AttachmentsRefused) as refused:
            keep([sent(picture())] * 2, owner=report, by=sender, at=TOLD_AT)

        assert refused.value.faults == {1: "5 files at most can be kept here, and there are 4 already."}
        assert Attachment.objects.count() == 4


class TestAPicture:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_is_kept_as_a_new_jpeg_whatever_it_is_called(
        self, kind: str, report: Report, sender: User
    ) -> None:
        [kept] = keep(
            [sent(picture(kind=kind), "scan.pdf", "application/pdf")], owner=report, by=sender, at=TOLD_AT
        )

        content = content_of(kept)
        assert (kept.kind, kept.name, kept.pages, kept.is_picture) == ("image/jpeg", "scan.jpg", 1, True)
        assert content.startswith(b"\xff\xd8\xff")
        assert (kept.size, kept.sha256) == (len(content), sha256(content).hexdigest())
        assert (kept.report, kept.pupil, kept.school) == (report, report.pupil, report.school)
        assert (kept.uploaded_by, kept.uploaded_at) == (sender, TOLD_AT)

    def test_loses_place_camera_and_comment(self, report: Report, sender: User) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Maker"
        exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
        whole = picture(exif=exif, comment=b"at home", icc_profile=b"\0" * 128)

        [kept] = keep([sent(whole)], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert dict(opened.getexif()) == {}
            assert not {"exif", "comment", "icc_profile", "photoshop"} & opened.info.keys()
        assert b"Maker" in whole
        assert b"Maker" not in content_of(kept)

    def test_stands_the_right_way_up(self, report: Report, sender: User) -> None:
        on_its_side = Image.new("RGB", (60, 40), "white")
        ImageDraw.Draw(on_its_side).rectangle((0, 0, 19, 39), fill="black")
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned a quarter clockwise
        written = io.BytesIO()
        on_its_side.save(written, "JPEG", exif=exif, quality=95)

        [kept] = keep([sent(written.getvalue())], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert opened.size == (40, 60)
            grey = opened.convert("L")
            assert [grey.getpixel((20, y)) < 128 for y in (5, 55)] == [True, False]

    def test_is_no_longer_than_2_400_pixels(self, report: Report, sender: User) -> None:
        [kept] = keep([sent(picture((3000, 1000)))], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert opened.size == (2400, 800)

    def test_that_is_small_stays_as_large_as_it_is(self, report: Report, sender: User) -> None:
        [kept] = keep([sent(picture((40, 30)))], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert opened.size == (40, 30)

    def test_that_is_see_through_lies_on_white(self, report: Report, sender: User) -> None:
        written = io.BytesIO()
        Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(written, "PNG")

        [kept] = keep([sent(written.getvalue())], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert opened.getpixel((10, 10)) == (255, 255, 255)

    def test_that_moves_is_kept_as_its_first_frame(self, report: Report, sender: User) -> None:
        written = io.BytesIO()
        frames = [Image.new("RGB", (20, 20), colour) for colour in ("white", "black")]
        frames[0].save(written, "WEBP", save_all=True, append_images=frames[1:])

        [kept] = keep([sent(written.getvalue())], owner=report, by=sender, at=TOLD_AT)

        with Image.open(io.BytesIO(content_of(kept))) as opened:
            assert getattr(opened, "n_frames", 1) == 1
            assert min(opened.getpixel((10, 10))) > 250


def _script(made: pikepdf.Pdf) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    made.Root.OpenAction = script
    made.Root.Names = pikepdf.Dictionary(
        JavaScript=pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a"), script]))
    )
    made.pages[0].obj.AA = pikepdf.Dictionary(O=script)


def _launch(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 100, 100],
        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"),
    )
    made.pages[0].obj.Annots = pikepdf.Array([made.make_indirect(link)])


def _embedded(made: pikepdf.Pdf) -> None:
    made.attachments["virus.exe"] = b"MZ program"


def _page_alone(made: pikepdf.Pdf) -> None:
    made.docinfo["/Author"] = "Dr Hidden"
    made.Root.Metadata = made.make_stream(b"<x>Hidden</x>")
    made.pages[0].obj.Metadata = made.make_stream(b"<x>Hidden</x>")
    drawing = made.make_stream(b"0 0 10 10 re f")
    drawing.Type, drawing.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
    drawing.BBox = [0, 0, 10, 10]
    drawing.PieceInfo = pikepdf.Dictionary(Hidden="Hidden")
    made.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=drawing))
    made.pages[0].obj.Contents = made.make_stream(b"/A Do")


class TestADocument:
    def test_is_kept_with_its_pages(self, report: Report, sender: User) -> None:
        [kept] = keep([sent(pdf(3), "a letter.PDF")], owner=report, by=sender, at=TOLD_AT)

        assert (kept.kind, kept.name, kept.pages, kept.is_picture) == (
            "application/pdf",
            "a letter.pdf",
            3,
            False,
        )
        with pikepdf.open(io.BytesIO(content_of(kept))) as opened:
            assert len(opened.pages) == 3

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (_script, [b"JavaScript", b"alert"]),
            (_launch, [b"Launch", b"cmd.exe"]),
            (_embedded, [b"EmbeddedFile", b"virus.exe", b"MZ program"]),
            (_page_alone, [b"Hidden"]),
        ],
        ids=["a script", "a program to start", "a file inside", "what is not seen"],
    )
    def test_loses_everything_but_its_pages(
        self, change: Any, words: list[bytes], report: Report, sender: User
    ) -> None:
        whole = pdf_with(change)

        [kept] = keep([sent(whole, "a.pdf")], owner=report, by=sender, at=TOLD_AT)

        before, after = spelled_out(whole), spelled_out(content_of(kept))
        assert [word in before for word in words] == [True] * len(words)
        assert [word in after for word in words] == [False] * len(words)
        with pikepdf.open(io.BytesIO(content_of(kept))) as opened:
            assert sorted(opened.Root.keys()) == ["/Pages", "/Type"]
            assert len(opened.pages) == 1

    def test_that_only_asks_not_to_be_copied_is_kept_without_that(self, report: Report, sender: User) -> None:
        guarded = pdf(encryption=pikepdf.Encryption(user="", owner="hospital"))

        [kept] = keep([sent(guarded, "a.pdf")], owner=report, by=sender, at=TOLD_AT)

        with pikepdf.open(io.BytesIO(content_of(kept))) as opened:
            assert not opened.is_encrypted


def spelled_out(content: bytes) -> bytes:
    """Return a PDF with nothing compressed, so that words can be looked for."""
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as opened:
        opened.save(
            written,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return written.getvalue()


class TestTheNameOfAFile:
    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("../../etc/passwd", "passwd.jpg"),
            ("..\\..\\Windows\\system.ini", "system.jpg"),
            ("/etc/cron.d/job.png", "job.jpg"),
            ("C:\\fakepath\\IMG_0042.JPG", "IMG_0042.jpg"),
            ("letter\x00.php", "letter.jpg"),
            ("a\r\nSet-Cookie: x=1.jpg", "a Set-Cookie x 1.jpg"),
            ("GP\u202egpj.exe", "GPgpj.jpg"),
            ("\u200f\u2066letter\u2069.jpg", "letter.jpg"),
            ("CON", "file CON.jpg"),
            ("lpt1.pdf", "file lpt1.jpg"),
            ("aux.tar.gz", "file aux.tar.jpg"),
            (".htaccess", "htaccess.jpg"),
            ("...", "file.jpg"),
            ("", "file.jpg"),
            ("   .jpg", "file.jpg"),
            ("x" * 1000 + ".jpg", "x" * 80 + ".jpg"),
            ('<img src=x onerror="alert(1)">.png', "img src x onerror alert(1).jpg"),
            ("letter.pdf.exe", "letter.pdf.jpg"),
            ("$(rm -rf ~).jpg", "(rm -rf ).jpg"),
            ("Zoë – lekarz Łódź.jpg", "Zoë – lekarz Łódź.jpg"),
        ],
    )
    def test_is_shown_without_what_could_do_harm(self, name: str, shown: str) -> None:
        assert display_name(name, "image/jpeg") == shown

    def test_is_never_the_name_it_lies_under(self, report: Report, sender: User, tmp_path: Path) -> None:
        upload = sent(picture())
        upload._name = "../../../escape.jpg"  # what a hostile client sends past Django's own cleaning

        [kept] = keep([upload], owner=report, by=sender, at=TOLD_AT)

        assert kept.name == "escape.jpg"
        assert stored(tmp_path) == [tmp_path / kept.stored_as]


class TestTheCabinet:
    def test_is_for_the_application_alone(self, report: Report, sender: User, tmp_path: Path) -> None:
        [kept] = keep([sent(picture())], owner=report, by=sender, at=TOLD_AT)

        file = tmp_path / kept.stored_as
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    def test_leaves_no_file_where_a_row_was_refused(
        self, report: Report, sender: User, tmp_path: Path
    ) -> None:
        never: Any = None  # a row without its time is refused when the first file is on the disk

        with pytest.raises(IntegrityError, match="uploaded_at"), transaction.atomic():
            keep([sent(picture()), sent(picture())], owner=report, by=sender, at=never)

        assert not Attachment.objects.exists()
        assert stored(tmp_path) == []

    def test_loses_what_no_row_names_after_a_day(self, report: Report, sender: User, tmp_path: Path) -> None:
        [named] = keep([sent(picture())], owner=report, by=sender, at=TOLD_AT)
        orphan = stored_attachment(report=report)
        Attachment.objects.filter(pk=orphan.pk).delete()
        half = tmp_path / "attachments" / "ab" / "abcd.part"
        half.parent.mkdir(exist_ok=True)
        half.write_bytes(b"half")
        written = storages["attachments"].names()[orphan.stored_as]

        assert sweep_orphans(at=written + timedelta(hours=23)) == 0
        assert sweep_orphans(at=written + timedelta(hours=25)) == 2
        assert stored(tmp_path) == [tmp_path / named.stored_as]


class TestTheOwner:
    def test_may_be_a_request_for_leave_or_for_evidence(self, report: Report, sender: User) -> None:
        leave = LeaveRequestFactory(pupil=report.pupil)
        asked = EvidenceRequestFactory(pupil=report.pupil)

        [of_leave] = keep([sent(picture())], owner=leave, by=sender, at=TOLD_AT)
        [of_asked] = keep([sent(picture())], owner=asked, by=sender, at=TOLD_AT)

        assert (of_leave.leave_request, of_leave.report) == (leave, None)
        assert (of_asked.evidence_request, of_asked.report) == (asked, None)

    def test_is_exactly_one(self, report: Report) -> None:
        with pytest.raises(IntegrityError, match="attachment_has_one_owner"):
            AttachmentFactory(report=report, evidence_request=EvidenceRequestFactory(pupil=report.pupil))

    def test_may_be_several_children_at_once(self, report: Report, sender: User, tmp_path: Path) -> None:
        sibling: Pupil = ReportFactory(pupil__school=report.school).pupil
        second = sibling.absence_reports.get()

        kept = keep_for_all([sent(picture())], owners=[report, second], by=sender, at=TOLD_AT)

        assert [one.pupil for one in kept] == [report.pupil, sibling]
        assert len({one.stored_as for one in kept}) == 2
        assert len(stored(tmp_path)) == 2
        assert list(
            Event.objects.order_by("pk").values_list("kind", "subject_type", "subject_id", "data")
        ) == [("attachment.kept", "absences.report", one.pk, {"files": 1}) for one in (report, second)]

    def test_is_told_nothing_of_an_empty_list(self, report: Report) -> None:
        assert keep([], owner=report, by=UserFactory(), at=TOLD_AT) == []
        assert not Event.objects.exists()
