"""Asking a language engine over HTTP, for every engine's client: what failed, for how long, and nothing it may quote.

Errors name the engine and a status. Never what it said: it may repeat a customer's words, or a key.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.errors import EngineFailed, PairRefused, SendFailed, TooLarge
from orchestrator.ports import Clock, Http
from orchestrator.sending import retry_after

# Engines that throttle and don't say for how long.
THROTTLED = 30.0
# A key that is refused, or a quota that is used up, is not mended within a minute.
REFUSED = 300.0
SPENT = 3600.0
REFUSING = frozenset({400, 413, 422})
LARGEST = 2_000_000
BUSY = frozenset({502, 503, 529})
"""Nothing was done: the same request may be sent again at once."""

TOKEN = re.compile(r"⟦(\d+)⟧")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One engine's address. `seconds` is the longest a call may take; who calls may give up sooner."""

    name: str
    http: Http
    clock: Clock
    seconds: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    spent: frozenset[int] = frozenset()
    """Statuses with which this engine says that a quota is used up."""

    async def post(self, url: str, body: Any, **headers: str) -> Any:
        """The JSON of the answer. Raises EngineFailed."""
        sent = {"Content-Type": "application/json", "Accept": "application/json", **self.headers, **headers}
        return await self.ask("POST", url, json.dumps(body).encode(), sent)

    async def get(self, url: str, **headers: str) -> Any:
        return await self.ask("GET", url, b"", {"Accept": "application/json", **self.headers, **headers})

    async def ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Any:
        try:
            answer = await self.http.request(
                method,
                url,
                headers=headers,
                body=body,
                timeout=self.seconds,
                max_bytes=LARGEST,
                trusted=True,
                redirects=False,
            )
        except SendFailed:
            raise EngineFailed("could not be reached", retryable=True) from None
        except TooLarge:
            raise EngineFailed("answered too much") from None
        if not 200 <= answer.status < 300:
            raise self.refusal(answer.status, answer.headers, parsed(answer.body))
        found = parsed(answer.body)
        if found is None:
            raise EngineFailed("answered something that is no JSON")
        return found

    def refusal(self, status: int, headers: Mapping[str, str], said: Any) -> EngineFailed:
        wait = retry_after(headers, self.clock.now())
        if status in self.spent or quota_is_spent(said):
            return EngineFailed(f"quota is used up (HTTP {status})", retry_after=wait or SPENT)
        if status == 429:
            return EngineFailed("throttled (HTTP 429)", retry_after=wait or THROTTLED)
        if status in (401, 403):
            return EngineFailed(f"refused the key (HTTP {status})", retry_after=REFUSED)
        if status in REFUSING:
            return PairRefused(f"refused the text or the pair (HTTP {status})")
        return EngineFailed(f"answered HTTP {status}", retry_after=wait, retryable=status in BUSY and wait is None)


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def quota_is_spent(said: Any) -> bool:
    """OpenAI: error.code "insufficient_quota" (429); Azure: error.code 403001 (403)."""
    error = said.get("error") if isinstance(said, dict) else None
    code = error.get("code") or error.get("type") if isinstance(error, dict) else None
    return code in ("insufficient_quota", 403001)


def listed(texts: Any, count: int) -> Sequence[str]:
    """Exactly so many texts, none of them empty. Raises EngineFailed."""
    if not isinstance(texts, list) or len(texts) != count:
        raise EngineFailed(f"did not answer with {count} texts")
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise EngineFailed("gave an empty translation")
    return texts


def batches(texts: Sequence[str], *, most: int, longest: int) -> list[list[str]]:
    """In order, at most `most` texts and `longest` characters each; a longer text goes alone."""
    cut: list[list[str]] = []
    size = 0
    for text in texts:
        if not cut or len(cut[-1]) >= most or size + len(text) > longest:
            cut.append([])
            size = 0
        cut[-1].append(text)
        size += len(text)
    return cut


def marked_up(text: str, opening: str, closing: str) -> str:
    """As XML or HTML, each token an element that engines leave alone."""
    return TOKEN.sub(rf"{opening}\1{closing}", html.escape(text, quote=False))


def plain(markup: str, tag: str) -> str:
    """`marked_up` undone; blanks an engine put inside an element go."""
    tokens = re.sub(rf"<{tag}\b[^<>]*>\s*(\d+)\s*</{tag}>", r"⟦\1⟧", markup)
    return html.unescape(tokens)
