"""`parley simulate`: chat through a channel whose platform is played on this machine; no account is needed."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import fit, server
from orchestrator.adapters.clock import SystemClock
from orchestrator.cli.chat import TERMINAL, apart
from orchestrator.cli.lines import lines
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, Host, Port, chosen_app, configured, listening
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.resources import folder
from orchestrator.simulate import Platform, Simulation, playable, simulated
from orchestrator.types import OpenChoice, Part, Tap, Text

USER = "visitor"


def simulate(
    channels: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHANNEL]...", help="Kinds of channels, such as whatsapp; all by default."),
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    app_name: AppName = "",
    host: Host = "127.0.0.1",
    port: Port = 0,
    data: Annotated[Path | None, typer.Option(help="Keep everything here. Default: nothing is kept.")] = None,
    terminal: Annotated[bool, typer.Option("--terminal", help="Chat here, through one channel.")] = False,
    known: Annotated[bool, typer.Option("--list", help="Name the channels whose platform can be played.")] = False,
) -> None:
    """Play the platforms of channels on this machine, and chat with your bot through them.

    Their webhooks come signed, their APIs refuse what the real ones refuse, and the page can make them deliver twice,
    late or out of order, answer 429, or not at all. Without a parley.toml the demo shop's bot answers.
    """
    if known:
        typer.echo("\n".join(playable()))
        return
    kinds = chosen(channels or [], terminal)
    shop = config == DEFAULT_CONFIG and not config.exists()
    path = folder("examples") / "shop" / "parley.toml" if shop else config
    place = nullcontext(str(data)) if data else tempfile.TemporaryDirectory(prefix="parley-simulate-")
    with configured(path) as (settings, base), place as name:
        app_id = chosen_app(settings, app_name)
        Run(app_id, kinds, terminal, shop).start(listening(apart(settings, Path(name).resolve()), host, port), base)


def chosen(kinds: Sequence[str], terminal: bool) -> Sequence[str]:
    """Raises Misconfigured."""
    can = playable()
    for kind in kinds:
        if kind not in can:
            raise Misconfigured(nowhere("channel whose platform can be played", kind, can))
    if terminal and len(kinds) != 1:
        raise Misconfigured(f"--terminal needs one channel; known: {', '.join(can)}")
    return list(dict.fromkeys(kinds)) or can


class Run:
    def __init__(self, app_id: str, kinds: Sequence[str], terminal: bool, shop: bool) -> None:
        self.app_id = app_id
        self.kinds = kinds
        self.terminal = terminal
        self.shop = shop
        self.simulation = Simulation(platforms={})
        self.chat: asyncio.Task[None] | None = None

    def start(self, settings: Settings, base: Path) -> None:
        log = settings.log.model_copy(update={"level": "warning", "format": "console"})
        settings = settings.model_copy(update={"log": log})
        server.run(settings, base, demo=self.shop, ready=self.ready, simulating=self.simulating)

    def simulating(self, settings: Settings, url: str) -> tuple[Settings, Simulation]:
        settings, self.simulation = simulated(settings, self.app_id, self.kinds, url, SystemClock())
        return settings, self.simulation

    def ready(self, url: str) -> None:
        if self.terminal:
            platform = next(iter(self.simulation.platforms.values()))
            self.chat = asyncio.get_running_loop().create_task(Terminal(platform).run())
            return
        typer.echo(f"\n  All of them   {url}/simulate")
        for name, platform in self.simulation.platforms.items():
            typer.echo(f"  {platform.stand_in.kind:<13} {url}/simulate/{name}")
        typer.echo("\n  Ctrl-C stops it.\n")


class Terminal:
    """One user of the platform. What the bot offers is chosen by its number or its title, as buttons are tapped."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.seen = 0
        self.choices: list[OpenChoice] = []
        self.typed = sys.stdin.isatty()

    async def run(self) -> None:
        watching = asyncio.create_task(self.watch())
        try:
            if self.typed:
                typer.echo(f"You are a customer on {self.platform.stand_in.kind}. Write; Ctrl-D leaves.", err=True)
            async for line in lines(sys.stdin.fileno()):
                if line:
                    await self.say(line)
            await self.quiet()
        finally:
            watching.cancel()
            os.kill(os.getpid(), signal.SIGTERM)

    async def say(self, line: str) -> None:
        chosen = fit.match(self.choices, line)
        part: Part = Tap(payload=chosen.payload, title=chosen.title) if chosen else Text(text=line)
        count = len(self.platform.shown(USER))
        await self.platform.say(USER, part)
        if not self.typed:
            await self.answered(count + 1)

    async def answered(self, count: int) -> None:
        """Piped lines wait for their answers, as a person would."""
        version = self.platform.version
        while len(self.platform.shown(USER)) <= count:
            newer = await self.platform.newer(version, PATIENCE)
            if newer == version:
                return
            version = newer

    async def quiet(self) -> None:
        """What is still being said at the end is shown too."""
        version = self.platform.version
        while (newer := await self.platform.newer(version, REST)) != version:
            version = newer

    async def watch(self) -> None:
        version = -1
        while True:
            version = await self.platform.newer(version, PATIENCE)
            shown = self.platform.shown(USER)
            for message in shown[self.seen :]:
                if not message.mine:
                    self.show(message.parts)
            self.seen = len(shown)

    def show(self, parts: Sequence[Part]) -> None:
        shaped = fit.shape(tuple(parts), TERMINAL)
        if shaped.choices:
            self.choices = list(shaped.choices)
        name = typer.style(f"{self.platform.stand_in.kind}:", fg="cyan", bold=True)
        for rendering in shaped.renderings:
            for part in rendering.parts:
                if isinstance(part, Text):
                    typer.echo(f"{name} {part.text}")


PATIENCE = 30.0
REST = 1.0
