"""What every Files does, run over each adapter: add yours to ADAPTERS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.s3 import S3Files
from orchestrator.errors import Malformed, NotFound, TooLarge
from orchestrator.ports import Files
from tests.support import samples
from tests.support.bucket import running_bucket
from tests.support.clock import ManualClock

LIMIT = 1000


@asynccontextmanager
async def local(folder: Path) -> AsyncIterator[Files]:
    files = LocalFiles(folder / "media", ManualClock(), max_bytes=LIMIT)
    await files.open()
    yield files


@asynccontextmanager
async def s3(folder: Path) -> AsyncIterator[Files]:
    http = HttpClient()
    await http.open()
    async with running_bucket() as bucket:
        files = S3Files(
            bucket.settings().model_copy(update={"max_bytes": LIMIT}), folder / "media", http, ManualClock()
        )
        await files.open()
        yield files
        await files.close()
    await http.close()


ADAPTERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Files]]] = {"local": local, "s3": s3}


@pytest.fixture(params=ADAPTERS)
async def files(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Files]:
    async with ADAPTERS[request.param](tmp_path) as made:
        yield made


async def test_kept_as_given(files: Files) -> None:
    path = await files.put("shop", samples.PNG, name="Foto del salón.png", mime="image/png")
    assert path.startswith("/media/")
    assert await files.get(path) == (samples.PNG, "image/png", "Foto del salón.png")


async def test_the_same_file_twice_has_two_paths_nobody_can_guess(files: Files) -> None:
    paths = await asyncio.gather(*(files.put("shop", samples.PNG, name="a.png", mime="image/png") for _ in range(20)))
    assert len(set(paths)) == 20
    assert all(len(path) >= len("/media/shop/a.png") + 32 for path in paths)


async def test_the_declared_type_must_be_true(files: Files) -> None:
    with pytest.raises(Malformed, match="'image/png'"):
        await files.put("shop", samples.HTML, name="a.png", mime="image/png")


async def test_too_large(files: Files) -> None:
    path = await files.put("shop", b"x" * LIMIT, name="a.txt", mime="text/plain")
    assert len((await files.get(path))[0]) == LIMIT
    with pytest.raises(TooLarge, match=f"{LIMIT} are allowed"):
        await files.put("shop", b"x" * (LIMIT + 1), name="a.txt", mime="text/plain")


@pytest.mark.parametrize("app", ["", ".", "..", "../bank", "a/b", "Shop", "a\x00", ".incoming", "a" * 64, "shop\n"])
async def test_apps_that_are_none(files: Files, app: str) -> None:
    with pytest.raises(Malformed):
        await files.put(app, samples.PNG, name="a.png", mime="image/png")


async def test_paths_that_put_did_not_return_are_not_found(files: Files, tmp_path: Path) -> None:
    await files.put("bank", samples.PNG, name="a.png", mime="image/png")
    (tmp_path / "secret.png").write_bytes(samples.PNG)
    path = await files.put("shop", samples.PNG, name="a.png", mime="image/png")
    token = path.split("/")[3]
    for trick in (
        "",
        "/",
        "/media/",
        path[1:],
        path + "/",
        path + "\x00",
        path + "\n",
        path + ".json",
        path.replace("/media/", "/media//"),
        path.replace("/shop/", "/bank/"),
        path.replace("/shop/", "/bank/../shop/"),
        path.replace("/a.png", "/b.png"),
        path.replace("/a.png", ""),
        path.replace("/a.png", "/../a.png"),
        path.replace(token, token.upper() if token != token.upper() else "A" * 40),
        path.replace(token, "0" * 40),
        path.replace(token, "../" + token),
        "/media/../secret.png",
        f"/media/shop/{'0' * 40}/../../../secret.png",
        str(tmp_path / "secret.png"),
        "/etc/passwd",
        "/media/" + "a" * 100_000,
    ):
        with pytest.raises(NotFound):
            await files.get(trick)
    assert (await files.get(path))[0] == samples.PNG
