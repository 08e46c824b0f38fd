"""What the README shows of bots is so: its bot answers, its configurations can be read, its turn is the wire's."""

import re
from pathlib import Path
from typing import cast

import orjson
import pytest

from bots import python
from bots.webhook.wire import TurnV1
from orchestrator import answers
from orchestrator.adapters.clock import SystemClock
from orchestrator.ports import Files, Http
from orchestrator.types import HandOff, Say, Text
from tests.support.command import run
from tests.support.turns import asked, turn, words

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def block(language: str, holds: str) -> str:
    (found,) = [one for one in blocks(language) if holds in one]
    return found


async def test_the_bot_in_python(tmp_path: Path) -> None:
    (tmp_path / "shop_bot.py").write_text(block("python", "HandOff"))
    settings = python.Settings.model_validate({"bot": "shop_bot:reply", "path": tmp_path})
    bot = python.create(settings, clock=SystemClock(), http=cast(Http, None), files=cast(Files, None))
    assert words(await asked(bot, turn("what do I pay", context={"cart": {"total": 42.5}}))) == [
        "Your cart comes to 42.50 €."
    ]
    said, handed = await asked(bot, turn("I want a REFUND"))
    assert isinstance(said, Say)
    assert handed == HandOff(reason="refund", team="orders")


@pytest.mark.parametrize("kind", ["python", "webhook", "openai"])
def test_the_configuration(tmp_path: Path, kind: str) -> None:
    shown = block("toml", 'kind = "python"')
    if kind != "python":
        shown += block("toml", f'kind = "{kind}"').replace("bots.mine]", "bots.other]")
    (tmp_path / "parley.toml").write_text(shown)
    (tmp_path / "shop_bot.py").write_text(block("python", "HandOff"))
    (tmp_path / "faq.toml").write_text('[opening]\nhours = "Nine to five."\n')
    ran = run("check", "-c", tmp_path / "parley.toml", BOT_SECRET="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert (ran.code, ran.err) == (0, "")
    assert f"({kind})" in ran.out


def test_the_turn_and_its_answer() -> None:
    shown = block("console", "POST /turn")
    asked_for, answered = (line.split(None, 3)[-1] for line in shown.replace("← 200", "← 200 OK").splitlines())
    body = orjson.loads(re.sub(r", …}$", "}", asked_for).replace("{…}", "{}"))
    assert body.keys() <= TurnV1.model_fields.keys()
    assert list(answers.from_json(answered.encode())) == [Say(parts=(Text(text="It arrives on Friday."),))]
