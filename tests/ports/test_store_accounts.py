"""What every Store keeps of those who work at the desk and those who call the API."""

from dataclasses import replace

import pytest

from orchestrator.errors import Conflict, NotFound
from tests.support.builders import NOON, agent, api_key, later, session
from tests.support.clock import ManualClock
from tests.support.stores import Database

# Agents


async def test_an_agent_comes_back_whole(store: Database) -> None:
    ada = agent(role="admin", teams=("support", "orders"), languages=("es", "en"), email="Ada@Shop.test")
    await store.add_agent(ada)
    assert await store.agent("shop", ada.id) == ada
    assert await store.agent_by_email("shop", " ada@shop.TEST ") == ada
    assert await store.agents("shop") == [ada]


async def test_an_email_is_one_agents_in_an_app(store: Database) -> None:
    ada = agent(email="ada@shop.test")
    await store.add_agent(ada)
    with pytest.raises(Conflict, match="(?i)ada@shop"):
        await store.add_agent(agent(email="ADA@shop.test"))
    await store.add_agent(agent(email="ada@shop.test", app_id="bank"))
    bob = agent(email="bob@shop.test")
    await store.add_agent(bob)
    with pytest.raises(Conflict):
        await store.save_agent(replace(bob, email="ada@shop.test"))
    assert await store.agents("shop") == [ada, bob]


async def test_sign_in_failures_and_lock_out_are_kept(store: Database) -> None:
    ada = agent()
    await store.add_agent(ada)
    locked = replace(ada, failures=5, locked_until=later(900), password_hash="$new", disabled=True, teams=("orders",))
    await store.save_agent(locked)
    assert await store.agent("shop", ada.id) == locked
    await store.save_agent(replace(locked, failures=0, locked_until=None))
    assert (await store.agent("shop", ada.id)).locked_until is None


async def test_agents_of_other_apps_do_not_exist(store: Database) -> None:
    ada = agent(email="ada@shop.test")
    await store.add_agent(ada)
    with pytest.raises(NotFound):
        await store.agent("bank", ada.id)
    with pytest.raises(NotFound):
        await store.save_agent(replace(ada, app_id="bank", role="admin"))
    assert await store.agent_by_email("bank", "ada@shop.test") is None
    assert await store.agents("bank") == []
    assert await store.agent("shop", ada.id) == ada


# Sessions


async def test_a_session_lasts_until_it_expires_or_ends(store: Database) -> None:
    kept, ended = session(expires_at=later(60)), session()
    await store.add_session(kept)
    await store.add_session(ended)
    assert await store.session(kept.digest, later(59)) == kept
    assert await store.session(kept.digest, later(60)) is None
    await store.end_session(ended.digest)
    await store.end_session(ended.digest)
    assert await store.session(ended.digest, NOON) is None
    assert await store.session("forged", NOON) is None


async def test_an_agent_is_signed_out_everywhere(store: Database) -> None:
    ada = [session(agent_id="ada"), session(agent_id="ada")]
    others = [session(agent_id="bob"), session(agent_id="ada", app_id="bank")]
    for one in (*ada, *others):
        await store.add_session(one)
    await store.end_sessions("shop", "ada")
    assert [await store.session(one.digest, NOON) for one in ada] == [None, None]
    assert [await store.session(one.digest, NOON) for one in others] == others


async def test_expired_sessions_are_swept_at_the_next_sign_in(store: Database, clock: ManualClock) -> None:
    old = session(expires_at=later(60))
    await store.add_session(old)
    clock.advance(61)
    await store.add_session(session(expires_at=later(600)))
    assert await store.session(old.digest, NOON) is None


# API keys


async def test_keys(store: Database) -> None:
    first, second = api_key(), api_key(created_at=later(1), scopes=("admin",))
    await store.add_key(first)
    await store.add_key(second)
    assert await store.key(first.digest) == first
    assert await store.key("unknown") is None
    assert await store.keys("shop") == [second, first]
    assert await store.keys("bank") == []


async def test_a_revoked_key_opens_nothing_and_is_still_listed(store: Database) -> None:
    key = api_key()
    await store.add_key(key)
    with pytest.raises(NotFound):
        await store.revoke_key("bank", key.id)
    assert await store.key(key.digest) == key
    await store.revoke_key("shop", key.id)
    assert await store.key(key.digest) is None
    assert await store.keys("shop") == [replace(key, revoked=True)]
    with pytest.raises(NotFound):
        await store.revoke_key("shop", "unknown")


async def test_a_digest_is_one_keys(store: Database) -> None:
    await store.add_key(api_key(digest="same"))
    with pytest.raises(Conflict):
        await store.add_key(api_key(digest="same"))
