"""`parley` as a process of its own: commands that end, and servers to be stopped, killed and starved."""

import asyncio
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.sqlite import lay

PARLEY = Path(sys.executable).parent / "parley"
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
FIRST = 12_000 + WORKER % 10 * 2_000
PORTS = itertools.islice(itertools.cycle(range(FIRST, FIRST + 2_000)), os.getpid() * 50 % 2_000, None)
"""Each test process counts through ports of its own, below those the system gives to anybody who asks: a port that was
free a moment ago, or belongs to a server between two starts, is not taken by a neighbour. Two runs of the tests on one
machine begin at different ones."""


def free_port() -> int:
    while True:
        try:
            with socket.create_server(("127.0.0.1", next(PORTS))) as probe:
                return int(probe.getsockname()[1])
        except OSError:
            continue


def write_config(
    folder: Path, port: int, app: dict[str, Any], *, laid: bool = True, **sections: dict[str, Any]
) -> Path:
    """A parley.toml with one app "shop"; nested dicts become tables. Its database is there, and empty: for those who
    come to see it made, and with a store of their own in `sections`, it is not `laid`."""
    path = folder / "parley.toml"
    if laid and "store" not in sections:
        lay(folder / "parley.db")
    tree = {
        "server": {"port": port, "stop_seconds": 5},
        "store": {"url": "sqlite:///parley.db", "media": "media"},
        "engine": {"sweep_seconds": 0.2},
        **sections,
        "apps": {"shop": app},
    }
    path.write_text("\n".join(tables("", tree)), encoding="utf-8")
    return path


def tables(name: str, values: dict[str, Any]) -> list[str]:
    """TOML; JSON's strings, numbers, booleans and lists are TOML's too."""
    flat = [f"{json.dumps(key)} = {written(value)}" for key, value in values.items() if not isinstance(value, dict)]
    lines = [f"[{name}]", *flat] if name and flat else []
    for key, value in values.items():
        if isinstance(value, dict):
            lines += tables(f"{name}.{key}" if name else key, value)
    return lines


async def until(holds: Callable[[], bool]) -> None:
    """For what another process does without telling anybody."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


def written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {written(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def surroundings(**more: str) -> dict[str, str]:
    """The environment of a child: as ours, without what configures a Parley of ours."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return {**own, "PYTHONPATH": str(ROOT), **more}


async def parley(*arguments: str | Path, cwd: Path | None = None, given: str | bytes = "", **env: str) -> Ran:
    """Run a command to its end; `given` is its standard input."""
    process = await asyncio.create_subprocess_exec(
        str(PARLEY),
        *map(str, arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=surroundings(**env),
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(given.encode() if isinstance(given, str) else given)
    except TimeoutError:
        process.kill()
        raise
    return Ran(await process.wait(), out.decode(), err.decode())


class Served:
    """A running server. `kill` is kill -9, `stop` a polite SIGTERM.

    `prefix` is a command it is run by, `program` another installation, with an environment of its own.
    """

    prefix: tuple[str, ...] = ()
    program: Path = PARLEY
    env: Mapping[str, str] | None = None

    def __init__(self, config: Path, port: int, *command: str) -> None:
        self.command = command or ("serve", "--config", str(config))
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = config.with_suffix(".log")
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, asking: str = "/readyz") -> None:
        """Returns once it is ready to serve; with "/healthz", once it answers at all."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.prefix,
                str(self.program),
                *self.command,
                stdout=log,
                stderr=log,
                env=surroundings() if self.env is None else self.env,
            )
        async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
            while not await self.answers(session, asking):
                if self.process.returncode is not None:
                    raise AssertionError(f"the server ended with {self.process.returncode}: {self.tail()}")
                await asyncio.sleep(0.02)

    async def answers(self, session: aiohttp.ClientSession, path: str) -> bool:
        try:
            async with session.get(self.url + path) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def kill(self) -> None:
        await self.signal(signal.SIGKILL)

    async def stop(self) -> int:
        return await self.signal(signal.SIGTERM)

    async def signal(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            return await self.process.wait()

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
