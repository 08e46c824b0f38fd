"""Calls of many turns in one round trip: what is asked while a pipeline is out goes with the next one."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from redis.exceptions import NoScriptError, ResponseError

from orchestrator.adapters.redisbus.bundle import Bundle
from orchestrator.adapters.redisbus.call import Argument, Call, evalsha
from orchestrator.adapters.redisbus.link import LOST, Down, Link, ended
from orchestrator.adapters.redisbus.script import Script
from orchestrator.adapters.redisbus.url import Client

MOST = 200
"""Calls in one pipeline."""

Source = Callable[[Bundle], None]
"""Asked right before each round trip to add what it has to tell."""


class Line:
    def __init__(self, link: Link) -> None:
        self.link = link
        self.sources: list[Source] = []
        self.calls: list[Call] = []
        self.wanted = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.round_trips = 0

    def open(self) -> None:
        self.task = asyncio.create_task(self.run(), name="parley-redis-line")

    async def close(self) -> None:
        """What waits is failed."""
        if self.task is not None:
            await ended(self.task)
            self.task = None
        fail(self.gathered(), Down("closed"))

    def ring(self) -> None:
        """A source has something."""
        self.wanted.set()

    async def run(self) -> None:
        while True:
            await self.wanted.wait()
            await asyncio.sleep(0)  # turns that are about to ask for something do so now
            self.wanted.clear()
            await self.go(self.gathered())

    def gathered(self) -> list[Call]:
        bundle = Bundle(self.link.keys)
        for source in self.sources:
            source(bundle)
        calls, self.calls = [*bundle.calls(), *self.calls], []
        return calls

    async def go(self, calls: list[Call]) -> None:
        while calls:
            now, calls = calls[:MOST], calls[MOST:]
            try:
                await self.round_trip(now)
            except Exception as error:
                self.link.lost(error)
                fail(now, error)
            except BaseException as error:
                fail([*now, *calls], error)
                raise

    async def round_trip(self, calls: Sequence[Call]) -> None:
        """Raises LOST when nobody was answered; an error of one command is its own caller's."""
        if self.link.client is None or not self.link.up.is_set():
            raise Down("Redis is away")
        commands = [call for call in calls if call.command]
        answers: list[Any] = []
        if commands:
            self.round_trips += 1
            async with asyncio.timeout(2 * self.link.timeout):
                answers = await sent(self.link.client, commands)
        forgotten = self.answer(calls, dict(zip(map(id, commands), answers, strict=True)))
        if forgotten:
            await self.round_trip(forgotten)

    def answer(self, calls: Sequence[Call], answers: dict[int, Any]) -> list[Call]:
        """Returns those to ask again with their script's text."""
        forgotten = []
        for call in calls:
            answer = answers.get(id(call))
            if isinstance(answer, NoScriptError) and call.script is not None:
                forgotten.append(call.again())
                continue
            if isinstance(answer, LOST):
                self.link.lost(answer)
            call.done(answer)
        return forgotten

    async def call(self, *command: Argument) -> Any:
        """Raises LOST."""
        return await self.asked(command)

    async def run_script(self, script: Script, keys: Sequence[str], *arguments: Argument) -> Any:
        """Raises LOST."""
        return await self.asked(evalsha(script, keys, *arguments), script)

    def post(self, script: Script, keys: Sequence[str], *arguments: Argument) -> None:
        """For what nobody waits for."""
        self.post_command(*evalsha(script, keys, *arguments), script=script)

    def post_command(self, *command: Argument, script: Script | None = None) -> None:
        if self.link.up.is_set():
            self.calls.append(Call(command, lambda _: None, script))
            self.wanted.set()

    async def settled(self) -> None:
        """When everything asked until now has been answered. Raises LOST."""
        await self.asked(())

    async def asked(self, command: tuple[Argument, ...], script: Script | None = None) -> Any:
        if not self.link.up.is_set():
            raise Down("Redis is away")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.calls.append(Call(command, telling(future), script))
        self.wanted.set()
        return await future


async def sent(client: Client, calls: Sequence[Call]) -> list[Any]:
    """An answer each, or the error of that command. Raises LOST."""
    if len(calls) == 1:  # as it mostly is: a pipeline costs 30 µs more
        try:
            return [await client.execute_command(*calls[0].command)]
        except ResponseError as error:
            return [error]
    async with client.pipeline(transaction=False) as pipe:
        for call in calls:
            pipe.execute_command(*call.command)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        return answers


def telling(future: "asyncio.Future[Any]") -> Callable[[Any], None]:
    """For whoever waits: the answer, or what went wrong raised."""

    def done(answer: Any) -> None:
        if future.done():
            return
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    return done


def fail(calls: Iterable[Call], error: BaseException) -> None:
    for call in calls:
        call.done(error if isinstance(error, LOST) else Down("closed"))
