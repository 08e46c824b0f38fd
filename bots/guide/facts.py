"""What a guide's variables stand for in one turn. What comes from the page is foreign: any shape, size and type."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bots.guide import template
from bots.guide.file import Guide
from bots.guide.money import amount
from bots.guide.template import Style
from orchestrator.types import Turn

MOST_ITEMS = 30
"""Of a list that `each` goes over."""

PLAIN = str.maketrans("[]\n", "() ", "*`#<>")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`rows` holds what a flow looked up, by its name; `item` is set where `each` goes over a list."""

    guide: Guide
    turn: Turn
    slots: Mapping[str, Any]
    rows: Mapping[str, Row] = field(default_factory=dict)
    item: Row | None = None
    currency: str = ""

    def look(self, path: str) -> object:
        """The value of "cart.shipping.price"; None when there is none."""
        root, *steps = path.split(".")
        return dig(self.root(root), steps)

    def root(self, name: str) -> object:
        match name:
            case "slots":
                return self.slots
            case "profile":
                return self.turn.profile
            case "values":
                return self.guide.values
            case "context":
                return self.turn.context
            case "cart":
                return cart(self.turn.context.get("cart"))
            case "item":
                return self.item
            case "turn":
                return {
                    "language": self.turn.language,
                    "channel": self.turn.channel.kind,
                    "returning": bool(self.turn.history),
                }
            case "returned":
                returned = self.turn.returned
                return {"note": returned.note, "agent": returned.agent} if returned else None
            case _:
                return self.rows.get(name, self.turn.context.get(name))

    def fill(self, source: str, *, markdown: bool = False) -> str | None:
        """The text with its values; None when one is missing."""
        return template.fill(source, self.look, self.style(), escaped if markdown else str)

    def holds(self, condition: str) -> bool:
        return template.holds(condition, self.look)

    def style(self) -> Style:
        """Amounts are in the cart's currency, a product's and the guide's own in the guide's."""
        ours = self.guide.guide.currency
        given = dig(self.turn.context.get("cart"), ["currency"])
        theirs = given if isinstance(given, str) and len(given) == 3 and given.isalpha() else ours
        return Style(language=self.guide.guide.language, currency=self.currency or theirs)

    def each(self, name: str) -> Iterator["Facts"]:
        """These facts for every item of a list; none when it is no list."""
        if name == "products":
            for product in products(self.guide):
                yield replace(self, item=product, currency=self.guide.guide.currency)
            return
        found = self.look(name)
        if isinstance(found, Sequence) and not isinstance(found, str):
            for item in found[:MOST_ITEMS]:
                if isinstance(item, Mapping):
                    yield replace(self, item=with_total(item) if name == "cart.items" else item)

    def with_row(self, name: str, row: Row) -> "Facts":
        return replace(self, rows={**self.rows, name: row})

    def looked_up(self, table: str, key: object, name: str) -> "Facts":
        rows: Mapping[str, Row] = (
            {product["sku"]: product for product in products(self.guide)}
            if table == "products"
            else self.guide.table.get(table, {})
        )
        return self.with_row(name, rows.get(str(key), {}))


def products(guide: Guide) -> list[Row]:
    return [product.model_dump() for product in guide.product]


def dig(value: object, steps: Sequence[str]) -> object:
    for step in steps:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def cart(value: object) -> Row | None:
    """The page's cart, with `count`: pieces in it."""
    if not isinstance(value, Mapping):
        return None
    items = value.get("items")
    rows = [item for item in items if isinstance(item, Mapping)] if isinstance(items, list | tuple) else []
    return {**value, "items": rows, "count": sum(int(amount(row.get("quantity")) or 0) for row in rows[:MOST_ITEMS])}


def with_total(item: Row) -> Row:
    price, quantity = amount(item.get("price")), amount(item.get("quantity"))
    return item if price is None or quantity is None else {**item, "total": price * quantity}


def escaped(value: str) -> str:
    """A value in a markdown text makes no link and no emphasis; not every channel knows escapes."""
    return value.translate(PLAIN)
