"""What the person who takes over gets to know."""

from dataclasses import replace

from orchestrator import codec, decide
from orchestrator.types import (
    Aggregates,
    Controller,
    Decision,
    FormAnswer,
    HandoffOrder,
    Packet,
    RuleCheck,
    Spoken,
    Tap,
    Text,
)
from tests.support.talk import conversation, handoff, message, understood

ORDER = HandoffOrder(team="vip", priority="high", reason="The customer is getting unhappy.")
HELD = Decision(
    route="handoff",
    rule="falling-sentiment",
    handoff=ORDER,
    checks=(
        RuleCheck(rule="explicit-wish", held=False, values={"wish": 0.1}),
        RuleCheck(rule="falling-sentiment", held=True, values={"sentiment.lows": 2, "sentiment.average": -0.5}),
    ),
)
TALK = conversation(
    controller=Controller(kind="bot", name="guide"),
    language=Spoken(code="es", confidence=0.9),
    context={
        "cart": {"total": 59.9, "currency": "EUR", "items": [{"sku": 1}, {"sku": 2}]},
        "page": {"url": "https://shop.example/checkout", "title": "Checkout"},
    },
    slots={"order": "A17", "_step": "ask", "list": [1]},
    aggregates=Aggregates(
        customer_messages=3,
        bot_messages=2,
        sentiment=-0.5,
        trend=-0.2,
        lows=2,
        misunderstood=2,
        scores=(0.2, -0.6, -0.7),
        intents=("shipping", "shipping", "refund"),
    ),
)
MESSAGES = (
    message("Hola", 1, understanding=understood(0.2)),
    message("Hello!", 2, role="bot", author="guide"),
    message("Esto no funciona", 3, understanding=understood(-0.6)),
    message("Never sent", 4, role="bot", author="guide", withdrawn=True),
    message(
        "¡Es un desastre!",
        5,
        understanding=understood(-0.7),
        language="es",
        translations={"en": (Text(text="It is a disaster!"),)},
    ),
)


def made(**changes: object) -> Packet:
    given = {
        "order": ORDER,
        "decision": HELD,
        "messages": MESSAGES,
        "profile": {"name": "Ana", "tier": "vip"},
        "channel_kind": "webchat",
        "evidence": (5,),
        **changes,
    }
    return decide.packet(TALK, **given)  # type: ignore[arg-type]


def test_everything_is_in_it() -> None:
    packet = made()
    assert (packet.version, packet.rule, packet.reason, packet.team, packet.priority) == (
        1,
        "falling-sentiment",
        "The customer is getting unhappy.",
        "vip",
        "high",
    )
    assert packet.values == {"sentiment.lows": 2, "sentiment.average": -0.5}
    assert packet.evidence == (3, 5)
    assert [message.seq for message in packet.transcript] == [1, 2, 3, 5]
    assert packet.transcript[-1].translations["en"] == (Text(text="It is a disaster!"),)
    assert packet.sentiment == (0.2, -0.6, -0.7)
    assert packet.tried == ("bot:guide", "intent:shipping", "intent:refund")
    assert (packet.channel_id, packet.channel_kind, packet.language) == ("web", "webchat", "es")
    assert (packet.profile, packet.slots["order"], packet.context["cart"]["currency"]) == (
        {"name": "Ana", "tier": "vip"},
        "A17",
        "EUR",
    )


def test_the_summary_reads_like_a_person_wrote_it() -> None:
    assert made().summary == (
        "Ana (vip) writes in Spanish on channel 'web', 3 messages so far."
        " Reason: The customer is getting unhappy."
        " Last words: “It is a disaster!”."
        " Mood: unhappy, getting worse (-0.50 on average, -0.70 last)."
        " The bot has answered 2 times, did not understand the last 2 turns."
        " About: refund, shipping."
        " Cart: 2 items, 59.90 EUR. Page: Checkout."
        " Known: order = A17."
    )


def test_the_bots_own_summary_comes_first() -> None:
    assert made(told="Wants a refund.").summary.startswith("Wants a refund. Ana (vip)")


def test_misunderstood_messages_are_evidence() -> None:
    check = RuleCheck(rule="misunderstood", held=True, values={"bot.misunderstood": 2})
    assert made(decision=replace(HELD, rule="misunderstood", checks=(check,)), evidence=()).evidence == (3, 5)


def test_nothing_known_and_nothing_decided() -> None:
    packet = decide.packet(
        conversation(language=Spoken(code="")), order=replace(ORDER, reason=""), messages=(), profile={}
    )
    assert packet.summary == (
        "The customer writes in an unknown language on channel 'web', 0 messages so far. The bot has not answered yet."
    )
    assert (packet.rule, packet.evidence, packet.tried) == ("", (), ())


def test_last_words_may_be_a_tap_or_a_form() -> None:
    tap = message(
        "", 6, parts=(Tap(payload="size_m", title="M"), FormAnswer(form_id="f", values={"email": "a@b.example"}))
    )
    assert "Last words: “M email: a@b.example”." in made(messages=(tap,)).summary


def test_only_the_end_of_a_long_conversation_travels() -> None:
    long = tuple(message(f"line {n}", n) for n in range(1, 100))
    assert [one.seq for one in made(messages=long).transcript] == list(range(70, 100))


def test_a_packet_survives_the_store() -> None:
    stored = handoff(packet=made())
    assert codec.handoff.load(codec.handoff.dump(stored)) == stored
