"""The desk's Preview page asks for every channel at once."""

from pathlib import Path

from orchestrator.preview import installed
from tests.support.desk import desk_house


async def test_one_message_on_every_channel(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        ada = await desk.at_work("Ada")
        choices = [{"title": f"Choice {number}", "payload": str(number)} for number in range(40)]
        answer = await ada.post("/preview", parts=[{"kind": "quick_replies", "text": "Which?", "choices": choices}])
        assert answer.status == 200
        found = {one["kind"]: one for one in answer.body["channels"]}
        assert set(found) == set(installed())
        assert found["webchat"]["accounts"] == ["web"]
        assert all(one["parts"] for one in found.values())
        assert found["whatsapp"]["losses"] == [{"part": 0, "what": "quick_replies", "became": "numbered_text"}]


async def test_what_is_no_message_is_refused_in_words(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        ada = await desk.at_work("Ada")
        for parts in ([], [{"kind": "sing"}], [{"kind": "text"}], [{"kind": "text", "text": "x"}] * 21):
            assert (await ada.post("/preview", parts=parts)).status in (400, 422)
        assert (await ada.post("/preview", parts=[{"kind": "text", "text": "x"}], language="nope!")).status in (
            400,
            422,
        )
        huge = await ada.post("/preview", parts=[{"kind": "text", "text": "x" * 70_000}])
        assert huge.status == 413


async def test_only_for_those_who_are_signed_in(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        ada = await desk.at_work("Ada")
        ada.csrf = "forged"
        assert (await ada.post("/preview", parts=[{"kind": "text", "text": "x"}])).status == 403
