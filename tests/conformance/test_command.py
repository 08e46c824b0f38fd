"""`parley bots check`, and the pytest plugin, as a bot developer uses them."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from tests.support.command import run

GOOD = """
from orchestrator.types import Choice, QuickReplies

async def reply(turn):
    return QuickReplies(text="Anything else?", choices=(Choice(title="Hours", payload="hours"),))
"""
MUTE = "async def reply(turn):\n    return None\n"


def bot(folder: Path, code: str, name: str) -> str:
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return f"{name}:reply"


def test_a_good_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("bots", "check", bot(tmp_path, GOOD, "checked_good"), "--badge", "badge.svg", "--junit", "junit.xml")
    assert ran.code == 0, ran.out
    assert "level 3 of parley-bot 1 (14 passed, 0 failed, 1 not run)" in ran.out
    assert "level 3" in "".join(Xml.parse(tmp_path / "badge.svg").getroot().itertext())
    suite = Xml.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("15", "0", "1")


def test_a_mute_bot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = bot(tmp_path, MUTE, "checked_mute")
    ran = run("bots", "check", name, "--junit", "junit.xml", "--level", "1")
    assert ran.code == 1
    assert "FAILED   plain" in ran.out
    assert "See docs/conformance.md#plain" in ran.out
    assert "level 0" in ran.out
    failures = [case.find("failure") for case in Xml.parse(tmp_path / "junit.xml").getroot()]
    assert any(failure is not None and "not_understood" in (failure.text or "") for failure in failures)
    report = json.loads(run("bots", "check", name, "--json", "--need", "0", "--level", "1").out)
    assert report["level"] == 0
    assert {"check": "greets", "outcome": "passed"}.items() <= report["checks"][0].items()


def test_a_configured_bot(tmp_path: Path) -> None:
    (tmp_path / "parley.toml").write_text(
        '[apps.shop]\nbot = "mine"\n[apps.shop.bots.mine]\nkind = "python"\nbot = "configured_bot:reply"\npath = "."\n',
        encoding="utf-8",
    )
    bot(tmp_path, GOOD, "configured_bot")
    ran = run("bots", "check", "mine", "-c", tmp_path / "parley.toml", "--level", "1")
    assert ran.code == 0, ran.out
    wrong = run("bots", "check", "mime", "-c", tmp_path / "parley.toml")
    assert wrong.code == 1
    assert "did you mean 'mine'?" in wrong.err


def pytested(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", *arguments, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60, check=False)


def test_the_plugin_runs_the_suite_and_talks(tmp_path: Path) -> None:
    bot(tmp_path, GOOD, "plugged_bot")
    bot(tmp_path, MUTE, "mute_bot")
    (tmp_path / "test_bot.py").write_text(
        """
import pytest

@pytest.fixture
def parley_bot(request):
    return "mute_bot:reply" if "mute" in request.node.name else "plugged_bot:reply"

def test_it_behaves(parley_check):
    parley_check()

@pytest.mark.parley(level=1)
def test_mute(parley_check):
    parley_check()

def test_it_answers(parley_talk):
    parley_talk()
    assert "Anything else?" in parley_talk("Hello")
    assert parley_talk.slots == {}
""",
        encoding="utf-8",
    )
    ran = pytested(tmp_path)
    assert ran.returncode == 1
    assert "2 failed, 19 passed, 2 skipped" in ran.stdout, ran.stdout
    assert "FAILED test_bot.py::test_mute[plain] - Failed: It said nothing" in ran.stdout
    assert "See docs/conformance.md#plain" in ran.stdout


def test_the_plugin_wants_a_bot(tmp_path: Path) -> None:
    (tmp_path / "test_bot.py").write_text("def test_it(parley_check):\n    parley_check()\n", encoding="utf-8")
    ran = pytested(tmp_path, "--parley-level", "1")
    assert "name the bot" in ran.stdout
    bot(tmp_path, GOOD, "named_bot")
    assert pytested(tmp_path, "--parley-level", "1", "--parley-bot", "named_bot:reply").returncode == 0
