"""Signing in to the desk: what is kept, what is refused, and that a refusal teaches nothing."""

import asyncio
import hashlib
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.errors import Conflict, Malformed, Unauthenticated
from orchestrator.http.desk.login import MISSES, PER_ADDRESS, PER_EMAIL, Login, neighbourhood
from orchestrator.http.passwords import Passwords, check_password, create_agent
from tests.support.clock import ManualClock
from tests.support.desk import PASSWORD, QUICK, DeskHouse, desk_house


async def refusals(
    desk: DeskHouse, email: str, times: int, password: str = "not the password"
) -> list[tuple[int, str]]:
    browser = desk.browser()
    answers = [await browser.sign_in(email, password) for _ in range(times)]
    return [(answer.status, answer.message) for answer in answers]


async def test_signing_in_sets_a_strict_cookie_and_keeps_only_its_digest(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.hire("Ada", "admin")
        browser = desk.browser()
        answer = await browser.sign_in("  ADA@example.org ")
        assert answer.status == 200
        assert answer.body["agent"]["role"] == "admin"
        assert set(answer.body["app"]["teams"]) == {"support", "orders"}
        cookie = answer.headers["Set-Cookie"]
        for word in ("HttpOnly", "SameSite=strict", "Path=/desk", "Max-Age=43200"):
            assert word in cookie
        assert "Secure" not in cookie
        token = cookie.partition("=")[2].partition(";")[0]
        with sqlite3.connect(tmp_path / "parley.db") as db:
            dump = "\n".join(db.iterdump())
        assert len(token) >= 43
        assert token not in dump
        assert hashlib.sha256(token.encode()).hexdigest() in dump
        assert PASSWORD not in dump


async def test_over_https_the_cookie_is_secure(tmp_path: Path) -> None:
    async with desk_house(tmp_path, public_url="https://chat.example") as desk:
        await desk.hire("Ada")
        assert "Secure" in (await desk.browser().sign_in("ada@example.org")).headers["Set-Cookie"]


async def test_signing_out_ends_the_session_for_good(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = await desk.at_work("Ada")
        stolen = desk.browser()
        stolen.http.cookie_jar.update_cookies({c.key: c.value for c in browser.http.cookie_jar})
        assert (await stolen.get("/me")).status == 200
        assert (await browser.post("/logout")).status == 200
        assert (await stolen.get("/me")).code == "unauthenticated"
        assert (await browser.get("/me")).code == "unauthenticated"


async def test_a_session_ends_after_twelve_hours(tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    async with desk_house(tmp_path, clock=clock) as desk:
        browser = await desk.at_work("Ada")
        clock.advance(11.9 * 3600)
        assert (await browser.get("/me")).status == 200
        clock.advance(0.2 * 3600)
        assert (await browser.get("/me")).code == "unauthenticated"


async def test_five_misses_lock_an_account_and_each_further_one_for_longer(tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    async with desk_house(tmp_path, clock=clock) as desk:
        agent = await desk.hire("Ada")
        await refusals(desk, agent.email, MISSES)
        assert (await desk.browser().sign_in(agent.email)).status == 401
        clock.advance(14.9 * 60)
        assert (await desk.browser().sign_in(agent.email)).status == 401
        clock.advance(0.2 * 60)
        await refusals(desk, agent.email, 1)
        clock.advance(29 * 60)
        assert (await desk.browser().sign_in(agent.email)).status == 401
        clock.advance(2 * 60)
        assert (await desk.browser().sign_in(agent.email)).status == 200
        kept = await desk.parley.runtime.store.agent("shop", agent.id)
        assert (kept.failures, kept.locked_until) == (0, None)


async def test_a_hundred_tries_at_once_are_no_way_around_the_lock(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        agent = await desk.hire("Ada")
        guesses = [desk.browser().sign_in(agent.email, f"wrong number {n}") for n in range(PER_EMAIL - 1)]
        await asyncio.gather(*guesses)
        kept = await desk.parley.runtime.store.agent("shop", agent.id)
        assert kept.failures == MISSES
        assert (await desk.browser().sign_in(agent.email)).status == 401


async def test_unknown_resting_and_wrong_are_told_apart_by_nothing(tmp_path: Path) -> None:
    async with desk_house(tmp_path, refusal=0.1) as desk:
        agent = await desk.hire("Ada")
        off = await desk.hire("Bo")
        store = desk.parley.runtime.store
        await store.save_agent(replace(off, disabled=True))
        seen, times = set(), []
        for email, password in (
            (agent.email, "not the password"),
            ("nobody@example.org", "not the password"),
            ("not an address", "not the password"),
            (off.email, PASSWORD),
        ):
            began = time.perf_counter()
            seen |= set(await refusals(desk, email, 1, password))
            times.append(time.perf_counter() - began)
        await refusals(desk, agent.email, MISSES - 1)
        seen |= set(await refusals(desk, agent.email, 1, PASSWORD))
        assert len(seen) == 1
        assert next(iter(seen))[0] == 401
        assert all(0.1 <= each < 0.35 for each in times)


class Counting:
    """A hasher that counts what it is asked to verify."""

    def __init__(self) -> None:
        self.verified = 0

    def hash(self, password: str) -> str:
        return QUICK.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        self.verified += 1
        return QUICK.verify(password_hash, password)

    def check_needs_rehash(self, password_hash: str) -> bool:
        return False


async def test_a_hash_that_is_nobodys_or_broken_matches_nothing_and_costs_the_same() -> None:
    hasher = Counting()
    passwords = Passwords(hasher)  # type: ignore[arg-type]
    assert await passwords.matches("x", "") is False
    assert await passwords.matches("nobody's password", "") is False
    assert await passwords.matches("x", "not a hash at all") is False
    assert await passwords.matches(PASSWORD, QUICK.hash(PASSWORD)) is True
    assert hasher.verified == 4


async def test_in_how_many_apps_an_email_is_known_does_not_show_in_the_work_done(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.hire("Ada")
        await desk.hire("Bo")
        await desk.hire("Bo", app="other")
        runtime, hasher = desk.parley.runtime, Counting()
        passwords = Passwords(hasher)  # type: ignore[arg-type]
        login = Login(runtime.store, runtime.bus, runtime.clock, ("shop", "other"), passwords, 0.0)
        for app, expected in (("", 2), ("shop", 1), ("nowhere", 1)):
            for name in ("ada", "bo", "nobody"):
                before = hasher.verified
                with pytest.raises(Unauthenticated):
                    await login.sign_in(f"{name}@example.org", "not the password", app, "192.0.2.1")
                assert hasher.verified - before == expected


async def test_too_many_tries_for_one_address_are_refused_with_a_time(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        browser = desk.browser()
        answers = [await browser.sign_in("nobody@example.org", "x" * 12) for _ in range(PER_EMAIL + 1)]
        assert answers[-2].status == 401
        assert answers[-1].code == "throttled"
        assert int(answers[-1].headers["Retry-After"]) > 0
        for n in range(PER_ADDRESS - PER_EMAIL - 1):
            await browser.sign_in(f"n{n}@example.org", "x" * 12)
        assert (await browser.sign_in("another@example.org", "x" * 12)).code == "throttled"


def test_one_caller_is_an_address_or_a_whole_ipv6_network() -> None:
    assert neighbourhood("192.0.2.7") == "192.0.2.7"
    assert neighbourhood("2001:db8:1:2:3:4:5:6") == neighbourhood("2001:db8:1:2::9")
    assert neighbourhood("2001:db8:1:3::9") != neighbourhood("2001:db8:1:2::9")
    assert neighbourhood("") == ""


async def test_the_same_email_in_two_apps_is_asked_which(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.hire("Ada")
        await desk.hire("Ada", app="other")
        browser = desk.browser()
        answer = await browser.sign_in("ada@example.org")
        assert (answer.status, answer.code) == (409, "choose_app")
        assert {app["id"] for app in answer.body["error"]["apps"]} == {"shop", "other"}
        assert (await browser.sign_in("ada@example.org", "not the password")).status == 401
        chosen = await browser.sign_in("ada@example.org", app="other")
        assert chosen.body["app"]["id"] == "other"
        assert (await browser.sign_in("ada@example.org", app="nowhere")).status == 401


async def test_different_passwords_tell_the_apps_apart_and_lock_neither(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.hire("Ada")
        runtime = desk.parley.runtime
        await create_agent(
            runtime.store,
            runtime.clock,
            "other",
            "ada@example.org",
            "Ada",
            "another phrase here",
            passwords=Passwords(QUICK),
        )
        for _ in range(MISSES + 1):
            assert (await desk.browser().sign_in("ada@example.org")).body["app"]["id"] == "shop"
        answer = await desk.browser().sign_in("ada@example.org", "another phrase here")
        assert answer.body["app"]["id"] == "other"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"email": "ada@example.org"}', 400),
        ('{"email": "ada@example.org", "password": "x", "role": "admin"}', 400),
        ('{"email": ["ada"], "password": {}}', 400),
        ("{", 400),
        ("", 400),
        ('{"email": "ada@example.org", "password": "' + "x" * 70_000 + '"}', 413),
        ('{"email": "ada@example.org", "password": "' + "x" * 5_000 + '"}', 400),
        ('{"email": "ada\\u0000@example.org", "password": "\\ud800"}', 400),
    ],
)
async def test_rubbish_is_refused_in_json(tmp_path: Path, body: str, status: int) -> None:
    async with desk_house(tmp_path) as desk:
        answer = await desk.browser().ask("POST", "/login", data=body, headers={"Content-Type": "application/json"})
        assert answer.status == status
        assert answer.message


async def test_another_sites_form_can_not_sign_anybody_in(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        await desk.hire("Ada")
        browser = desk.browser()
        browser.origin = "https://evil.example"
        assert (await browser.sign_in("ada@example.org")).code == "forbidden"
        browser.origin = "http://chat.example"
        assert (await browser.sign_in("ada@example.org")).status == 200
        browser.origin = "null"
        assert (await browser.sign_in("ada@example.org")).code == "forbidden"
        form = await desk.browser().ask(
            "POST",
            "/login",
            data='{"email":"ada@example.org","password":"' + PASSWORD + '"}',
            headers={"Content-Type": "text/plain"},
        )
        assert form.status == 400


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("too short", "needs at least 10"),
        ("x" * 300, "at most 256"),
        ("aaaaaaaaaaaa", "first an attacker tries"),
        ("Password123", "first an attacker tries"),
        ("ada@example.org", "e-mail address"),
    ],
)
def test_weak_passwords_are_refused_and_never_shown(password: str, problem: str) -> None:
    with pytest.raises(Malformed, match=problem) as refused:
        check_password(password, "ada@example.org")
    assert password not in str(refused.value)


async def test_an_agent_needs_a_name_an_address_and_an_email_of_their_own(tmp_path: Path) -> None:
    async with desk_house(tmp_path) as desk:
        store, clock = desk.parley.runtime.store, desk.parley.runtime.clock
        for email, name in (("ada", "Ada"), ("ada@example.org", "  "), ("a b@example.org", "Ada")):
            with pytest.raises(Malformed):
                await create_agent(store, clock, "shop", email, name, PASSWORD, passwords=Passwords(QUICK))
        await desk.hire("Ada")
        with pytest.raises(Conflict):
            await desk.hire("Ada", email="ADA@Example.org")
