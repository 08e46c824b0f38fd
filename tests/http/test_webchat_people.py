"""Who a visitor is, and the files they send."""

from pathlib import Path

from tests.support import bots, samples
from tests.support.webchat import Visitor, chat_front, identity, words


async def test_an_identified_visitor_has_a_verified_profile_and_one_conversation_everywhere(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path) as front:
        phone, laptop = Visitor(front), Visitor(front)
        await phone.arrive(identity=identity(front, name="Ana"))
        async with phone.connect() as socket:
            await socket.send(type="send", client_id="m1", text="from the phone")
            await socket.says("echo: from the phone")
        assert (await laptop.arrive(identity=identity(front, name="Ana")))["known"] is True
        async with laptop.connect() as socket:
            assert words((await socket.next())["messages"][0]) == "from the phone"
    assert dict(bots.seen[0].profile) == {"name": "Ana", "verified": True}


async def test_identifying_in_mid_conversation_keeps_it(tmp_path: Path) -> None:
    bots.reset()
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        async with visitor.connect() as socket:
            await socket.send(type="send", client_id="m1", text="who am I")
            await socket.says("echo: who")
            await socket.send(type="identify", jwt=identity(front, name="Ana"))
            visitor.resume = (await socket.until("session"))["resume"]
            await socket.send(type="send", client_id="m2", text="and now")
            await socket.says("echo: and")
        assert bots.seen[1].profile["name"] == "Ana"
        # Somebody else signs in at the same browser: not one word of Ana's is theirs.
        session = await visitor.arrive(identity=identity(front, sub="customer-8"))
        assert session["known"] is False
        async with visitor.connect() as socket:
            assert (await socket.next())["messages"] == []


# --- files


async def test_a_picture_is_uploaded_sent_and_shown(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        visitor = Visitor(front)
        await visitor.arrive()
        answer = await visitor.upload(samples.PNG, "image/png", "../../my photo.png")
        assert answer.status == 200
        part = answer.json["part"]
        assert (part["media"], part["mime"], part["size"]) == ("image", "image/png", len(samples.PNG))
        assert ".." not in part["name"]
        sent = await visitor.post(
            type="send", client_id="m1", parts=[{"kind": "media", "upload": answer.json["upload"], "alt": "Mine"}]
        )
        assert sent.status == 200
        async with visitor.connect() as socket:
            shown = (await socket.next())["messages"][0]["parts"][0]
        assert (shown["url"], shown["alt"]) == (part["url"], "Mine")
        assert (await front.ask("GET", part["url"])).body == samples.PNG
        thief = Visitor(front)
        await thief.arrive()
        stolen = await thief.post(
            type="send", client_id="m1", parts=[{"kind": "media", "upload": answer.json["upload"]}]
        )
        assert stolen.status == 401
