"""The seams: what the engine needs from the outside, as Protocols. Implement them without inheriting.

A plugin (entry points `parley.connectors`, `parley.bots`, `parley.nlp`) is a module with two names:

* `Settings`: a pydantic model of the plugin's part of the configuration;
* `create(settings, *, clock, http, files)`: the Connector, Bot, Stage or Translator.

A bot's module may have `canned(settings)` too: its language and every text it can say, for `parley translate`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from orchestrator.types import (
    Accepted,
    Action,
    Agent,
    ApiKey,
    Commit,
    Committed,
    Conversation,
    Customer,
    Debt,
    Delivery,
    DeliveryState,
    Handoff,
    HandoffState,
    Inbound,
    Kind,
    Limits,
    Live,
    Loaded,
    Marks,
    Message,
    Outgoing,
    QueueDepth,
    RawRequest,
    RawResponse,
    Received,
    Rendering,
    Reviewed,
    ReviewState,
    Role,
    Session,
    Started,
    Trace,
    Turn,
    Understanding,
    Usage,
    Utterance,
)


class Clock(Protocol):
    """Time and ids. `now` is aware and in UTC; `monotonic` is seconds for measuring; ids sort by creation."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def new_id(self) -> str: ...


class HttpResponse(Protocol):
    """A finished response: the body was read, up to the caller's cap."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Http(Protocol):
    """Outgoing HTTP. `trusted=False` passes the SSRF guard: no private or link-local address, no redirect into one.

    With `redirects=False` a redirect is an answer like any other: a POST that follows one may become an empty GET.

    Raises SendFailed (retryable) when unreachable or late, TooLarge when the body passes `max_bytes`.
    """

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - what a caller grants; adapters keep it with asyncio.timeout
        max_bytes: int = 1_048_576,
        trusted: bool = False,
        redirects: bool = True,
    ) -> HttpResponse: ...


class Files(Protocol):
    """Media kept by Parley: uploads of customers and agents."""

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        """Store and return the path below the public URL ("/media/…"), unguessable. Raises Unavailable."""
        ...

    async def get(self, path: str) -> tuple[bytes, str, str]:
        """Bytes, mime type and name. Raises NotFound."""
        ...


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


class Cache(Protocol):
    """Texts by key, for a while: what is lost is made again. Keys are ASCII, at most 250 characters.

    Raises Unavailable when it can't be reached; callers go on as if nothing had been kept.
    """

    async def get_many(self, keys: Sequence[str]) -> Sequence[str | None]:
        """One value for each key, in order; None when there is none."""
        ...

    async def set_many(self, values: Mapping[str, str]) -> None: ...


class Store(Protocol):
    """The data path. Every method is durable when it returns. Raises Unavailable when the database can't write."""

    async def open(self) -> None:
        """Migrate, then serve. Raises DatabaseTooNew or Unavailable."""
        ...

    async def close(self) -> None: ...

    async def probe(self) -> None:
        """Write something and nothing: returns when the database can be written now, else raises Unavailable."""
        ...

    async def deployment(self) -> str:
        """The database's own id, made with it: a copy has the same. Raises Unavailable."""
        ...

    async def accept(self, fresh: Conversation, event: Received | Started, message_id: str) -> Accepted:
        """Insert-or-ignore on (channel, external id), numbering the message in its conversation.

        `fresh` is used (with a new Customer from the event's profile) when (channel, address) has no
        conversation yet; `event.context`, unless None, replaces the conversation's; `event.profile` is merged.
        Facts that came with `verified` true are replaced only by such. A message opens a closed conversation again.
        Raises Malformed for what can't be kept (half a character, a time without a zone).
        """
        ...

    async def status(self, channel_id: str, external_id: str, state: DeliveryState, error: str) -> None:
        """Delivery state only moves forward. A status of an unknown id is kept (for a day) until the id is known.

        What was delivered or read raises the customer's marks.
        """
        ...

    async def load(self, conversation_id: str, *, history: int) -> Loaded:
        """One round trip. Raises NotFound."""
        ...

    async def commit(self, commit: Commit) -> Committed:
        """All of it in one transaction. Raises Fenced when the conversation's version moved on.

        Once no customer's message waits, `processed_seq` becomes `last_seq`. A conversation closed while one waits
        stays open.
        """
        ...

    async def mark(self, conversation_id: str, marks: Marks) -> Marks:
        """Raise the marks to at least these, but not beyond `last_seq`; returns them as they are now."""
        ...

    async def set_context(self, conversation_id: str, context: Mapping[str, Any], language: str) -> None:
        """Replace the page context, outside the fence; a non-empty `language` becomes the profile's hint."""
        ...

    async def answer_late(self, conversation_id: str, turn_id: str, actions: Sequence[Action]) -> bool:
        """Keep a bot's late answer; False when that turn has one already."""
        ...

    async def due(self, now: datetime, limit: int, *, hold: float = 0.0) -> Sequence[Outgoing]:
        """Outbox rows to send now: per conversation only the oldest undelivered one, oldest first.

        Where several processes share the database, each row is the caller's alone for `hold` seconds by the database's
        clock, or until it is settled; so are the rows of a commit with `hold`. One process alone needs no holding.
        """
        ...

    async def settle(self, outgoing: Outgoing) -> Sequence[str]:
        """Keep the outcome of a try: state, attempts, done, due_at, external id, error. It is held no longer.

        Returns the ids of what still waits to be sent in that conversation, in order, the first hundred at most.
        """
        ...

    async def let_go(self, outgoing_ids: Sequence[str]) -> None:
        """These were held and not sent: whoever asks next gets them."""
        ...

    async def backlog(self, limit: int) -> Mapping[str, int]:
        """By app, conversations with messages no turn has processed; counted up to `limit` in all."""
        ...

    async def unfinished(self, now: datetime, limit: int) -> Sequence[str]:
        """Conversations with messages no turn has processed, or whose `wake_at` has come."""
        ...


