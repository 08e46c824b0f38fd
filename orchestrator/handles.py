"""Files that are still at their platform: a Media whose URL is `ref:` and a handle, which may hold a token."""

from collections.abc import Sequence
from typing import TypeGuard

from orchestrator.copies import replace
from orchestrator.types import Media, Message, Part

HANDLE = "ref:"


def is_handle(part: Part) -> TypeGuard[Media]:
    return isinstance(part, Media) and part.url.startswith(HANDLE)


def waiting(message: Message) -> bool:
    """Whether it has a file that was not fetched yet."""
    return any(map(is_handle, message.parts))


def shown(message: Message) -> Message:
    """As people may see it: a file that is on its way has no address."""
    return replace(message, parts=without(message.parts)) if waiting(message) else message


def without(parts: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(replace(part, url="") if is_handle(part) else part for part in parts)
