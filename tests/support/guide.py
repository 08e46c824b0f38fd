"""Talking to a guide turn by turn, at the checkout of the demo shop."""

from collections.abc import Mapping
from typing import Any

from bots.guide.bot import GuideBot
from bots.guide.flow import STANDING
from orchestrator import answers
from orchestrator.types import Action, Media, Part, Say
from tests.support.turns import asked, slots_after, turn, words

CART: Mapping[str, Any] = {
    "currency": "EUR",
    "items": [
        {"sku": "mug-01", "name": "Stoneware mug", "quantity": 2, "price": 18, "image": "/demo/img/mug-01.png"},
        {"sku": "lamp-02", "name": "Desk lamp", "quantity": 1, "price": 79, "image": "javascript:alert(1)"},
    ],
    "subtotal": 115,
    "shipping": {"method": "standard", "label": "Standard", "price": 4.95},
    "total": 119.95,
}
PAGE: Mapping[str, Any] = {
    "page": {"url": "https://shop.example/checkout", "title": "Checkout"},
    "cart": CART,
    "shipping_options": [
        {"id": "standard", "label": "Standard", "price": 4.95, "days": "3 to 5 working days"},
        {"id": "express", "label": "Express", "price": 9.95, "days": "1 to 2 working days"},
        {"id": "pickup", "label": "Pick-up point", "price": 0, "days": "3 to 5 working days"},
    ],
}
PICTURE = Media(url="/media/shop/x/broken.png", media="image", mime="image/png")


class Chat:
    """A conversation as the engine would keep it: slots go from turn to turn."""

    def __init__(self, bot: GuideBot, **given: Any) -> None:
        self.bot = bot
        self.given = {"context": PAGE, **given}
        self.slots: dict[str, Any] = {}
        self.actions: list[Action] = []

    async def says(self, *said: Part | str, **more: Any) -> list[str]:
        """The texts that come back; everything else is in `actions`."""
        self.actions = await asked(self.bot, turn(*said, **{**self.given, "slots": self.slots, **more}))
        assert answers.from_python(list(self.actions)) == tuple(self.actions), "the engine would refuse this"
        self.slots = slots_after(self.slots, self.actions)
        return words(self.actions)

    @property
    def standing(self) -> tuple[str, str] | None:
        kept = self.slots.get(STANDING)
        return (kept["flow"], kept["step"]) if kept else None

    def one(self, kind: type[Any]) -> Any:
        """The one part or action of that kind."""
        found = [action for action in self.actions if isinstance(action, kind)]
        for action in self.actions:
            if isinstance(action, Say):
                found.extend(part for part in action.parts if isinstance(part, kind))
        assert len(found) == 1, f"{len(found)} of {kind.__name__} in {self.actions}"
        return found[0]

    def has(self, kind: type[Any]) -> bool:
        parts = [part for action in self.actions if isinstance(action, Say) for part in action.parts]
        return any(isinstance(each, kind) for each in (*self.actions, *parts))
