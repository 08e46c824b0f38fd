"""What a file is by its bytes, and what names may be called."""

import re

import pytest

from orchestrator.adapters import sniff
from orchestrator.adapters.filenames import safe_name, slug
from orchestrator.errors import Malformed
from tests.support import samples

TYPES = {
    "image/png": samples.PNG,
    "image/gif": samples.GIF,
    "image/jpeg": samples.JPEG,
    "image/webp": samples.WEBP,
    "image/heic": samples.HEIC,
    "image/avif": samples.AVIF,
    "application/pdf": samples.PDF,
    "video/mp4": samples.MP4,
    "audio/mp4": samples.M4A,
    "video/quicktime": samples.MOV,
    "video/webm": samples.WEBM,
    "audio/ogg": samples.OGG,
    "audio/mpeg": samples.MP3,
    "audio/aac": samples.AAC,
    "audio/wav": samples.WAV,
    "audio/amr": samples.AMR,
    "application/zip": samples.ZIP,
    "application/msword": samples.DOC,
    "text/plain": samples.TEXT,
    "text/html": samples.HTML,
    "image/svg+xml": samples.SVG,
}


@pytest.mark.parametrize(("mime", "data"), TYPES.items(), ids=TYPES)
def test_recognised_by_its_bytes(mime: str, data: bytes) -> None:
    assert sniff.sniff(data)[0] == mime
    assert sniff.settle(data, "") == mime
    assert sniff.settle(data, mime.upper() + "; charset=utf-8") == mime


@pytest.mark.parametrize("held", TYPES)
def test_a_type_that_is_not_its_own_is_refused(held: str) -> None:
    for said in TYPES.keys() - set(sniff.sniff(TYPES[held])):
        with pytest.raises(Malformed, match=f"sent as {re.escape(repr(said))} but holds"):
            sniff.settle(TYPES[held], said)


@pytest.mark.parametrize(
    ("data", "declared", "settled"),
    [
        (samples.JPEG, "image/jpg", "image/jpeg"),
        (samples.MP3_TAGGED, "audio/mp3", "audio/mpeg"),
        (samples.OGG, "video/ogg", "video/ogg"),
        (samples.WEBM, "audio/webm", "audio/webm"),
        (samples.MP4, "audio/mp4", "audio/mp4"),
        (samples.TEXT, "text/csv", "text/csv"),
        (b'{"a": 1}', "application/json", "application/json"),
        (samples.PNG, "application/octet-stream", "image/png"),
        (b"\x00\x01\x02", "", "application/octet-stream"),
        (b"\x00\x01\x02", "application/x-cad", "application/x-cad"),
        (samples.TEXT, "application/x-notes", "application/x-notes"),
        (
            samples.DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("\ufeffHola".encode(), "text/plain", "text/plain"),
        ("Hola".encode("utf-16"), "text/plain", "text/plain"),
        ("señor".encode("latin-1"), "text/plain", "text/plain"),
    ],
)
def test_settled_type(data: bytes, declared: str, settled: str) -> None:
    assert sniff.settle(data, declared) == settled


@pytest.mark.parametrize(
    ("data", "declared"),
    [
        (samples.TEXT, "image/png"),
        (b"", "image/png"),
        (b"\x00\x01\x02", "text/plain"),
        (b"\n\t <SCRIPT>alert(1)</SCRIPT>", "text/plain"),
        ("\ufeff<html >".encode("utf-16-le"), "text/plain"),
        (b"<?xml version='1.0'?><svg/>", "text/plain"),
        (b"<!-- --><svg/>", "text/csv"),
        (b"<svg:svg xmlns:svg='x'/>", "text/plain"),
        (samples.PDF, "application/x-notes"),
        (samples.TEXT, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_contradictions_are_refused(data: bytes, declared: str) -> None:
    with pytest.raises(Malformed):
        sniff.settle(data, declared)


@pytest.mark.parametrize(
    ("name", "mime", "safe"),
    [
        ("photo.PNG", "image/png", "photo.PNG"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\temp\\cv.pdf", "application/pdf", "cv.pdf"),
        ("..\\Rechnung\u202efdp.exe", "application/pdf", "Rechnungfdp.exe.pdf"),
        ("a\x00b\r\nc.png", "image/png", "abc.png"),
        ('<img src="x">.gif', "image/gif", "img src= x.gif"),
        ("", "image/png", "image.png"),
        ("...", "application/pdf", "file.pdf"),
        ("", "application/x-cad", "file"),
        ("plan.dwg", "application/x-cad", "plan.dwg"),
        ("recibo nº 3.jpeg", "image/jpeg", "recibo nº 3.jpeg"),
        ("x" * 300 + ".png", "image/png", "x" * 96 + ".png"),
        ("photo.png", "image/jpeg", "photo.png.jpg"),
        ("\ud800.png", "image/png", "png.png"),
    ],
)
def test_safe_names(name: str, mime: str, safe: str) -> None:
    assert safe_name(name, mime) == safe
    assert safe_name(safe, mime) == safe, "safe twice is safe once"


@pytest.mark.parametrize(
    ("name", "piece"),
    [
        ("recibo nº 3.jpeg", "recibo-no-3.jpeg"),
        ("領収書.png", "file.png"),
        ("領収書", "file"),
        ("plain", "plain"),
        ("a/../b.png", "a-..-b.png"),
        ("x" * 100 + ".png", "x" * 96 + ".png"),
        ("a." + "b" * 90, "a." + "b" * 20),
        ("½" * 60 + ".png", ("12" * 60)[:96] + ".png"),
    ],
)
def test_slugs(name: str, piece: str) -> None:
    assert slug(name) == piece
    assert slug(piece) == piece
