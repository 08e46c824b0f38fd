"""One stored turn after the other, decided and answered anew: nothing is sent, nothing is written.

Each turn starts from what really happened: the customer's words, and the history as it was. What a bot remembers
(slots, the sums rules read) is carried on from its own answers in the replay.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from orchestrator import decide, fit
from orchestrator.copies import replace
from orchestrator.engine import App
from orchestrator.engine.bots import Answer, BotCaller, unseen
from orchestrator.engine.brief import Briefing, channel_view, outcome
from orchestrator.engine.callback import Tickets
from orchestrator.engine.draft import MOST_REFERRALS, after, refers
from orchestrator.engine.engine import CALLBACK_LIFETIME
from orchestrator.engine.hear import Heard, hear, words
from orchestrator.engine.live import Herald
from orchestrator.ports import Clock, Recorder
from orchestrator.replay.compare import Compared, differences, recorded, side
from orchestrator.replay.stored import Stored
from orchestrator.types import (
    Aggregates,
    Controller,
    Conversation,
    Decision,
    Loaded,
    Message,
    OpenChoice,
    Spoken,
    Trace,
)

WORTH = frozenset({"answered", "handed_off", "failed"})
"""Outcomes of turns in which somebody had to decide; at the desk, or while waiting, nobody had."""
AT_WORK = decide.DeskPresence(agents=1)
"""Who was at the desk then is not kept: the replay takes it that somebody was."""


class At:
    """The time of a stored turn, for what a bot is told."""

    def __init__(self, clock: Clock, moment: datetime) -> None:
        self.clock = clock
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def new_id(self) -> str:
        return self.clock.new_id()


class Replayer:
    """`bot` answers every turn that no rule sends elsewhere; "" leaves each to the bot it had.

    `again`: messages are understood anew, as with a new version of the language engines.
    """

    def __init__(
        self,
        app: App,
        clock: Clock,
        recorder: Recorder,
        *,
        bot: str = "",
        again: bool = False,
        history: int = 20,
        prices: Mapping[str, tuple[float, float]] | None = None,
    ) -> None:
        self.app = app
        self.clock = clock
        self.caller = BotCaller(clock, recorder)
        self.bot = bot
        self.again = again
        self.history = history
        self.prices = prices or {}

    async def conversation(self, stored: Stored) -> list[Compared]:
        state = fresh(stored.conversation, self.app)
        kept: dict[str, object] = {}
        found = []
        for trace in stored.traces:
            if trace.outcome not in WORTH or not (trace.seqs or trace.turn_id.endswith(".0-0")):
                continue
            state, one = await self.turn(stored, trace, state, kept)
            found.append(one)
            for action in trace.actions:
                kept |= getattr(action, "slots", {})
        return found

    async def turn(
        self, stored: Stored, trace: Trace, state: Conversation, kept: Mapping[str, object]
    ) -> tuple[Conversation, Compared]:
        loaded = self.loaded(stored, trace, state)
        known = {} if self.again else {message.seq: message for message in loaded.pending if message.understanding}
        heard = await hear(self.app, loaded, known)
        state, decisions, answer, handed_off = await self.decided(trace, loaded, heard)
        new = side(
            decisions,
            answer.calls if answer else (),
            answer.actions if answer else (),
            handed_off=handed_off,
            failed=bool(answer and answer.failed and not handed_off),
            slots=loaded.conversation.slots,
            prices=self.prices,
        )
        old = recorded(trace, kept, self.prices)
        compared = Compared(
            conversation_id=stored.conversation.id,
            turn_id=trace.turn_id,
            at=trace.at,
            customer="\n".join(words(message.parts) for message in heard.messages),
            language=heard.conversation.language.code,
            old=old,
            new=new,
            different=differences(old, new, bots=not self.bot),
        )
        return state, compared

    def loaded(self, stored: Stored, trace: Trace, state: Conversation) -> Loaded:
        first = min(trace.seqs, default=0)
        pending = tuple(message for message in stored.messages if message.seq in trace.seqs)
        before = [message for message in stored.messages if message.seq < first]
        decided = trace.decisions[0].bot if trace.decisions else ""
        bot = self.bot or decided or stored.conversation.bot
        head = replace(
            state,
            bot=bot,
            controller=Controller(kind="bot", name=bot),
            choices=self.offered(before, state.channel_id),
            updated_at=trace.at,
        )
        return Loaded(
            conversation=head, pending=pending, history=tuple(before[-self.history :]), profile=stored.profile
        )

    def offered(self, before: Sequence[Message], channel_id: str) -> tuple[OpenChoice, ...]:
        """What a typed "2" meant: the choices of the bot's last message, as that channel shows them."""
        last = next((message for message in reversed(before) if message.role == "bot"), None)
        if last is None:
            return ()
        limits = channel_view(self.app, channel_id).limits
        return tuple(fit.shape(last.parts, limits, message_id=last.id).choices)

    async def decided(
        self, trace: Trace, loaded: Loaded, heard: Heard
    ) -> tuple[Conversation, list[Decision], Answer | None, bool]:
        """As engine.draft does it, with nothing to commit."""
        state = heard.conversation
        decisions = [self.route(trace, state, heard, loaded, None)]
        if decisions[0].route != "bot":
            return state, decisions, None, decisions[0].route == "handoff"
        answer = await self.asked(trace, state, heard, loaded, decisions[0].bot or state.bot)
        for _ in range(MOST_REFERRALS):
            state = decide.apply_actions(state, answer.actions, answer.bot, failed=answer.failed).conversation
            decisions.append(self.route(trace, state, heard, loaded, answer))
            if decisions[-1].route == "handoff":
                return state, decisions, answer, True
            if answer.later or not refers(decisions[-1], answer):
                break
            answer = after(answer, await self.asked(trace, state, heard, loaded, decisions[-1].bot))
        return state, decisions, answer, False

    def route(self, trace: Trace, state: Conversation, heard: Heard, loaded: Loaded, answer: Answer | None) -> Decision:
        facts = decide.facts(
            state,
            heard.understanding,
            text=heard.pivot,
            profile=loaded.profile,
            channel_kind=channel_view(self.app, state.channel_id).kind,
            bot=outcome(answer),
            hours_open=self.app.opens(state.channel_id, trace.at).open,
            desk=AT_WORK,
            roots=self.app.policy.roots,
        )
        return decide.route(self.app.policy, facts, state)

    async def asked(self, trace: Trace, state: Conversation, heard: Heard, loaded: Loaded, bot: str) -> Answer:
        briefing = Briefing(
            herald=cast(Herald, None),  # only offers to the desk need it, and none is made
            clock=At(self.clock, trace.at),
            tickets=Tickets("", CALLBACK_LIFETIME),
            public_url="",
        )
        turn = briefing.turn(self.app, state, heard, loaded, trace.turn_id, bot)
        quiet = replace(turn, id=f"{turn.id}.replay", callback_url="", rehearsal=True)
        return await self.caller.ask(self.app, bot, quiet, unseen)


def fresh(head: Conversation, app: App) -> Conversation:
    """The conversation as it began."""
    return replace(
        head,
        slots={},
        aggregates=Aggregates(),
        language=Spoken(code=head.language.code or app.settings.pivot),
        controller=Controller(kind="bot", name=head.bot),
        handoff=None,
        choices=(),
        awaiting=None,
        returned=None,
        status="open",
        filling=None,
    )
