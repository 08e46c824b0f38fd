"""What the environment overrides, and secrets that stand elsewhere."""

import os
from pathlib import Path

import pytest

from orchestrator.config import Configuration, load
from orchestrator.errors import Misconfigured

BASE = """
[server]
port = 1000
[apps.my-shop]
bot = "guide"
languages = ["en"]
[apps.my-shop.bots.guide]
kind = "guide"
file = "guide.toml"
[[apps.my-shop.policy.rules]]
name = "a"
when = "true"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "parley.toml").write_text(BASE)
    return tmp_path / "parley.toml"


def overridden(path: Path, **environ: str) -> Configuration:
    return load(path, environ)


def refusal(path: Path, **environ: str) -> str:
    with pytest.raises(Misconfigured) as caught:
        load(path, environ)
    return str(caught.value).replace(str(path), "FILE")


def test_variables_override_the_file_however_deep(path: Path) -> None:
    found = overridden(
        path,
        PARLEY_SERVER__PORT="9000",
        PARLEY_LOG__MESSAGE_TEXT="true",
        PARLEY_APPS__MY_SHOP__LANGUAGES='["en", "es"]',
        PARLEY_APPS__MY_SHOP__BOTS__GUIDE__DEADLINE="2.5",
        PARLEY_APPS__MY_SHOP__BOTS__GUIDE__FILE="other.toml",
        PARLEY_APPS__MY_SHOP__NLP__STAGES='{lexicon = {weight = 0.5}}',
    ).settings  # fmt: skip
    shop = found.apps["my-shop"]
    assert (found.server.port, found.log.message_text, shop.languages) == (9000, True, ("en", "es"))
    assert (shop.bots["guide"].deadline, shop.bots["guide"].model_extra) == (2.5, {"file": "other.toml"})
    assert shop.nlp.stages == {"lexicon": {"weight": 0.5}}
    assert shop.bot == "guide"


def test_what_names_no_setting_is_left_alone(path: Path) -> None:
    """Kubernetes sets the ones with PORT for a service called "parley"; the others are options of commands."""
    found = overridden(
        path,
        PARLEY_PORT="tcp://10.0.0.1:8000",
        PARLEY_PORT_8000_TCP_ADDR="10.0.0.1",
        PARLEY_SERVICE_HOST="10.0.0.1",
        PARLEY_CONFIG="x",
        PARLEY_PASSWORD="y",
        PARLEY_SERVER__HOST="",
        OTHER_SERVER__PORT="1",
    )
    assert found.settings.server.port == 1000


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PARLEY_SERVER__PORT", "hunter2", "server.port: should be a whole number"),
        ("PARLEY_SERVER__PORT", "70000", "server.port: should be less than"),
        ("PARLEY_SERVER__PROT", "1", "server.prot: there is no such key; did you mean 'port'?"),
        ("PARLEY_SERVR__PORT", "1", "servr: there is no such key; did you mean 'server'?"),
        ("PARLEY_SERVER__SECRET", "hunter2", "server.secret: has 7 characters and needs 32"),
        ("PARLEY_SERVER__TRUSTED_PROXIES", "10.0.0.1", "server.trusted_proxies: should be a list"),
        ("PARLEY_SERVER__TRUSTED_PROXIES", "[10.0.0.1", "server.trusted_proxies: is no list or table as TOML writes"),
        ("PARLEY_SERVER__PORT__DEEPER", "1", "server.port.deeper: 'port' is no table"),
        ("PARLEY_APPS__MY_SHOP__POLICY__RULES__0__NAME", "x", "rules.\"0\".name: 'rules' is no table"),
        ("PARLEY_APPS__OTHER__NAME", "x", "apps.other.bot: is missing"),
        ("PARLEY___PORT", "1", "there is no such key"),
        ("PARLEY_SERVER__", "1", "there is no such key"),
    ],
)
def test_what_a_variable_can_not_mean(path: Path, variable: str, value: str, said: str) -> None:
    told = refusal(path, **{variable: value})
    assert f"environment variable {variable}: " in told
    assert said in told
    assert "hunter2" not in told


def test_secrets_are_read_where_they_stand(path: Path) -> None:
    key = "a secret of thirty-two characters or more"
    (path.parent / "key").write_text(f"\n{key}\n")
    for reference in ("env:THE_KEY", "file:./key", f"file:{path.parent}/key"):
        for text, environ in (
            (BASE.replace("port = 1000", f'secret = "{reference}"'), {}),
            (BASE, {"PARLEY_SERVER__SECRET": reference}),
        ):
            path.write_text(text)
            assert load(path, {"THE_KEY": key, **environ}).settings.server.secret == key


def test_secrets_in_lists_and_plugins_are_read_too(path: Path) -> None:
    path.write_text(BASE + '[apps.my-shop.bots.hook]\nkind = "webhook"\nsecret = ["env:OLD", "env:NEW"]\n')
    found = overridden(path, OLD="one", NEW="two").settings.apps["my-shop"].bots["hook"]
    assert found.model_extra == {"secret": ["one", "two"]}


def test_what_only_looks_like_a_reference_is_text(path: Path) -> None:
    for text in ("env:", "env:two words", "file: see the shelf", "file:name", "see env:NAME"):
        path.write_text(BASE.replace('languages = ["en"]', f'name = "{text}"'))
        assert overridden(path).settings.apps["my-shop"].name == text


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NOT_SET", "the environment variable 'NOT_SET' is not set"),
        ("env:EMPTY", "the environment variable 'EMPTY' is empty"),
        ("file:./nope", "nope': No such file or directory"),
        ("file:./", "Is a directory"),
        ("file:./empty", "empty' is empty"),
        ("file:./binary", "binary' is not UTF-8 text"),
        ("file:/dev/zero", "/dev/zero' is over 64 KiB"),
    ],
)
def test_secrets_that_are_not_there(path: Path, reference: str, said: str) -> None:
    (path.parent / "empty").write_text(" \n")
    (path.parent / "binary").write_bytes(b"\xff\xfe\xfd")
    path.write_text(BASE.replace("port = 1000", f'secret = "{reference}"\nmetrics_token = "env:ALSO_NOT"'))
    told = refusal(path, EMPTY="")
    assert "FILE:3: server.secret: " in told
    assert said in told
    assert "FILE:4: server.metrics_token: the environment variable 'ALSO_NOT' is not set" in told


def test_a_secret_file_that_may_not_be_read(path: Path) -> None:
    (path.parent / "key").write_text("x")
    (path.parent / "key").chmod(0)
    path.write_text(BASE.replace("port = 1000", 'secret = "file:./key"'))
    expected = "has 1 characters" if os.geteuid() == 0 else "Permission denied"
    assert expected in refusal(path)


def test_the_folder_of_the_file_is_where_paths_start(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "parley.toml").write_text(BASE)
    (tmp_path / "link.toml").symlink_to(tmp_path / "etc" / "parley.toml")
    assert load(tmp_path / "etc" / "parley.toml", {}).base == tmp_path / "etc"
    assert load(tmp_path / "link.toml", {}).base == tmp_path / "etc"
