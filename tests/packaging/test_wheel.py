"""A wheel holds everything: the demo runs from it, in a venv that knows nothing of this checkout."""

import asyncio
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.process import ROOT, Served, free_port

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

SOURCES = ("orchestrator", "bots", "nlp", "connectors", "web", "examples")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    ran = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, where no earlier build has left anything."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "var"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "examples" / "shop" / "var").mkdir()
    (folder / "examples" / "shop" / "var" / "parley.db").touch()
    out = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q", "--no-index")
    run(*pip, "--no-deps", "--no-build-isolation", "-w", out, ".", cwd=folder)
    return next(out.glob("parley-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a venv's programs. What Parley depends on is borrowed, Parley itself is not."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("lib/python3*/site-packages"))
    borrowed = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (packages / "borrowed.pth").write_text("\n".join(borrowed))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python")
    run(*pip, "install", "-q", "--no-index", "--no-deps", "--ignore-installed", wheel, cwd=folder)
    return folder / "bin"


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "PYTHON"))}


def test_what_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("web", "_web"), ("examples", "_examples")):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not {"var", "__pycache__"} & set(path.parts):
                assert f"orchestrator/{inside}/{path.relative_to(ROOT / folder)}" in names
    for name in SOURCES[:4]:
        for path in (ROOT / name).rglob("*"):
            if path.suffix in (".py", ".toml", ".mako", ".sql"):
                assert str(path.relative_to(ROOT)) in names
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"orchestrator", "bots", "nlp", "connectors"}
    assert not [name for name in names if "/var/" in name or "__pycache__" in name or name.endswith(".db")]


def test_the_command_is_the_installed_one(installed: Path, tmp_path: Path) -> None:
    where = "import orchestrator, bots.guide; print(orchestrator.__file__); print(bots.guide.__file__)"
    for path in run(installed / "python", "-c", where, cwd=tmp_path, env=clean_environment()).split():
        assert Path(path).is_relative_to(installed.parent)
    assert run(installed / "parley", "--version", cwd=tmp_path, env=clean_environment()).startswith("parley ")


@pytest.fixture
async def demo(installed: Path, tmp_path: Path) -> AsyncIterator[Served]:
    port = free_port()
    served = Served(tmp_path / "x.toml", port, "demo", "--port", str(port), "--data", str(tmp_path / "data"))
    served.program, served.env = installed / "parley", clean_environment()
    await served.start()
    yield served
    if served.process is not None and served.process.returncode is None:
        await served.kill()


async def test_the_demo_runs_from_it(demo: Served) -> None:
    async with aiohttp.ClientSession(demo.url) as http:
        pages = ("/", "/demo/shop.js", "/demo/media/stool-08.png", "/widget.js", "/desk", "/desk/main.js", "/docs")
        for path in pages:
            async with http.get(path) as answer:
                assert answer.status == 200, path
        async with http.post("/webchat/checkout/session", json={}) as answer:
            bearer = {"Authorization": f"Bearer {(await answer.json())['token']}"}
        frame = {"type": "send", "client_id": "m1", "text": "Hola, ¿cuánto cuesta el envío?"}
        async with http.post("/webchat/checkout/messages", json=frame, headers=bearer) as answer:
            assert answer.status == 200
        async with asyncio.timeout(30):
            text, after = "", 1
            while "El envío estándar" not in text:
                async with http.get(f"/webchat/checkout/events?after={after}", headers=bearer) as answer:
                    text = await answer.text()
    assert await demo.stop() == 0
    assert "agent@example.com" in demo.tail()
