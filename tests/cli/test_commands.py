"""The command line as people use it: what commands print where, and how they end; each kind once as a process."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.main import COMMANDS, imported
from tests.support.command import here
from tests.support.process import Ran, parley, write_config

pytestmark = pytest.mark.processes

PASSWORD = "velvet onion harbour nine"
SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop"


def config(folder: Path, *, laid: bool = True, **app: Any) -> Path:
    shop = {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": {"enabled": False, "translators": "none"},
        "teams": {"support": {"label": "Support"}, "orders": {"label": "Orders"}},
        "channels": {"web": {"kind": "webchat"}},
        **app,
    }
    return write_config(folder, 0, shop, laid=laid)


def fails(ran: Ran, *said: str) -> None:
    """On purpose: one paragraph on standard error, code 1, no traceback."""
    assert ran.code == 1, ran
    assert ran.out == ""
    assert ran.err.startswith("parley: ")
    assert "Traceback" not in ran.err
    for words in said:
        assert words in ran.err


async def test_help_and_version() -> None:
    ran = await parley("--version")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"parley \d+\.\d+\.\d+\n", ran.out)
    whole = (await parley("--help")).out
    for command in ("serve", "demo", "chat", "check", "desk", "keys"):
        assert f" {command} " in whole


def test_the_list_says_what_each_command_says_itself() -> None:
    for name, about in COMMANDS.items():
        assert imported(name).help.split("\n\n")[0] == about


async def test_a_commands_words_are_filled_and_whole() -> None:
    told = (await parley("replay", "--help")).out
    assert "the [policy] to try" in " ".join(told.replace("│", " ").split())
    lines = (await parley("dev", "--help")).out.splitlines()
    assert not any(line.strip() == "can't be" for line in lines)


EXPLAINED = (
    ("serve", "--config", "--host", "--port"),
    ("demo", "--data", "--open", "--port"),
    ("chat", "--app", "--channel", "--why"),
    ("check", "--config"),
    ("desk", "add-agent", "disable", "enable", "list", "password"),
    ("desk add-agent", "--name", "--role", "--team", "--password-stdin", "PARLEY_PASSWORD"),
    ("desk list", "--app"),
    ("desk disable", "EMAIL"),
    ("desk enable", "EMAIL"),
    ("desk password", "--password-stdin", "EMAIL"),
    ("keys", "add", "list", "revoke"),
    ("keys add", "--scope", "NAME"),
    ("keys list", "--app"),
    ("keys revoke", "KEY_ID"),
    ("nlp", "eval"),
    ("nlp eval", "--langid", "--chatwords", "--chats", "--tricky", "--data"),
)


@pytest.mark.parametrize("command", EXPLAINED, ids=lambda each: each[0])
async def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    ran = await here(*command[0].split(), "-h", COLUMNS="120")
    assert ran.code == 0
    for words in command[1:]:
        assert words.lower() in ran.out.lower()


async def test_wrong_words_get_a_hint_and_code_2() -> None:
    ran = await parley("serv")
    assert ran.code == 2
    assert "serve" in ran.err
    assert (await parley("serve", "--port", "70000")).code == 2


async def test_check_tells_what_would_run_and_leaves_no_trace(tmp_path: Path) -> None:
    hook = {"kind": "webhook", "url": "http://127.0.0.1:9/", "secret": "env:BOT_SECRET", "fallback": "echo"}
    bots = {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}, "hook": hook}
    path = config(tmp_path, laid=False, bots=bots)
    ran = await parley("check", "-c", path, BOT_SECRET="whsec_" + "A" * 32)
    assert (ran.code, ran.err) == (0, "")
    for words in ("app shop", "channel web (webchat), bot echo", "falls back to echo", "explicit-wish", "is fine"):
        assert words in ran.out
    assert "A" * 32 not in ran.out
    assert sorted(os.listdir(tmp_path)) == ["parley.toml"]


async def test_check_of_the_demo_shop_tells_how_it_translates(tmp_path: Path) -> None:
    shop = shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("var"))
    ran = await here("check", "-c", shop / "parley.toml")
    assert (ran.code, ran.err) == (0, "")
    assert "reviewed texts" in ran.out
    assert "var" not in os.listdir(shop)


async def test_check_tells_everything_that_is_wrong_with_lines(tmp_path: Path) -> None:
    path = config(tmp_path, bot="nobody", policy={"team": "nowhere"}, channels={"web": {"kind": "webchat", "colr": 1}})
    ran = await here("check", "-c", path)
    fails(ran, "there is no bot 'nobody'", "there is no team 'nowhere'", "did you mean 'color'?")
    assert len(re.findall(rf"^  {re.escape(str(path))}:\d+: apps\.shop\.", ran.err, re.MULTILINE)) == 3


async def test_check_tells_what_is_wrong_with_a_guide(tmp_path: Path) -> None:
    (tmp_path / "guide.toml").write_text('[guide]\nlanguage = "en"\n[[intent]]\nname = "a"\nexamples = ["b"]\n')
    path = config(tmp_path, bots={"echo": {"kind": "guide", "file": "guide.toml"}})
    fails(await here("check", "-c", path), f"{tmp_path}/guide.toml:", "'answer'")


@pytest.mark.parametrize("command", [("serve",), ("chat",), ("check",), ("keys", "list"), ("desk", "list")])
async def test_without_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    fails(await here(*command), "'parley.toml'", "No such file", "--config")


async def test_the_configuration_may_be_named_by_the_environment(tmp_path: Path) -> None:
    ran = await parley("check", PARLEY_CONFIG=str(config(tmp_path)))
    assert ran.code == 0
    fails(await parley("check", PARLEY_CONFIG=str(config(tmp_path)), PARLEY_SERVER__PORT="abc"), "PARLEY_SERVER__PORT")


async def test_agents(tmp_path: Path) -> None:
    path = config(tmp_path)
    assert "nobody works for app 'shop' yet" in (await here("desk", "list", "-c", path)).err
    ran = await parley(
        "desk", "add-agent", "Ada@Shop.Example", "--name", "Ada", "--team", "orders", "--password-stdin",
        "-c", path, given=f"{PASSWORD}\n",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "Ada can sign in at /desk as ada@shop.example" in ran.out
    again = await here("desk", "add-agent", "ada@shop.example", "-c", path, PARLEY_PASSWORD=PASSWORD)
    fails(again, "'ada@shop.example' already")
    fails(await here("desk", "add-agent", "no address", "-c", path, PARLEY_PASSWORD=PASSWORD), "'no address'")
    short = await here("desk", "add-agent", "bo@shop.example", "-c", path, PARLEY_PASSWORD="s3cr3t")
    fails(short, "at least 10")
    assert "s3cr3t" not in short.err
    fails(
        await here("desk", "add-agent", "bo@shop.example", "--team", "oders", "-c", path, PARLEY_PASSWORD=PASSWORD),
        "there is no team 'oders'; did you mean 'orders'?",
    )
    fails(await here("desk", "disable", "bo@shop.example", "-c", path), "no agent 'bo@shop.example'")
    assert (await here("desk", "disable", "ADA@shop.example", "-c", path)).code == 0
    listed = await here("desk", "list", "-c", path)
    assert re.search(r"^ada@shop\.example +Ada +agent +orders +disabled$", listed.out, re.MULTILINE)
    assert (await here("desk", "enable", "ada@shop.example", "-c", path)).code == 0
    assert "disabled" not in (await here("desk", "list", "-c", path)).out


async def test_several_apps_have_to_be_named(tmp_path: Path) -> None:
    path = config(tmp_path)
    text = path.read_text()
    second = (
        text[text.index("[apps.shop]") :].replace("apps.shop", "apps.other").replace("channels.web", "channels.chat")
    )
    path.write_text(f"{text}\n{second}")
    fails(await here("keys", "list", "-c", path), "say which app with --app; known: other, shop")
    fails(await here("keys", "list", "--app", "shp", "-c", path), "--app: there is no app 'shp'; did you mean 'shop'?")
    assert (await here("keys", "list", "--app", "other", "-c", path)).code == 0


async def test_keys(tmp_path: Path) -> None:
    path = config(tmp_path)
    ran = await parley("keys", "add", "reports", "--scope", "write", "-c", path)
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"pk_[\w-]{40,}\n", ran.out)
    listed = (await here("keys", "list", "-c", path)).out
    assert ran.out.strip() not in listed
    assert "reports" in listed
    fails(await here("keys", "revoke", "nope", "-c", path), "no key 'nope'")
    fails(await here("keys", "add", "x" * 100, "-c", path), "at most 80 characters")
    assert (await here("keys", "add", "y", "--scope", "everything", "-c", path)).code == 2
