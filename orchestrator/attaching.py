"""Files that go to a platform as bytes: one of ours as it is kept, any other fetched from where it lies."""

from contextlib import suppress
from urllib.parse import urlsplit

from orchestrator.errors import NotFound, ParleyError
from orchestrator.ports import Files, Http
from orchestrator.types import Fetched, Media

OURS = "/media/"
UNKNOWN = "application/octet-stream"


async def attached(part: Media, files: Files, http: Http, *, most: int, seconds: float = 30.0) -> Fetched | None:
    """None for what can't be had in time, is empty, or has more than `most` bytes: let it go as a link then.

    What is unreachable at this moment goes as a link too. The customer can open that later, whereas a message that
    waits for a picture's server holds up all that is said after it.
    """
    path = urlsplit(part.url).path
    if path.startswith(OURS):
        with suppress(NotFound):
            data, mime, name = await files.get(path)
            return fit(Fetched(data=data, mime=part.mime or mime or UNKNOWN, name=part.name or name), most)
    if part.size > most:
        return None
    try:
        response = await http.request("GET", part.url, timeout=seconds, max_bytes=most)
    except ParleyError:
        return None
    if response.status != 200:
        return None
    said = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    mime = part.mime or (said if "/" in said else UNKNOWN)
    name = part.name or path.rpartition("/")[2] or "file"
    return fit(Fetched(data=response.body, mime=mime, name=name), most)


def fit(found: Fetched, most: int) -> Fetched | None:
    return found if 0 < len(found.data) <= most else None


def as_link(part: Media) -> str:
    """The words that go in place of a file."""
    return "\n".join(filter(None, (part.alt or part.name, part.url)))
