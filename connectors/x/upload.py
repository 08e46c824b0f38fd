"""Putting a file at X, to be named by its id in a message: pictures in one request, films in pieces."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from orchestrator.errors import SendFailed
from orchestrator.types import MediaKind

CATEGORIES: Mapping[MediaKind, str] = {"image": "dm_image", "gif": "dm_gif", "video": "dm_video"}
PIECE = 1_000_000
MOST_LOOKS = 10
LONGEST_WAIT = 10.0

Call = Callable[[str, str, Mapping[str, Any] | None], Awaitable[Mapping[str, Any]]]
"""Method, path and JSON; the `data` of the answer. Raises SendFailed."""


async def upload(call: Call, kind: MediaKind, mime: str, data: bytes) -> str:
    """The media id. Raises SendFailed."""
    if kind == "image":
        body = {"media": encoded(data), "media_category": CATEGORIES[kind], "media_type": mime}
        return given(await call("POST", "/2/media/upload", body))
    begun = {"media_type": mime, "total_bytes": len(data), "media_category": CATEGORIES[kind]}
    media_id = given(await call("POST", "/2/media/upload/initialize", begun))
    for index, start in enumerate(range(0, len(data), PIECE)):
        piece = {"segment_index": index, "media": encoded(data[start : start + PIECE])}
        await call("POST", f"/2/media/upload/{media_id}/append", piece)
    await processed(call, media_id, await call("POST", f"/2/media/upload/{media_id}/finalize", None))
    return media_id


async def processed(call: Call, media_id: str, found: Mapping[str, Any]) -> None:
    """X makes films ready after they have come."""
    for _ in range(MOST_LOOKS):
        state = found.get("processing_info")
        if not isinstance(state, dict) or state.get("state") == "succeeded":
            return
        if state.get("state") == "failed":
            raise SendFailed("X can't use this film", retryable=False)
        wait = state.get("check_after_secs")
        await asyncio.sleep(min(wait if isinstance(wait, int | float) else 1.0, LONGEST_WAIT))
        found = await call("GET", f"/2/media/upload?command=STATUS&media_id={media_id}", None)
    raise SendFailed("X is not done with this film yet", retryable=True)


def given(found: Mapping[str, Any]) -> str:
    media_id = found.get("id")
    if not isinstance(media_id, str) or not media_id.isdecimal():
        raise SendFailed("X gave no id for the file", retryable=True)
    return media_id


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
