"""`parley chat`: talk to a bot on the terminal, through a whole Parley of its own."""

import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import fit
from orchestrator.app import Runtime, build
from orchestrator.cli.lines import lines
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.cli.why import explained
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Subscription
from orchestrator.types import (
    Conversation,
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
MARGIN = 30.0
"""Seconds to wait for an answer beyond what the slowest bot may take."""


def chat(
    config: ConfigPath = DEFAULT_CONFIG,
    app_name: AppName = "",
    channel: Annotated[str, typer.Option(help="Channel to speak on.", show_default="the app's first")] = "",
    why: Annotated[bool, typer.Option("--why", help="Show what was understood and decided in each turn.")] = False,
) -> None:
    """Talk to the bot as a customer would, in any of the app's languages.

    A choice can be answered with its number. Nothing is kept. Ctrl-D leaves; input may also be piped, a line a message.
    """
    with configured(config) as (settings, base), tempfile.TemporaryDirectory(prefix="parley-chat-") as folder:
        app_id = chosen_app(settings, app_name)
        channel = chosen_channel(settings, app_id, channel)
        runtime = build(apart(settings, Path(folder)), base)
        asyncio.run(Chat(runtime, app_id, channel, why).run())


def chosen_channel(settings: Settings, app_id: str, name: str) -> str:
    """Raises Misconfigured."""
    channels = settings.apps[app_id].channels
    if not channels:
        raise Misconfigured("there is no channel to speak on; add one", key=("apps", app_id, "channels"))
    if name and name not in channels:
        raise Misconfigured(f"--channel: {nowhere('channel', name, channels)}")
    return name or next(iter(channels))


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
        self.choices: list[OpenChoice] = []
        self.language = ""
        self.also: Callable[[Message], Iterable[str]] = nothing
        self.told: Callable[[Trace], Iterable[str]] = nothing
        self.typed = sys.stdin.isatty()
        bots = runtime.apps[app_id].bots.values()
        self.patience = MARGIN + max((running.settings.deadline for running in bots), default=0.0)

    async def run(self) -> None:
        with leaving():
            async with self.runtime.open():
                if self.typed:
                    typer.echo(f"You are a customer on {self.channel!r}. Write; Ctrl-D leaves.", err=True)
                async for line in lines(sys.stdin.fileno(), self.ask):
                    if line:
                        await self.turn(line)
                if self.typed:
                    typer.echo()

    def ask(self) -> None:
        if self.typed:
            language = f" ({self.language})" if self.language else ""
            typer.echo(typer.style(f"you{language}: ", bold=True), nl=False)

    async def turn(self, line: str) -> None:
        chosen = fit.match(self.choices, line)
        part: Part = Tap(payload=chosen.payload, title=chosen.title) if chosen else Text(text=line)
        clock = self.runtime.clock
        event = Received(address="terminal", external_id=clock.new_id(), parts=(part,), at=clock.now())
        async with self.runtime.bus.subscribe(self.app_id) as news:
            accepted = await self.runtime.engine.accept(self.app_id, self.channel, [event])
            try:
                async with asyncio.timeout(self.patience):
                    await self.answers(news, max(one.conversation.last_seq for one in accepted))
            except TimeoutError:
                typer.echo("(no answer yet)", err=True)

    async def answers(self, news: Subscription, seq: int) -> None:
        """Show what is said until the turn is over; the conversation's head tells in which language."""
        said: dict[str, Message] = {}
        fresh = True
        async for update in news:
            if isinstance(update, MessageAdded) and audible(update.message):
                said[update.message.id] = update.message
            if isinstance(update, ConversationChanged):
                head = update.conversation
                if said and fresh:
                    self.choices, fresh = [], False
                for message in said.values():
                    self.show(message, head.language.code)
                said.clear()
                if head.processed_seq >= seq and head.awaiting is None:
                    await self.over(head)
                    return

    def show(self, message: Message, language: str) -> None:
        shaped = fit.shape(message.translations.get(language, message.parts), TERMINAL, message_id=message.id)
        self.choices += shaped.choices
        speaker = typer.style(f"{message.author or message.role}:", fg="cyan", bold=True)
        if message.role == "system":
            speaker = typer.style("·", fg="cyan")
        for rendering in shaped.renderings:
            for part in rendering.parts:
                if isinstance(part, Text):
                    typer.echo(f"{speaker} {part.text}")
        self.aside(self.also(message))

    def aside(self, lines: Iterable[str]) -> None:
        for line in lines:
            typer.echo(typer.style(f"    {line}", dim=True), err=True)

    async def over(self, head: Conversation) -> None:
        self.language = head.language.code
        if self.why:
            for trace in await self.runtime.store.traces(head.id, limit=1):
                self.aside((*explained(trace), *self.told(trace)))
        if head.controller.kind == "desk" and self.typed:
            typer.echo("(this is the desk's now: nobody else answers here)", err=True)


def nothing(_: object) -> Iterable[str]:
    """What else there is to tell of a message, or of a turn."""
    return ()


def audible(message: Message) -> bool:
    return message.role != "customer" and message.visibility == "public" and not message.withdrawn


@contextmanager
def leaving() -> Iterator[None]:
    """Ctrl-C, and SIGTERM, leave at once and quietly."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    try:
        yield
    except asyncio.CancelledError:
        typer.echo()
