"""Stored conversations against something new, through the command line, on a database a real house wrote."""

import asyncio
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from orchestrator.replay.compare import percentile, tokens
from orchestrator.types import SetSlots
from tests.support.command import run
from tests.support.house import house
from tests.support.process import Ran

CONFIG = """
[store]
url = "sqlite:///parley.db"
[apps.shop]
bot = "echo"
[apps.shop.nlp]
enabled = false
translators = "none"
[apps.shop.channels.web]
kind = "webchat"
[apps.shop.teams.support]
[apps.shop.teams.orders]
"""
NAMES = ("echo", "three", "counter", "person", "broken", "choices", "passes")
BOTS = "".join(f'[apps.shop.bots.{name}]\nkind = "python"\nbot = "tests.support.bots:{name}"\n' for name in NAMES)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(CONFIG + BOTS, encoding="utf-8")
    return tmp_path / "parley.toml"


def talk(folder: Path, bot: str, *said: str, customers: int = 1) -> None:
    async def spoken() -> None:
        async with house(folder, bot=bot) as home:
            for number in range(customers):
                for text in said:
                    await home.hear(text, address=f"visitor-{number}")
                    await home.settled(f"visitor-{number}")

    asyncio.run(spoken())


def replayed(config: Path, *arguments: str | Path) -> dict[str, Any]:
    ran = run("replay", "-c", config, "--json", "-", *arguments)
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def texts(side: dict[str, Any]) -> list[str]:
    return [part["text"] for part in side["said"]]


def test_the_same_bot_comes_out_the_same(config: Path) -> None:
    talk(config.parent, "counter", "one", "two", customers=2)
    found = replayed(config)
    assert (found["turns"], found["same"], found["conversations"]) == (4, 4, 2)
    assert [texts(one["now"]) for one in found["compared"]][:2] == [["number 1"], ["number 2"]], "slots are carried on"


def test_another_bot_is_compared_answer_by_answer(config: Path) -> None:
    talk(config.parent, "echo", "hello", "and again")
    found = replayed(config, "--bot", "counter")
    assert found["different"] == {"answer": 2, "handoff": 0, "route": 0, "failure": 0}
    first = found["compared"][0]
    assert (texts(first["then"]), texts(first["now"])) == (["echo: hello"], ["number 1"])
    assert first["customer"] == "hello"
    assert found["moves"] == [{"from": "echo", "to": "counter", "turns": 2}]


def test_it_is_the_same_every_time(config: Path) -> None:
    talk(config.parent, "echo", "hello", customers=5)

    def timeless() -> Any:
        found = replayed(config, "--bot", "three", "--workers", "3")
        for one in found["compared"]:
            one["now"]["ms"] = 0
        return found["compared"], found["different"]

    assert timeless() == timeless()


def test_a_bot_that_hands_off_or_fails_is_told(config: Path) -> None:
    talk(config.parent, "echo", "hello")
    handing = replayed(config, "--bot", "person")
    assert handing["different"]["handoff"] == 1
    assert handing["now"]["handoffs"] == 1.0
    assert handing["compared"][0]["now"]["team"] == "orders"
    failing = replayed(config, "--bot", "broken")
    assert failing["now"]["handoffs"] + failing["now"]["failures"] >= 1.0


def test_another_policy_is_compared_route_by_route(config: Path) -> None:
    talk(config.parent, "echo", "hello", "refund please")
    new = config.parent / "new.toml"
    new.write_text(
        '[policy]\n[[policy.rules]]\nname = "refunds"\nwhen = \'text.contains("refund")\'\nteam = "orders"\n',
        encoding="utf-8",
    )
    found = replayed(config, "--policy", new)
    assert found["same"] == 1
    changed = found["compared"][1]
    assert set(changed["different"]) >= {"handoff", "route"}
    assert (changed["now"]["rule"], changed["now"]["team"]) == ("refunds", "orders")
    assert found["moves"] == [{"from": "echo", "to": "handoff to orders", "turns": 1}]


def test_choices_mean_what_they_meant(config: Path) -> None:
    talk(config.parent, "choices", "hello", "Large")
    found = replayed(config)
    assert texts(found["compared"][1]["now"]) == ["chose size:l"]
    assert found["same"] == 2


def test_nobody_is_touched(config: Path) -> None:
    talk(config.parent, "echo", "hello")
    before = rows(config.parent)
    replayed(config, "--bot", "person")
    assert rows(config.parent) == before


def rows(folder: Path) -> dict[str, list[Any]]:
    import sqlite3

    with sqlite3.connect(folder / "parley.db") as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}


class Shape(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def test_the_page_shows_it_and_runs_nothing(config: Path) -> None:
    talk(config.parent, "echo", "<script>alert(1)</script>")
    target = config.parent / "replay.html"
    ran = run("replay", "-c", config, "--bot", "counter", "--html", target)
    assert ran.code == 0, ran.err
    assert "1 turns of 1 conversations; 0 came out the same" in ran.out
    assert "now       counter: number 1" in ran.out
    text = target.read_text(encoding="utf-8")
    shape = Shape()
    shape.feed(text)
    assert "script" not in shape.tags
    assert shape.tags.count("svg") == 4
    assert not any(name.startswith("on") or name in ("src", "href") for name in shape.attributes)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "NaN" not in text


def test_too_many_changes_fail_the_build(config: Path) -> None:
    talk(config.parent, "echo", "hello")
    assert run("replay", "-c", config, "--bot", "counter", "--fail-over", "0.5").code == 1
    assert run("replay", "-c", config, "--fail-over", "0").code == 0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--bot", "ecco"), "did you mean 'echo'?"),
        (("--since", "yesterday"), "2026-11-01"),
        (("--policy", "nowhere.toml"), "nowhere.toml"),
        (("--bot", "https://bot.example/"), "--secret"),
    ],
)
def test_mistakes(config: Path, arguments: tuple[str, str], complaint: str) -> None:
    talk(config.parent, "echo", "hello")
    ran: Ran = run("replay", "-c", config, *arguments)
    assert (ran.code, complaint in ran.err) == (1, True), ran.err


def test_a_registered_version(config: Path) -> None:
    talk(config.parent, "echo", "hello")
    add = ("bots", "add", "helper", "--kind", "python", "--no-check", "-c", config)
    assert run(*add, "--set", "bot=tests.support.bots:three").code == 0
    assert run(*add, "--set", "bot=tests.support.bots:counter").code == 0
    assert texts(replayed(config, "--bot", "helper@1")["compared"][0]["now"]) == ["first", "second", "third"]
    assert texts(replayed(config, "--bot", "helper@2")["compared"][0]["now"]) == ["number 1"]


def test_an_empty_database(config: Path) -> None:
    found = replayed(config)
    assert (found["turns"], found["conversations"]) == (0, 0)


def test_what_a_model_used_is_read_from_its_tally() -> None:
    spent = SetSlots(slots={"openai:guide": {"in": 150, "out": 30}, "name": {"in": 1}})
    assert tokens((spent,), {"openai:guide": {"in": 100, "out": 20}}) == (50, 10)


def test_percentiles() -> None:
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.5, 0.95)] == [2.0, 4.0]
    assert percentile([], 0.5) == 0.0
