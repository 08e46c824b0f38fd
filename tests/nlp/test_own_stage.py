"""A stage of somebody else's, installed as a package of its own; and stages that are switched off."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import Misconfigured
from tests.support.house import house
from tests.support.process import ROOT, parley

EXAMPLE = ROOT / "examples" / "nlp-stage"
RULE = {"name": "urgent", "when": '"urgent" in signals', "then": "handoff", "priority": "urgent"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example as pip installs it, from a copy: building leaves things behind."""
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "nlp-stage")
    target = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-index", "--no-deps")
    command = (*pip, "--no-build-isolation", "--target", target, source)
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert ran.returncode == 0, ran.stderr
    return target


async def test_it_is_found_configured_and_read(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    nlp = {
        "language": [],
        "sentiment": ["lexicon", "urgency"],
        "wish": [],
        "translators": "none",
        "stages": {"urgency": {"words": {"en": ["asap"]}}},
    }
    async with house(tmp_path, nlp=nlp, policy={"rules": [RULE]}) as parley:
        await parley.hear("it arrived, no hurry")
        assert (await parley.settled()).handoff is None
        await parley.hear("I need it ASAP")
        conversation = await parley.settled()
        assert conversation.handoff is not None
        assert conversation.handoff.priority == "urgent"
        trace = (await parley.traces())[0]
    run = next(one for one in trace.stages if one.engine == "urgency")
    assert (run.stage, run.outcome, run.version) == ("sentiment", "ok", "1.0.0")


async def test_its_settings_are_checked_like_our_own(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(installed))
    nlp = {"sentiment": ["urgency"], "translators": "none", "stages": {"urgency": {"wrods": {}}}}
    with pytest.raises(Misconfigured, match="wrods"):
        async with house(tmp_path, nlp=nlp):
            pass
    with pytest.raises(Misconfigured, match="is for sentiment, not for intent"):
        async with house(tmp_path, nlp={"intent": ["urgency"], "translators": "none"}):
            pass


async def test_every_stage_may_be_switched_off(tmp_path: Path) -> None:
    nlp = {"language": "none", "sentiment": "none", "intent": "none", "wish": "none", "translators": "none"}
    async with house(tmp_path, nlp=nlp) as parley:
        await parley.hear("¿Dónde está mi pedido?")
        await parley.settled()
        [trace] = await parley.traces()
    assert trace.outcome == "answered"
    assert [one.stage for one in trace.stages if one.outcome == "ok"] == []


@pytest.mark.processes
async def test_the_examples_configuration_is_fine_once_it_is_installed(installed: Path) -> None:
    ran = await parley("check", "--config", str(EXAMPLE / "parley.toml"), PYTHONPATH=str(installed))
    assert ran.code == 0, ran.err
    assert "urgency" in ran.out
    missing = await parley("check", "--config", str(EXAMPLE / "parley.toml"))
    assert missing.code == 1
    assert "'urgency'" in missing.err
