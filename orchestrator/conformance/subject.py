"""The bot that is looked at, asked as the engine would ask it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from orchestrator import answers
from orchestrator.conformance.callback import Callback
from orchestrator.conformance.heartbeat import Heartbeat
from orchestrator.errors import BotFailed, BotLater, BotTimeout, Malformed
from orchestrator.ports import Bot, Clock
from orchestrator.types import Action, Partial, Turn, Typing

GRACE = 1.0
"""Seconds a bot whose turn was called off may take to let go of it."""

Make = Callable[[], Bot]
Restart = Callable[[], Awaitable[None]]


class Broken(Exception):
    """The bot did what it may not; the message says what, for its developer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of one turn; `late` when it came by callback, `ms` until then."""

    actions: tuple[Action, ...]
    ms: float
    late: bool = False


class Subject:
    """`make` gives a fresh bot, not opened; `restart` restarts whatever runs behind it, None when nobody can.

    `deadline` is what a turn may take and `patience` what a promised answer may, in seconds; `varies` that its wording
    differs from call to call.
    """

    def __init__(
        self,
        name: str,
        make: Make,
        clock: Clock,
        callback: Callback,
        *,
        kind: str = "",
        deadline: float = 10.0,
        patience: float = 120.0,
        restart: Restart | None = None,
        remote: bool = False,
        varies: bool = False,
        languages: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.kind = kind
        self.make = make
        self.clock = clock
        self.callback = callback
        self.deadline = deadline
        self.patience = patience
        self.restarting = restart
        self.remote = remote
        self.bot = make()
        self.varies = varies or bool(getattr(self.bot, "varies", False))
        self.languages = languages
        self.heartbeat = Heartbeat()

    async def open(self) -> None:
        self.heartbeat.start()
        await self.bot.open()

    async def close(self) -> None:
        await self.bot.close()
        await self.heartbeat.stop()

    @property
    def restartable(self) -> bool:
        return not self.remote or self.restarting is not None

    async def restart(self) -> None:
        """As after a deployment: nothing it kept in memory is left."""
        await self.bot.close()
        if self.restarting is not None:
            await self.restarting()
        self.bot = self.make()
        await self.bot.open()

    async def ask(self, turn: Turn) -> Said:
        """Raises Broken: when it fails, answers rubbish, is late, or promises an answer and does not keep it."""
        began = self.clock.monotonic()
        late = False
        try:
            actions = await self.collected(turn)
        except BotLater as promise:
            actions, late = await self.promised(turn, promise.until), True
        ms = (self.clock.monotonic() - began) * 1000
        return Said(actions=actions, ms=ms, late=late)

    async def collected(self, turn: Turn) -> tuple[Action, ...]:
        """Raises Broken, and BotLater."""
        seconds = max((turn.deadline - self.clock.now()).total_seconds(), 0.01)
        asking = asyncio.create_task(gathered(self.bot, turn))
        done, _ = await asyncio.wait((asking,), timeout=seconds)
        if not done:
            await self.called_off(asking)
            raise Broken(f"gave no answer within {seconds:.1f} s")
        try:
            return asking.result()
        except BotLater:
            raise
        except BotTimeout as error:
            raise Broken(f"was too slow: {error}") from None
        except BotFailed as error:
            raise Broken(f"failed: {error}") from None
        except Exception as error:
            raise Broken(f"raised {type(error).__name__}") from None

    async def called_off(self, asking: "asyncio.Task[tuple[Action, ...]]") -> None:
        asking.cancel()
        done, _ = await asyncio.wait((asking,), timeout=GRACE)
        if not done:
            raise Broken(f"goes on {GRACE:g} s after its turn was called off; let asyncio.CancelledError through")
        with suppress(asyncio.CancelledError, Exception):
            asking.result()

    async def promised(self, turn: Turn, seconds: float) -> tuple[Action, ...]:
        """What arrives at the turn's callback URL, within what was promised."""
        seconds = min(seconds, self.patience)
        try:
            async with asyncio.timeout(seconds):
                body = await self.callback.arrived(turn.callback_url)
        except TimeoutError:
            raise Broken(
                f"promised an answer within {seconds:g} s, and none arrived at {turn.callback_url!r}"
            ) from None
        try:
            return answers.from_json(body)
        except Malformed as error:
            raise Broken(f"called back with rubbish: {error}") from None


async def gathered(bot: Bot, turn: Turn) -> tuple[Action, ...]:
    """Every action but signs of life. Raises whatever the bot raises, and Broken when there is no end to them."""
    found: list[Action] = []
    stream = bot.reply(turn)
    try:
        async for action in stream:
            if isinstance(action, Typing | Partial):
                continue
            found.append(action)
            if len(found) > answers.MOST_ACTIONS:
                raise BotFailed(f"answered with more than {answers.MOST_ACTIONS} actions")
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return tuple(found)
