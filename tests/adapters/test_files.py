"""LocalFiles on a real disk that is full, in the way, or was left in the middle of something."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.adapters.files import ABANDONED, LocalFiles
from orchestrator.errors import NotFound, Unavailable
from tests.support import samples
from tests.support.clock import ManualClock

FULL_DISK = """
import asyncio, pathlib, resource, sys
from orchestrator.adapters.files import LocalFiles
from orchestrator.errors import Unavailable
from tests.support.clock import ManualClock

resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
files = LocalFiles(pathlib.Path(sys.argv[1]), ManualClock())
try:
    asyncio.run(files.put("shop", b"x" * 10_000, name="big.txt", mime="text/plain"))
except Unavailable as error:
    print(error)
"""


def everything(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_disk_that_takes_no_more_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FULL_DISK, str(tmp_path), stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    said, _ = await process.communicate()
    assert said.decode().startswith("file 'big.txt' could not be kept: File too large")
    assert everything(tmp_path) == []


async def test_a_folder_that_can_not_be_one_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    files = LocalFiles(tmp_path / "taken", ManualClock())
    with pytest.raises(Unavailable, match="can't be used: Not a directory|can't be used: File exists"):
        await files.open()
    with pytest.raises(Unavailable, match="could not be kept"):
        await files.put("shop", samples.PNG, name="a.png", mime="image/png")


async def test_opening_clears_what_was_abandoned_and_nothing_else(tmp_path: Path) -> None:
    clock = ManualClock()
    files = LocalFiles(tmp_path, clock)
    path = await files.put("shop", samples.PNG, name="a.png", mime="image/png")
    now = clock.now().timestamp()
    for name, age in (("old", ABANDONED + 1), ("young", ABANDONED - 1)):
        (files.incoming / name).write_bytes(b"half")
        os.utime(files.incoming / name, (now - age, now - age))
    await files.open()
    assert [found.name for found in files.incoming.iterdir()] == ["young"]
    assert (await files.get(path))[0] == samples.PNG


@pytest.mark.parametrize("harm", ["no description", "broken description", "strange description", "no bytes"])
async def test_half_a_file_is_not_found(tmp_path: Path, harm: str) -> None:
    files = LocalFiles(tmp_path, ManualClock())
    path = await files.put("shop", samples.PNG, name="a.png", mime="image/png")
    stored = await files.locate(path)
    described = stored.path.with_name(stored.path.name + ".json")
    match harm:
        case "no description":
            described.unlink()
        case "broken description":
            described.write_text("{")
        case "strange description":
            described.write_text("{}")
        case "no bytes":
            stored.path.unlink()
    with pytest.raises(NotFound):
        await files.get(path)


async def test_nothing_is_left_aside(tmp_path: Path) -> None:
    files = LocalFiles(tmp_path, ManualClock())
    await files.put("shop", samples.PNG, name="a.png", mime="image/png")
    assert everything(files.incoming) == []
    assert len(everything(tmp_path)) == 2
