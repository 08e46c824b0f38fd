"""What agents see and do: roles, teams and apps apart, cases taken once, everything said once."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from orchestrator.http.desk.uploads import LARGEST
from orchestrator.types import Text
from tests.support.desk import Browser, desk_house
from tests.support.samples import HTML, PDF, PNG, SVG

NOTHING = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.body["items"]]


async def says(browser: Browser, conversation: str, text: str = "Hello!", client_id: str = "") -> Any:
    return await browser.post(
        f"/conversations/{conversation}/say", parts=[{"kind": "text", "text": text}], client_id=client_id
    )


async def test_without_signing_in_there_is_nothing(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        browser = desk.browser()
        for path in ("/me", "/conversations", f"/conversations/{conversation}", "/agents"):
            assert (await browser.get(path)).code == "unauthenticated"
        for action in ("accept", "say", "note", "transfer", "return", "resolve", "read"):
            assert (await browser.post(f"/conversations/{conversation}/{action}", seq=1)).status in (400, 401)


async def test_a_change_needs_the_sessions_own_token_and_page(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        browser = await desk.at_work("Ada")
        good = browser.csrf
        for token in ("", "x" * 43, good[:-1], "ünïcode"):
            browser.csrf = token
            assert (await browser.post(f"/conversations/{conversation}/accept")).code == "forbidden"
        browser.csrf = good
        for origin in ("https://evil.example", "null", ""):
            browser.origin = origin
            assert (await browser.post(f"/conversations/{conversation}/accept")).code == "forbidden"
        browser.origin = None
        assert (await browser.post(f"/conversations/{conversation}/accept")).status == 200


async def test_the_queue_tells_why_and_in_which_order(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        first = await desk.waiting("first", text="<b>quiero</b> a person")
        second = await desk.waiting("second")
        browser = await desk.at_work("Ada")
        answer = await browser.get("/conversations?view=queue")
        assert ids(answer) == [first, second]
        assert answer.body["total"] == 2
        row = answer.body["items"][0]
        assert row["case"]["reason"]
        assert row["handoff"] == {
            "id": row["handoff"]["id"], "state": "offered", "team": "orders", "priority": "urgent", "agent_id": ""
        }  # fmt: skip
        assert row["aggregates"]["last_text"] == "<b>quiero</b> a person"


async def test_a_conversation_comes_with_its_packet_and_traces(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.parley.hear("a person", context={"cart": {"total": 3}}, profile={"name": "Grace"})
        await desk.parley.settled()
        conversation = (await desk.parley.conversation()).id
        browser = await desk.at_work("Ada")
        detail = (await browser.get(f"/conversations/{conversation}")).body
        assert detail["row"]["customer"]["name"] == "Grace"
        assert detail["handoff"]["packet"]["context"] == {"cart": {"total": 3}}
        assert "transcript" not in detail["handoff"]["packet"]
        assert detail["queue"] == {"position": 1, "waiting": 1, "open": True, "agents": 0}
        assert [message["seq"] for message in detail["messages"]] == [1, 2, 3]
        traces = (await browser.get(f"/conversations/{conversation}/traces")).body["traces"]
        assert traces[0]["seqs"] == [1]
        trace = (await browser.get(f"/conversations/{conversation}/traces/{traces[0]['id']}")).body["trace"]
        assert trace["outcome"] == "handed_off"
        assert any(check["held"] for decision in trace["decisions"] for check in decision["checks"])
        await desk.parley.hear("me too", address="second")
        await desk.parley.settled("second")
        other = (await desk.parley.conversation("second")).id
        assert (await browser.get(f"/conversations/{other}/traces/{traces[0]['id']}")).code == "not_found"


async def test_of_two_who_accept_one_wins_and_the_other_is_told(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        both = [await desk.at_work("Ada"), await desk.at_work("Bo")]
        answers = await asyncio.gather(*(one.post(f"/conversations/{conversation}/accept") for one in both))
        assert sorted(answer.status for answer in answers) == [200, 409]
        lost = next(answer for answer in answers if answer.status == 409)
        assert lost.message == "a colleague has accepted this conversation already"
        loser = both[answers.index(lost)]
        assert (await says(loser, conversation)).code == "forbidden"
        assert ids(await loser.get("/conversations?view=mine")) == []
        assert ids(await both[1 - answers.index(lost)].get("/conversations?view=mine")) == [conversation]


async def test_a_case_from_accepting_to_returning(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada = await desk.at_work("Ada")
        assert (await says(ada, conversation)).code == "conflict"
        accepted = (await ada.post(f"/conversations/{conversation}/accept")).body["conversation"]
        assert accepted["controller"] == {"kind": "desk", "name": ada.agent_id}
        message = (await says(ada, conversation, "Hello <i>there</i>")).body["message"]
        assert message["parts"][0]["text"] == "Hello <i>there</i>"
        note = await ada.post(f"/conversations/{conversation}/note", text="  careful  ")
        assert note.body["message"]["visibility"] == "internal"
        assert note.body["message"]["parts"][0]["text"] == "careful"
        marks = (await ada.post(f"/conversations/{conversation}/read", seq=3)).body["marks"]
        assert marks["desk_read"] == 3
        head = (await ada.post(f"/conversations/{conversation}/return", note="sorted")).body["conversation"]
        assert head["controller"]["kind"] == "bot"
        assert head["returned"]["note"] == "sorted"
        assert (await ada.post(f"/conversations/{conversation}/resolve")).code == "conflict"
        assert "careful" not in "".join(await desk.parley.lines())


async def test_said_twice_with_one_id_is_said_once(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada = await desk.at_work("Ada")
        await ada.post(f"/conversations/{conversation}/accept")
        answers = await asyncio.gather(*(says(ada, conversation, "once", "c-1") for _ in range(5)))
        answers.append(await says(ada, conversation, "once", "c-1"))
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body["message"]["id"] for answer in answers}) == 1
        notes = [await ada.post(f"/conversations/{conversation}/note", text="n", client_id="c-2") for _ in range(2)]
        assert notes[0].body == notes[1].body
        log = await desk.parley.log(public=False)
        assert [part.text for one in log for part in one.parts if isinstance(part, Text)].count("once") == 1


async def test_teams_see_their_own_cases_and_nobodys(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        ours = await desk.waiting()
        orders, support = await desk.at_work("Oda", teams=["orders"]), await desk.at_work("Sue", teams=["support"])
        admin = await desk.at_work("Ada", "admin", ["support"])
        for browser, expected in ((orders, [ours]), (support, []), (admin, [ours])):
            assert ids(await browser.get("/conversations?view=queue")) == expected
            assert ids(await browser.get("/conversations?view=all")) == expected
        refused = await support.get(f"/conversations/{ours}")
        assert refused.code == "forbidden"
        assert "'orders'" in refused.message
        for action, body in (
            ("accept", {}),
            ("say", {"parts": [{"kind": "text", "text": "x"}]}),
            ("note", {"text": "x"}),
        ):
            assert (await support.post(f"/conversations/{ours}/{action}", **body)).code == "forbidden"
        await orders.post(f"/conversations/{ours}/accept")
        assert (await orders.post(f"/conversations/{ours}/transfer", team="nowhere")).code == "not_found"
        moved = await orders.post(f"/conversations/{ours}/transfer", team="support", note="yours")
        assert moved.body["conversation"]["handoff"]["team"] == "support"
        assert (await orders.get(f"/conversations/{ours}")).code == "forbidden"
        assert ids(await support.get("/conversations?view=queue")) == [ours]
        await support.post(f"/conversations/{ours}/accept")
        await support.post(f"/conversations/{ours}/resolve")
        assert (await orders.get(f"/conversations/{ours}")).status == 200


async def test_another_apps_conversation_does_not_exist(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        handoff = (await desk.parley.conversation()).handoff
        stranger = await desk.hire("Eve", "admin", app="other")
        eve = desk.browser()
        await eve.sign_in(stranger.email)
        missing = (await eve.get(f"/conversations/{NOTHING}")).message.replace(NOTHING, "…")
        assert (await eve.get("/conversations?view=all")).body["items"] == []
        assert (await eve.get("/conversations?view=queue")).body["items"] == []
        assert [agent["name"] for agent in (await eve.get("/agents")).body["agents"]] == ["Eve"]
        for path in ("", "/messages", "/traces", "/handoffs"):
            answer = await eve.get(f"/conversations/{conversation}{path}")
            assert answer.code == "not_found"
            assert answer.message.replace(conversation, "…") == missing
        for action, body in (
            ("accept", {}),
            ("note", {"text": "x"}),
            ("read", {"seq": 1}),
            ("transfer", {"team": "support"}),
        ):
            assert (await eve.post(f"/conversations/{conversation}/{action}", **body)).code == "not_found"
        upload = await eve.ask(
            "POST", f"/conversations/{conversation}/upload", data=PNG, headers={"Content-Type": "image/png"}
        )
        assert upload.code == "not_found"
        assert handoff is not None
        assert (await desk.parley.conversation()).handoff == handoff


async def test_all_conversations_come_by_page_also_to_who_sees_few(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        for n in range(55):
            await desk.parley.hear("a person", address=f"v{n}")
        for n in range(55):
            await desk.parley.settled(f"v{n}")
        ada, sue = await desk.at_work("Ada"), await desk.at_work("Sue", teams=["support"])
        first = await ada.get("/conversations?view=all")
        assert len(first.body["items"]) == 50
        second = await ada.get(f"/conversations?view=all&before={first.body['next'].replace('+', '%2B')}")
        assert len(second.body["items"]) == 5
        assert second.body["next"] is None
        assert len({*ids(first), *ids(second)}) == 55
        few = await sue.get("/conversations?view=all")
        assert (few.body["items"], few.body["next"]) == ([], None)


async def test_older_messages_come_by_page(tmp_path: Path) -> None:
    async with desk_house(tmp_path, bot="echo") as desk:
        for n in range(30):
            await desk.parley.hear(f"line {n}")
        conversation = (await desk.parley.settled()).id
        ada = await desk.at_work("Ada")
        detail = (await ada.get(f"/conversations/{conversation}")).body["messages"]
        older = (await ada.get(f"/conversations/{conversation}/messages?before={detail[0]['seq']}&limit=10")).body
        if detail[0]["seq"] > 1:
            assert older["messages"][-1]["seq"] == detail[0]["seq"] - 1
        newer = (await ada.get(f"/conversations/{conversation}/messages?after=3&limit=2")).body
        assert [message["seq"] for message in newer["messages"]] == [4, 5]
        assert (await ada.get(f"/conversations/{conversation}/messages?before=-1")).code == "malformed"


async def test_pictures_are_uploaded_checked_and_then_said(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada = await desk.at_work("Ada")
        await ada.post(f"/conversations/{conversation}/accept")

        async def upload(data: bytes, mime: str, name: str) -> Any:
            path = f"/conversations/{conversation}/upload?name={name}"
            return await ada.ask("POST", path, data=io.BytesIO(data), headers={"Content-Type": mime})

        part = (await upload(PNG, "image/png", "../../etc/p%C3%A4ssword.png")).body["part"]
        assert part["url"].startswith("/media/shop/")
        assert (part["media"], part["mime"], part["size"]) == ("image", "image/png", len(PNG))
        assert "/" not in part["name"]
        async with ada.http.get(ada.url + part["url"]) as picture:
            assert await picture.read() == PNG
        assert (await upload(PDF, "application/pdf", "invoice.pdf")).body["part"]["media"] == "file"
        for data, mime in ((SVG, "image/svg+xml"), (HTML, "text/html"), (HTML, "image/png"), (b"", "image/png")):
            assert (await upload(data, mime, "x")).code == "malformed"
        assert (await upload(PNG + bytes(LARGEST), "image/png", "big.png")).code == "too_large"
        said = await ada.post(f"/conversations/{conversation}/say", parts=[{"kind": "text", "text": "see"}, part])
        assert [one["kind"] for one in said.body["message"]["parts"]] == ["text", "media"]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [{"kind": "text", "text": "   "}],
        [{"kind": "text", "text": "x" * 10_001}],
        [{"kind": "media", "url": "https://evil.example/a.png"}],
        [{"kind": "media", "url": "javascript:alert(1)"}],
        [{"kind": "media", "url": "//evil.example/media/a.png"}],
        [{"kind": "form", "id": "f", "fields": []}],
        [{"kind": "tap", "payload": "refund"}],
        [{"kind": "nonsense"}],
        [{"text": "no kind"}],
        ["text"],
        [{"kind": "text", "text": "x"}] * 11,
    ],
)
async def test_agents_say_text_and_uploads_only(tmp_path: Path, parts: list[Any]) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada = await desk.at_work("Ada")
        await ada.post(f"/conversations/{conversation}/accept")
        answer = await ada.post(f"/conversations/{conversation}/say", parts=parts)
        assert answer.code == "malformed"
        assert len(await desk.parley.log()) == 4


async def test_bad_forms_are_refused_in_words(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        conversation = await desk.waiting()
        ada = await desk.at_work("Ada")
        path = f"/conversations/{conversation}"
        bad: list[tuple[str, dict[str, Any]]] = [
            ("note", {"text": "  "}),
            ("note", {"text": "x" * 10_001}),
            ("note", {"text": "x", "visibility": "public"}),
            ("note", {"text": "x", "client_id": "a b"}),
            ("note", {"text": "x", "client_id": "x" * 65}),
            ("read", {"seq": -1}),
            ("read", {"seq": 2**70}),
            ("transfer", {}),
        ]
        for action, body in bad:
            answer = await ada.post(f"{path}/{action}", **body)
            assert answer.code == "malformed", (action, body)
        huge = await ada.post(f"{path}/note", text="x" * 300_000)
        assert (huge.status, huge.code) == (413, "too_large")
        for query in ("view=theirs", "before=yesterday", f"team={'x' * 99}"):
            assert (await ada.get(f"/conversations?{query}")).code == "malformed"
        assert (await ada.get("/nowhere")).code == "not_found"


async def test_an_agent_pins_the_language_and_lets_it_go(tmp_path: Path) -> None:
    async with desk_house(tmp_path, languages=["en", "es"]) as desk:
        conversation = await desk.waiting()
        ada, bo = await desk.at_work("Ada"), await desk.at_work("Bo")
        path = f"/conversations/{conversation}/language"
        async with bo.tab(conversation) as tab:
            pinned = (await ada.post(path, language="es")).body["conversation"]["language"]
            assert (pinned["code"], pinned["by_agent"]) == ("es", True)
            seen = await tab.until("conversation", conversation_id=conversation)
            assert seen["conversation"]["language"] == pinned
        await desk.parley.hear("where is my parcel? it is very late")
        await desk.parley.settled()
        assert (await desk.parley.conversation()).language.code == "es"
        refused = await ada.post(path, language="tlh")
        assert refused.code == "malformed"
        assert "en, es" in refused.message
        await ada.post(f"/conversations/{conversation}/accept")
        assert (await bo.post(path, language="en")).code == "forbidden"
        let_go = (await ada.post(path, language="")).body["conversation"]["language"]
        assert (let_go["code"], let_go["by_agent"]) == ("es", False)
