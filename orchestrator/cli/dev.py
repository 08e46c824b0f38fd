"""`parley dev`: serve, and start again when something was saved."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, Host, Port, configured
from orchestrator.config import Settings, load
from orchestrator.errors import Misconfigured, ParleyError
from orchestrator.registry import anchored, own, plugin, validated

WATCHED = frozenset({".toml", ".py", ".md", ".txt", ".json", ".yml", ".yaml"})
SKIPPED = frozenset({"node_modules", "__pycache__", "var", "build", "dist"})
MOST_FILES = 20_000
STOPPING = 30.0

Stamps = Mapping[Path, tuple[int, int]]


def dev(
    config: ConfigPath = DEFAULT_CONFIG,
    host: Host = "",
    port: Port = None,
    every: Annotated[float, typer.Option(min=0.05, max=60, help="Seconds between looks at the files.")] = 0.5,
    paths: Annotated[list[Path] | None, typer.Option("--watch", help="Another file or folder to watch.")] = None,
) -> None:
    """Serve, and start again when the configuration, a bot's file or a Python bot is saved.

    Running turns are finished first, and conversations go on: they are in the database. A configuration that can't be
    read leaves the server running as it was, and says what is wrong.
    """
    with configured(config) as (settings, base):
        watched = [base, *folders(settings, base), *(paths or ())]
    arguments = [
        *("serve", "--config", str(config)),
        *(("--host", host) if host else ()),
        *(("--port", str(port)) if port is not None else ()),
    ]
    Loop(config, arguments, watched, every).run()


def folders(settings: Settings, base: Path) -> Iterator[Path]:
    """Where Python bots are imported from, and files that bots name, wherever they are."""
    for app in settings.apps.values():
        for bot in app.bots.values():
            try:
                module = plugin("bots", bot.kind)
                found = anchored(validated(module, own(bot), type(bot).model_fields), base)
            except Misconfigured:
                continue  # the server will say so
            for name in type(found).model_fields:
                value = getattr(found, name)
                yield from (
                    each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, Path)
                )


class Loop:
    def __init__(self, config: Path, arguments: list[str], watched: list[Path], every: float) -> None:
        self.config = config
        self.arguments = arguments
        self.watched = watched
        self.every = every
        self.over = threading.Event()
        self.child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.leave)
        stamps = looked(self.watched)
        self.start()
        try:
            while not self.over.wait(self.every):
                now = looked(self.watched)
                if now != stamps:
                    changed = sorted({path for path, _ in set(now.items()) ^ set(stamps.items())})
                    stamps = now
                    self.again(changed)
        finally:
            self.stop()

    def leave(self, _: int, __: FrameType | None) -> None:
        self.over.set()

    def start(self) -> None:
        # A session of its own: Ctrl-C on the terminal is ours to pass on, once.
        self.child = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.cli", *self.arguments],
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    def again(self, changed: list[Path]) -> None:
        named = ", ".join(path.name for path in changed[:3]) + (" …" if len(changed) > 3 else "")
        try:
            load(self.config)
        except ParleyError as error:
            typer.echo(f"{named} changed; going on as before: {error}", err=True)
            return
        typer.echo(f"{named} changed; starting again", err=True)
        self.stop()
        self.start()

    def stop(self) -> None:
        child = self.child
        if child is None or child.poll() is not None:
            return
        child.terminate()
        try:
            child.wait(STOPPING)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def looked(paths: list[Path]) -> Stamps:
    """When each file was changed, and how long it is."""
    found: dict[Path, tuple[int, int]] = {}
    for path in paths:
        for file in files(path):
            try:
                state = file.stat()
            except OSError:
                continue
            found[file] = (state.st_mtime_ns, state.st_size)
            if len(found) >= MOST_FILES:
                return found
    return found


def files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, names, inside in os.walk(path):
        names[:] = [name for name in names if not name.startswith(".") and name not in SKIPPED]
        yield from (Path(folder) / name for name in inside if Path(name).suffix in WATCHED)
