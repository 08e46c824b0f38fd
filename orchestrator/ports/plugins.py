"""What plugins are: connectors, bots, stages of understanding, translation engines."""

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

from orchestrator.types import (
    Action,
    Delivery,
    Inbound,
    Limits,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    Turn,
    Understanding,
    Utterance,
)


class Connector(Protocol):
    """One configured account of a platform.

    `delivery` is "pull" when the client reads the log itself (web chat), else the engine delivers by `send`.
    """

    kind: str
    limits: Limits
    delivery: Literal["push", "pull"]

    async def verify(self, request: RawRequest) -> None:
        """Raise Unauthenticated unless the platform (or its handshake) signed these very bytes."""
        ...

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        """Every event in the request, oldest first. Raises Malformed. Unknown kinds become an Unsupported part."""
        ...

    def answer(self, request: RawRequest) -> RawResponse:
        """What the platform wants to hear once its events are durable, or as a handshake."""
        ...

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """Hand one rendering to the platform. Raises SendFailed."""
        ...

    async def typing(self, address: str, on: bool) -> None: ...
    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Bot(Protocol):
    """One configured bot. `language` is the one it is written in; "" means it answers in the customer's."""

    language: str

    def reply(self, turn: Turn) -> AsyncIterator[Action]:
        """Actions as the bot decides them. Raises BotFailed, or BotLater when the answer comes by callback."""
        ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Stage(Protocol):
    """One step of understanding. Returns what it was given with more filled in. Raises EngineFailed.

    A `version` beside `engine`, a string, is shown with what the stage found.
    """

    name: str
    engine: str

    async def read(self, said: Utterance, known: Understanding) -> Understanding: ...
    async def open(self) -> None: ...
    async def close(self) -> None: ...


class Translator(Protocol):
    """One translation engine. Texts arrive guarded: tokens such as ⟦0⟧ must come back untouched."""

    name: str
    third_party: bool
    """Whether the text leaves this machine's owner."""

    def pairs(self, source: str, target: str) -> bool:
        """Whether this engine can translate from `source` to `target` (ISO 639-1)."""
        ...

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        """One translation for each text, in order. Raises EngineFailed; never returns an empty one for words."""
        ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...
