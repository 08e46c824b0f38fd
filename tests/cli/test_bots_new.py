"""`parley bots new`: what it writes works, and its test passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator import config
from orchestrator.cli.bots.new import Template
from tests.support.command import run


def pytested(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio", "-q"]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=90, check=False)


@pytest.mark.parametrize("template", list(Template))
def test_the_test_of_each_template_passes(template: Template, tmp_path: Path) -> None:
    folder = tmp_path / "night-owl"
    ran = run("bots", "new", "night-owl", "--template", template, "--folder", folder)
    assert ran.code == 0, ran.err
    assert f"Now: cd {folder} && pytest" in ran.out
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) >= 4
    assert not any("{{" in path.read_text(encoding="utf-8") for path in written)
    tested = pytested(folder)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " failed" not in tested.stdout


@pytest.mark.parametrize("template", list(Template))
def test_its_configuration_can_be_read(template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_BOT_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nothing")
    folder = tmp_path / "owl"
    run("bots", "new", "owl", "--template", template, "--folder", folder)
    assert config.load(folder / "parley.toml").settings.apps["owl"].bot == "owl"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    run("bots", "new", "owl", "--folder", tmp_path / "owl")
    (tmp_path / "owl" / "owl.py").write_text("mine", encoding="utf-8")
    again = run("bots", "new", "owl", "--folder", tmp_path / "owl")
    assert (again.code, "is there already" in again.err) == (1, True)
    assert (tmp_path / "owl" / "owl.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["Owl", "../owl", "", "o w l"])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    ran = run("bots", "new", name, "--folder", tmp_path / "x")
    assert (ran.code, "is no name" in ran.err) == (1, True)
    assert not (tmp_path / "x").exists()
