"""Which files go along as bytes, and which as a link."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.ssrf import Guard
from orchestrator.attaching import as_link, attached
from orchestrator.ports import PHOTO
from orchestrator.types import Fetched, Media
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply, running_cloud

MOST = 5000
OK = Reply(headers={"Content-Type": "image/PNG; charset=x"}, body=PHOTO)


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    async with running_cloud() as running:
        yield running


async def fetched(
    cloud: Cloud, files: LocalFiles, part: Media, most: int = MOST, seconds: float = 5.0
) -> Fetched | None:
    http = HttpClient(Guard(ours=cloud.url))
    await http.open()
    try:
        return await attached(part, files, http, most=most, seconds=seconds)
    finally:
        await http.close()


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path, ManualClock())


async def test_a_file_of_ours_is_not_asked_for_over_http(cloud: Cloud, files: LocalFiles) -> None:
    path = await files.put("shop", PHOTO, name="shoe.png", mime="image/png")
    found = await fetched(cloud, files, Media(url=f"{cloud.url}{path}", media="image"), most=len(PHOTO))
    assert found == Fetched(data=PHOTO, mime="image/png", name="shoe.png")
    assert not cloud.seen


async def test_one_that_is_not_kept_here_is_fetched(cloud: Cloud, files: LocalFiles) -> None:
    cloud.replies.append(OK)
    found = await fetched(cloud, files, Media(url=f"{cloud.url}/media/shop/0123/shoe.png?x=1", media="image"))
    assert found == Fetched(data=PHOTO, mime="image/png", name="shoe.png")


async def test_what_is_said_of_it_counts_more_than_what_its_server_says(cloud: Cloud, files: LocalFiles) -> None:
    cloud.replies.append(OK)
    part = Media(url=f"{cloud.url}/1", media="image", mime="image/webp", name="Shoe.webp")
    assert await fetched(cloud, files, part) == Fetched(data=PHOTO, mime="image/webp", name="Shoe.webp")


async def test_a_type_that_is_none(cloud: Cloud, files: LocalFiles) -> None:
    cloud.replies.append(Reply(headers={"Content-Type": "picture"}, body=b"x"))
    found = await fetched(cloud, files, Media(url=f"{cloud.url}/", media="file"))
    assert found == Fetched(data=b"x", mime="application/octet-stream", name="file")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404, body=b"gone"),
        Reply(status=503),
        Reply(status=204),
        Reply(body=b""),
        Reply(body=b"x" * (MOST + 1)),
        Reply(late=True),
    ],
    ids=["gone", "busy", "nothing", "empty", "large", "late"],
)
async def test_what_can_not_be_had_goes_as_a_link(cloud: Cloud, files: LocalFiles, reply: Reply) -> None:
    cloud.replies.append(reply)
    assert await fetched(cloud, files, Media(url=f"{cloud.url}/shoe.png", media="image"), seconds=0.3) is None


async def test_what_is_known_to_be_too_large_is_not_fetched(cloud: Cloud, files: LocalFiles) -> None:
    assert await fetched(cloud, files, Media(url=f"{cloud.url}/film.mp4", media="video", size=MOST + 1)) is None
    path = await files.put("shop", PHOTO, name="shoe.png", mime="image/png")
    assert await fetched(cloud, files, Media(url=path, media="image"), most=len(PHOTO) - 1) is None
    assert not cloud.seen


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "ftp://shop.example/a", "nonsense", ""])
async def test_nobody_leads_us_astray(cloud: Cloud, files: LocalFiles, url: str) -> None:
    assert await fetched(cloud, files, Media(url=url, media="file")) is None


def test_the_words_in_its_place() -> None:
    url = "https://shop.example/shoe.png"
    assert as_link(Media(url=url, media="image")) == url
    assert as_link(Media(url=url, media="image", alt="A shoe", name="shoe.png")) == f"A shoe\n{url}"
    assert as_link(Media(url=url, media="file", name="shoe.png")) == f"shoe.png\n{url}"
