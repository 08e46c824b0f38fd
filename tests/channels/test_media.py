"""Customers' files: fetched from the platform before the turn reads them, kept here, never a handle in sight."""

import asyncio
from pathlib import Path

import pytest

from orchestrator import codec
from orchestrator.config import MediaSettings
from orchestrator.errors import SendFailed, TooLarge
from orchestrator.types import Edited, Fetched, Media, Text, Unsupported
from tests.support import bots
from tests.support.channel import api, channel, tell, theirs
from tests.support.cloud import Reply, running_cloud
from tests.support.probe import Side
from tests.support.samples import PNG

HANDLE = Media(url="ref:file-1?token=secret", media="image")


def picture() -> Fetched:
    return Fetched(data=PNG, mime="image/png", name="cat.png")


async def test_a_file_is_fetched_before_the_bot_reads_it(tmp_path: Path, side: Side) -> None:
    side.files["file-1?token=secret"] = picture()
    async with channel(tmp_path) as parley:
        await parley.receive((HANDLE, Text(text="look")))
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        media = message.parts[0]
        assert isinstance(media, Media)
        assert (media.mime, media.name, media.size, media.media) == ("image/png", "cat.png", len(PNG), "image")
        assert (await parley.runtime.files.get(media.url))[0] == PNG
        assert bots.seen[0].messages[0].parts == message.parts
        assert side.fetched == ["file-1?token=secret"]


async def test_a_process_that_dies_while_it_fetches_leaves_it_to_the_next(tmp_path: Path, side: Side) -> None:
    async with channel(tmp_path, probe={"name": "hanging"}) as parley:
        hanging = asyncio.Event()
        source = parley.runtime.apps["shop"].channels["line"].connector
        asked = asyncio.Event()

        async def fetch(reference: str, max_bytes: int) -> Fetched:
            asked.set()
            await hanging.wait()
            raise AssertionError("nobody waits for this any more")

        source.fetch = fetch  # type: ignore[attr-defined]
        await parley.receive((HANDLE,))
        await asked.wait()
        await parley.runtime.engine.stop(0)
    side.files["file-1?token=secret"] = picture()
    async with channel(tmp_path) as parley:
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert isinstance(message.parts[0], Media)
        assert message.parts[0].url.startswith("/media/shop/")


@pytest.mark.parametrize(
    ("trouble", "note"),
    [
        (TooLarge("secret"), "larger than 25 MB"),
        (SendFailed("secret", retryable=False), "could not be fetched"),
        (RuntimeError("secret"), "could not be fetched"),
        (None, "does not have the file any more"),
    ],
)
async def test_what_cannot_be_fetched_is_said_so(
    tmp_path: Path, side: Side, trouble: Exception | None, note: str
) -> None:
    if trouble is not None:
        side.files["file-1?token=secret"] = trouble
    async with channel(tmp_path) as parley:
        await parley.receive((HANDLE,))
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        (part,) = message.parts
        assert isinstance(part, Unsupported)
        assert part.what == "image"
        assert note in part.note
        assert "secret" not in part.note


async def test_a_platform_that_stumbles_is_asked_again(tmp_path: Path, side: Side) -> None:
    side.files["file-1?token=secret"] = SendFailed("busy", retryable=True, retry_after=0.01)
    async with channel(tmp_path) as parley:
        await parley.receive((HANDLE,))
        await side.until(lambda: side.fetched)
        side.files["file-1?token=secret"] = picture()
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert isinstance(message.parts[0], Media)
        assert len(side.fetched) >= 2


async def test_what_is_not_what_it_says_is_just_a_file(tmp_path: Path, side: Side) -> None:
    side.files["file-1?token=secret"] = Fetched(data=b"<html>", mime="image/png", name="cat.png")
    async with channel(tmp_path) as parley:
        await parley.receive((HANDLE,))
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert isinstance(message.parts[0], Media)
        assert message.parts[0].mime == "application/octet-stream"


async def test_more_than_is_allowed_is_not_kept(tmp_path: Path, side: Side) -> None:
    side.files["file-1?token=secret"] = Fetched(data=PNG + b"x" * 2048, mime="image/png")
    settings = {"media": {"max_bytes": 1024}}
    async with channel(tmp_path, runtime=media(settings)) as parley:
        await parley.receive((HANDLE,))
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert isinstance(message.parts[0], Unsupported)


def media(settings: dict[str, dict[str, int]]) -> dict[str, object]:
    return {"media": MediaSettings.model_validate(settings["media"])}


async def test_nobody_sees_a_handle_while_the_file_is_on_its_way(tmp_path: Path, side: Side) -> None:
    """Neither live nor over the API; nor does whoever takes over meanwhile find it in the packet."""
    side.files["file-1?token=secret"] = picture()
    async with channel(tmp_path) as parley, parley.runtime.bus.subscribe("shop") as updates:
        gate, asked = asyncio.Event(), asyncio.Event()
        source = parley.runtime.apps["shop"].channels["line"].connector
        fetch = source.fetch  # type: ignore[attr-defined]

        async def slowly(reference: str, max_bytes: int) -> Fetched:
            asked.set()
            await gate.wait()
            found: Fetched = await fetch(reference, max_bytes)
            return found

        source.fetch = slowly  # type: ignore[attr-defined]
        await parley.receive((HANDLE,))
        await asked.wait()
        conversation = await parley.conversation()
        await parley.runtime.engine.desk.accept("shop", conversation.id, parley.agent())
        async with api(parley) as front:
            page = await front.ask("GET", f"/v1/conversations/{conversation.id}/messages")
            assert page.json["data"][0]["parts"][0]["url"] == ""
        (case,) = await parley.runtime.store.handoffs("shop")
        gate.set()
        seen = []
        async for update in updates:
            assert update is not None
            seen.append(codec.live.dump(update))
            if b"/media/shop/" in seen[-1]:
                break
        assert not any(b"secret" in one for one in (*seen, page.body, codec.handoff.dump(case)))


async def test_a_file_that_comes_with_an_edit_is_fetched_too(tmp_path: Path, side: Side) -> None:
    side.files["file-1?token=secret"] = picture()
    async with channel(tmp_path) as parley:
        await parley.hear("one moment", external_id="m-1")
        await side.until(lambda: side.sent)
        now = parley.runtime.clock.now()
        await tell(parley, Edited(address="visitor", external_id="m-1", parts=(HANDLE,), at=now))
        await side.until(lambda: side.fetched)
        await parley.until("", "visitor")
        found = await fetched(parley)
        assert found.url.startswith("/media/shop/")


async def fetched(parley: object) -> Media:
    async with asyncio.timeout(10):
        while True:
            part = (await theirs(parley))[0].parts[0]  # type: ignore[arg-type]
            if isinstance(part, Media) and not part.url.startswith("ref:"):
                return part
            await asyncio.sleep(0)


@pytest.mark.parametrize("address", ["http://169.254.169.254/latest/meta-data", "{cloud}/cat.png"])
async def test_a_plain_link_goes_through_the_guard(tmp_path: Path, side: Side, address: str) -> None:
    """The cloud of the tests is on loopback: as private as the address that gives machines their secrets."""
    async with running_cloud() as cloud, channel(tmp_path, probe={"fetches": False}) as parley:
        cloud.replies.append(Reply(body=PNG))
        await parley.receive((Media(url="ref:" + address.replace("{cloud}", cloud.url), media="image"),))
        await side.until(lambda: side.sent)
        (message,) = await theirs(parley)
        assert isinstance(message.parts[0], Unsupported)
        assert cloud.seen == []
