"""Which variables there are. The shape of the page's context is fixed: web/widget passes it."""

from collections.abc import Mapping

from bots.guide.file import Found, Guide, Product

CART = ("currency", "items", "subtotal", "discount", "total", "count", "shipping")
SHIPPING = ("method", "label", "price")
PAGE = ("url", "title")
TURN = ("language", "channel", "returning")
RETURNED = ("note", "agent")
ITEMS: Mapping[str, tuple[str, ...]] = {
    "cart.items": ("sku", "name", "quantity", "price", "image", "total"),
    "shipping_options": ("id", "label", "price", "days"),
    "products": tuple(Product.model_fields),
}
"""Lists `each` can go over, and what their items have. `total` of a cart's item is price times quantity."""


def known_paths(guide: Guide, found: Found) -> set[str]:
    """Every path that means something where `found` stands; "root.*" when anything may stand below the root."""
    known = {
        *dotted("cart", CART),
        *dotted("cart.shipping", SHIPPING),
        *dotted("page", PAGE),
        *dotted("turn", TURN),
        *dotted("returned", RETURNED),
        *dotted("values", guide.values),
        *dotted("slots", (step.slot for flow in guide.flow for step in flow.step)),
        *guide.guide.variables,
        *ITEMS,
        "cart",
        "profile.*",
        "context.*",
    }
    if found.each:
        known |= set(dotted("item", ITEMS[found.each])) if found.each in ITEMS else {"item.*"}
    return known | looked_up(guide, found)


def looked_up(guide: Guide, found: Found) -> set[str]:
    """The row a flow looks up, and what it fetches in whatever shape: its answers alone know them."""
    if found.place[0] != "flow" or "done" not in found.place:
        return set()
    flow = guide.flow[int(found.place[1])]
    fetched = {f"{flow.fetch.name}.*"} if flow.fetch else set()
    lookup = flow.lookup
    if lookup is None:
        return fetched
    rows = guide.table.get(lookup.table, {})
    fields = Product.model_fields if lookup.table == "products" else {name for row in rows.values() for name in row}
    return {*dotted(lookup.name, fields), lookup.name, *fetched}


def dotted(root: str, names: object) -> set[str]:
    return {f"{root}.{name}" for name in names}  # type: ignore[attr-defined]
