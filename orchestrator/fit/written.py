"""Parts as a person would write them in plain text. No words of our own: they would need every language."""

from collections.abc import Iterator

from orchestrator.fit.measure import one_line
from orchestrator.types import Card, Form, FormField, Location

MAP = "https://www.openstreetmap.org/?mlat={0}&mlon={1}#map=17/{0}/{1}"


def link(label: str, url: str) -> str:
    label = one_line(label)
    if not label or label == url:
        return url
    return f"{label}\n{url}" if label[-1] in ".!?…:" else f"{label}: {url}"


def place(part: Location) -> str:
    """Name, address and a map link, a line each."""
    where = MAP.format(degrees(part.latitude), degrees(part.longitude))
    return "\n".join(filter(None, [one_line(part.name), one_line(part.address), where]))


def degrees(value: float) -> str:
    """Six decimals: 11 cm."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def card_text(card: Card) -> str:
    return "\n".join(filter(None, (card.title.strip(), card.subtitle.strip())))


def form_text(form: Form) -> str:
    """The title, then each field as a line with what may be answered."""
    return "\n".join(filter(None, [form.title.strip(), *(f"• {asked}" for asked in map(field_text, form.fields))]))


def field_text(field: FormField) -> str:
    label = one_line(field.label) or one_line(field.placeholder) or field.name
    return f"{label} ({hint})" if (hint := " / ".join(hints(field, label))) else label


def hints(field: FormField, label: str) -> Iterator[str]:
    if field.type == "select":
        yield from (one_line(option.title) or option.payload for option in field.options)
    elif field.placeholder and one_line(field.placeholder) != label:
        yield one_line(field.placeholder)
