"""Names that lead nowhere, plugins' own settings, rules and files that are named: each with its line in the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from orchestrator.app import build
from orchestrator.config import load
from orchestrator.errors import Misconfigured
from orchestrator.registry import anchored
from tests.support.process import tables

SECRET = "x" * 40


def shop(**changes: Any) -> dict[str, Any]:
    return {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": {"enabled": False, "translators": "none"},
        **changes,
    }


def built(folder: Path, text: str) -> Any:
    """As `parley check` does it."""
    path = folder / "parley.toml"
    path.write_text(text, encoding="utf-8")
    found = load(path, {})
    with found.explaining():
        return build(found.settings, found.base, secret=SECRET)


@contextmanager
def refused(folder: Path, text: str, *said: str) -> Iterator[None]:
    with pytest.raises(Misconfigured) as caught:
        built(folder, text)
    told = str(caught.value).replace(str(folder / "parley.toml"), "FILE")
    for words in said:
        assert words in told
    yield


def toml(**apps: dict[str, Any]) -> str:
    return "\n".join(tables("", {"apps": apps}))


HEAD = """
[apps.shop]
bot = "echo"
[apps.shop.nlp]
enabled = false
[apps.shop.bots.echo]
kind = "python"
bot = "tests.support.bots:echo"
"""
"""Eight lines, to which mistakes are added."""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "FILE:1: apps: no app is configured"),
        ("[server]\nport = 1\n", "FILE:1: apps: no app is configured"),
        (HEAD.replace('bot = "echo"', 'bot = "ecco"'), "FILE:3: apps.shop.bot: there is no bot 'ecco'; did you mean"),
        (
            HEAD + 'fallback = "nobody"\n',
            "FILE:9: apps.shop.bots.echo.fallback: there is no bot 'nobody'; known: echo",
        ),
        (HEAD + 'fallback = "echo"\n', "FILE:9: apps.shop.bots.echo.fallback: a bot can't stand in for itself"),
        (
            HEAD + '[apps.shop.bots.b]\nkind = "pyton"\n',
            "FILE:10: apps.shop.bots.b.kind: there is no kind of bot 'pyton'; did you mean 'python'?",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "carrier-pigeon"\n',
            "FILE:10: apps.shop.channels.web.kind: there is no kind of channel 'carrier-pigeon'; known: ",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "webchat"\nbot = "other"\n',
            "FILE:11: apps.shop.channels.web.bot: there is no bot 'other'",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "webchat"\ncolour = "#fff"\n',
            "FILE:11: apps.shop.channels.web.colour: there is no such key; did you mean 'color'?",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "webchat"\nrat = 1\n',
            "FILE:11: apps.shop.channels.web.rat: there is no such key; did you mean 'rate'?",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "webchat"\n[apps.shop.channels.web.upload]\nmax_byte = 1\n',
            "FILE:12: apps.shop.channels.web.upload.max_byte: there is no such key; did you mean 'max_bytes'?",
        ),
        (
            HEAD + '[apps.shop.channels.web]\nkind = "webchat"\ngreeting = 5\n',
            "FILE:11: apps.shop.channels.web.greeting: should be text in quotes or a table",
        ),
        (
            HEAD + '[apps.shop.channels.hook]\nkind = "webhook"\n',
            "FILE:9: apps.shop.channels.hook: secret is missing",
        ),
        (
            HEAD + '[apps.shop.bots.b]\nkind = "guide"\nfile = "nope.toml"\n',
            "FILE:9: apps.shop.bots.b: guide",
        ),
        (
            HEAD + '[apps.shop.bots.b]\nkind = "python"\nbot = "no.such.module:reply"\n',
            "FILE:9: apps.shop.bots.b: bot 'no.such.module:reply'",
        ),
        (HEAD + '[apps.shop.policy]\nteam = "suport"\n', "FILE:10: apps.shop.policy.team: there is no team 'suport'"),
        (
            HEAD + '[[apps.shop.policy.rules]]\nname = "mine"\nwhen = "wish >"\n',
            "FILE:11: apps.shop.policy.rules[0].when: rule 'mine' does not compile: column 7",
        ),
        (
            HEAD + '[[apps.shop.policy.rules]]\nname = "mine"\nwhen = """\nwish > 0.5\n&& bot.fialed"""\n',
            "FILE:11: apps.shop.policy.rules[0].when: rule 'mine' reads an unknown name at line 2, column 4",
        ),
        (
            HEAD + '[[apps.shop.policy.rules]]\nname = "mine"\nwhen = "true"\nteam = "x"\n',
            "FILE:12: apps.shop.policy.rules[0].team: there is no team 'x'; known: support",
        ),
        (
            HEAD + '[[apps.shop.policy.rules]]\nname = "mine"\nwhen = "true"\nthen = "bot"\nbot = "x"\n',
            "FILE:13: apps.shop.policy.rules[0].bot: there is no bot 'x'; known: echo",
        ),
        (
            HEAD + '[apps.shop.policy.hours]\nmonday = ["9-5"]\n',
            "FILE:10: apps.shop.policy.hours.monday: '9-5' is not a range of times",
        ),
        (
            HEAD + '[apps.shop.texts.agent_joind]\nen = "x"\n',
            "FILE:9: apps.shop.texts.agent_joind: there is no notice 'agent_joind'; did you mean 'agent_joined'?",
        ),
        (
            HEAD + '[apps.shop.texts.agent_joined]\nen = "{nam} is here"\n',
            "FILE:10: apps.shop.texts.agent_joined.en: {nam} is not filled in here",
        ),
        (
            HEAD.replace(
                "enabled = false", 'memory = ["nope.toml"]\nlanguage = "none"\nsentiment = "none"\nwish = "none"'
            ),
            "FILE:5: apps.shop.nlp.memory: translation memory",
        ),
        (
            HEAD.replace("enabled = false", 'sentiment = ["vader",\n"vadder"]'),
            "FILE:6: apps.shop.nlp.sentiment[1]: there is no language engine 'vadder'; did you mean 'vader'?",
        ),
        (
            HEAD.replace("enabled = false", 'sentiment = "langid"'),
            "FILE:5: apps.shop.nlp.sentiment[0]: the language engine 'langid' is for language, not for sentiment",
        ),
        (
            HEAD.replace("enabled = false", "stages = { lexikon = { weight = 1 } }"),
            "FILE:5: apps.shop.nlp.stages.lexikon: there is no language engine 'lexikon'; did you mean 'lexicon'?",
        ),
        (
            HEAD.replace("enabled = false", "stages = { lexicon = { weight = 7 } }"),
            "FILE:5: apps.shop.nlp.stages.lexicon.weight: should be less than or equal to 1",
        ),
        (
            HEAD.replace("enabled = false", 'translators = [{ engine = "vader" }]'),
            "FILE:5: apps.shop.nlp.translators[0].engine: the language engine 'vader' does not translate",
        ),
        (
            HEAD.replace("enabled = false", 'translators = [{ engine = "apertium", hop = 1 }]'),
            "FILE:5: apps.shop.nlp.translators[0].hop: there is no such key; did you mean 'hops'?",
        ),
        (
            HEAD.replace("enabled = false", '[apps.shop.nlp.stages.deep-translator]\nservice = "libre"\nurl = 5'),
            "FILE:7: apps.shop.nlp.stages.deep-translator.url: should be text in quotes",
        ),
        ('[store]\nurl = "mysql://me:hunter2@db/x"\n' + HEAD, "FILE:2: store.url: should be 'sqlite:///"),
    ],
)
def test_what_leads_nowhere(tmp_path: Path, text: str, said: str) -> None:
    with refused(tmp_path, text, said):
        assert not (tmp_path / "var").exists()


def test_everything_wrong_with_every_app_is_told_at_once(tmp_path: Path) -> None:
    one = shop(bot="nobody", channels={"web": {"kind": "nope"}}, policy={"team": "x"})
    two = shop(channels={"web": {"kind": "webchat"}, "chat": {"kind": "webchat", "theme": "pink"}})
    with refused(
        tmp_path,
        toml(one=one, two=two),
        "apps.one.bot: there is no bot 'nobody'",
        "apps.one.channels.web.kind: ",
        "apps.one.policy.team: ",
        "apps.two.channels.chat.theme: should be 'auto', 'light' or 'dark'",
        "apps.two.channels.web: app 'one' has a channel 'web' too",
    ):
        pass


def test_a_guides_own_mistakes_keep_their_own_file_and_lines(tmp_path: Path) -> None:
    (tmp_path / "guide.toml").write_text('[guide]\nlanguage = "en"\n\n[[intent]]\nnam = "x"\n')
    text = HEAD + '[apps.shop.bots.b]\nkind = "guide"\nfile = "guide.toml"\n'
    with refused(tmp_path, text.lstrip("\n"), "FILE:8: apps.shop.bots.b: guide", f"{tmp_path}/guide.toml:5: "):
        pass


class Inner(BaseModel):
    folder: Path


class Outer(BaseModel):
    file: Path
    files: tuple[Path, ...] = ()
    inner: Inner
    named: dict[str, Path] = {}
    maybe: Path | None = None
    here: Path = Path()
    text: str = "relative/too"


def test_paths_of_plugins_start_at_the_configurations_folder() -> None:
    given = Outer(
        file=Path("a.toml"),
        files=(Path("b"), Path("/c")),
        inner=Inner(folder=Path("d")),
        named={"x": Path("e")},
    )
    moved = anchored(given, Path("/etc/parley"))
    assert moved == Outer(
        file=Path("/etc/parley/a.toml"),
        files=(Path("/etc/parley/b"), Path("/c")),
        inner=Inner(folder=Path("/etc/parley/d")),
        named={"x": Path("/etc/parley/e")},
        here=Path("/etc/parley"),
    )
    assert given.file == Path("a.toml")


def test_the_store_and_the_media_are_beside_the_configuration(tmp_path: Path) -> None:
    runtime = built(tmp_path, '[store]\nurl = "sqlite:///data/x.db"\nmedia = "files"\n' + HEAD)
    assert runtime.store.path == tmp_path / "data" / "x.db"
    assert runtime.files.folder == tmp_path / "files"
    assert list(tmp_path.iterdir()) == [tmp_path / "parley.toml"]
