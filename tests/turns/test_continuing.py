"""One person on several channels: a code or a fact somebody vouched for, never a name; and everything intact."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.errors import Conflict, Forbidden, NotFound
from orchestrator.types import Received, Text
from tests.support.house import House, house
from tests.support.platform import Platform, platform


@asynccontextmanager
async def two_channels(folder: Path, **app: Any) -> AsyncIterator[tuple[House, Platform]]:
    """A web chat, and a phone whose platform we play."""
    async with platform() as side:
        hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True}
        channels = {"web": {"kind": "webchat"}, "phone": hook}
        async with house(folder, channels=channels, **app) as parley:
            yield parley, side


async def phone(parley: House, text: str, external_id: str = "p-1", address: str = "34600", **more: Any) -> Any:
    now = parley.runtime.clock.now()
    event = Received(address=address, external_id=external_id, parts=(Text(text=text),), at=now, **more)
    return (await parley.runtime.engine.accept("shop", "phone", [event]))[0]


async def test_a_code_carries_the_conversation_to_another_channel_with_everything_intact(tmp_path: Path) -> None:
    async with two_channels(tmp_path) as (parley, side):
        await parley.hear("hello", profile={"name": "Lucía"})
        await parley.until("echo: hello")
        head = await parley.conversation()
        continuing = parley.runtime.engine.continuing
        code, _ = await continuing.invite("shop", head.id, "ada")
        await phone(parley, f"Continue: {code.lower()}", profile={"tel": "34600"})
        await side.until(taken=1)
        assert "carry on here" in side.texts[0]
        await phone(parley, "are you there?", "p-2")
        await side.until(taken=2)
        assert side.texts[1] == "echo: are you there?"
        moved = await parley.conversation()
        assert moved.id == head.id
        assert (moved.channel_id, moved.address) == ("phone", "34600")
        assert (await parley.runtime.store.customer("shop", moved.customer_id)).profile == {
            "name": "Lucía",
            "tel": "34600",
        }
        assert not any(code.casefold() in repr(line.parts).casefold() for line in await parley.log())

        await parley.hear("back on the page", external_id="w-2")
        await parley.until("echo: back on the page")
        assert (await parley.conversation()).channel_id == "web"
        assert len(side.texts) == 2


async def test_the_same_code_twice_in_any_order_links_once(tmp_path: Path) -> None:
    async with two_channels(tmp_path) as (parley, side):
        await parley.hear("hello")
        head = await parley.conversation()
        continuing = parley.runtime.engine.continuing
        code, _ = await continuing.invite("shop", head.id, "ada")
        await phone(parley, code)
        await phone(parley, code)
        await side.until(taken=1)
        assert [line.role for line in await parley.log()].count("customer") == 1
        assert len(await continuing.changes("shop", head.customer_id)) == 1
        await phone(parley, code, "p-other", address="34999")
        stranger = await parley.runtime.store.find_conversation("phone", "34999")
        assert stranger is not None
        assert stranger.customer_id != head.customer_id


@pytest.mark.parametrize("text", ["GO-AAAAAAAA", "GO-7K3QX9M4 is a flight", "go on", "x" * 300 + " GO-7K3QX9M4"])
async def test_what_is_no_code_of_ours_is_a_message_like_any_other(tmp_path: Path, text: str) -> None:
    async with two_channels(tmp_path) as (parley, side):
        await phone(parley, text)
        await side.until(taken=1)
        assert side.texts == [f"echo: {text}"]


async def test_a_code_is_over_after_a_while_and_good_for_its_own_app_alone(tmp_path: Path) -> None:
    async with two_channels(tmp_path) as (parley, _):
        await parley.hear("hello")
        head = await parley.conversation()
        continuing = parley.runtime.engine.continuing
        code, expires = await continuing.invite("shop", head.id, "ada")
        digest = continuing.digest(code.removeprefix("GO-"))
        assert await parley.runtime.store.people.code(digest, expires - timedelta(seconds=1)) is not None
        assert await parley.runtime.store.people.code(digest, expires) is None
        with pytest.raises(NotFound):
            await continuing.invite("another", head.id, "ada")


async def test_a_name_or_a_claim_links_nothing(tmp_path: Path) -> None:
    async with two_channels(tmp_path) as (parley, _):
        facts = {"name": "Lucía", "email": "lucia@example.org", "phone": "34600"}
        await parley.hear("hello", profile=facts)
        await phone(parley, "hello", profile=facts)
        web, other = await parley.conversation(), await parley.runtime.store.find_conversation("phone", "34600")
        assert other is not None
        assert web.customer_id != other.customer_id


async def test_an_agent_answers_by_mail_only_where_somebody_vouched_for_the_address(tmp_path: Path) -> None:
    smtp = {"host": "127.0.0.1", "port": 1, "security": "none"}
    mail = {"kind": "email", "address": "shop@example.org", "smtp": smtp, "provider": "raw", "hook_password": "x" * 20}
    async with house(tmp_path, channels={"web": {"kind": "webchat"}, "mail": mail}) as parley:
        continuing = parley.runtime.engine.continuing
        await parley.hear("hello", profile={"email": "claimed@example.org"})
        head = await parley.conversation()
        with pytest.raises(Forbidden, match="vouched"):
            await continuing.continue_on("shop", head.id, "mail", "ada")
        await parley.hear("again", external_id="w-2", profile={"email": "lucia@example.org", "verified": True})
        moved = await continuing.continue_on("shop", head.id, "mail", "ada")
        assert (moved.channel_id, moved.address) == ("mail", "lucia@example.org")
        (change,) = await continuing.changes("shop", head.customer_id)
        assert (change.evidence, change.by) == ("verified_email", "ada")
        undone = await continuing.undo("shop", change.id, "grace")
        assert undone.undone_by == "grace"
        back = await parley.conversation()
        assert (back.channel_id, back.address) == ("web", "visitor")
        with pytest.raises(Conflict):
            await continuing.undo("shop", change.id, "grace")


async def test_two_messages_on_two_channels_at_once_are_both_answered(tmp_path: Path) -> None:
    async with two_channels(tmp_path) as (parley, side):
        await parley.hear("hello")
        head = await parley.conversation()
        code, _ = await parley.runtime.engine.continuing.invite("shop", head.id, "ada")
        await phone(parley, code)
        await side.until(taken=1)
        await asyncio.gather(*(parley.hear(f"w{n}", external_id=f"w-{n}") for n in range(5)),
                             *(phone(parley, f"p{n}", f"q-{n}") for n in range(5)))  # fmt: skip
        await parley.settled()
        said = [repr(line.parts) for line in await parley.log() if line.role == "customer"]
        assert len(said) == 11
        assert (await parley.conversation()).processed_seq == (await parley.conversation()).last_seq
