"""The commands as a person types them: help, versions, checks, agents, keys, a chat in a pipe, and clear refusals."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PARLEY = Path(sys.executable).parent / "parley"
ROOT = Path(__file__).resolve().parents[2]
SHOP = """
[apps.shop]
bot = "echo"
[apps.shop.bots.echo]
kind = "python"
bot = "tests.support.bots:echo"
[apps.shop.nlp]
enabled = false
translators = "none"
[apps.shop.channels.web]
kind = "webchat"
"""


def parley(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "dumb"}
    return subprocess.run(
        [str(PARLEY), *words],
        cwd=folder,
        env=env,
        input=given,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(SHOP)
    return tmp_path


def test_help_names_every_command_and_each_has_its_own(tmp_path: Path) -> None:
    shown = parley(tmp_path, "--help").stdout
    for command in ("serve", "demo", "chat", "check", "desk", "keys"):
        assert command in shown
        assert "Usage" in parley(tmp_path, command, "--help").stdout


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert re.fullmatch(r"parley \d+\.\d+\.\d+", parley(tmp_path, "--version").stdout.strip())


def test_check_tells_what_would_run_and_leaves_nothing_behind(shop: Path) -> None:
    done = parley(shop, "check")
    assert done.returncode == 0, done.stderr
    for word in ("shop", "echo", "web", "explicit-wish"):
        assert word in done.stdout
    assert [path.name for path in shop.iterdir()] == ["parley.toml"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("[apps.shop", "parley.toml"),
        ("[server]\nprot = 1\n", "prot"),
        ("[server]\nport = 'many'\n", "port"),
        ("[[apps.shop.policy.rules]]\nname = 'r'\nwhen = 'wish >='\n", "'r'"),
        ("[[apps.shop.policy.rules]]\nname = 'r'\nwhen = 'moood > 1'\n", "moood"),
        ("[apps.shop.channels.x]\nkind = 'pigeon'\n", "pigeon"),
    ],
    ids=["not TOML", "unknown key", "wrong type", "rule does not compile", "unknown name in a rule", "unknown kind"],
)
def test_a_configuration_that_can_not_work_is_refused_with_its_place(shop: Path, extra: str, said: str) -> None:
    with (shop / "parley.toml").open("a") as config:
        config.write(extra)
    done = parley(shop, "check")
    assert done.returncode == 1
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_an_agent_is_added_once(shop: Path) -> None:
    words = ("desk", "add-agent", "ada@example.org", "--name", "Ada", "--password-stdin")
    assert parley(shop, *words, given="a long enough pass phrase\n").returncode == 0
    again = parley(shop, *words, given="a long enough pass phrase\n")
    assert again.returncode == 1
    assert "ada@example.org" in again.stderr
    short = parley(shop, "desk", "add-agent", "ben@example.org", "--password-stdin", given="short\n")
    assert short.returncode == 1
    assert "Traceback" not in short.stderr


def test_a_key_is_shown_once_and_listed_without_itself(shop: Path) -> None:
    made = parley(shop, "keys", "add", "reporting")
    assert made.returncode == 0, made.stderr
    key = re.search(r"pk_\S{20,}", made.stdout)
    assert key is not None
    listed = parley(shop, "keys", "list").stdout
    assert "reporting" in listed
    assert key[0] not in listed


def test_a_chat_in_a_pipe_answers_line_by_line(shop: Path) -> None:
    done = parley(shop, "chat", given="hello there\nand again\n")
    assert done.returncode == 0, done.stderr
    assert "echo: hello there" in done.stdout
    assert "echo: and again" in done.stdout
