"""What every Store keeps of those who work at the desk and those who call the API."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.errors import Conflict, NotFound
from orchestrator.types import Lockout
from tests.support.builders import NOON, agent, api_key, later, session
from tests.support.clock import ManualClock
from tests.support.stores import Database, Opened

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


LOCKOUT = Lockout(limit=5, first=timedelta(minutes=15), longest=timedelta(hours=24))


async def test_wrong_passwords_lock_an_account_for_longer_and_longer(store: Database) -> None:
    ada, now = agent(), NOON
    await store.add_agent(ada)
    for misses in range(1, 14):
        await store.count_miss("shop", ada.id, now, LOCKOUT)
        kept = await store.agent("shop", ada.id)
        assert kept.failures == misses
        if misses < 5:
            assert kept.locked_until is None
        else:
            rest = min(timedelta(minutes=15) * 2 ** (misses - 5), timedelta(hours=24))
            assert kept.locked_until == now + rest
            now += rest
    await store.count_miss("bank", ada.id, now, LOCKOUT)
    assert (await store.agent("shop", ada.id)).failures == 13


async def test_tries_at_the_same_moment_lock_an_account_at_exactly_the_limit(
    tmp_path: Path, adapter: Opened, store: Database, clock: ManualClock
) -> None:
    """Of two processes; what came after the lock does not lengthen it."""
    ada = agent()
    await store.add_agent(ada)
    async with adapter(tmp_path, clock) as other:
        await asyncio.gather(
            *(each.count_miss("shop", ada.id, NOON, LOCKOUT) for each in (store, other) for _ in range(30))
        )
        assert await other.agent("shop", ada.id) == replace(ada, failures=5, locked_until=later(900))
        assert await store.clear_misses(ada, later(899), "$new") is None
        assert await store.clear_misses(ada, later(900), "$new") == replace(ada, password_hash="$new")
        assert (await other.agent("shop", ada.id)).failures == 0


async def test_a_right_password_changes_nothing_else(store: Database) -> None:
    """Whoever was disabled, or got another password, while it was being looked at does not come in."""
    ada = agent()
    await store.add_agent(ada)
    renamed = replace(ada, name="Ada L.", failures=3)
    await store.save_agent(renamed)
    assert await store.clear_misses(ada, NOON, ada.password_hash) == replace(renamed, failures=0)
    for other in (replace(ada, disabled=True), replace(ada, password_hash="$other")):
        await store.save_agent(other)
        assert await store.clear_misses(ada, NOON, "$again") is None
        assert await store.agent("shop", ada.id) == other


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
