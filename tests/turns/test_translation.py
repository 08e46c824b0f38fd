"""Whole turns between languages: with an engine, without one, and once it is back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestrator.types import ConversationChanged, Message, MessageAdded, Tap, Text
from tests.support import bots
from tests.support.house import House, house
from tests.support.libretranslate import LibreServer, libretranslate

ASKED = "¿Dónde está mi pedido #A-99812?"
UNDERSTOOD = "Where it is my request #A-99812?"


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


def app(server: LibreServer, **more: Any) -> dict[str, Any]:
    nlp = {"translators": [{"engine": "libretranslate", "url": server.url}], "deadline": 5.0}
    return {"nlp": {**nlp, **more.pop("nlp", {})}, "languages": ["en", "es", "it"], **more}


async def until(parley: House, seq: int, language: str) -> Message:
    """Wait for message `seq` to have a translation."""
    async with asyncio.timeout(10), parley.runtime.bus.subscribe(parley.app) as news:
        for message in await parley.log():
            if message.seq == seq and language in message.translations:
                return message
        async for update in news:
            if (
                isinstance(update, MessageAdded)
                and update.message.seq == seq
                and language in update.message.translations
            ):
                return update.message
    raise AssertionError("the bus closed")


async def test_bot_and_desk_read_both_wordings_and_the_customer_their_own(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        await parley.hear(ASKED)
        await parley.settled()
        [turn] = bots.seen
        assert (turn.text, turn.original, turn.language, turn.bot_language) == (UNDERSTOOD, ASKED, "es", "en")
        said, answered = await parley.log()
        assert said.parts == (Text(text=ASKED),)
        assert said.translations["en"] == (Text(text=UNDERSTOOD),)
        assert answered.parts == (Text(text=f"echo: {UNDERSTOOD}"),)
        assert "#A-99812" in getattr(answered.translations["es"][0], "text", "")


async def test_while_every_engine_is_down_the_turn_goes_on_and_is_translated_afterwards(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        server.always = (500, {})
        await parley.hear(ASKED)
        await parley.settled()
        [turn] = bots.seen
        assert (turn.text, turn.original) == (ASKED, ASKED)
        said, answered = await parley.log()
        assert (said.language, said.translations) == ("es", {})
        assert said.understanding is not None
        assert said.understanding.pivot == ""
        assert answered.translations == {}
        outcomes = [(run.stage, run.outcome) for run in (await parley.traces())[0].stages if run.stage == "translation"]
        assert outcomes == [("translation", "failed")] * 2
        assert len(await parley.runtime.store.owed("shop", limit=10)) == 2
        server.always = None
        mended = await until(parley, 1, "en")
        assert mended.understanding is not None
        assert mended.understanding.pivot == UNDERSTOOD
        assert mended.translations["en"] == (Text(text=UNDERSTOOD),)
        assert (await until(parley, 2, "es")).parts == answered.parts
        conversation = await parley.conversation()
        await parley.hear("gracias")
        await parley.settled()
        assert bots.seen[-1].history[0].text == UNDERSTOOD
        assert (await parley.conversation()).version > conversation.version
        assert await parley.runtime.store.owed("shop", limit=10) == []


async def test_what_an_agent_said_while_every_engine_was_down_is_translated_afterwards(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        await parley.hear(ASKED)
        conversation = await parley.settled()
        desk, ada = parley.runtime.engine.desk, parley.agent()
        await desk.accept("shop", conversation.id, ada)
        server.always = (500, {})
        said = await desk.say("shop", conversation.id, ada, (Text(text="Where is your parcel now?"),))
        assert said.translations == {}
        assert [debt.message_id for debt in await parley.runtime.store.owed("shop", limit=10)] == [said.id]
        server.always = None
        assert (await until(parley, said.seq, "es")).parts == said.parts
        assert await parley.runtime.store.owed("shop", limit=10) == []


async def test_what_is_owed_outlives_the_process(tmp_path: Path) -> None:
    async with libretranslate() as server:
        server.always = (503, "gone")
        async with house(tmp_path, **app(server)) as parley:
            await parley.hear(ASKED)
            await parley.settled()
        server.always = None
        async with house(tmp_path, **app(server)) as parley:
            assert (await until(parley, 1, "en")).translations["en"] == (Text(text=UNDERSTOOD),)


async def test_a_wish_for_a_person_is_heard_while_every_engine_is_down(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server, nlp={"deadline": 0.5})) as parley:
        server.always = "late"
        await parley.hear("Quiero hablar con una persona de verdad, por favor")
        assert (await parley.settled()).handoff is not None


@pytest.mark.parametrize("fault", [(200, "<html>"), (200, {"translatedText": [""]}), (429, {}), (403, {})])
async def test_whatever_the_engine_answers_the_customer_gets_the_bots_own_words(tmp_path: Path, fault: Any) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        server.always = fault
        await parley.hear(ASKED)
        await parley.settled()
        assert (await parley.lines())[1] == f"bot: echo: {ASKED}"


async def test_a_bot_that_speaks_the_customers_language_is_not_translated(tmp_path: Path) -> None:
    spoken = {"echo": {"kind": "python", "bot": "tests.support.bots:echo", "languages": ["es"]}}
    async with libretranslate() as server, house(tmp_path, **app(server, bots=spoken)) as parley:
        await parley.hear(ASKED)
        await parley.settled()
        [turn] = bots.seen
        assert (turn.text, turn.messages[0].text, turn.bot_language) == (ASKED, ASKED, "es")
        said, answered = await parley.log()
        assert said.translations["en"] == (Text(text=UNDERSTOOD),)
        assert (answered.language, answered.translations) == ("es", {})
        await parley.hear("Ciao, la casa rossa è molto bella", address="gina")
        await parley.settled("gina")
        assert (bots.seen[-1].bot_language, bots.seen[-1].language) == ("en", "it")


async def test_a_bot_may_want_the_original_only(tmp_path: Path) -> None:
    wants = {"echo": {"kind": "python", "bot": "tests.support.bots:echo", "original": True}}
    async with libretranslate() as server, house(tmp_path, **app(server, bots=wants)) as parley:
        await parley.hear(ASKED)
        await parley.settled()
        assert (bots.seen[0].text, bots.seen[0].bot_language) == (ASKED, "es")
        answered = (await parley.log())[1]
        assert answered.language == "en"


async def test_a_bot_of_a_third_language_is_told_in_its_own(tmp_path: Path) -> None:
    spanish = {"echo": {"kind": "python", "bot": "tests.support.bots:echo", "language": "es"}}
    async with libretranslate() as server, house(tmp_path, **app(server, bots=spanish)) as parley:
        await parley.hear("Dov'è la mia casa rossa? Grazie mille per la risposta")
        await parley.settled()
        [turn] = bots.seen
        assert (turn.language, turn.bot_language) == ("it", "es")
        assert "casa roja" in turn.text
        server.always = (500, {})
        await parley.hear("La mia macchina è molto grande e molto bella")
        await parley.settled()
        assert bots.seen[-1].bot_language == "it"
        assert bots.seen[-1].text == bots.seen[-1].original


async def test_the_customers_name_is_nobodys_to_translate(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        await parley.hear("Hola, soy Rosa Blanco y mi casa es roja", profile={"name": "Rosa Blanco"})
        await parley.settled()
        assert "Rosa Blanco" in bots.seen[0].text
        assert all("Rosa" not in str(asked["q"]) for asked in server.asked)


async def test_a_title_typed_in_the_customers_language_is_the_payload(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, bot="choices", **app(server)) as parley:
        await parley.hear("Hola, la casa roja es muy bonita")
        await parley.settled()
        offered = (await parley.log())[1].translations["es"][0]
        assert [choice.payload for choice in getattr(offered, "choices", ())] == ["size:s", "size:l"]
        title = getattr(offered, "choices", ())[1].title
        assert title != "Large"
        await parley.hear(f" {title.upper()}! ")
        await parley.settled()
        assert bots.seen[-1].payload == "size:l"
        await parley.receive((Tap(payload="size:s", title="x"),))
        await parley.settled()
        assert bots.seen[-1].payload == "size:s"


async def test_a_closed_conversation_is_left_alone(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        server.always = (500, {})
        await parley.hear(ASKED)
        await parley.settled()
        engine = parley.runtime.engine
        ada = parley.agent(languages=("en",))
        conversation = await parley.conversation()
        await engine.desk.accept("shop", conversation.id, ada)
        await engine.desk.resolve("shop", conversation.id, ada)
        assert await parley.runtime.store.owed("shop", limit=10) == []
        server.always = None
        assert await engine.repairer.repair(parley.runtime.apps["shop"]) == 0


async def test_an_agents_own_wording_goes_out_as_it_is_and_once_approved_is_the_memorys(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        await parley.hear(ASKED)
        conversation = await parley.settled()
        engine = parley.runtime.engine
        ada, boss = parley.agent(languages=("en",)), parley.agent("Bo", role="admin")
        await engine.desk.accept("shop", conversation.id, ada)
        words = "Your order #A-99812 comes today"
        preview = await engine.wordings.preview("shop", conversation.id, ada, words)
        assert (preview.source, preview.target, preview.engine) == ("en", "es", "libretranslate")
        assert "#A-99812" in preview.text
        back = await engine.wordings.back("shop", conversation.id, ada, preview.text)
        assert (back.target, back.engine) == ("en", "libretranslate")
        mine = "Su pedido #A-99812 llega hoy"
        own = {"es": (Text(text=mine),)}
        sent = await engine.desk.say("shop", conversation.id, ada, (Text(text=words),), "c-1", own)
        assert sent.translations == own
        entry = await engine.wordings.propose("shop", ada, "en", "es", words, mine)
        assert entry.state == "proposed"
        assert (await engine.wordings.preview("shop", conversation.id, ada, words)).text == preview.text
        await engine.wordings.decide("shop", boss, entry.id, "approved")
        for number in ("#A-99812", "#B-7"):
            found = await engine.wordings.preview("shop", conversation.id, ada, f"Your order {number} comes today")
            assert (found.text, found.engine) == (f"Su pedido {number} llega hoy", "memory")
        await engine.wordings.decide("shop", boss, entry.id, "rejected")
        assert (await engine.wordings.preview("shop", conversation.id, ada, words)).text == preview.text


async def test_what_was_approved_is_known_after_a_restart_and_in_other_processes(tmp_path: Path) -> None:
    async with libretranslate() as server:
        async with house(tmp_path, **app(server)) as parley:
            boss = parley.agent("Bo", role="admin")
            await parley.runtime.engine.wordings.propose("shop", boss, "en", "es", "Good morning!", "¡Muy buenas!")
        async with house(tmp_path, **app(server)) as parley:
            await parley.runtime.engine.repairer.learn(parley.runtime.apps["shop"])
            chain = parley.runtime.apps["shop"].understander.chain
            assert (await chain.translate(["good  morning!"], "en", "es")).texts == ("¡Muy buenas!",)
            assert (await chain.translate(["good morning!"], "en", "it")).engines == ("libretranslate",)


async def test_debts_are_told_live(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        server.always = (500, {})
        await parley.hear(ASKED)
        await parley.settled()
        async with parley.runtime.bus.subscribe(parley.app) as news:
            server.always = None
            async with asyncio.timeout(10):
                async for update in news:
                    assert not isinstance(update, ConversationChanged)
                    if isinstance(update, MessageAdded) and update.message.translations:
                        break


async def test_a_notice_nobody_wrote_in_the_customers_language_is_translated(tmp_path: Path) -> None:
    languages = ["en", "es", "ca"]
    async with libretranslate() as server, house(tmp_path, **{**app(server), "languages": languages}) as parley:
        await parley.hear("Hola, on és la meva comanda? Gràcies per la vostra resposta", language="ca")
        conversation = await parley.settled()
        assert conversation.language.code == "ca"
        server.always = (200, {"translatedText": ["L'Ada s'ha unit a la conversa"]})
        [link] = parley.runtime.apps["shop"].understander.chain.links
        link.translator.targets = {}  # type: ignore[attr-defined]
        await parley.runtime.engine.desk.accept("shop", conversation.id, parley.agent())
        notice = (await parley.log())[-1]
        assert (notice.role, notice.author, notice.language) == ("system", "agent_joined", "en")
        assert notice.translations["ca"] == (Text(text="L'Ada s'ha unit a la conversa"),)
        assert "es" in notice.translations


async def test_a_greeting_is_shown_in_the_customers_language(tmp_path: Path) -> None:
    async with libretranslate() as server, house(tmp_path, **app(server)) as parley:
        engine = parley.runtime.engine
        assert await engine.worded("shop", "the red house", "en", "es") == "la casa roja"
        server.always = (500, {})
        assert await engine.worded("shop", "the blue house", "en", "es") == "the blue house"
