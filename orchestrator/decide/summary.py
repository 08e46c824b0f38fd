"""One paragraph for the agent who takes over: the same words for the same facts, no language model involved."""

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.decide.facts import cart_facts, page_facts
from orchestrator.types import Aggregates, Conversation, FormAnswer, HandoffOrder, Message, Part, Profile, Tap, Text

LANGUAGES = {
    "ar": "Arabic",
    "ca": "Catalan",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
LONGEST_QUOTE = 160
LONGEST_VALUE = 60
MOST_SLOTS = 6


def summarise(
    conversation: Conversation, order: HandoffOrder, messages: Sequence[Message], profile: Profile, pivot: str
) -> str:
    sentences = (
        who(conversation, profile),
        f"Reason: {order.reason.rstrip('.')}." if order.reason else "",
        quote(messages, pivot),
        mood(conversation.aggregates),
        progress(conversation.aggregates),
        about(conversation.aggregates),
        cart(conversation.context),
        known(conversation.slots),
    )
    return " ".join(filter(None, sentences))


def who(conversation: Conversation, profile: Profile) -> str:
    name = clipped(profile.get("name")) or "The customer"
    tier = clipped(profile.get("tier"))
    code = conversation.language.code
    count = conversation.aggregates.customer_messages
    return (
        f"{name}{f' ({tier})' if tier else ''} writes in {LANGUAGES.get(code, code) or 'an unknown language'}"
        f" on channel {conversation.channel_id!r}, {counted(count, 'message')} so far."
    )


def quote(messages: Sequence[Message], pivot: str) -> str:
    """The customer's last words, in the language agents work in where they are known in it."""
    for message in reversed(messages):
        if message.role == "customer" and (said := words(message.translations.get(pivot, message.parts))):
            return f"Last words: “{clipped(said, LONGEST_QUOTE)}”."
    return ""


def words(parts: Sequence[Part]) -> str:
    said = []
    for part in parts:
        match part:
            case Text(text=text):
                said.append(text)
            case Tap(title=title, payload=payload):
                said.append(title or payload)
            case FormAnswer(values=values):
                said.append(", ".join(f"{name}: {value}" for name, value in values.items()))
            case _:
                said.append(f"[{part.kind}]")
    return " ".join(" ".join(said).split())


def mood(sums: Aggregates) -> str:
    if not sums.scores:
        return ""
    level = "unhappy" if sums.sentiment <= -0.2 else "content" if sums.sentiment >= 0.2 else "neutral"
    way = "getting worse" if sums.trend <= -0.1 else "getting better" if sums.trend >= 0.1 else "steady"
    return f"Mood: {level}, {way} ({sums.sentiment:+.2f} on average, {sums.scores[-1]:+.2f} last)."


def progress(sums: Aggregates) -> str:
    """What the bot did for them, and how that went."""
    parts = [
        f"The bot has answered {counted(sums.bot_messages, 'time')}"
        if sums.bot_messages
        else "The bot has not answered yet"
    ]
    if sums.misunderstood:
        parts.append(f"did not understand the last {counted(sums.misunderstood, 'turn')}")
    if sums.bot_failures:
        parts.append("then failed")
    if sums.handoffs:
        parts.append(f"a person was asked for {counted(sums.handoffs, 'time')} before")
    return ", ".join(parts) + "."


def about(sums: Aggregates) -> str:
    recent = list(dict.fromkeys(reversed(sums.intents)))[:3]
    return f"About: {', '.join(recent)}." if recent else ""


def cart(context: Mapping[str, Any]) -> str:
    found, page = cart_facts(context), page_facts(context)
    said = []
    if found["count"]:
        said.append(
            f"Cart: {counted(found['count'], 'item')}, {found['total']:.2f} {clipped(found['currency'])}".rstrip()
        )
    if page["url"]:
        said.append(f"Page: {clipped(page['title'] or page['url'], LONGEST_QUOTE)}")
    return "".join(f"{one}. " for one in said).rstrip()


def known(slots: Mapping[str, Any]) -> str:
    """The bot's notes that are plain values; names that begin with an underscore are its own business."""
    plain = [
        f"{name} = {clipped(value)}"
        for name, value in slots.items()
        if isinstance(value, str | int | float) and not name.startswith("_")
    ]
    more = f" and {len(plain) - MOST_SLOTS} more" if len(plain) > MOST_SLOTS else ""
    return f"Known: {', '.join(plain[:MOST_SLOTS])}{more}." if plain else ""


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clipped(value: object, longest: int = LONGEST_VALUE) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
