"""The demo shop with platforms played beside it, all behind one real server."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.adapters.clock import SystemClock
from orchestrator.app import Runtime, build
from orchestrator.config import load
from orchestrator.resources import folder
from orchestrator.simulate import Platform, Simulation, simulated
from orchestrator.site import web
from orchestrator.types import Button, Buttons, Carousel, Choice, ListPicker, Part, QuickReplies, Tap, Text
from tests.support.serve import serving

PATIENCE = 20.0
USER = "lucia"
SECRET = "a secret of thirty-two letters or more"
NLP = {"language": ("langid",), "sentiment": (), "intent": (), "wish": ("phrases",)}


class Late:
    """An application that is known only once the address is."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Playground:
    runtime: Runtime
    simulation: Simulation
    url: str

    def user_of(self, kind: str) -> "Visitor":
        found = next(one for one in self.simulation.platforms.values() if one.stand_in.kind == kind)
        return Visitor(found, USER)


@dataclass(slots=True)
class Visitor:
    """A user of one platform. What was seen is not looked at again."""

    platform: Platform
    name: str
    seen: int = 0

    async def says(self, part: Part | str) -> None:
        await self.platform.say(self.name, Text(text=part) if isinstance(part, str) else part)

    async def sees(self, *words: str) -> str:
        """What came since the last look, once it holds one of the words. Raises AssertionError when it never does."""
        version = self.platform.version
        while not any(word.casefold() in self.news().casefold() for word in words):
            newer = await self.platform.newer(version, PATIENCE)
            assert newer != version, f"{self.platform.stand_in.kind}: none of {words} in {self.news()!r}"
            version = newer
        found = self.news()
        self.seen = len(self.platform.shown(self.name))
        return found

    def news(self) -> str:
        shown = self.platform.shown(self.name)[self.seen :]
        return "\n".join(repr(part) for message in shown if not message.mine for part in message.parts)

    def tap(self, title: str) -> Part | None:
        """What tapping the newest thing of that title means; None where nothing can be tapped."""
        for message in reversed(self.platform.shown(self.name)):
            for one in (each for part in message.parts for each in offers(part)):
                if one.title.casefold() == title.casefold():
                    return Tap(payload=one.payload, title=one.title, message_id=message.id)
        return None


def offers(part: Part) -> Sequence[Button | Choice]:
    match part:
        case Buttons(buttons=buttons):
            return buttons
        case QuickReplies(choices=choices) | ListPicker(choices=choices):
            return choices
        case Carousel(cards=cards):
            return [button for card in cards for button in card.buttons]
    return ()


@asynccontextmanager
async def playground(data: Path, kinds: Sequence[str]) -> AsyncIterator[Playground]:
    shop = load(folder("examples") / "shop" / "parley.toml")
    settings = shop.settings
    store = settings.store.model_copy(update={"url": f"sqlite:///{data / 'shop.db'}", "media": data / "media"})
    app = settings.apps["shop"]
    app = app.model_copy(update={"nlp": app.nlp.model_copy(update=NLP)})
    settings = settings.model_copy(update={"store": store, "apps": {"shop": app}})
    late = Late()
    async with serving(late) as url:
        settings, simulation = simulated(settings, "shop", kinds, url, SystemClock())
        runtime = build(settings, shop.base, public_url=url, secret=SECRET, simulating=True)
        late.app = web(runtime, demo=True, simulation=simulation)
        async with runtime.open():
            simulation.open(runtime.http)
            try:
                yield Playground(runtime, simulation, url)
            finally:
                await simulation.close()
