"""Types to JSON and back: the only TypeAdapters. Unknown fields are ignored, so that older code reads newer rows."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar, cast, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from orchestrator.errors import Malformed
from orchestrator.types import (
    Action,
    BotEntry,
    BotVersion,
    ChannelEntry,
    Conversation,
    Grade,
    Handoff,
    LinkChange,
    Live,
    Message,
    Outgoing,
    Packet,
    Part,
    Rendering,
    Role,
    Scope,
    Trace,
    Turn,
    Understanding,
)

T = TypeVar("T")

AnyPart = Annotated[Part, Field(discriminator="kind")]
AnyAction = Annotated[Action, Field(discriminator="kind")]
AnyLive = Annotated[Live, Field(discriminator="kind")]
LOOK_INSIDE = ConfigDict(revalidate_instances="always")
"""Also check dataclasses somebody else built, where nothing kept a number out of `Text.text`."""


class Codec(Generic[T]):
    """One type's two directions. `load` raises Malformed, naming the field and never the value.

    What reads and writes it is made when first asked for: all of them take 0.15 s, most processes need a few.
    """

    def __init__(self, kind: Any, name: str, config: ConfigDict | None = None) -> None:
        self.kind = kind
        self.name = name
        self.config = config

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        return TypeAdapter(self.kind, config=self.config)

    def dump(self, value: T) -> bytes:
        return self.adapter.dump_json(value)

    def plain(self, value: T) -> Any:
        """JSON-ready dicts and lists, for embedding in a larger answer."""
        return self.adapter.dump_python(value, mode="json")

    def load(self, data: bytes | str) -> T:
        try:
            return self.adapter.validate_json(data)
        except ValidationError as error:
            raise Malformed(problems(self.name, error)) from None

    def read(self, value: Any) -> T:
        """From JSON that is parsed already."""
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            raise Malformed(problems(self.name, error)) from None


def problems(name: str, error: ValidationError) -> str:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    first = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in found[:3])
    more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
    return f"{name} is malformed: {first}{more}"


parts: Codec[tuple[Part, ...]] = Codec(tuple[AnyPart, ...], "parts")
actions: Codec[tuple[Action, ...]] = Codec(tuple[AnyAction, ...], "actions")
built_parts: Codec[tuple[Part, ...]] = Codec(tuple[AnyPart, ...], "parts", LOOK_INSIDE)
built_actions: Codec[tuple[Action, ...]] = Codec(tuple[AnyAction, ...], "actions", LOOK_INSIDE)
message: Codec[Message] = Codec(Message, "message")
messages: Codec[Sequence[Message]] = Codec(Sequence[Message], "messages")
translations: Codec[Mapping[str, tuple[Part, ...]]] = Codec(Mapping[str, tuple[AnyPart, ...]], "translations")
understanding: Codec[Understanding] = Codec(Understanding, "understanding")
link_change: Codec[LinkChange] = Codec(LinkChange, "identity change")
conversation: Codec[Conversation] = Codec(Conversation, "conversation")
packet: Codec[Packet] = Codec(Packet, "packet")
handoff: Codec[Handoff] = Codec(Handoff, "handoff")
trace: Codec[Trace] = Codec(Trace, "trace")
turn: Codec[Turn] = Codec(Turn, "turn")
outgoing: Codec[Outgoing] = Codec(Outgoing, "outgoing")
rendered_parts: Codec[tuple[tuple[Part, ...], ...]] = Codec(tuple[tuple[AnyPart, ...], ...], "renderings")
live: Codec[Live] = Codec(AnyLive, "live update")
bot_entry: Codec[BotEntry] = Codec(BotEntry, "bot")
bot_version: Codec[BotVersion] = Codec(BotVersion, "bot version")
channel_entry: Codec[ChannelEntry] = Codec(ChannelEntry, "stored channel")
grade: Codec[Grade] = Codec(Grade, "grade")
names: Codec[tuple[str, ...]] = Codec(tuple[str, ...], "names")
scopes: Codec[tuple[Scope, ...]] = Codec(tuple[Scope, ...], "scopes")
anything: Codec[Mapping[str, Any]] = Codec(Mapping[str, Any], "object")

EVERY_TURN = (parts, understanding, conversation, rendered_parts, trace, anything)


def warm() -> None:
    """Make those that every turn needs: the first is not to wait for them."""
    for codec in EVERY_TURN:
        codec.adapter  # noqa: B018


def dump_renderings(renderings: Sequence[Rendering]) -> bytes:
    """Their parts; with who says it, where that is not a bot. All of one message have the same."""
    listed = rendered_parts.dump(tuple(rendering.parts for rendering in renderings))
    role = renderings[0].role if renderings else "bot"
    return listed if role == "bot" else b'{"%s":%s}' % (role.encode(), listed)


def load_renderings(data: bytes | str) -> tuple[Rendering, ...]:
    """Raises Malformed. Through the discriminated parts: 3 µs, where a TypeAdapter of Rendering takes 50."""
    text = data.decode() if isinstance(data, bytes) else data
    spoken = SPOKEN.match(text)
    if spoken is None:
        return tuple(Rendering(parts=found) for found in rendered_parts.load(text))
    role = cast(Role, spoken[1])
    return tuple(Rendering(parts=found, role=role) for found in rendered_parts.load(text[spoken.end() : -1]))


SPOKEN = re.compile(f'\\{{"({"|".join(get_args(Role))})":')
