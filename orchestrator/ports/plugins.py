"""What plugins are: connectors, bots, stages of understanding, translation engines."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Literal, Protocol, runtime_checkable

from orchestrator.types import (
    Action,
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Limits,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
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


@runtime_checkable
class Listener(Protocol):
    """A connector that asks the platform instead of being called: long polling, a socket, a mailbox.

    `listen` runs in one process at a time, until cancelled. What it heard is durable when `hear` returns: only then is
    the platform told so. It mends its own connection, with back-off, and raises only what nobody but a person mends.
    """

    async def listen(self, hear: "Hear") -> None: ...


@runtime_checkable
class Answering(Protocol):
    """A connector whose platform hears the bot in the answer to its request. Its delivery is "pull".

    The hook waits at most `patience` seconds for the turn; what is said later comes with the next request's answer.
    """

    patience: float

    def told(self, request: RawRequest, address: str, renderings: Sequence[Rendering]) -> RawResponse:
        """The answer that holds what the customer of this address is told."""
        ...


@runtime_checkable
class MediaSource(Protocol):
    """A connector whose customers' files are behind a handle or a short-lived link.

    `parse` gives such media the URL `ref:<anything>`; the engine fetches it at once, before the turn reads it, keeps it
    in Files and puts the address of the copy in its place.
    """

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """What is behind it, without the `ref:`. Raises NotFound, TooLarge, SendFailed (retryable or not)."""
        ...


@runtime_checkable
class Managed(Protocol):
    """A connector that can connect its account, or say how. `url` is the public address of its hook."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        """Register the hook where the platform lets us; tell the rest. Raises SendFailed."""
        ...

    async def check(self, url: str) -> Sequence[Checked]:
        """Credentials, address, subscription, in words. Does not raise for what it finds."""
        ...


@runtime_checkable
class Threaded(Protocol):
    """A connector whose messages must name what they answer: an e-mail its subject and the mail before it.

    `recall` is given before anything else is asked: by a conversation's id, the context as the latest event left it.
    It raises NotFound and Unavailable.
    """

    def remember(self, recall: "Recall") -> None: ...


@runtime_checkable
class Batching(Protocol):
    """A connector whose platform posts much at once: the largest request, where the channel's settings name none."""

    max_bytes: int


@runtime_checkable
class Repeatable(Protocol):
    """A connector that says whether a rendering may be sent twice: whoever gets it knows a repeat by our key.

    What nobody answered in time is then tried again; with `idempotent` false, or not said, its fate is unknown.
    """

    idempotent: bool


Hear = Callable[[Sequence[Inbound]], Awaitable[None]]
Recall = Callable[[str], Awaitable[Mapping[str, Any]]]


class Bot(Protocol):
    """One configured bot. `language` is the one it is written in; "" means it answers in the customer's."""

    language: str

    def reply(self, turn: Turn) -> AsyncIterator[Action]:
        """Actions as the bot decides them. Raises BotFailed, or BotLater when the answer comes by callback."""
        ...

    async def open(self) -> None: ...
    async def close(self) -> None: ...


@runtime_checkable
class Examined(Protocol):
    """A bot that can say how what it depends on does."""

    async def check(self) -> Sequence[Checked]:
        """Whether it is there, takes our credentials, has a model, in words. Does not raise for what it finds."""
        ...


Tampering = Literal["extra", "unsigned", "forged", "stale", "altered", "not_json", "not_a_turn"]
"""Fields nobody knows; or a signature that is missing, of another secret, of ten minutes ago, of another body; or
signed bytes that are no JSON, or JSON that is no turn."""


@runtime_checkable
class Wired(Protocol):
    """A bot behind an address of its developer's, whose requests are signed: it can be asked whether it looks."""

    async def tamper(self, turn: Turn, how: Tampering) -> int:
        """Send the turn in that way, once; the HTTP status it was answered with, 0 when there was none."""
        ...


@runtime_checkable
class Panel(Protocol):
    """A bot that lets others answer. The engine asks them, under their own deadlines, breakers and grants; it chooses.

    `members` are all it may ever ask. What those say who are not chosen has no effect.
    """

    members: Sequence[str]

    def groups(self, turn: Turn) -> Sequence[Sequence[str]]:
        """Whom to ask: the bots of a group at once, the next group when none of the last was chosen."""
        ...

    def choose(self, turn: Turn, bids: Mapping[str, Sequence[Action]], waiting: bool) -> str:
        """The bot that is to answer, "" for none so far; `waiting` while others of the group still think."""
        ...

    def settle(self, turn: Turn, bids: Mapping[str, Sequence[Action]]) -> str:
        """Who answers when nobody was chosen; "" fails the turn."""
        ...

    def noted(self, turn: Turn, name: str) -> Sequence[Action]:
        """What is done besides, once this bot answers."""
        ...


class Meter(Protocol):
    """What an app uses, in units of the user's own, by name and UTC day: counted over all processes."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    def count(self, engine: str, characters: int) -> None: ...
    def used(self, engine: str, since: date) -> int: ...


@runtime_checkable
class Metered(Protocol):
    """A bot whose use costs. It is given its meter before `open`, and opens and closes it; `name` is the bot's."""

    def metered(self, meter: Meter, name: str) -> None: ...


class Stage(Protocol):
    """One step of understanding. Returns what it was given with more filled in. Raises EngineFailed.

    A `version` beside `engine`, a string, is shown with what the stage found. A method `begin(said, known)` is called
    before stages read, at times with a mere guess at the language: it starts what takes long on another thread, and
    must return at once.
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
