"""Fetching customers' files from their platform, before the turn reads what was said with them.

A file is durable as its handle first (`ref:…`). A process that dies while it fetches leaves the handle, and whoever
runs the turn fetches again. No handle, and no link a platform gave, is ever shown: each may hold a token.
"""

import asyncio
from dataclasses import dataclass

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App, Channel
from orchestrator.engine.live import Herald
from orchestrator.errors import Malformed, NotFound, ParleyError, SendFailed, TooLarge
from orchestrator.handles import HANDLE, is_handle, waiting
from orchestrator.ports import Clock, Files, Http, MediaSource, Store
from orchestrator.types import Amendment, Fetched, Loaded, Media, MediaKind, Message, Part, Unsupported

MOST_TRIES = 3
FIRST_PAUSE = 0.5
KINDS: dict[str, MediaKind] = {"image": "image", "audio": "audio", "video": "video"}

log = structlog.get_logger("parley.media")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """`max_bytes` of one file, `seconds` for all tries to get it."""

    store: Store
    files: Files
    http: Http
    herald: Herald
    clock: Clock
    max_bytes: int
    seconds: float

    async def fetch(self, app: App, loaded: Loaded) -> bool:
        """Whether there was anything to fetch: then the log has changed."""
        wanted = [message for message in (*loaded.pending, *loaded.history) if waiting(message)]
        if not wanted:
            return False
        channel = app.channels.get(loaded.conversation.channel_id)
        await asyncio.gather(*(self.settle(app, channel, message) for message in wanted))
        return True

    async def settle(self, app: App, channel: Channel | None, message: Message) -> None:
        parts = tuple([await self.part(app, channel, part) for part in message.parts])
        change = Amendment(
            conversation_id=message.conversation_id, message_id=message.id, parts=parts, before=message.parts
        )
        after = await self.store.amend(change)
        if after is not None:
            await self.herald.messages([after])

    async def part(self, app: App, channel: Channel | None, part: Part) -> Part:
        if not is_handle(part):
            return part
        try:
            async with asyncio.timeout(self.seconds):
                return await self.tried(app, channel, part)
        except (ParleyError, TimeoutError) as error:
            log.warning("file not fetched", app_id=app.id, channel_id=channel.id if channel else "", error=str(error))
            return Unsupported(what=part.media, note=self.why(error))
        except Exception:
            log.exception("connector raised", app_id=app.id, channel_id=channel.id if channel else "")
            return Unsupported(what=part.media, note=self.why(None))

    def why(self, error: Exception | None) -> str:
        match error:
            case TooLarge():
                return f"the file is larger than {self.max_bytes / 1_048_576:g} MB"
            case NotFound():
                return "the platform does not have the file any more"
            case _:
                return "the file could not be fetched from the platform"

    async def tried(self, app: App, channel: Channel | None, part: Media) -> Part:
        """Raises ParleyError after a few tries, or at once when another one is of no use."""
        for tries in range(1, MOST_TRIES + 1):
            try:
                return await self.kept(app, part, await self.got(channel, part.url.removeprefix(HANDLE)))
            except ParleyError as error:
                if not error.retryable or tries == MOST_TRIES:
                    raise
                await asyncio.sleep(error.retry_after or FIRST_PAUSE * tries)
        raise SendFailed("the file could not be fetched", retryable=False)

    async def got(self, channel: Channel | None, reference: str) -> Fetched:
        """A plain link of a connector that fetches nothing itself goes through the guard."""
        if channel is not None and isinstance(channel.connector, MediaSource):
            found = await channel.connector.fetch(reference, self.max_bytes)
        else:
            found = await self.linked(reference)
        if len(found.data) > self.max_bytes:
            raise TooLarge(f"the file has more than {self.max_bytes} bytes")
        if not found.data:
            raise NotFound("the file is empty")
        return found

    async def linked(self, url: str) -> Fetched:
        answer = await self.http.request("GET", url, timeout=self.seconds, max_bytes=self.max_bytes)
        if answer.status in (404, 410):
            raise NotFound("the link leads nowhere any more")
        if not 200 <= answer.status < 300:
            raise SendFailed(f"the link answered {answer.status}", retryable=answer.status >= 500)
        return Fetched(data=answer.body, mime=answer.headers.get("Content-Type", ""))

    async def kept(self, app: App, part: Media, found: Fetched) -> Media:
        mime = (found.mime or part.mime).partition(";")[0].strip().lower()
        name = (part.name or found.name)[:200]
        try:
            path = await self.files.put(app.id, found.data, name=name, mime=mime)
        except Malformed:
            # It is not what the platform says: then it is just a file.
            mime = "application/octet-stream"
            path = await self.files.put(app.id, found.data, name=name, mime=mime)
        kind = KINDS.get(mime.partition("/")[0], part.media) if part.media == "file" else part.media
        return replace(part, url=path, media=kind, mime=mime, name=name, size=len(found.data))
