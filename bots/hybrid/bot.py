"""Who answers, of several bots: pure but for its shape of a bot. Asking them is the engine's."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from orchestrator.errors import BotFailed
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Bid, Close, HandOff, NotUnderstood, PassTo, Say, SetSlots, Turn

DOING = (Say, HandOff, PassTo, Close)


class Member(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    bot: str = Field(min_length=1, description="Name of a bot of the app.")
    confidence: float = Field(0.5, ge=0, le=1, description="How sure an answer of it is that says nothing of that.")
    weight: float = Field(1.0, ge=0, le=10, description="What its confidence counts.")
    intents: tuple[str, ...] = Field((), description="Intents it is for: it is as sure as the understanding is.")


def named(value: object) -> object:
    """A name alone is a member with nothing else said of it."""
    return {"bot": value} if isinstance(value, str) else value


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    members: tuple[Annotated[Member, BeforeValidator(named)], ...] = Field(
        min_length=2, max_length=8, description="The bots, the preferred first: names, or tables."
    )
    ask: Literal["together", "in_turn"] = Field(
        "together", description="All at once, or the next one only when the one before is not confident."
    )
    threshold: float = Field(0.3, ge=0, le=10, description="Least confidence of an answer that is taken.")
    sure: float = Field(0.9, ge=0, le=10, description="From this confidence on, the others are not waited for.")
    sticky: bool = Field(True, description="Who answered last is asked alone first, and keeps the turn if confident.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    del clock, http, files
    return HybridBot(settings)


class HybridBot:
    """A Panel. Who won last stands in a slot, so that any process knows."""

    language = ""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.by_name = {member.bot: member for member in settings.members}
        self.members: Sequence[str] = tuple(self.by_name)

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        """Only for who asks it as a bot of its own: an engine that knows panels asks the members."""
        raise BotFailed("a hybrid bot answers through its members only")
        yield Say(parts=())

    def groups(self, turn: Turn) -> Sequence[Sequence[str]]:
        holder = self.holder(turn)
        others = [name for name in self.members if name != holder]
        rest: list[Sequence[str]] = [others] if self.settings.ask == "together" else [[name] for name in others]
        return [[holder], *rest] if holder else rest

    def holder(self, turn: Turn) -> str:
        """Who has the conversation; "" when it is anybody's: it has just begun, or an agent gave it back."""
        kept = turn.slots.get(slot_of(turn))
        known = isinstance(kept, str) and kept in self.by_name
        return str(kept) if self.settings.sticky and known and turn.returned is None else ""

    def choose(self, turn: Turn, bids: Mapping[str, Sequence[Action]], waiting: bool) -> str:
        """The most confident; a tie goes to the preferred. While others think, only one who is sure."""
        best = self.best(turn, bids)
        if not best:
            return ""
        enough = self.settings.sure if waiting else self.settings.threshold
        return best if self.score(turn, best, bids[best]) >= enough else ""

    def settle(self, turn: Turn, bids: Mapping[str, Sequence[Action]]) -> str:
        """Nobody is confident: who understood least badly still tells the customer so."""
        speaking = {name: actions for name, actions in bids.items() if any(isinstance(one, DOING) for one in actions)}
        return self.best(turn, speaking) or next((name for name in self.members if name in bids), "")

    def noted(self, turn: Turn, name: str) -> Sequence[Action]:
        return (SetSlots(slots={slot_of(turn): name}),) if self.settings.sticky else ()

    def best(self, turn: Turn, bids: Mapping[str, Sequence[Action]]) -> str:
        there = [name for name in self.members if name in bids]
        return max(there, key=lambda name: self.score(turn, name, bids[name]), default="")

    def score(self, turn: Turn, name: str, actions: Sequence[Action]) -> float:
        """0 for no answer, and for one that says that it is none."""
        if not any(isinstance(one, DOING) for one in actions) or any(isinstance(one, NotUnderstood) for one in actions):
            return 0.0
        member = self.by_name[name]
        said = [min(max(one.confidence, 0.0), 1.0) for one in actions if isinstance(one, Bid)]
        return member.weight * max(said[-1] if said else member.confidence, meant(turn, member))


def meant(turn: Turn, member: Member) -> float:
    """How sure the understanding is that the turn is about what this bot is for."""
    found: Sequence[Any] = turn.understanding.intents if turn.understanding else ()
    return max((intent.score for intent in found if intent.name in member.intents), default=0.0)


def slot_of(turn: Turn) -> str:
    return f"hybrid:{turn.bot}"
