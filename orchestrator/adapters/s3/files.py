"""Media in a bucket: `<prefix><app>/<xx>/<token>` holds the bytes; type and name are headers of the object.

What is served lies in a folder beside, as a cache: with ranges, and without a request to the bucket each time. No link
that the bucket would take is ever handed out.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import structlog

from orchestrator.adapters import sniff
from orchestrator.adapters.filenames import safe_name, slug
from orchestrator.adapters.files import APP, PATH, LocalFiles, Stored, read
from orchestrator.adapters.s3.shelf import prune
from orchestrator.adapters.s3.sigv4 import Key, sign
from orchestrator.config import MediaSettings
from orchestrator.errors import Malformed, Misconfigured, NotFound, ParleyError, TooLarge, Unavailable
from orchestrator.ports import Clock, Http, HttpResponse

MOST_TRIES = 3
FIRST_PAUSE = 0.2
CACHE_BYTES = 1_073_741_824
NAMED = "x-amz-meta-name"

log = structlog.get_logger("parley.media")


class S3Files:
    """Implements Files. `folder` holds the cache, of `cache_bytes` at most but for what is being served."""

    def __init__(
        self, settings: MediaSettings, folder: Path, http: Http, clock: Clock, *, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self.settings = settings
        self.http = http
        self.clock = clock
        self.max_bytes = settings.max_bytes
        self.cache = LocalFiles(folder, clock, max_bytes=settings.max_bytes)
        self.cache_bytes = cache_bytes
        self.key = Key(id=settings.key_id, secret=settings.secret, region=settings.region)
        self.fetching: dict[str, asyncio.Task[Stored]] = {}

    @property
    def where(self) -> str:
        return f"bucket {self.settings.bucket!r} at {self.settings.url}"

    async def open(self) -> None:
        """Look whether the bucket is there and ours. Raises Misconfigured; one that is not reached may come back."""
        await self.cache.open()
        try:
            answer = await self.ask("HEAD", "")
        except Unavailable as error:
            log.warning("bucket not reached", error=str(error))
            return
        if answer.status >= 500 or answer.status == 429:
            log.warning("bucket not ready", error=self.why(answer.status))
        elif answer.status not in (200, 204):
            raise Misconfigured(self.why(answer.status), key=("media",))

    async def close(self) -> None:
        """Whoever waits for a file gets none."""
        for task in self.fetching.values():
            task.cancel()

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        """As the port says; also raises TooLarge, and Malformed when the bytes are not what `mime` says."""
        if not re.fullmatch(APP, app_id):
            raise Malformed(f"app {app_id!r} can't have files: its id is not one")
        if len(data) > self.max_bytes:
            raise TooLarge(f"file {name!r} has {len(data)} bytes; {self.max_bytes} are allowed")
        settled = sniff.settle(data, mime)
        called, token = safe_name(name, settled), self.cache.new_token()
        headers = {"Content-Type": settled, NAMED: quote(called, safe="")}
        answer = await self.ask("PUT", object_key(app_id, token), headers=headers, body=data)
        if answer.status not in (200, 201, 204):
            raise Unavailable(self.why(answer.status))
        return f"/media/{app_id}/{token}/{slug(called)}"

    async def get(self, path: str) -> tuple[bytes, str, str]:
        stored = await self.locate(path)
        try:
            return await asyncio.to_thread(stored.path.read_bytes), stored.mime, stored.name
        except FileNotFoundError:
            stored = await self.fetched(path)  # the cache was cleared in between
            return await asyncio.to_thread(stored.path.read_bytes), stored.mime, stored.name

    async def locate(self, path: str) -> Stored:
        """As a file, fetched if need be. Raises NotFound: for any path that `put` did not return."""
        found = PATH.fullmatch(path)
        if found is None:
            raise NotFound("there is no such file")
        place = self.cache.place(found["app"], found["token"])
        stored = await asyncio.to_thread(read, place) or await self.fetched(path)
        if slug(stored.name) != found["slug"]:
            raise NotFound("there is no such file")
        return stored

    async def fetched(self, path: str) -> Stored:
        """Once for all who ask meanwhile."""
        task = self.fetching.get(path)
        if task is None:
            task = self.fetching[path] = asyncio.create_task(self.fetch(path))
            task.add_done_callback(lambda _: self.fetching.pop(path, None))
        return await asyncio.shield(task)

    async def fetch(self, path: str) -> Stored:
        _, _, app_id, token, _ = path.split("/")
        answer = await self.ask("GET", object_key(app_id, token))
        if answer.status == 404:
            raise NotFound("there is no such file")
        if answer.status != 200:
            raise Unavailable(self.why(answer.status))
        mime = answer.headers.get("Content-Type", sniff.UNKNOWN)
        name = unquote(answer.headers.get(NAMED, "")) or "file"
        place = self.cache.place(app_id, token)
        await asyncio.to_thread(self.keep, place, answer.body, mime, name)
        return Stored(path=place, mime=mime, name=name, size=len(answer.body))

    def keep(self, place: Path, data: bytes, mime: str, name: str) -> None:
        self.cache.write(place, data, mime, name)
        prune(self.cache.folder, self.cache_bytes, keep=place)

    async def ask(
        self, method: str, key: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> HttpResponse:
        """Again a few times where that may help. Raises Unavailable."""
        for tries in range(1, MOST_TRIES + 1):
            try:
                answer = await self.once(method, self.url(key), headers or {}, body)
            except ParleyError as error:
                if tries == MOST_TRIES:
                    raise Unavailable(f"the bucket can't be reached: {error}") from None
            else:
                if (answer.status < 500 and answer.status != 429) or tries == MOST_TRIES:
                    return answer
            await asyncio.sleep(FIRST_PAUSE * tries)
        raise Unavailable("the bucket can't be reached")

    async def once(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        signed = sign(self.key, method, url, headers, body, self.clock.now())
        return await self.http.request(
            method,
            url,
            headers=signed,
            body=body,
            timeout=self.settings.fetch_seconds,
            max_bytes=self.max_bytes,
            trusted=True,
            redirects=False,
        )

    def url(self, key: str) -> str:
        settings = self.settings
        whole = f"{settings.prefix}{key}" if key else ""
        if settings.path_style:
            return f"{settings.url}/{settings.bucket}/{whole}".rstrip("/" if not whole else "")
        parts = urlsplit(settings.url)
        return f"{parts.scheme}://{settings.bucket}.{parts.netloc}{parts.path}/{whole}"

    def why(self, status: int) -> str:
        where = self.where
        match status:
            case 401 | 403:
                return f"{where} refuses our key ({status}): look at [media] key_id, secret and region, and this clock"
            case 404:
                return f"there is no {where}; make it, or name another one in [media]"
            case 301 | 307 | 400:
                return f"{where} answered {status}: it is in another region than {self.settings.region!r}, or not there"
            case _:
                return f"{where} answered {status}"


def object_key(app_id: str, token: str) -> str:
    return f"{app_id}/{token[:2]}/{token}"
