"""Every mistake in a configuration is told with file, line and key, and never with a value."""

from pathlib import Path

import pytest

from orchestrator.config import Configuration, load
from orchestrator.errors import Misconfigured, Problem

SHOP = '[apps.shop]\nbot = "b"\n'
"""Two lines, to which the mistakes are added."""


def refusal(path: Path, text: str | bytes, **environ: str) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Misconfigured) as caught:
        load(path, environ)
    return str(caught.value).replace(str(path), "FILE")


def loaded(path: Path, text: str, **environ: str) -> Configuration:
    path.write_text(text, encoding="utf-8")
    return load(path, environ)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parley.toml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nport = 80 80\n", "FILE:2: server.port: not valid TOML at column 11: "),
        ("a = 1\n[server\nport = 1\n", "FILE:2: not valid TOML at column 8: expected ']'"),
        ("[server]\nport = 1\nport = 2\n", "FILE:3: server.port: not valid TOML at column 9: cannot overwrite"),
        ('[server]\nhost = "unfinished\n', "FILE:2: server.host: not valid TOML"),
        ('[server]\nhost = """unfinished\n', "FILE:3: server.host: not valid TOML: "),
        ("server.port = 80 80", "FILE:1: server.port: not valid TOML at column 18: "),
        ("=", "FILE:1: not valid TOML at column 1"),
        ("[[[" * 2000, "not valid TOML"),
        ("a = " + "[" * 100_000, "FILE: nested too deeply"),
    ],
)
def test_what_is_no_toml(path: Path, text: str, said: str) -> None:
    told = refusal(path, text).replace("configuration 'FILE' is nested", "FILE: nested")
    assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff\xfe\x00b\x00i\x00n", "FILE:1: this is not UTF-8 text"),
        (b"[server]\nport = 1\n# caf\xe9\n", "FILE:3: this is not UTF-8 text"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "not valid TOML"),
        (b"#" * 2_000_000, "over 1048576 bytes"),
    ],
)
def test_what_is_no_text(path: Path, text: bytes, said: str) -> None:
    assert said in refusal(path, text)


def test_what_is_not_there(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "nope.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(Misconfigured, match=said) as caught:
            load(path, {})
        assert "--config" in str(caught.value)


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(Misconfigured, match="over 1048576 bytes"):
        load(Path("/dev/zero"), {})


def test_an_empty_file_and_a_marked_one_are_read(path: Path) -> None:
    assert loaded(path, "").settings.apps == {}
    assert loaded(path, "\ufeff[server]\nport = 1\n").settings.server.port == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1\n", "FILE:2: server.prot: there is no such key; did you mean 'port'?"),
        ("[serve]\nport = 1\n", "FILE:1: serve: there is no such key; did you mean 'server'?"),
        (
            "[store]\nzzz = 1\n",
            "FILE:2: store.zzz: there is no such key; known: connections, media, patience_seconds, url",
        ),
        ("server.prot = 1\n", "FILE:1: server.prot: there is no such key"),
        ("server = {port = 1,\n", "not valid TOML"),
        ("server = { prot = 1 }\n", "FILE:1: server.prot: there is no such key"),
        ("[server]\nport = 70000\n", "FILE:2: server.port: should be less than or equal to 65535"),
        ('[server]\nport = "many"\n', "FILE:2: server.port: should be a whole number"),
        ("[server]\nport = 8.5\n", "FILE:2: server.port: should be a whole number"),
        ("[server]\nstop_seconds = inf\n", "FILE:2: server.stop_seconds: should be"),
        ("[server]\nstop_seconds = 0\n", "FILE:2: server.stop_seconds: should be greater than 0"),
        ("[server]\nhost = 5\n", "FILE:2: server.host: should be text in quotes"),
        ('[server]\npublic_url = "shop.example"\n', "FILE:2: server.public_url: should be the address"),
        (
            '[server]\ntrusted_proxies = ["10.0.0.1",\n  "proxy"]\n',
            "FILE:3: server.trusted_proxies[1]: should be an IP address",
        ),
        ("server = 5\n", "FILE:1: server: should be a table"),
        ('[log]\nlevel = "loud"\n', "FILE:2: log.level: should be 'debug', 'info', 'warning' or 'error'"),
        ('[log]\nmessage_text = "perhaps"\n', "FILE:2: log.message_text: should be true or false"),
        ("[apps.shop]\n", "FILE:1: apps.shop.bot: is missing: The bot that answers"),
        (SHOP + 'languages = "en"\n', "FILE:3: apps.shop.languages: should be a list"),
        (SHOP + 'languages = ["en", "pt-BR"]\n', "FILE:3: apps.shop.languages[1]: should be a language's code"),
        (SHOP + "languages = []\n", "FILE:3: apps.shop.languages: should have 1 or more"),
        (
            '[media]\nbucket = "My Bucket"\n',
            "FILE:2: media.bucket: should match ^[a-z0-9.-]{0,63}$: Its bucket.",
        ),
        (SHOP + 'languages = ["english"]\n', "FILE:3: apps.shop.languages[0]: "),
        (SHOP + "[apps.shop.bots.b]\n", "FILE:3: apps.shop.bots.b.kind: is missing: Which backend"),
        (SHOP + "[apps.shop.bots.b]\nkind = 5\n", "FILE:4: apps.shop.bots.b.kind: should be text in quotes"),
        (
            SHOP + '[apps.shop.bots."My Bot"]\nkind = "x"\n',
            'FILE:3: apps.shop.bots."My Bot": names are made of small letters',
        ),
        (SHOP + "[apps.shop.nlp]\nsentiment = 5\n", "FILE:4: apps.shop.nlp.sentiment: should be a list"),
        (
            SHOP + '[apps.shop.nlp]\ntranslators = "some"\n',
            "FILE:4: apps.shop.nlp.translators: should be a list or 'auto' or 'none'",
        ),
        (
            SHOP + '[[apps.shop.nlp.translators]]\nengine = "a"\n[[apps.shop.nlp.translators]]\ntimeout = 1\n',
            "FILE:5: apps.shop.nlp.translators[1].engine: is missing",
        ),
        (
            SHOP + '[[apps.shop.policy.rules]]\nname = "a"\nwhen = "true"\nprioriti = "high"\n',
            "FILE:6: apps.shop.policy.rules[0].prioriti: there is no such key; did you mean 'priority'?",
        ),
        (
            SHOP + "[apps.shop.policy.hours]\nmonnday = []\n",
            "FILE:4: apps.shop.policy.hours.monnday: there is no such key; did you mean 'monday'?",
        ),
    ],
)
def test_what_can_not_be_meant(path: Path, text: str, said: str) -> None:
    assert said in refusal(path, text)


