"""What a model may cost: per turn and conversation, kept in a slot, and per day, kept by the app's meter."""

from collections.abc import Mapping

from bots.openai.settings import Limits
from orchestrator.errors import BotFailed
from orchestrator.ports import Clock, Meter
from orchestrator.types import SetSlots, Turn

MILLION = 1_000_000


class Purse:
    """One turn's. Asked before each request, told after it."""

    def __init__(self, limits: Limits, turn: Turn, who: str, clock: Clock, meter: Meter | None, name: str) -> None:
        self.limits = limits
        self.who = who
        self.clock = clock
        self.meter = meter
        self.name = name
        self.slot = f"openai:{turn.bot}"
        kept = turn.slots.get(self.slot)
        before = kept if isinstance(kept, Mapping) else {}
        self.before = (count(before.get("in")), count(before.get("out")))
        self.now = (0, 0)

    def check(self, sending: int) -> None:
        """Raises BotFailed when so many tokens more, and an answer, may be too many."""
        limits = self.limits
        conversation = (self.before[0] + self.now[0] + sending, self.before[1] + self.now[1])
        self.refuse("turn", sum(self.now) + sending, limits.turn_tokens)
        self.refuse("conversation", sum(conversation), limits.conversation_tokens)
        self.refuse("conversation", self.cost(*conversation), limits.conversation_cost)
        if limits.day_tokens or limits.day_cost:
            day = self.today()
            self.refuse("day", day[0] + day[1] + sending, limits.day_tokens)
            self.refuse("day", self.cost(day[0] + sending, day[1]), limits.day_cost)

    def refuse(self, span: str, amount: float, limit: float) -> None:
        if limit and amount > limit:
            raise BotFailed(f"{self.who} was not asked: it has used up what it may cost in one {span}")

    def spent(self, sent: int, received: int) -> None:
        self.now = (self.now[0] + sent, self.now[1] + received)
        if self.meter is not None:
            self.meter.count(self.unit("in"), sent)
            self.meter.count(self.unit("out"), received)

    def today(self) -> tuple[int, int]:
        if self.meter is None:
            return (0, 0)
        day = self.clock.now().date()
        return (self.meter.used(self.unit("in"), day), self.meter.used(self.unit("out"), day))

    def unit(self, way: str) -> str:
        return f"bot:{self.name}:{way}"

    def cost(self, sent: int, received: int) -> float:
        return (sent * self.limits.price_in + received * self.limits.price_out) / MILLION

    def kept(self) -> SetSlots:
        total = {"in": self.before[0] + self.now[0], "out": self.before[1] + self.now[1]}
        return SetSlots(slots={self.slot: total})


def count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0
