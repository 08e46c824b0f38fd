"""`parley bots …` as a bot developer uses it, on a database of its own."""

from pathlib import Path

import pytest

from tests.support.command import run

CODE = """
from orchestrator.types import Choice, QuickReplies

async def reply(turn):
    return QuickReplies(text="Anything else?", choices=(Choice(title="Hours", payload="hours"),))
"""
MUTE = "async def reply(turn):\n    return None\n"
CONFIG = """
[apps.shop]
bot = "mine"
[apps.shop.channels.web]
kind = "webchat"
[apps.shop.bots.mine]
kind = "python"
bot = "cli_good:reply"
path = "."
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "cli_good.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "cli_mute.py").write_text(MUTE, encoding="utf-8")
    return tmp_path / "parley.toml"


def add(config: Path, code: str, *more: str) -> str:
    ran = run(
        *("bots", "add", "helper", "-c", config, "--kind", "python", "--set", f"bot={code}:reply", "--set", "path=."),
        *more,
    )
    assert ran.code == 0, ran.err
    return ran.out


def test_a_bot_is_registered_checked_and_enabled(config: Path) -> None:
    out = add(config, "cli_good", "--enable", "--language", "es", "--note", "first")
    assert "level 3 of parley-bot 1" in out
    assert "helper version 1 answers from now on." in out
    listed = run("bots", "list", "-c", config).out.splitlines()
    assert listed[1].split()[:6] == ["helper", "python", "enabled", "1", "of", "1"]
    assert "customers of es" in listed[1]
    assert listed[2].split()[:3] == ["mine", "python", "configured"]
    shown = run("bots", "show", "helper", "-c", config).out
    assert "level 3 of parley-bot 1" in shown
    assert '"bot": "cli_good:reply"' in shown


def test_a_bot_that_fails_is_not_enabled_unless_somebody_insists(config: Path) -> None:
    out = add(config, "cli_mute")
    assert "FAILED   plain" in out
    refused = run("bots", "enable", "helper", "-c", config)
    assert refused.code == 1
    assert "fails level 1" in refused.err
    assert run("bots", "enable", "helper", "--force", "-c", config).code == 0


def test_versions_and_back(config: Path) -> None:
    add(config, "cli_good", "--enable")
    add(config, "cli_good", "--enable", "--no-check", "--force")
    assert run("bots", "rollback", "helper", "-c", config).out == "helper version 1 answers again.\n"
    lines = run("bots", "versions", "helper", "-c", config).out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["2", "1"]
    assert "unchecked" in lines[1]
    assert run("bots", "check", "helper", "--level", "1", "-c", config).code == 0
    assert "unchecked" not in run("bots", "versions", "helper", "-c", config).out
    assert run("bots", "disable", "helper", "-c", config).code == 0
    assert "off" in run("bots", "list", "-c", config).out
    assert run("bots", "remove", "helper", "-c", config).code == 0
    gone = run("bots", "show", "helper", "-c", config)
    assert (gone.code, "there is no registered bot 'helper'" in gone.err) == (1, True)


def test_a_trial(config: Path) -> None:
    add(config, "cli_good", "--enable")
    add(config, "cli_good")
    assert run("bots", "canary", "helper", "--share", "0.2", "-c", config).out == (
        "helper version 2 answers 20% of the customers.\n"
    )
    assert "trying 2 (canary)" in run("bots", "list", "-c", config).out
    assert run("bots", "stop", "helper", "-c", config).code == 0
    assert run("bots", "shadow", "helper", "-c", config).code == 0
    assert "version 2 answers" in run("bots", "promote", "helper", "-c", config).out
    assert run("bots", "promote", "helper", "-c", config).code == 1


def test_secrets_come_from_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    arguments = ("bots", "add", "outer", "--url", "https://bot.example/", "--secret", "env:BOT_SECRET", "--no-check")
    monkeypatch.delenv("BOT_SECRET", raising=False)
    refused = run(*arguments, "-c", config)
    assert (refused.code, "'BOT_SECRET' is not set" in refused.err) == (1, True)
    monkeypatch.setenv("BOT_SECRET", secret)
    assert run(*arguments, "-c", config).code == 0
    assert secret not in run("bots", "show", "outer", "-c", config).out
    key = config.parent / "var" / "registry.secret"
    assert key.stat().st_mode & 0o077 == 0
    key.write_text("another-key-of-thirty-two-characters-or-more", encoding="utf-8")
    broken = run("bots", "check", "outer", "-c", config)
    assert (broken.code, "can't be decrypted" in broken.err) == (1, True)


def test_mistakes(config: Path) -> None:
    assert "KEY=VALUE" in run("bots", "add", "x", "--set", "retries", "-c", config).err
    assert "did you mean 'mine'?" in run("bots", "check", "mime", "-c", config).err
    assert "stands in parley.toml" in run("bots", "add", "mine", "--kind", "guide", "-c", config).err
    assert "no channel 'fax'" in (run("bots", "serve", "mine", "--channel", "fax", "-c", config).err)
