"""A flow asks the shop's own system: over real HTTP, and whatever that answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from bots.guide.bot import GuideBot, Settings, create
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import Misconfigured
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud, Reply, nobody, running_cloud
from tests.support.guide import Chat
from tests.support.turns import NOON

GUIDE = r"""
[[intent]]
name = "order_status"
title = "Where is my order?"
examples = ["Where is my order?", "Track my parcel", "Has my order been sent?"]
flow = "status"

[[flow]]
name = "status"
title = "Where is my order?"

[[flow.step]]
slot = "order_number"
ask = "What is the number of your order?"
pattern = '(?i)pd[- ]?(\d{4})'
becomes = 'PD-\1'

[flow.fetch]
source = "orders"
as = "order"
missing = "There is no order {slots.order_number}."
failed = "The order system does not answer. Please try again in a while."

[[flow.done]]
when = "order.state"
text = "Order {slots.order_number} is {order.state}; it arrives on {order.delivery.day}."
"""
KEY = "Bearer a-secret-of-the-shop"


@asynccontextmanager
async def guide(folder: Path, url: str, text: str = GUIDE, **source: Any) -> AsyncIterator[Chat]:
    (folder / "guide.toml").write_text(text, encoding="utf-8")
    settings = Settings.model_validate(
        {
            "file": folder / "guide.toml",
            "sources": {"orders": {"url": url, "headers": {"authorization": KEY}, "trusted": True, **source}},
        }
    )
    http, clock = HttpClient(), ManualClock(NOON)
    bot = create(settings, clock=clock, http=http, files=LocalFiles(folder, clock))
    assert isinstance(bot, GuideBot)
    await http.open()
    await bot.open()
    try:
        yield Chat(bot)
    finally:
        await bot.close()
        await http.close()


@pytest.fixture
async def shop() -> AsyncIterator[Cloud]:
    async with running_cloud() as cloud:
        yield cloud


def knows(**order: Any) -> Reply:
    return Reply(body=orjson.dumps(order))


async def test_an_orders_state_comes_from_the_shops_system(tmp_path: Path, shop: Cloud) -> None:
    shop.replies.append(knows(state="on its way", delivery={"day": "Tuesday"}))
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}") as chat:
        assert await chat.says("Where is my order?") == ["What is the number of your order?"]
        assert await chat.says("it is pd 1002") == ["Order PD-1002 is on its way; it arrives on Tuesday."]
    (asked,) = shop.seen
    assert (asked.method, asked.path) == ("GET", "/orders/PD-1002")
    assert asked.headers["authorization"] == KEY


async def test_what_was_said_on_the_way_in_is_asked_with(tmp_path: Path, shop: Cloud) -> None:
    shop.replies.append(knows(state="packed", delivery={"day": "Monday"}))
    async with guide(tmp_path, f"{shop.url}/orders", method="POST") as chat:
        assert await chat.says("Where is my order PD-1002?") == ["Order PD-1002 is packed; it arrives on Monday."]
    assert orjson.loads(shop.seen[0].body) == {"order_number": "PD-1002"}
    assert shop.seen[0].headers["idempotency-key"]


@pytest.mark.parametrize("reply", [Reply(status=404), Reply(status=410), Reply(body=b"{}"), Reply(body=b"")], ids=str)
async def test_what_it_does_not_know_is_said(tmp_path: Path, shop: Cloud, reply: Reply) -> None:
    shop.replies.append(reply)
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}") as chat:
        assert await chat.says("Where is my order PD-1002?") == ["There is no order PD-1002."]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500),
        Reply(status=401),
        Reply(body=b"<html>"),
        Reply(body=b"[1]"),
        Reply(body=b'{"a":"' + b"x" * 70_000 + b'"}'),
        Reply(status=302, headers={"location": "http://169.254.169.254/"}),
    ],
    ids=lambda reply: f"{reply.status}-{len(reply.body)}",
)
async def test_what_it_can_not_say_is_no_crash(tmp_path: Path, shop: Cloud, reply: Reply) -> None:
    shop.replies.append(reply)
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}") as chat:
        told = await chat.says("Where is my order PD-1002?")
        assert told == ["The order system does not answer. Please try again in a while."]
        assert KEY not in repr(chat.actions)


async def test_a_system_that_is_down_or_hangs_is_said_in_time(tmp_path: Path, shop: Cloud) -> None:
    async with guide(tmp_path, f"{nobody()}/orders/{{order_number}}") as chat:
        assert "does not answer" in (await chat.says("Where is my order PD-1002?"))[0]
    shop.replies.append(Reply(late=True))
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}", timeout=0.2) as chat:
        assert "does not answer" in (await chat.says("Where is my order PD-1002?"))[0]


async def test_a_rehearsal_changes_nothing_in_the_shop(tmp_path: Path, shop: Cloud) -> None:
    async with guide(tmp_path, f"{shop.url}/orders", method="POST") as chat:
        assert "does not answer" in (await chat.says("Where is my order PD-1002?", rehearsal=True))[0]
    assert not shop.seen


async def test_a_private_address_is_not_asked_unless_it_is_trusted(tmp_path: Path, shop: Cloud) -> None:
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}", trusted=False) as chat:
        assert "does not answer" in (await chat.says("Where is my order PD-1002?"))[0]
    assert not shop.seen


async def test_a_slot_can_not_leave_its_place_in_the_address(tmp_path: Path, shop: Cloud) -> None:
    text = GUIDE.replace("""pattern = '(?i)pd[- ]?(\\d{4})'\nbecomes = 'PD-\\1'\n""", "")
    assert "pattern" not in text
    shop.replies.append(Reply(status=404))
    async with guide(tmp_path, f"{shop.url}/orders/{{order_number}}", text) as chat:
        await chat.says("Where is my order?")
        await chat.says("../../admin?x=1#y")
    assert shop.seen[0].path in ("/orders/../../admin?x=1#y", "/orders/..%2F..%2Fadmin%3Fx%3D1%23y")
    assert shop.seen[0].query == ""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://shop.example/orders/{number}", "'number' in its url is no slot"),
        ("https://shop.example/orders/{order_number", "braces"),
        ("ftp://shop.example/{order_number}", "https://"),
        ("https://user:pw@shop.example/{order_number}", "credentials"),
    ],
)
async def test_a_source_that_can_not_work_is_refused_at_the_start(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises((Misconfigured, ValueError), match=said):
        async with guide(tmp_path, url):
            pass


async def test_a_source_nobody_configured_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="'parcels'"):
        async with guide(tmp_path, "https://shop.example/", GUIDE.replace('source = "orders"', 'source = "parcels"')):
            pass