def test_what_follows_from_another_mistake_is_not_told(path: Path) -> None:
    told = refusal(path, SHOP + 'languages = ["English"]\n')
    assert "languages[0]: should be a language's code" in told
    assert "1 or more" not in told


def test_everything_is_told_at_once_in_the_order_of_the_file(path: Path) -> None:
    told = refusal(path, "[store]\nx = 1\n[server]\nport = -1\nprot = 1\n", PARLEY_LOG__LEVEL="loud")
    assert [line.strip().partition(": ")[0] for line in told.splitlines()] == [
        "the configuration can't be used:",
        "environment variable PARLEY_LOG__LEVEL",
        "FILE:2",
        "FILE:4",
        "FILE:5",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[server]\nsecret = "hunter2"\n',
        '[server]\nmetrics_token = ["hunter2"]\n',
        '[server]\nport = "hunter2"\n',
        '[server]\npublic_url = "postgres://me:hunter2@x"\n',
        '[server]\ntrusted_proxies = ["hunter2"]\n',
        '[apps.shop]\nbot = "b"\n[apps.shop.bots.b]\nsecret = "hunter2"\n',
        '[apps.shop]\nbot = "b"\n[apps.shop.nlp]\ntranslators = [{api_key = "hunter2"}]\n',
    ],
)
def test_no_value_is_ever_told(path: Path, text: str) -> None:
    assert "hunter2" not in refusal(path, text)


def test_secrets_are_not_in_what_python_shows_of_settings(path: Path) -> None:
    secret = "hunter2" * 5
    text = f'[server]\nsecret = "{secret}"\nmetrics_token = "{secret}"\n{SHOP}'
    text += f'[apps.shop.bots.b]\nkind = "webhook"\nsecret = "{secret}"\n'
    found = loaded(path, text).settings
    assert found.server.secret == secret
    assert "hunter2" not in repr(found)
    assert "hunter2" not in str(found.apps["shop"].bots["b"])
    assert "webhook" in repr(found)


def test_settings_can_not_be_changed(path: Path) -> None:
    found = loaded(path, "")
    with pytest.raises(ValueError, match="frozen"):
        found.settings.server.port = 1  # type: ignore[misc]


def test_what_turns_out_wrong_later_is_told_with_its_line(path: Path) -> None:
    found = loaded(path, SHOP + '[apps.shop.bots.b]\nkind = "x"\n')
    with pytest.raises(Misconfigured) as caught, found.explaining():
        raise Misconfigured(
            [
                Problem("no such kind", ("apps", "shop", "bots", "b", "kind")),
                Problem("somewhere"),
                Problem("up", ("x",)),
            ]
        )
    assert str(caught.value).replace(str(path), "FILE").splitlines()[1:] == [
        "  somewhere",
        "  FILE:1: x: up",
        "  FILE:4: apps.shop.bots.b.kind: no such kind",
    ]
