"""Forms on channels that have none: asked field by field, in the customer's language."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from orchestrator.engine.web_forms import FormLink
from orchestrator.site import web
from orchestrator.types import FormAnswer
from tests.support import bots, formbot
from tests.support.house import House, house
from tests.support.serve import serving

BEGINS = "A few questions, one at a time. You can write “back” to change your last answer, or “cancel” to stop."
PLAIN = {
    "kind": "webhook", "signature": "none", "url": "http://127.0.0.1:9/", "allow_private": True,
    "limits": {"form": False, "quick_replies": 0, "buttons": 0, "list_rows": 0},
}  # fmt: skip


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    bots.reset()
    formbot.turns.clear()
    yield
    formbot.turns.clear()


@asynccontextmanager
async def asking(folder: Path, **app: Any) -> AsyncIterator[House]:
    given = {"forms": {"kind": "python", "bot": "tests.support.formbot:reply"}}
    async with house(folder, channels={"hook": PLAIN}, bot="forms", bots=given, **app) as parley:
        parley.channel = "hook"
        yield parley


async def told(parley: House, *lines: str) -> list[str]:
    """What the customer reads after saying these, one by one; only what is new."""
    before = len(await parley.lines()) if parley.count else 0
    for line in lines:
        await parley.hear(line)
        await parley.settled()
    return [line.partition(": ")[2] for line in (await parley.lines())[before:] if not line.startswith("customer")]


async def test_a_form_is_asked_field_by_field_and_ends_as_one_answer(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        assert (await told(parley, "form please"))[-1:] == [f"Your delivery\n\n{BEGINS}\n\nYour name"]
        assert await told(parley, "Ada Bell") == ["E-mail"]
        assert await told(parley, "no idea") == [
            "That doesn't look like an e-mail address. It should be something like name@example.org.\n\nE-mail"
        ]
        assert await told(parley, "it's ada@example.org") == ["Which day?"]
        assert await told(parley, "30 November 2026") == ["Size"]
        assert await told(parley, "the second one") == ["Anything else?\nYou can write “skip” to leave this out."]
        assert len(formbot.turns) == 1
        assert await told(parley, "skip") == ["thanks: name=Ada Bell, email=ada@example.org, day=2026-11-30, size=l"]
        _, answered = formbot.turns
        (part,) = answered.messages[0].parts
        assert isinstance(part, FormAnswer)
        assert part.form_id == "delivery"
        assert part.message_id
        assert answered.channel.limits.form is False
        assert (await parley.conversation()).filling is None
        losses = [(loss.what, loss.became) for trace in await parley.traces() for loss in trace.losses]
        assert ("form", "questions") in losses
        assert await told(parley, "and now?") == ["heard: and now?"]


async def test_back_changes_the_last_answer_and_order_is_kept(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        await told(parley, "form", "Ada", "ada@example.org")
        assert await told(parley, "back") == ["E-mail"]
        assert await told(parley, "Back!") == ["Your name"]
        assert await told(parley, "back") == ["This is the first question.\n\nYour name"]
        assert await told(parley, "Ben") == ["E-mail"]
        said = await told(parley, "ben@example.org", "2026-12-24", "large", "Ring twice")
        assert said[-1] == "thanks: name=Ben, email=ben@example.org, day=2026-12-24, size=l, note=Ring twice"


async def test_cancel_ends_it_and_the_next_line_is_the_bots(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        await told(parley, "form", "Ada")
        assert await told(parley, "cancel") == [
            "All right, we've stopped there. Is there anything else we can do for you?"
        ]
        assert await told(parley, "hello") == ["heard: hello"]
        assert [turn.text for turn in formbot.turns] == ["form", "hello"]


async def test_several_lines_at_once_answer_several_questions(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        await told(parley, "form")
        for line in ("Ada", "ada@example.org", "2026-12-24", "small", "skip"):
            await parley.hear(line)
        await parley.settled()
        assert (await parley.lines())[-1] == "bot: thanks: name=Ada, email=ada@example.org, day=2026-12-24, size=s"
        assert len(formbot.turns) == 2


async def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        await told(parley, "form", "Ada")
    async with asking(tmp_path) as parley:
        parley.count = 10
        assert await told(parley, "ada@example.org") == ["Which day?"]


async def test_a_person_who_takes_over_pauses_it(tmp_path: Path) -> None:
    async with asking(tmp_path) as parley:
        await told(parley, "form", "Ada")
        agent = parley.agent()
        engine, store = parley.runtime.engine, parley.runtime.store
        await store.add_agent(agent)
        conversation = await parley.conversation()
        await engine.desk.accept("shop", conversation.id, agent)
        assert await told(parley, "mail@example.org") == []
        await engine.desk.hand_back("shop", conversation.id, agent)
        assert await told(parley, "ok") == ["Let's carry on where we were.\n\nE-mail"]
        assert await told(parley, "ada@example.org") == ["Which day?"]


async def test_a_wish_for_a_person_in_the_middle_of_it_is_heard(tmp_path: Path) -> None:
    rules = {"rules": [{"name": "person", "when": "text.contains('person')", "team": "support"}]}
    async with asking(tmp_path, policy=rules) as parley:
        await told(parley, "form")
        said = await told(parley, "I want a person")
        assert "We're connecting you" in said[-1] or "away" in said[-1]
        conversation = await parley.conversation()
        assert conversation.controller.kind == "desk"
        assert conversation.filling is not None
        assert conversation.filling.at == 0


async def test_a_form_in_the_customers_language(tmp_path: Path) -> None:
    async with asking(tmp_path, languages=["en", "es"]) as parley:
        await parley.hear("form", language="es")
        await parley.settled()
        question = (await parley.log())[-1]
        (part,) = question.translations["es"]
        assert part.text.startswith("Your delivery\n\nUnas preguntas, una a una.")  # type: ignore[union-attr]
        await told(parley, "Ana", "ana@example.org")
        await told(parley, "atrás", "30 de noviembre")
        shown = (await parley.log())[-1].translations["es"][0]
        assert "correo" in shown.text  # type: ignore[union-attr]


async def test_a_form_by_link_is_a_page_that_takes_one_answer(tmp_path: Path) -> None:
    given = {"forms": {"kind": "python", "bot": "tests.support.formbot:reply"}}
    channels = {"hook": {**PLAIN, "form": "link"}}
    async with (
        house(tmp_path, channels=channels, bot="forms", bots=given) as parley,
        serving(web(parley.runtime)) as url,
        aiohttp.ClientSession() as http,
    ):
        parley.channel = "hook"
        await parley.hear("form")
        await parley.settled()
        assert (await parley.conversation()).filling is None
        engine, log = parley.runtime.engine, await parley.log()
        link = engine.forms.links.address(FormLink("shop", log[-1].id), parley.runtime.clock.now())
        outbox = await parley.runtime.store.deliveries((await parley.conversation()).id)
        shown = [part.text for row in outbox for each in row.renderings for part in each.parts]  # type: ignore[union-attr]
        assert any(text.startswith("Your delivery\nhttp") and "/forms/" in text for text in shown)
        page = f"{url}/forms/{link.rpartition('/')[2]}"
        async with http.get(page) as answer:
            text = await answer.text()
            assert answer.status == 200
            assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
        assert '<label for="field-1" dir="auto">E-mail' in text
        bad = {"field-0": "<b>Ada</b>", "field-1": "nowhere", "field-2": "2026-12-24", "field-3": "l"}
        async with http.post(page, data=bad) as answer:
            text = await answer.text()
            assert answer.status == 422
        assert "look like an e-mail address" in text.replace("&#x27;", "'")
        assert "<b>" not in text
        assert 'value="&lt;b&gt;Ada&lt;/b&gt;"' in text
        good = {**bad, "field-0": "Ada", "field-1": "ada@example.org"}
        statuses = []
        for _ in range(2):
            async with http.post(page, data=good) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 410]
        await parley.settled()
        assert (await parley.lines())[-1] == "bot: thanks: name=Ada, email=ada@example.org, day=2026-12-24, size=l"
        assert len(formbot.turns) == 2
        for forged in (page[:-3] + "abc", f"{url}/forms/x", f"{url}/forms/x.y"):
            async with http.get(forged) as answer:
                assert answer.status == 404
        old = engine.forms.links.address(FormLink("shop", log[-1].id), parley.runtime.clock.now() - timedelta(days=8))
        async with http.get(f"{url}/forms/{old.rpartition('/')[2]}") as answer:
            assert answer.status == 410
            assert "no longer open" in await answer.text()


async def test_a_channel_with_forms_shows_it_as_it_is(tmp_path: Path) -> None:
    given = {"forms": {"kind": "python", "bot": "tests.support.formbot:reply"}}
    async with house(tmp_path, bot="forms", bots=given) as parley:
        await parley.hear("form")
        await parley.settled()
        assert (await parley.lines())[-1] == "bot: Your delivery"
        assert (await parley.conversation()).filling is None
