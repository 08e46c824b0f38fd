"""What every store keeps of whose an address is."""

import asyncio
from dataclasses import replace

import pytest

from orchestrator.errors import Conflict, NotFound
from orchestrator.types import Identity, LinkChange, LinkCode
from tests.support.builders import NOON, later, unique
from tests.support.stores import Database, hear


async def person(store: Database, channel: str, address: str, **facts: str) -> Identity:
    await hear(store, channel_id=channel, address=address, profile=facts)
    found = await store.people.identity(channel, address)
    assert found is not None
    return found


def change(before: Identity | None, after: Identity, **more: object) -> LinkChange:
    values = {"id": unique("change"), "app_id": after.app_id, "at": later(1), "evidence": "code", "by": "ada", **more}
    return LinkChange(before=before, after=after, **values)  # type: ignore[arg-type]


def joined(one: Identity, other: Identity) -> Identity:
    """`one`'s address as the other person's, in their conversation."""
    return replace(one, customer_id=other.customer_id, conversation_id=other.conversation_id)


async def test_an_address_becomes_another_persons_and_goes_back(store: Database) -> None:
    web = await person(store, "web", "visitor", name="Lucía", city="Madrid")
    phone = await person(store, "whatsapp", "34600", name="L.", phone="34600")
    linked = await store.people.link(change(phone, joined(phone, web)))
    assert await store.people.identity("whatsapp", "34600") == joined(phone, web)
    assert {one.channel_id for one in await store.people.identities(web.app_id, web.customer_id)} == {"web", "whatsapp"}
    assert await store.people.identities(web.app_id, phone.customer_id) == []
    theirs = (await store.customer(web.app_id, web.customer_id)).profile
    assert theirs == {"name": "Lucía", "city": "Madrid", "phone": "34600"}
    assert (await store.load(phone.conversation_id, history=0)).conversation.customer_id == web.customer_id
    heard = await hear(store, channel_id="whatsapp", address="34600")
    assert heard.conversation.id == web.conversation_id

    undone = await store.people.undo(web.app_id, linked.id, later(2), "grace")
    assert (undone.undone_at, undone.undone_by) == (later(2), "grace")
    assert await store.people.identity("whatsapp", "34600") == phone
    assert (await store.load(phone.conversation_id, history=0)).conversation.customer_id == phone.customer_id
    assert (await store.customer(web.app_id, web.customer_id)).profile == {"name": "Lucía", "city": "Madrid"}
    assert (await store.customer(web.app_id, phone.customer_id)).profile["phone"] == "34600"
    assert await store.people.changes(web.app_id, web.customer_id) == [undone]
    assert await store.people.changes(web.app_id, phone.customer_id) == [undone]


async def test_an_address_nobody_wrote_from_is_added_and_taken_away(store: Database) -> None:
    web = await person(store, "web", "visitor")
    mail = replace(web, channel_id="mail", address="lucia@example.org")
    linked = await store.people.link(change(None, mail, evidence="verified_email"))
    assert await store.people.identity("mail", "lucia@example.org") == mail
    await store.people.undo(web.app_id, linked.id, later(2), "ada")
    assert await store.people.identity("mail", "lucia@example.org") is None


async def test_what_has_moved_on_is_a_conflict_and_changes_nothing(store: Database) -> None:
    web, other = await person(store, "web", "visitor"), await person(store, "web", "somebody")
    phone = await person(store, "whatsapp", "34600")
    first = await store.people.link(change(phone, joined(phone, web)))
    with pytest.raises(Conflict):
        await store.people.link(change(phone, joined(phone, other)))
    with pytest.raises(Conflict):
        await store.people.link(change(None, joined(phone, other)))
    second = await store.people.link(change(joined(phone, web), joined(phone, other)))
    with pytest.raises(Conflict, match="since"):
        await store.people.undo(web.app_id, first.id, later(2), "ada")
    await store.people.undo(web.app_id, second.id, later(2), "ada")
    with pytest.raises(Conflict, match="already"):
        await store.people.undo(web.app_id, second.id, later(3), "ada")
    await store.people.undo(web.app_id, first.id, later(3), "ada")
    assert await store.people.identity("whatsapp", "34600") == phone
    with pytest.raises(NotFound):
        await store.people.undo("another", first.id, later(3), "ada")


async def test_a_code_links_once(store: Database) -> None:
    web = await person(store, "web", "visitor")
    phones = [await person(store, "whatsapp", f"3460{number}") for number in range(4)]
    code = LinkCode(
        digest=unique("digest"), app_id=web.app_id, conversation_id=web.conversation_id, by="ada", expires_at=later(60)
    )
    await store.people.keep_code(code)
    assert await store.people.code(code.digest, NOON) == code
    assert await store.people.code(code.digest, later(60)) is None
    tries = [store.people.link(change(one, joined(one, web)), code=code.digest) for one in phones]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, LinkChange) for one in results) == 1
    assert sum(isinstance(one, NotFound) for one in results) == 3
    linked = [await store.people.identity(one.channel_id, one.address) for one in phones]
    assert sum(one.customer_id == web.customer_id for one in linked if one) == 1
    assert await store.people.code(code.digest, NOON) is None


async def test_a_running_turn_of_a_conversation_that_changes_hands_is_void(store: Database) -> None:
    web = await person(store, "web", "visitor")
    phone = await person(store, "whatsapp", "34600")
    before = (await store.load(phone.conversation_id, history=0)).conversation.version
    await store.people.link(change(phone, joined(phone, web)))
    assert (await store.load(phone.conversation_id, history=0)).conversation.version > before
