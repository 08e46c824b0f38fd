"""`parley chat`: talk to the configured bot in the terminal, through the whole data path."""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import fit
from orchestrator.app import Runtime, build
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from orchestrator.ports import Subscription
from orchestrator.types import (
    ConversationChanged,
    Limits,
    Message,
    MessageAdded,
    OpenChoice,
    Part,
    Received,
    Tap,
    Text,
    Trace,
)

TERMINAL = Limits(text=100_000)
PATIENCE = 60.0


def chat(
    config: ConfigPath = DEFAULT_CONFIG,
    app_name: AppName = "",
    channel: Annotated[str, typer.Option(help="Channel to speak on.", show_default="the app's first")] = "",
    why: Annotated[bool, typer.Option("--why", help="Show what was understood and decided in each turn.")] = False,
) -> None:
    """Talk to the bot as a customer would, in any of the app's languages. Nothing is kept; an empty line leaves."""
    settings, base = configured(config)
    app_id = chosen_app(settings, app_name)
    channels = settings.apps[app_id].channels
    if channel and channel not in channels:
        raise Misconfigured(f"app {app_id!r} has no channel {channel!r}; known: {', '.join(sorted(channels))}")
    if not channels:
        raise Misconfigured(f"app {app_id!r} has no channel to speak on; add one under apps.{app_id}.channels")
    with tempfile.TemporaryDirectory(prefix="parley-chat-") as folder:
        runtime = build(apart(settings, Path(folder)), base)
        asyncio.run(Chat(runtime, app_id, channel or next(iter(channels)), why).run())


def apart(settings: Settings, folder: Path) -> Settings:
    """The same, with a database of its own."""
    store = settings.store.model_copy(update={"url": f"sqlite:///{folder / 'chat.db'}", "media": folder / "media"})
    return settings.model_copy(update={"store": store})


class Chat:
    def __init__(self, runtime: Runtime, app_id: str, channel: str, why: bool) -> None:
        self.runtime = runtime
        self.app_id = app_id
        self.channel = channel
        self.why = why
        self.choices: Sequence[OpenChoice] = ()

    async def run(self) -> None:
        typer.echo("Write as a customer would; an empty line leaves.")
        async with self.runtime.open():
            while line := await asyncio.to_thread(read_line):
                await self.turn(line)

    async def turn(self, line: str) -> None:
        chosen = fit.match(self.choices, line)
        part: Part = Tap(payload=chosen.payload, title=chosen.title) if chosen else Text(text=line)
        clock = self.runtime.clock
        event = Received(address="terminal", external_id=clock.new_id(), parts=(part,), at=clock.now())
        async with self.runtime.bus.subscribe(self.app_id) as news:
            await self.runtime.engine.accept(self.app_id, self.channel, [event])
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self.answer(news)
                    return
        typer.echo("(no answer)")

    async def answer(self, news: Subscription) -> None:
        """Show what came of the turn, once the conversation's head tells the language it is held in."""
        said: list[Message] = []
        async for update in news:
            if isinstance(update, MessageAdded):
                said.append(update.message)
            if isinstance(update, ConversationChanged):
                for message in said:
                    self.show(message, update.conversation.language.code)
                await self.explain(update.conversation_id)
                return

    def show(self, message: Message, language: str) -> None:
        if message.role == "customer" or message.visibility != "public":
            return
        words = message.translations.get(language, message.parts)
        shaped = fit.shape(words, TERMINAL, message_id=message.id)
        self.choices = shaped.choices
        for rendering in shaped.renderings:
            for part in rendering.parts:
                if isinstance(part, Text):
                    typer.echo(f"{message.author or message.role}: {part.text}")

    async def explain(self, conversation_id: str) -> None:
        if self.why:
            for trace in await self.runtime.store.traces(conversation_id, limit=1):
                typer.echo(explanation(trace), err=True)


def explanation(trace: Trace) -> str:
    stages = "  ".join(f"{run.stage}:{run.engine or '-'} {run.outcome} {run.ms:g} ms" for run in trace.stages)
    rules = ", ".join(check.rule for decision in trace.decisions for check in decision.checks if check.held)
    bots = ", ".join(f"{call.bot} {call.outcome} {call.ms:g} ms" for call in trace.bots)
    return f"  [{trace.outcome} in {trace.ms:g} ms | {stages} | bot {bots or '-'} | rules {rules or 'none held'}]"


def read_line() -> str:
    try:
        return input("you: " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""
