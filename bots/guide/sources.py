"""The shop's own systems, which a flow asks: an order's state, a stock level. Where they are stands in parley.toml."""

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from orchestrator.bot_server import BotServer
from orchestrator.errors import BotFailed
from orchestrator.ports import Clock, Http
from orchestrator.types import Turn
from orchestrator.web_address import open_address

LARGEST = 65_536
GONE = frozenset({404, 410})


class Source(BaseModel):
    """`[apps.x.bots.y.sources.z]`"""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(description="Address of one thing; slots in braces: 'https://shop.example/api/orders/{order}'.")
    method: Literal["GET", "POST"] = Field("GET", description="POST sends the flow's slots as a JSON object.")
    headers: Mapping[str, SecretStr] = Field(default_factory=dict, description="Sent along, such as authorization.")
    timeout: float = Field(5.0, gt=0, le=60, description="Seconds it has to answer.")
    trusted: bool = Field(False, description="Whether it may be on this machine or in a private network.")

    @field_validator("url")
    @classmethod
    def readable(cls, value: str) -> str:
        open_address(value.partition("{")[0].rstrip("/"))
        try:
            names = slots_in(value)
        except ValueError as error:
            raise ValueError(f"its braces can't be read: {error}") from None
        if not all(name.isidentifier() for name in names):
            raise ValueError("braces hold the name of a slot, such as {order_number}")
        return value

    @property
    def slots(self) -> set[str]:
        """Those its address wants."""
        return slots_in(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What a system said: the thing, that there is none, or nothing at all."""

    state: Literal["found", "missing", "failed"]
    value: Mapping[str, Any] = field(default_factory=dict)


class Sources:
    """Asks them, each within its own time and the turn's."""

    def __init__(self, sources: Mapping[str, Source], *, clock: Clock, http: Http) -> None:
        self.sources = sources
        self.clock = clock
        self.servers = {
            name: BotServer(
                who=f"source {name!r}",
                http=http,
                clock=clock,
                headers={key: value.get_secret_value() for key, value in source.headers.items()},
                trusted=source.trusted,
                max_bytes=LARGEST,
            )
            for name, source in sources.items()
        }

    async def ask(self, name: str, slots: Mapping[str, Any], turn: Turn) -> Got:
        """Never raises: a system that is down is part of the conversation. A rehearsal only reads."""
        source, server = self.sources[name], self.servers[name]
        if turn.rehearsal and source.method == "POST":
            return Got(state="failed")
        url = source.url.format_map({key: quote(str(value), safe="") for key, value in slots.items()})
        headers = {"accept": "application/json", "content-type": "application/json", "idempotency-key": turn.id}
        body = orjson.dumps(dict(slots)) if source.method == "POST" else b""
        until = min(turn.deadline, self.clock.now() + timedelta(seconds=source.timeout))
        try:
            answer = await server.ask(source.method, url, body, until, headers)
        except BotFailed:
            return Got(state="failed")
        if answer.status in GONE:
            return Got(state="missing")
        if not 200 <= answer.status < 300:
            return Got(state="failed")
        return read(answer.body)


def read(body: bytes) -> Got:
    try:
        found = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return Got(state="failed")
    if not isinstance(found, dict):
        return Got(state="failed")
    return Got(state="found", value=found) if found else Got(state="missing")


def slots_in(url: str) -> set[str]:
    """Raises ValueError for braces that don't match."""
    return {name for _, name, _, _ in string.Formatter().parse(url) if name is not None}
