"""Files as a browser gets them, and what may be uploaded."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI

from orchestrator.adapters.files import LocalFiles
from orchestrator.errors import Malformed, TooLarge
from orchestrator.http import media, problems
from tests.support import samples
from tests.support.clock import ManualClock
from tests.support.serve import serving


@pytest.fixture
async def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path, ManualClock())


@pytest.fixture
async def browser(files: LocalFiles) -> AsyncIterator[aiohttp.ClientSession]:
    app = FastAPI()
    app.include_router(media.router(files))
    problems.install(app)
    async with serving(app) as url, aiohttp.ClientSession(url) as session:
        yield session


async def test_a_picture_is_shown_in_place(files: LocalFiles, browser: aiohttp.ClientSession) -> None:
    path = await files.put("shop", samples.PNG, name="salón.png", mime="image/png")
    async with browser.get(path) as response:
        assert response.status == 200
        assert await response.read() == samples.PNG
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Disposition"] == "inline; filename*=utf-8''sal%C3%B3n.png"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("data", "mime", "served"),
    [
        (samples.PDF, "application/pdf", "application/pdf"),
        (samples.TEXT, "text/plain", "text/plain; charset=utf-8"),
        (samples.MP4, "video/mp4", "video/mp4"),
        (samples.HEIC, "image/heic", "image/heic"),
        (samples.SVG, "image/svg+xml", "application/octet-stream"),
        (samples.HTML, "text/html", "application/octet-stream"),
        (samples.TEXT, "text/javascript", "application/octet-stream"),
        (b"\x00\x01", "", "application/octet-stream"),
    ],
)
async def test_anything_else_is_downloaded(
    files: LocalFiles, browser: aiohttp.ClientSession, data: bytes, mime: str, served: str
) -> None:
    path = await files.put("shop", data, name='evil".html', mime=mime)
    async with browser.get(path) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == served
        assert response.headers["Content-Disposition"].startswith("attachment; filename")
        assert '"' not in response.headers["Content-Disposition"].partition("filename")[2].strip('="')


async def test_head_and_ranges(files: LocalFiles, browser: aiohttp.ClientSession) -> None:
    path = await files.put("shop", samples.MP4, name="a.mp4", mime="video/mp4")
    async with browser.head(path) as response:
        assert response.headers["Content-Length"] == str(len(samples.MP4))
        assert response.headers["Accept-Ranges"] == "bytes"
    async with browser.get(path, headers={"Range": "bytes=4-7"}) as response:
        assert response.status == 206
        assert await response.read() == b"ftyp"
    async with browser.get(path, headers={"Range": "bytes=9999-"}) as response:
        assert response.status == 416


async def test_not_found_says_nothing_about_what_there_is(files: LocalFiles, browser: aiohttp.ClientSession) -> None:
    path = await files.put("shop", samples.PNG, name="a.png", mime="image/png")
    for trick in (
        "/media/",
        path + "x",
        path + ".json",
        path.replace("shop", "bank"),
        "/media/%2e%2e/%2e%2e/etc/passwd",
    ):
        async with browser.get(trick) as response:
            assert response.status == 404
            assert (await response.json())["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("data", "declared", "name", "upload"),
    [
        (samples.PNG, "image/png", "a.png", ("image/png", "image", "a.png")),
        (samples.GIF, "image/gif", "../a.gif", ("image/gif", "gif", "a.gif")),
        (samples.JPEG, "", "photo", ("image/jpeg", "image", "photo.jpg")),
        (samples.PDF, "application/octet-stream", "cv.exe", ("application/pdf", "file", "cv.exe.pdf")),
        (samples.OGG, "audio/ogg", "note.ogg", ("audio/ogg", "audio", "note.ogg")),
        (samples.MP4, "video/mp4", "film.mp4", ("video/mp4", "video", "film.mp4")),
        (samples.TEXT, "text/plain; charset=utf-8", "a.txt", ("text/plain", "file", "a.txt")),
    ],
)
def test_welcome_uploads(data: bytes, declared: str, name: str, upload: tuple[str, str, str]) -> None:
    assert media.check_upload(data, declared, name, max_bytes=1000) == upload


@pytest.mark.parametrize(
    ("data", "declared", "why"),
    [
        (b"", "image/png", "is empty"),
        (samples.SVG, "image/png", "holds 'image/svg"),
        (samples.SVG, "image/svg+xml", "can't be sent here"),
        (samples.HTML, "text/html", "can't be sent here"),
        (samples.HTML, "", "can't be sent here"),
        (samples.TEXT, "text/javascript", "can't be sent here"),
        (samples.ZIP, "application/zip", "can't be sent here"),
        (b"\x00\x01\x02", "", "can't be sent here"),
    ],
)
def test_unwelcome_uploads(data: bytes, declared: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        media.check_upload(data, declared, "a.png", max_bytes=1000)


def test_pages_are_refused_whatever_is_allowed() -> None:
    with pytest.raises(Malformed, match="can't be sent here"):
        media.check_upload(samples.SVG, "image/svg+xml", "a.svg", max_bytes=1000, allowed={"image/svg+xml", "image/*"})
    with pytest.raises(Malformed, match="allowed: image/png"):
        media.check_upload(samples.GIF, "image/gif", "a.gif", max_bytes=1000, allowed=["image/png"])


def test_too_large_uploads() -> None:
    with pytest.raises(TooLarge, match="1000 are allowed"):
        media.check_upload(b"x" * 1001, "text/plain", "a.txt", max_bytes=1000)
