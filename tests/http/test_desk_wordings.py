"""Translation over the desk's API: who may look, propose and approve, and what is refused."""

from pathlib import Path

from tests.support.desk import desk_house

APP = {
    "nlp": {"language": [], "sentiment": [], "wish": [], "translators": "none", "memory": []},
    "languages": ["en", "es"],
}


def app(folder: Path) -> dict[str, object]:
    (folder / "memory.toml").write_text('[[entry]]\nen = "Thank you"\nes = "Gracias"\n', encoding="utf-8")
    return {**APP, "nlp": {**APP["nlp"], "memory": [folder / "memory.toml"]}}  # type: ignore[dict-item]


async def test_preview_back_and_an_own_wording(tmp_path: Path) -> None:
    async with desk_house(tmp_path, **app(tmp_path)) as desk:
        await desk.parley.hear("a person", language="es")
        await desk.parley.settled()
        conversation = (await desk.parley.conversation()).id
        browser = await desk.at_work("Ada")
        base = f"/conversations/{conversation}"
        found = (await browser.post(f"{base}/preview", text="Thank you")).body
        assert found == {"source": "en", "target": "es", "text": "Gracias", "outcome": "ok", "engine": "memory"}
        assert (await browser.post(f"{base}/back", text="Gracias")).body["text"] == "Thank you"
        assert (await browser.post(f"{base}/preview", text="Never seen")).body["text"] == ""
        assert (await browser.post(f"{base}/preview", text="  ")).status == 400
        assert (await browser.post(f"{base}/preview", text="x" * 10_001)).status in (400, 422)
        await browser.post(f"{base}/accept")
        parts = [{"kind": "text", "text": "Thank you"}]
        own = {"language": "es", "wording": "¡Mil gracias!", "client_id": "c1"}
        sent = await browser.post(f"{base}/say", parts=parts, **own)
        assert sent.body["message"]["translations"]["es"][0]["text"] == "¡Mil gracias!"
        again = await browser.post(f"{base}/say", parts=parts, **own)
        assert again.body["message"]["id"] == sent.body["message"]["id"]
        two = [*parts, {"kind": "text", "text": "Bye"}]
        assert (await browser.post(f"{base}/say", parts=two, language="es", wording="x")).status == 400
        # The customer went on in another language meanwhile: the wording is not theirs.
        other = await browser.post(f"{base}/say", parts=parts, language="it", wording="Grazie")
        assert other.body["message"]["translations"]["es"] == [{"kind": "text", "text": "Gracias", "markdown": False}]


async def test_agents_propose_and_admins_decide(tmp_path: Path) -> None:
    async with desk_house(tmp_path, **app(tmp_path)) as desk:
        ada, boss = await desk.at_work("Ada"), await desk.at_work("Bo", role="admin")
        given = {"source": "en", "target": "es", "text": "Bye", "translation": "Chao"}
        entry = (await ada.post("/translations", **given)).body["translation"]
        assert (entry["state"], entry["author"]) == ("proposed", ada.agent_id)
        assert (await ada.get("/translations")).code == "forbidden"
        assert (await ada.get("/engines")).code == "forbidden"
        assert (await ada.post(f"/translations/{entry['id']}", state="approved")).code == "forbidden"
        assert (await boss.post("/translations/nothing", state="approved")).code == "not_found"
        assert (await boss.post(f"/translations/{entry['id']}", state="proposed")).status in (400, 422)
        listed = (await boss.get("/translations?state=proposed")).body["items"]
        assert [one["id"] for one in listed] == [entry["id"]]
        decided = (await boss.post(f"/translations/{entry['id']}", state="approved", translation="¡Adiós!")).body
        assert (decided["translation"]["state"], decided["translation"]["decided_by"]) == ("approved", boss.agent_id)
        chain = desk.parley.runtime.apps["shop"].understander.chain
        assert (await chain.translate(["bye"], "en", "es")).texts == ("¡Adiós!",)
        assert (await boss.get("/engines")).body == {"engines": []}
        mine = (await boss.post("/translations", **{**given, "text": "Hi", "translation": "Buenas"})).body
        assert mine["translation"]["state"] == "approved"
        for bad in ({"target": "en"}, {"translation": " "}, {"source": "english"}, {"text": ""}):
            assert (await ada.post("/translations", **{**given, **bad})).status in (400, 422)


async def test_signed_out_nobody_sees_anything(tmp_path: Path) -> None:
    async with desk_house(tmp_path, **app(tmp_path)) as desk:
        conversation = await desk.waiting()
        browser = desk.browser()
        for path in ("/translations", "/engines"):
            assert (await browser.get(path)).code == "unauthenticated"
        for path in (f"/conversations/{conversation}/preview", f"/conversations/{conversation}/back"):
            assert (await browser.post(path, text="x")).status == 401
