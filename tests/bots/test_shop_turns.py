"""The demo shop as `make demo` serves it, with real turns: store, engine, Apertium, memory and guide."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orchestrator import config
from orchestrator.app import build
from orchestrator.types import ListPicker, Message, Part, QuickReplies, Text
from tests.bots.conftest import SHOP
from tests.support.guide import PAGE
from tests.support.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Opened once: each test is another visitor."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PARLEY_STORE__URL", f"sqlite:///{folder / 'parley.db'}")
        environment.setenv("PARLEY_STORE__MEDIA", str(folder / "media"))
        runtime = build(config.load(SHOP / "parley.toml").settings, SHOP)
    async with runtime.open():
        yield House(runtime, channel="checkout")


def seen(message: Message, language: str = "es") -> list[str]:
    """What the customer reads."""
    parts: tuple[Part, ...] = message.translations.get(language, message.parts)
    found: list[str] = []
    for part in parts:
        match part:
            case Text(text=text):
                found.append(text)
            case QuickReplies(text=text, choices=choices) | ListPicker(text=text, choices=choices):
                found.extend((text, *(choice.title for choice in choices)))
    return found


async def test_a_spanish_customer_reads_spanish_from_an_english_bot(open_shop: House) -> None:
    await open_shop.hear("Hola, ¿cuánto cuesta el envío?", context=PAGE, address="carmen", language="es")
    await open_shop.settled("carmen")
    customer, price, ways = await open_shop.log("carmen")
    assert customer.language == "es"
    assert seen(price) == ["Con «Estándar», el envío cuesta €4.95. El total es entonces de €119.95."]
    assert price.parts == (Text(text="With “Standard”, shipping costs €4.95. Your total is then €119.95."),), (
        "agents read what the bot said"
    )
    assert seen(ways) == ["Podemos enviártelo de estas maneras:", "Estándar", "Exprés", "Punto de recogida"]


async def test_a_flow_in_spanish_from_turn_to_turn(open_shop: House) -> None:
    await open_shop.hear("¿Dónde está mi pedido?", context=PAGE, address="diego", language="es")
    await open_shop.settled("diego")
    await open_shop.hear("es el PD-1002", context=PAGE, address="diego")
    conversation = await open_shop.settled("diego")
    log = await open_shop.log("diego")
    assert seen(log[1])[0].startswith("Voy a mirarlo. ¿Cuál es tu número de pedido?")
    assert seen(log[3]) == [
        "El pedido PD-1002 está en camino y debería llegarte el viernes.",
        "Cambiar la dirección",
        "Hablar con una persona",
    ]
    assert conversation.slots == {"order_number": "PD-1002"}


async def test_a_title_typed_in_spanish_is_a_tap(open_shop: House) -> None:
    await open_shop.hear("quiero cambiar el método de envío", context=PAGE, address="elena", language="es")
    await open_shop.settled("elena")
    await open_shop.hear("Exprés", context=PAGE, address="elena")
    conversation = await open_shop.settled("elena")
    assert conversation.slots == {"shipping_choice": "Express"}
    assert seen((await open_shop.log("elena"))[-1])[0].startswith("Buena elección. Selecciona «Exprés»")


async def test_the_wish_for_a_person_reaches_the_desk(open_shop: House) -> None:
    await open_shop.hear("La taza ha llegado rota", context=PAGE, address="fernando", language="es")
    await open_shop.settled("fernando")
    await open_shop.hear("Quiero hablar con una persona, por favor", context=PAGE, address="fernando")
    conversation = await open_shop.settled("fernando")
    assert conversation.controller.kind == "desk"
    assert conversation.handoff is not None


async def test_dutch_is_understood_and_spoken_without_any_engine_for_it(open_shop: House) -> None:
    await open_shop.hear("Waar is mijn bestelling PD-1001?", context=PAGE, language="nl", address="greta")
    await open_shop.settled("greta")
    _, answer = await open_shop.log("greta")
    assert seen(answer, "nl")[0] == (
        "Bestelling PD-1001 wordt ingepakt en vertrekt vandaag. Tot dan kun je nog annuleren."
    )