class Records(Protocol):
    """Reading for desk and API. Lists are newest first unless said otherwise; `before` pages by the last one got.

    Conversations and customers go by `updated_at`, handoffs by `offered_at`. A page holds more than `limit` rows when
    its last moment has more: `before` could not tell them apart.
    """

    async def conversation(self, app_id: str, conversation_id: str) -> Conversation:
        """Raises NotFound, also when it belongs to another app."""
        ...

    async def find_conversation(self, channel_id: str, address: str) -> Conversation | None: ...

    async def conversations(
        self,
        app_id: str,
        *,
        view: Literal["all", "queue", "mine", "open"] = "all",
        agent_id: str = "",
        team: str = "",
        customer_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Conversation]: ...

    async def messages(
        self, conversation_id: str, *, after: int = 0, before: int = 0, limit: int = 100, public: bool = False
    ) -> Sequence[Message]:
        """Oldest first. `after`/`before` are exclusive `seq`s (0: open); without `after`, the last `limit`."""
        ...

    async def message(self, app_id: str, message_id: str) -> Message: ...
    async def message_by_external(self, channel_id: str, external_id: str) -> Message | None: ...

    async def customer(self, app_id: str, customer_id: str) -> Customer: ...
    async def customers(
        self, app_id: str, *, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Customer]: ...
    async def handoff(self, app_id: str, handoff_id: str) -> Handoff: ...

    async def handoffs(
        self,
        app_id: str,
        *,
        state: HandoffState | None = None,
        conversation_id: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[Handoff]: ...

    async def waiting(self, app_id: str, *, team: str = "") -> Sequence[Handoff]:
        """Offered handoffs (packets left out), unordered: `desk.order` sorts them."""
        ...

    async def traces(self, conversation_id: str, *, limit: int = 50) -> Sequence[Trace]: ...
    async def trace(self, app_id: str, trace_id: str) -> Trace: ...
    async def deliveries(self, conversation_id: str) -> Sequence[Outgoing]: ...
    async def counts(self) -> Mapping[str, int]:
        """For /metrics: unprocessed, outbox_pending, outbox_failed, handoffs_waiting, conversations_open."""
        ...


class Letters(Protocol):
    """What waits, and what could not be delivered: a dead letter is an outbox row whose delivery failed for good."""

    async def queues(self) -> Sequence[QueueDepth]:
        """One for each app and channel where anything waits or is dead."""
        ...

    async def dead(self, app_id: str, *, channel_id: str = "", before: str = "", limit: int = 50) -> Sequence[Outgoing]:
        """The newest first; `before` pages by the id of the last one got."""
        ...

    async def dead_letter(self, app_id: str, outgoing_id: str) -> Outgoing:
        """Raises NotFound, also for one that is not dead."""
        ...

    async def revive(self, app_id: str, outgoing_id: str, now: datetime) -> Outgoing:
        """Send it after all: its tries are counted anew, what went out of it does not go again. Raises NotFound."""
        ...

    async def drop(self, app_id: str, outgoing_id: str) -> None:
        """Never send it. A message of which nothing went out is marked withdrawn. Raises NotFound."""
        ...


class Accounts(Protocol):
    """Agents, their sign-ins, and API keys."""

    async def add_agent(self, agent: Agent) -> None:
        """Raises Conflict when the app has an agent with that e-mail."""
        ...

    async def save_agent(self, agent: Agent) -> None: ...
    async def agent(self, app_id: str, agent_id: str) -> Agent: ...
    async def agent_by_email(self, app_id: str, email: str) -> Agent | None: ...
    async def agents(self, app_id: str) -> Sequence[Agent]: ...
    async def add_session(self, session: Session) -> None: ...
    async def session(self, digest: str, now: datetime) -> Session | None:
        """None when unknown or expired."""
        ...

    async def end_session(self, digest: str) -> None: ...
    async def end_sessions(self, app_id: str, agent_id: str) -> None:
        """Sign an agent out everywhere."""
        ...

    async def add_key(self, key: ApiKey) -> None: ...
    async def key(self, digest: str) -> ApiKey | None:
        """None when unknown or revoked."""
        ...

    async def keys(self, app_id: str) -> Sequence[ApiKey]: ...
    async def revoke_key(self, app_id: str, key_id: str) -> None: ...


class Translations(Protocol):
    """What translating keeps beside the conversations. Debts are made and repaid by `Store.commit`."""

    async def owed(self, app_id: str, *, limit: int) -> Sequence[Debt]:
        """Of open conversations, the oldest first."""
        ...

    async def forgive(self, before: datetime) -> None:
        """Forget debts that are older."""
        ...

    async def review(self, entry: Reviewed) -> None:
        """Add it, or replace the one with its id. Raises NotFound when that is another app's."""
        ...

    async def reviewed_one(self, app_id: str, entry_id: str) -> Reviewed:
        """Raises NotFound."""
        ...

    async def reviewed(
        self, app_id: str, *, state: ReviewState | None = None, since: datetime | None = None, limit: int = 200
    ) -> Sequence[Reviewed]:
        """Those that changed at `since` or later, the latest change first."""
        ...

    async def spend(self, uses: Sequence[Usage]) -> None:
        """Add to what was used so far."""
        ...

    async def spent(self, app_id: str, since: date) -> Sequence[Usage]:
        """By engine and day, from that day on."""
        ...


class Retention(Protocol):
    """Removing what is old. Nothing that a turn, a delivery or a sign-in still needs is old."""

    async def prune(self, kind: Kind, before: datetime, limit: int) -> int:
        """Remove at most `limit` that are older than `before`; returns how many went, 0 also while another process does.

        "conversations" are closed ones that nothing waits in, counted each as one: with their messages, handoffs,
        traces, deliveries, debts and identities, and their customer when that was the last one of theirs.
        """
        ...


class Subscription(Protocol):
    """Live updates from now on. When the reader is too slow, one `None` stands for everything that was dropped."""

    def __aiter__(self) -> AsyncIterator[Live | None]: ...


class Bus(Protocol):
    """Wake-ups and live updates. Losing either loses nothing: the store holds the truth and the sweep looks."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def wake(self, conversation_id: str, app_id: str = "") -> None:
        """Something waits there. Claims take turns between apps, so that one app's burst holds up nobody else's."""
        ...

    async def claim(self, room: int = 1) -> str:
        """The next conversation to work on; nobody else gets it until `release`. Waits.

        `room` is how many the caller could take one after the other: they may be fetched at once.
        """
        ...

    async def release(self, conversation_id: str) -> None:
        """Done; when it was woken meanwhile, it becomes claimable again."""
        ...

    async def publish(self, event: Live) -> None: ...

    def subscribe(self, app_id: str, conversation_id: str = "") -> AbstractAsyncContextManager[Subscription]:
        """Everything of an app, or of one conversation. Subscribed once the context is entered."""
        ...

    async def take(self, key: str, *, limit: int, per: timedelta) -> float:
        """Count one use against `limit` per window: 0.0 when allowed, else seconds to wait."""
        ...

    async def pace(self, key: str, *, rate: float, burst: int) -> float:
        """As `take`, at `rate` uses a second after `burst` at once, and never while the key is on hold."""
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """Nobody is to use it for so long: a platform's `retry_after`. Never shortens a hold."""
        ...

    async def once(self, key: str, ttl: timedelta) -> bool:
        """Whether this is the key's first use within `ttl`: for tokens that are good for one use."""
        ...

    def trouble(self) -> str:
        """Why it works without its server now, for people; "" when all is well."""
        ...

    async def present(self, app_id: str, agent_id: str, teams: Sequence[str], ttl: float) -> None:
        """The agent is online for `ttl` seconds more; 0 signs off."""
        ...

    async def presences(self, app_id: str) -> Mapping[str, Sequence[str]]:
        """Teams by online agent."""
        ...


class Recorder(Protocol):
    """Where the engine reports what it counts; adapters/metrics keeps it for /metrics."""

    def turn(self, app_id: str, outcome: str, seconds: float) -> None: ...
    def stage(self, stage: str, outcome: str, seconds: float) -> None: ...
    def bot(self, bot: str, outcome: str, seconds: float) -> None: ...
    def delivery(self, channel: str, outcome: str) -> None: ...
    def accepted(self, channel: str, role: Role, duplicate: bool) -> None: ...
    def translation(self, engine: str, outcome: str, seconds: float) -> None: ...
    def translated(self, engine: str, characters: int) -> None:
        """So many characters were sent to a translation engine."""
        ...
