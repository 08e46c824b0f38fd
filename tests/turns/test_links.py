"""What stands on our server reaches a platform with its whole address."""

from pathlib import Path

import pytest

from orchestrator import codec
from orchestrator.engine.links import absolute
from orchestrator.types import Media, Rendering
from tests.support import bots
from tests.support.house import house
from tests.support.platform import platform

BASE = "https://parley.example"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"kind": "media", "url": "/media/a.png"}, {"url": f"{BASE}/media/a.png"}),
        ({"kind": "media", "url": "https://cdn.example/a.png"}, {"url": "https://cdn.example/a.png"}),
        ({"kind": "media", "url": "//cdn.example/a.png"}, {"url": "//cdn.example/a.png"}),
        (
            {"kind": "buttons", "buttons": [{"title": "Open", "url": "/cart"}, {"title": "Buy", "payload": "buy"}]},
            {"buttons": [{"title": "Open", "url": f"{BASE}/cart"}, {"title": "Buy", "payload": "buy", "url": ""}]},
        ),
        (
            {
                "kind": "carousel",
                "cards": [{"title": "Mug", "image": "/m.png", "buttons": [{"title": "x", "url": "/m"}]}],
            },
            {"cards": [{"title": "Mug", "image": f"{BASE}/m.png", "buttons": [{"title": "x", "url": f"{BASE}/m"}]}]},
        ),
        (
            {"kind": "list", "choices": [{"title": "Mug", "payload": "m", "image": "/m.png"}]},
            {"choices": [{"title": "Mug", "payload": "m", "image": f"{BASE}/m.png"}]},
        ),
        (
            {"kind": "quick_replies", "choices": [{"title": "Mug", "payload": "/m", "image": "/m.png"}]},
            {"choices": [{"title": "Mug", "payload": "/m", "image": f"{BASE}/m.png"}]},
        ),
        ({"kind": "text", "text": "/media/a.png"}, {"text": "/media/a.png"}),
    ],
)
def test_paths_become_addresses(given: dict[str, object], wanted: dict[str, object]) -> None:
    rendering = Rendering(parts=codec.parts.read([given]))
    assert absolute(rendering, BASE).parts == codec.parts.read([given | wanted])


async def test_an_agents_picture_arrives(tmp_path: Path) -> None:
    bots.reset()
    async with platform() as side:
        hook = {"kind": "webhook", "signature": "none", "url": side.url, "allow_private": True}
        async with house(tmp_path, channels={"hook": hook}) as parley:
            parley.channel = "hook"
            await parley.hear("hello")
            await side.until(taken=1)
            conversation, agent = await parley.settled(), parley.agent()
            desk = parley.runtime.engine.desk
            await desk.accept("shop", conversation.id, agent)
            await desk.say("shop", conversation.id, agent, (Media(url="/media/shop/a.png", media="image"),))
            await side.until(taken=3)
            assert side.taken[-1]["parts"][0]["url"] == f"{parley.runtime.public_url}/media/shop/a.png"
