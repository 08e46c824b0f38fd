"""What a file is by its bytes, whatever its sender calls it.

Signatures: WHATWG "MIME Sniffing" (mimesniff.spec.whatwg.org), ISO/IEC 14496-12 (`ftyp` brands), RFC 3533 (Ogg), the
Matroska, RIFF and ZIP specifications.
"""

import re

from orchestrator.errors import Malformed

UNKNOWN = "application/octet-stream"

TEXTS = ("text/plain", "text/csv", "text/markdown", "text/calendar", "text/vcard", "application/json")
HTML = ("text/html", "application/xhtml+xml")
XML = ("image/svg+xml", "text/xml", "application/xml", *HTML)
ISO_MEDIA = ("video/mp4", "audio/mp4", "video/3gpp", "audio/3gpp", "audio/x-m4a", "audio/aac")
OGG = ("audio/ogg", "video/ogg", "application/ogg", "audio/opus")
WEBM = ("video/webm", "audio/webm")
ZIPPED = ("application/zip", "application/x-zip-compressed", "application/epub+zip")
OFFICE = ("application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument.")
OLE = ("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint", "application/vnd.ms-outlook")

PREFIXES: tuple[tuple[bytes, tuple[str, ...]], ...] = (
    (b"\x89PNG\r\n\x1a\n", ("image/png",)),
    (b"\xff\xd8\xff", ("image/jpeg",)),
    (b"GIF87a", ("image/gif",)),
    (b"GIF89a", ("image/gif",)),
    (b"%PDF-", ("application/pdf",)),
    (b"OggS\x00", OGG),
    (b"ID3\x02", ("audio/mpeg",)),
    (b"ID3\x03", ("audio/mpeg",)),
    (b"ID3\x04", ("audio/mpeg",)),
    (b"fLaC", ("audio/flac",)),
    (b"#!AMR", ("audio/amr",)),
    (b"PK\x03\x04", ZIPPED),
    (b"PK\x05\x06", ZIPPED),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"\x1f\x8b\x08", ("application/gzip",)),
    (b"{\\rtf", ("application/rtf", "text/rtf")),
    (b"II*\x00", ("image/tiff",)),
    (b"MM\x00*", ("image/tiff",)),
)

BRANDS: tuple[tuple[tuple[bytes, ...], tuple[str, ...]], ...] = (
    ((b"avif", b"avis"), ("image/avif",)),
    ((b"heic", b"heix", b"hevc", b"mif1", b"msf1"), ("image/heic", "image/heif")),
    ((b"qt  ",), ("video/quicktime",)),
    ((b"M4A ", b"M4B "), ("audio/mp4", "audio/x-m4a", "audio/aac", "video/mp4")),
)

RIFFS = {
    b"WEBP": ("image/webp",),
    b"WAVE": ("audio/wav", "audio/x-wav", "audio/wave"),
    b"AVI ": ("video/x-msvideo",),
}

TAGS = b"!doctype|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|object|embed|form|meta|link"
HTML_START = re.compile(rb"<(?:" + TAGS + rb")[\s>/]|<!--", re.IGNORECASE)
XML_START = re.compile(rb"<(?:\?xml|(?:[\w.-]+:)?svg)[\s>/]|<!(?:doctype\s+svg|entity)", re.IGNORECASE)
BINARY = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
LOOK = 65_536

ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "audio/mp3": "audio/mpeg",
    "application/x-pdf": "application/pdf",
}
ACTIVE = frozenset((*HTML, *XML, "text/javascript", "application/javascript", "application/x-javascript", "text/xsl"))
"""What a browser would run or render as a page: never stored from an upload, never served under its own name."""


def canonical(mime: str) -> str:
    """Lower case, without parameters, under its common name: "IMAGE/JPG; q=1" is "image/jpeg"."""
    bare = mime.partition(";")[0].strip().lower()
    return ALIASES.get(bare, bare)


def sniff(data: bytes) -> tuple[str, ...]:
    """The types these bytes may be called, likeliest first; empty when nothing is recognised."""
    for prefix, mimes in PREFIXES:
        if data.startswith(prefix):
            return mimes
    return container(data) or mpeg_audio(data) or text(data[:LOOK])


def container(data: bytes) -> tuple[str, ...]:
    if data[4:8] == b"ftyp":
        return next((mimes for brands, mimes in BRANDS if data[8:12] in brands), ISO_MEDIA)
    if data[:4] == b"RIFF":
        return RIFFS.get(data[8:12], ())
    if data[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in data[:64] else ("video/x-matroska", "audio/x-matroska")
    return ()


def mpeg_audio(data: bytes) -> tuple[str, ...]:
    """A frame header (ISO/IEC 11172-3, 2.4.1.3): sync, version, layer, and neither bitrate nor rate reserved.

    Layer I is left out: nobody sends it, and FF FE is how text in UTF-16 begins.
    """
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return ()
    if data[1] & 0xF6 == 0xF0:
        return ("audio/aac", "audio/aacp")
    reserved = data[1] & 0x18 == 0x08 or data[1] & 0x06 in (0, 6) or data[2] & 0xF0 == 0xF0 or data[2] & 0x0C == 0x0C
    return () if reserved else ("audio/mpeg",)


def text(data: bytes) -> tuple[str, ...]:
    """Text by the rule of MIME Sniffing §7.2: a byte order mark, or no binary byte. Markup is told from prose."""
    bom = next((mark for mark in BOMS if data.startswith(mark)), b"")
    wide = len(bom) == 2
    if not data or (not wide and data.translate(None, BINARY) != data):
        return ()
    start = (data.replace(b"\0", b"") if wide else data)[len(bom) :].lstrip()
    if XML_START.match(start):
        return XML
    return HTML if HTML_START.match(start) else TEXTS


KNOWN = frozenset(
    mime
    for mimes in (*(m for _, m in PREFIXES), *(m for _, m in BRANDS), *RIFFS.values(), TEXTS, XML, ISO_MEDIA, WEBM)
    for mime in mimes
)


def settle(data: bytes, declared: str) -> str:
    """The type to file these bytes under, from what they are and what they were declared as ("" when unsaid).

    Raises Malformed when the two contradict each other. A type whose bytes nobody can recognise is believed:
    files of it are only ever downloaded.
    """
    said, found = canonical(declared), sniff(data)
    if said in ("", UNKNOWN):
        return found[0] if found else UNKNOWN
    if said in found or (found == ZIPPED and said.startswith(OFFICE)):
        return said
    if said not in KNOWN and not said.startswith(OFFICE) and found in ((), TEXTS):
        return said
    raise Malformed(f"the file was sent as {said!r} but holds {found[0] if found else 'something else'!r}")
