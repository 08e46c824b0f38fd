"""The configurations that are measured."""

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import kit
from benchmarks.servers import LOAD_CORE, SERVER_CORE, free_port, running


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test: where messages go, where its replies must come, and its process."""

    url: str
    pid: int
    callback_port: int
    body: str = ""


def echo_bot(stack: ExitStack, folder: Path, *options: str) -> int:
    port = free_port()
    command = [sys.executable, kit.file("bot_echo.py"), str(port), *options]
    stack.enter_context(running(command, port=port, core=LOAD_CORE, log=folder / "bot.log"))
    return port


def floor(stack: ExitStack, folder: Path, bot: int) -> Target:
    """The reference floor: FastAPI route, message durable before it is acknowledged, answered by callback."""
    port = free_port()
    env = {
        "FT_HTTP": "fastapi",
        "FT_BOT": "aiohttp",
        "FT_STORE": "sqlite",
        "FT_SYNC": "FULL",
        "FT_LOAD": "inline",
        "FT_ACK": "inbox",
        "FT_BOT_PORT": str(bot),
        "FT_DB": str(folder / "floor.db"),
    }
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(kit.file("floor_turn.py")).parent)]
    command += ["floor_turn:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    pid = stack.enter_context(running(command, port=port, core=SERVER_CORE, env=env, log=folder / "floor.log"))
    return Target(url=f"http://127.0.0.1:{port}/hook", pid=pid, callback_port=free_port())


def parley(
    stack: ExitStack, folder: Path, *, bot: dict[str, object], nlp: bool = False, app: dict[str, object] | None = None
) -> Target:
    """`parley serve` as a user runs it: SQLite with FULL, a webhook channel, one bot."""
    port, callback = free_port(), free_port()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "parley.toml"
    shop: dict[str, object] = {
        "bot": "echo",
        "bots": {"echo": bot},
        "nlp": {"enabled": nlp, "translators": "none"},
        "channels": {
            "bench": {
                "kind": "webhook",
                "signature": "none",
                "url": f"http://127.0.0.1:{callback}/",
                "allow_private": True,
                "rate": 1_000_000,
            }
        },
        **(app or {}),
    }
    config.write_text(
        "\n".join(
            [
                table("server", {"port": port}),
                table("store", {"url": "sqlite:///bench.db", "media": "media"}),
                table("log", {"level": "warning"}),
                *tables("apps.shop", shop),
            ]
        )
    )
    command = [str(Path(sys.executable).parent / "parley"), "serve", "--config", str(config)]
    pid = stack.enter_context(running(command, port=port, core=SERVER_CORE, log=folder / "parley.log", ready="/readyz"))
    body = '{"conversation":"{{conv}}","id":"{{msg_id}}","text":"{{text}}"}'
    return Target(url=f"http://127.0.0.1:{port}/hooks/bench", pid=pid, callback_port=callback, body=body)


def table(name: str, values: dict[str, object]) -> str:
    return f"[{name}]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in values.items())


def tables(name: str, values: dict[str, object]) -> list[str]:
    """Nested dicts as TOML tables."""
    flat = {key: value for key, value in values.items() if not isinstance(value, dict)}
    nested = [
        line for key, value in values.items() if isinstance(value, dict) for line in tables(f"{name}.{key}", value)
    ]
    return [table(name, flat), *nested]


def toml(value: object) -> str:
    return json.dumps(value)
