"""Names of files as strangers give them, made safe to show, to save and to put in a URL."""

import re
import unicodedata

LONGEST = 100
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/avif": ("avif",),
    "image/heic": ("heic", "heif"),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "text", "log", "md", "csv"),
    "text/csv": ("csv",),
    "text/markdown": ("md", "markdown"),
    "application/json": ("json",),
    "video/mp4": ("mp4", "m4v"),
    "video/webm": ("webm",),
    "video/quicktime": ("mov", "qt"),
    "video/3gpp": ("3gp",),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/aac": ("aac",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/webm": ("webm", "weba"),
    "audio/wav": ("wav",),
    "audio/amr": ("amr",),
    "application/zip": ("zip",),
}
"""Extensions a file of that type may keep; the first is given to one that has none of them."""


def safe_name(name: str, mime: str) -> str:
    """The last piece of a path, without what hides or misleads, and with an extension that tells the type.

    "..\\\\Rechnung\\u202efdp.exe" of type application/pdf is "Rechnungfdp.exe.pdf".
    """
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(letter for letter in unicodedata.normalize("NFC", last) if shown(letter))
    tidy = re.sub(r'[<>:"|?*\s]+', " ", seen).strip(" .")
    fitting = EXTENSIONS.get(mime, ())
    stem, dot, extension = tidy.rpartition(".")
    if not dot or (fitting and extension.lower() not in fitting):
        stem, extension = tidy, fitting[0] if fitting else ""
    ending = f".{extension}" if extension else ""
    return f"{stem[: LONGEST - len(ending)].strip(' .') or nameless(mime)}{ending}"


def nameless(mime: str) -> str:
    family = mime.partition("/")[0]
    return family if family in ("image", "audio", "video") else "file"


def shown(letter: str) -> bool:
    """Not a control, format (bidirectional overrides, zero width), surrogate, private or unassigned character."""
    return letter == "\t" or not unicodedata.category(letter).startswith("C")


def slug(name: str) -> str:
    """A safe name as the last piece of a URL: letters, digits, ".", "-" and "_"; "file" when nothing else is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, extension = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).rpartition(".")
    if not dot:
        return extension[:LONGEST].strip("-") or "file"
    ending = f".{extension[:20].strip('-') or 'bin'}"
    return f"{stem[: LONGEST - len(ending)].strip('-.') or 'file'}{ending}"
