"""Going on elsewhere over HTTP: from the desk and from an outside system."""

from pathlib import Path
from typing import Any

from orchestrator.http.hooks import routes
from orchestrator.site import hook_channels
from orchestrator.types import Received, Text
from tests.support.desk import desk_house
from tests.support.house import House
from tests.support.web import api_routes, front

CHANNELS: dict[str, Any] = {
    "web": {"kind": "webchat"},
    "phone": {"kind": "webhook", "signature": "none"},
    "sms": {"kind": "twilio", "account_sid": "AC" + "0" * 32, "auth_token": "t" * 32, "sender": "+15005550006"},
}


async def from_phone(parley: House, text: str, external_id: str = "p-1") -> None:
    now = parley.runtime.clock.now()
    event = Received(address="34600", external_id=external_id, parts=(Text(text=text),), at=now)
    await parley.runtime.engine.accept("shop", "phone", [event])


async def test_an_agent_hands_out_a_code_sees_the_link_and_takes_it_back(tmp_path: Path) -> None:
    channels = {name: CHANNELS[name] for name in ("web", "phone")}
    async with desk_house(tmp_path, channels=channels) as desk:
        ada = await desk.at_work("Ada")
        await desk.parley.hear("hello")
        conversation = (await desk.parley.settled()).id
        made = await ada.post(f"/conversations/{conversation}/code")
        assert made.status == 200
        await from_phone(desk.parley, made.body["code"])
        found = (await ada.get(f"/conversations/{conversation}/addresses")).body
        assert {one["channel_id"] for one in found["addresses"]} == {"web", "phone"}
        (link,) = found["links"]
        assert (link["evidence"], link["by"]) == ("code", ada.agent_id)
        assert (await ada.post(f"/links/{link['id']}/undo")).status == 200
        again = await ada.post(f"/links/{link['id']}/undo")
        assert (again.status, again.code) == (409, "conflict")
        found = (await ada.get(f"/conversations/{conversation}/addresses")).body
        assert [one["channel_id"] for one in found["addresses"]] == ["web"]
        assert found["links"][0]["undone_at"]


async def test_a_claim_is_no_address_to_answer_at(tmp_path: Path) -> None:
    async with desk_house(tmp_path, channels={name: CHANNELS[name] for name in ("web", "sms")}) as desk:
        ada = await desk.at_work("Ada")
        await desk.parley.hear("hello", profile={"phone": "+34600111222"})
        conversation = (await desk.parley.settled()).id
        offered = (await ada.get(f"/conversations/{conversation}/addresses")).body["channels"]
        assert offered == [{"id": "sms", "kind": "twilio"}]
        refused = await ada.post(f"/conversations/{conversation}/continue", channel_id="sms")
        assert (refused.status, refused.code) == (403, "forbidden")
        assert "vouched" in refused.message
        ada.csrf = "forged"
        assert (await ada.post(f"/conversations/{conversation}/code")).status == 403


def mount(house: House) -> Any:
    runtime = house.runtime
    return (*api_routes(house), *routes(hook_channels(runtime), runtime.engine, runtime.bus))


async def test_an_outside_system_links_and_takes_back(tmp_path: Path) -> None:
    channels = {name: CHANNELS[name] for name in ("web", "phone")}
    async with front(tmp_path, mount, channels=channels) as opened:
        parley = opened.house
        await parley.hear("hello")
        await from_phone(parley, "hello from the phone")
        customer = (await parley.settled()).customer_id
        body = {"channel_id": "phone", "address": "34600"}
        await opened.make_key("write")
        assert (await opened.post(f"/v1/customers/{customer}/links", body)).status == 403
        await opened.make_key("admin")
        linked = await opened.post(f"/v1/customers/{customer}/links", body)
        assert linked.status == 201, linked.body
        assert linked.json["evidence"] == "api"
        assert (await opened.post(f"/v1/customers/{customer}/links", body)).status == 409
        addresses = (await opened.get(f"/v1/customers/{customer}/identities")).json["data"]
        assert {one["channel_id"] for one in addresses} == {"web", "phone"}
        undone = await opened.post(f"/v1/links/{linked.json['id']}/undo")
        assert undone.json["undone_at"]
        assert len((await opened.get(f"/v1/customers/{customer}/links")).json["data"]) == 1
        nobody = {"channel_id": "phone", "address": "never"}
        assert (await opened.post(f"/v1/customers/{customer}/links", nobody)).status == 404
        code = await opened.post(f"/v1/conversations/{(await parley.conversation()).id}/link-code")
        assert code.status == 201
        assert code.json["code"].startswith("GO-")
