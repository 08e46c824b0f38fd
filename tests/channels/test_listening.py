"""Channels that listen: in one process at a time, again after they break, what they hear durable."""

import asyncio
from pathlib import Path

from orchestrator.engine import listen
from orchestrator.engine.listen import Listeners
from orchestrator.errors import SendFailed, Unavailable
from orchestrator.types import Received
from tests.support.builders import texts
from tests.support.channel import channel
from tests.support.house import House
from tests.support.probe import Side


def said(parley: House, text: str) -> Received:
    return Received(address="visitor", external_id=f"event {text}", parts=texts(text), at=parley.runtime.clock.now())


async def test_what_a_listener_hears_is_answered(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe={"listens": True}) as parley:
        await side.until(lambda: side.listening)
        side.heard.put_nowait([said(parley, "hello"), said(parley, "hello")])
        await side.until(lambda: side.sent)
        await parley.settled()
        assert side.texts == ["echo: hello"]
        (report,) = await parley.runtime.store.channels.reports("shop")
        assert (report.side, report.trouble) == ("listening", "")
    assert side.listening == 0


async def test_a_listener_that_breaks_begins_again_and_says_so(tmp_path: Path, side: Side, monkeypatch: object) -> None:
    listen.FIRST_PAUSE, before = 0.01, listen.FIRST_PAUSE
    try:
        async with channel(tmp_path, probe={"listens": True}) as parley:
            for trouble in (SendFailed("wrong password", retryable=False), RuntimeError("secret")):
                await side.until(lambda: side.listening)
                side.heard.put_nowait(trouble)
                await side.until(lambda: not side.listening)
            await side.until(lambda: side.listening)
            troubles = parley.runtime.engine.listeners.troubles
            assert troubles == {"line": "it raised RuntimeError"}
            side.heard.put_nowait([said(parley, "hello")])
            await side.until(lambda: side.sent)
            assert troubles == {}
    finally:
        listen.FIRST_PAUSE = before


async def test_one_of_two_listens_and_the_other_takes_over(tmp_path: Path, side: Side, kept_in: None) -> None:
    async with channel(tmp_path, probe={"listens": True}) as parley:
        runtime = parley.runtime
        await side.until(lambda: side.listening)
        if runtime.settings.store.url.startswith("sqlite"):
            return  # one process serves such a database
        engine = runtime.engine
        other = Listeners(runtime.apps, engine, runtime.store.channels, runtime.clock, "other", lease=0.3)
        task = asyncio.create_task(other.run())
        try:
            channel_of = runtime.apps["shop"].channels["line"]
            assert not await other.ask(runtime.apps["shop"], channel_of)
            assert side.listening == 1
            mine = next(one for one in engine.running if one.get_name() == "parley-listen")
            mine.cancel()
            await asyncio.wait([mine])
            await side.until(lambda: side.listening == 1)
            side.heard.put_nowait([said(parley, "still there?")])
            await side.until(lambda: side.sent)
        finally:
            task.cancel()
            await asyncio.wait([task])


class Refusing:
    """An intake that has no room at first."""

    def __init__(self) -> None:
        self.refusals = 2
        self.taken = 0

    async def accept(self, app_id: str, channel_id: str, events: object) -> list[object]:
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("full", retry_after=0.01)
        self.taken += 1
        return []


async def test_what_cannot_be_kept_yet_is_kept_later(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path) as parley:
        runtime, intake = parley.runtime, Refusing()
        listeners = Listeners(runtime.apps, intake, runtime.store.channels, runtime.clock, "test")  # type: ignore[arg-type]
        app = runtime.apps["shop"]
        await listeners.hear(app, app.channels["line"], [said(parley, "hello")])
        assert (intake.refusals, intake.taken) == (0, 1)
