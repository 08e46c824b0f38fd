"""What there is to look at: a configured bot, one behind a URL, a function in Python."""

import asyncio
import importlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.metrics import Metrics
from orchestrator.conformance.callback import Callback
from orchestrator.conformance.subject import Restart, Subject
from orchestrator.errors import Misconfigured
from orchestrator.ports import Bot, Panel
from orchestrator.registry import Workshop, make, plugin

SECRET_VARIABLE = "PARLEY_BOT_SECRET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`raw` is the backend's own part of the configuration; relative paths in it start from `base`."""

    name: str
    kind: str
    raw: Mapping[str, Any]
    base: Path = field(default_factory=Path.cwd)
    deadline: float = 10.0
    languages: tuple[str, ...] = ()

    @property
    def remote(self) -> bool:
        """Whether what answers is a process of its own, which is not restarted by making the bot anew."""
        return "url" in self.raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """`callback` is how the bot reaches this machine, `restart` a command that restarts it."""

    callback: str = ""
    callback_port: int = 0
    restart: str = ""
    patience: float = 120.0
    varies: bool = False


def named(given: str, secret: str = "", base: Path | None = None) -> Target | None:
    """The target of an address or of an import path; None for what can only be a name. Raises Misconfigured."""
    if given.startswith(("http://", "https://")):
        secret = secret or os.environ.get(SECRET_VARIABLE, "")
        if not secret:
            raise Misconfigured(f"requests to {given!r} are signed: name the secret with --secret or {SECRET_VARIABLE}")
        return Target(name=given, kind="webhook", raw={"url": given, "secret": secret})
    if ":" in given:
        base = base or Path.cwd()
        return Target(name=given, kind="python", raw={"bot": given, "path": str(base)}, base=base)
    return None


@asynccontextmanager
async def subject(target: Target, conditions: Conditions | None = None) -> AsyncIterator[Subject]:
    """Opened. Raises Misconfigured when the bot can't even be made."""
    given = conditions or Conditions()
    clock, http = SystemClock(), HttpClient()
    callback = Callback(given.callback, host="0.0.0.0" if given.callback else "127.0.0.1", port=given.callback_port)
    with tempfile.TemporaryDirectory(prefix="parley-check-") as folder:
        workshop = Workshop(
            clock=clock, http=http, files=LocalFiles(Path(folder), clock), recorder=Metrics(), base=target.base
        )

        def fresh() -> Bot:
            forget(target)
            bot = cast(Bot, make(workshop, plugin("bots", target.kind), target.raw))
            if isinstance(bot, Panel):
                raise Misconfigured(f"bot {target.name!r} lets others answer: check {', '.join(bot.members)} instead")
            return bot

        await http.open()
        await callback.open()
        try:
            found = Subject(
                target.name,
                fresh,
                clock,
                callback,
                kind=target.kind,
                deadline=target.deadline,
                patience=given.patience,
                restart=restarting(given.restart) if given.restart else None,
                remote=target.remote,
                varies=given.varies,
                languages=target.languages,
            )
            await found.open()
            try:
                yield found
            finally:
                await found.close()
        finally:
            await callback.close()
            await http.close()


def forget(target: Target) -> None:
    """Code imported before is imported anew: what it kept in its modules is gone, as after a restart."""
    if target.kind != "python" or not target.raw.get("path"):
        return
    folder = (target.base / str(target.raw["path"])).resolve()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and folder in Path(file).resolve().parents and not name.startswith(("orchestrator", "bots", "tests")):
            del sys.modules[name]
    importlib.invalidate_caches()


def restarting(command: str) -> Restart:
    """Runs it to its end; it has to come back once the bot answers again. Raises Misconfigured when it fails."""

    async def run() -> None:
        process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.DEVNULL)
        if code := await process.wait():
            raise Misconfigured(f"--restart: the command ended with code {code}")

    return run
