"""A Rasa server as its REST API looks from outside (rasa.com/docs/reference/api/pro/http-api), and rasa-sdk's real one.

Its "model" is `script`: the messages it answers to a text. The tracker is kept as Rasa keeps it, by its events.
"""

import fcntl
import os
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
from aiohttp import web

from tests.support.process import ROOT, free_port
from tests.support.site import listening

Script = Callable[[str, str], list[dict[str, Any]]]
PINS = ROOT / "requirements" / "rasa.txt"


class Rasa:
    """`token` or `secret` guard the API, never the channel: that is how Rasa does it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.token = ""
        self.secret = ""
        self.api = True
        self.events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.received: list[dict[str, Any]] = []
        self.slots: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.paused: set[str] = set()
        self.intents: dict[str, str] = {}

    def guard(self, request: web.Request) -> None:
        if not self.api:
            raise web.HTTPNotFound
        if self.token and request.query.get("token") == self.token:
            return
        if self.secret:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            try:
                claims = jwt.decode(given, self.secret, algorithms=["HS256"], options={"verify_exp": False})
            except jwt.PyJWTError:
                raise web.HTTPUnauthorized from None
            if scheme == "Bearer" and claims["user"]["role"] == "admin":
                return
        if self.token or self.secret:
            raise web.HTTPUnauthorized

    async def webhook(self, request: web.Request) -> web.Response:
        asked = await request.json()
        sender, text = asked["sender"], asked["message"]
        self.received.append(asked)
        self.events[sender].append({"event": "user", "text": text, "metadata": asked.get("metadata")})
        said = [] if sender in self.paused else self.script(sender, text)
        return web.json_response([{"recipient_id": sender, **message} for message in said])

    async def append(self, request: web.Request) -> web.Response:
        self.guard(request)
        sender = request.match_info["sender"]
        given = await request.json()
        for event in given if isinstance(given, list) else [given]:
            self.take(sender, event)
        return web.json_response(self.state(sender))

    def take(self, sender: str, event: dict[str, Any]) -> None:
        assert isinstance(event["timestamp"], float)
        self.events[sender].append(event)
        match event["event"]:
            case "slot":
                self.slots[sender][event["name"]] = event["value"]
            case "pause":
                self.paused.add(sender)
            case "resume":
                self.paused.discard(sender)
            case "user" | "agent":
                pass
            case other:
                raise web.HTTPBadRequest(reason=f"no event {other}")

    async def tracker(self, request: web.Request) -> web.Response:
        self.guard(request)
        return web.json_response(self.state(request.match_info["sender"]))

    def state(self, sender: str) -> dict[str, Any]:
        users = [event for event in self.events[sender] if event["event"] == "user"]
        text = users[-1]["text"] if users else ""
        intent = {"name": self.intents.get(text, "other"), "confidence": 0.9}
        return {"sender_id": sender, "slots": self.slots[sender], "latest_message": {"text": text, "intent": intent}}

    async def parse(self, request: web.Request) -> web.Response:
        self.guard(request)
        text = (await request.json())["text"]
        name = self.intents.get(text, "nlu_fallback")
        ranking = [{"name": name, "confidence": 0.9}, {"name": "other", "confidence": 0.1}]
        return web.json_response({"text": text, "intent": ranking[0], "entities": [], "intent_ranking": ranking})

    async def version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "3.6.20", "minimum_compatible_version": "3.6.0"})

    async def status(self, request: web.Request) -> web.Response:
        self.guard(request)
        return web.json_response({"model_id": "1", "model_file": "models/shop.tar.gz", "num_active_training_jobs": 0})

    def kinds(self, sender: str) -> list[str]:
        return [event["event"] for event in self.events[sender]]


@asynccontextmanager
async def rasa_server(script: Script) -> AsyncIterator[Rasa]:
    rasa = Rasa(script)
    routes = (
        web.post("/webhooks/rest/webhook", rasa.webhook),
        web.post("/conversations/{sender}/tracker/events", rasa.append),
        web.get("/conversations/{sender}/tracker", rasa.tracker),
        web.post("/model/parse", rasa.parse),
        web.get("/version", rasa.version),
        web.get("/status", rasa.status),
    )
    async with listening(*routes) as rasa.url:
        yield rasa


def sdk_python() -> Path:
    """The interpreter of a virtual environment with rasa-sdk, made once: its pins and Parley's exclude each other."""
    folder = Path(sys.prefix) / "share" / "rasa-sdk"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "rasa-sdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed.txt"
        if not done.exists() or done.read_bytes() != PINS.read_bytes():
            made(folder)
            done.write_bytes(PINS.read_bytes())
    return folder / "bin" / "python"


def made(folder: Path) -> None:
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "-r", str(PINS)], check=True)


@contextmanager
def action_server(python: Path, folder: Path, *options: str) -> Iterator[str]:
    """`parley rasa actions` in its own process: rasa-sdk's real server. Gives its webhook."""
    port = free_port()
    code = "from orchestrator.cli import main; main()"
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    arguments = (str(python), "-c", code, "rasa", "actions", "--port", str(port), *options)
    with (folder / "actions.log").open("wb") as log:
        process = subprocess.Popen(arguments, cwd=folder, env=environ, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}/webhook"
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until it answers: its socket is open well before its worker is there, and another process tells nobody."""
    for _ in range(600):
        assert process.poll() is None, "the action server ended; see actions.log"
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
            if answer.status == 200:
                return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
    raise AssertionError("the action server does not answer; see actions.log")


if __name__ == "__main__":
    sdk_python()
