"""What a server writes about itself over a whole day in a minute: which turn, and nobody's words or secrets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import parley
from tests.support.shop import SECRET, Shop, shop

pytestmark = pytest.mark.processes

PASSWORD = "velvet onion harbour nine"
WORDS = "marmalade"
"""In everything anybody says in here."""
SERVER_SECRET = "the-server-s-own-secret-0123456789abcdef"
METRICS = "a-token-for-prometheus-77"
RAISING = "async def reply(turn):\n    raise ValueError(f'no idea what {turn.text!r} means')\n"


async def story(here: Shop) -> list[str]:
    """Everything that can be said, refused and broken; gives the secrets that were made on the way."""
    secrets = [await desk(here), await api(here), *await chat(here)]
    for number, text in enumerate(("hello", "please break", "please raise", "a person")):
        assert (await here.hear(f"{text} {WORDS} {number}", conversation=f"c{number}")).status == 200
    bad = (f'{{"text": "{WORDS}"', json.dumps([WORDS]), json.dumps({"conversation": WORDS}), WORDS * 100_000)
    for body in bad:
        async with here.http.post(f"{here.served.url}/hooks/hook?token={WORDS}", data=body) as answer:
            assert 400 <= answer.status < 500
    for path in (f"/v1/conversations?q={WORDS}", f"/callback/{'x' * 60}", f"/{WORDS}", f"/media/{WORDS}"):
        assert (await here.get(path, Authorization="Bearer pk_wrong")).status in (401, 404, 405)
    await here.platform.until(taken=4)
    return secrets


async def desk(here: Shop) -> str:
    ran = await parley("desk", "add-agent", "ada@shop.example", "-c", here.config, PARLEY_PASSWORD=PASSWORD)
    assert ran.code == 0, ran.err
    url, origin = f"{here.served.url}/desk/api/login", {"Origin": here.served.url}
    for password in ("wrong guess " + WORDS, PASSWORD):
        async with here.http.post(
            url, json={"email": "ada@shop.example", "password": password}, headers=origin
        ) as answer:
            body: dict[str, Any] = await answer.json()
    async with here.http.ws_connect(f"{here.served.url}/desk/api/ws", headers=origin) as socket:
        await socket.receive()
        await socket.send_str(f"{{{WORDS}")
    return str(body["csrf"])


async def api(here: Shop) -> str:
    key = (await parley("keys", "add", "reports", "-c", here.config)).out.strip()
    assert (await here.get("/v1/conversations", Authorization=f"Bearer {key}")).status == 200
    assert (await here.get("/metrics", Authorization=f"Bearer {METRICS}")).status == 200
    return key


async def chat(here: Shop) -> list[str]:
    address = f"{here.served.url}/webchat/web"
    async with here.http.post(f"{address}/session", json={}) as answer:
        found = await answer.json()
    async with here.http.ws_connect(f"{address}/ws") as socket:
        await socket.send_json({"type": "hello", "token": found["token"], "context": {"page": WORDS}})
        await socket.send_json({"type": "send", "client_id": "m1", "text": f"hello {WORDS} from the chat"})
        await socket.send_json({"type": "nonsense", "text": WORDS})
        while "re: hello" not in (await socket.receive()).data:
            pass
    async with here.http.post(
        f"{address}/upload?name={WORDS}.png",
        data=WORDS.encode(),
        headers={"Authorization": f"Bearer {found['token']}", "Content-Type": "image/png"},
    ) as answer:
        assert answer.status == 400
    return [found["token"], found["resume"]]


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_the_log_tells_of_every_turn_and_of_nobodys_words_or_secrets(tmp_path: Path, level: str) -> None:
    (tmp_path / "raising_bot.py").write_text(RAISING)
    bots = {
        "person": {"kind": "python", "bot": "tests.support.bots:person"},
        "raising": {"kind": "python", "bot": "raising_bot:reply", "path": "."},
        "gone": {"kind": "webhook", "url": "http://127.0.0.1:9/turn?key=s3cr3t-in-an-url", "secret": SECRET},
    }
    rules = [
        {"name": name, "when": f"text.contains('{word}')", "then": "bot", "bot": name}
        for word, name in (("break", "gone"), ("raise", "raising"), ("a person", "person"))
    ]
    async with shop(
        tmp_path,
        bots=bots,
        rules=rules,
        server={"secret": SERVER_SECRET, "metrics_token": METRICS},
        log={"level": level, "format": "json"},
    ) as here:
        here.platform.refusals.append(500)
        secrets = await story(here)
        assert await here.served.stop() == 0
        text = here.served.log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    for secret in (*secrets, SECRET, SERVER_SECRET, METRICS, PASSWORD, "s3cr3t-in-an-url", WORDS):
        assert secret not in text, [line for line in text.splitlines() if secret in line]
    check_turns(lines, level)


def check_turns(lines: list[dict[str, Any]], level: str) -> None:
    of_turns = [line for line in lines if line["logger"] == "parley.turn"]
    for line in of_turns:
        assert re.fullmatch(r"[0-9A-Z]{26}", line["conversation_id"])
        assert line["turn_id"].startswith(line["conversation_id"])
        assert line["app_id"] == "shop"
    failed = [line["bots"] for line in of_turns if line["event"] == "bot failed"]
    assert sorted(failed, key=str) == [{"gone": "failed"}, {"raising": "failed"}]
    assert any(line["event"] == "message delayed" for line in lines)
    if level == "debug":
        assert sum(line["event"] == "turn" for line in of_turns) >= 3
