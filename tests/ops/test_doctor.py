"""`parley doctor` against real servers: what is well, what may hurt, what is broken, and how to mend it."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.revision import HEAD
from orchestrator.adapters.sqlite import SqliteStore
from orchestrator.config import BusSettings
from orchestrator.doctor.finding import Finding, fail, latency, ok, skew, warn, worst
from orchestrator.doctor.host import host, private
from orchestrator.doctor.postgres import postgres, standing
from orchestrator.doctor.redis import memory, persistence, redis
from orchestrator.doctor.rounds import outside
from tests.support import postgres as pg
from tests.support import redis as red
from tests.support.clock import ManualClock
from tests.support.command import run
from tests.support.house import settings
from tests.support.process import free_port, write_config
from tests.support.serve import serving

CLOCK = SystemClock()


def config(folder: Path, **sections: dict[str, Any]) -> Path:
    shop = {
        "bot": "echo",
        "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
        "nlp": {"enabled": False, "translators": "none"},
        "channels": {"web": {"kind": "webchat"}},
    }
    return write_config(folder, 8000, shop, **sections)


def by_part(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.part: finding for finding in findings}


def told(path: Path, code: int) -> dict[str, dict[str, str]]:
    ran = run("doctor", "-c", path, "--json")
    assert ran.code == code, ran.out
    document = json.loads(ran.out)
    assert document["code"] == code
    return {one["part"]: one for one in document["findings"]}


async def made(folder: Path) -> None:
    store = SqliteStore(folder / "parley.db", CLOCK)
    await store.open()
    await store.close()


def test_an_embedded_deployment_that_is_well(tmp_path: Path) -> None:
    asyncio.run(made(tmp_path))
    path = config(tmp_path)
    findings = told(path, 0)
    assert {finding["state"] for finding in findings.values()} == {"ok"}
    assert findings["schema"]["said"] == f"at {HEAD}, the newest"
    assert findings["journal"]["said"] == "WAL, synchronous = FULL"
    assert findings["disk latency"]["said"].endswith("for a durable write")
    shown = run("doctor", "-c", path).out
    assert len(shown.splitlines()) >= len(findings)


def test_before_the_first_start_nothing_is_made(tmp_path: Path) -> None:
    path = config(tmp_path, laid=False)
    assert "first start" in told(path, 0)["schema"]["said"]
    assert [one.name for one in tmp_path.iterdir()] == ["parley.toml"]


def test_a_configuration_that_can_not_be_used_is_the_finding(tmp_path: Path) -> None:
    path = config(tmp_path, engine={"concurrency": 0})
    assert told(path, 2)["configuration"]["state"] == "fail"
    (tmp_path / "parley.toml").write_text("[", encoding="utf-8")
    assert told(path, 2)["configuration"]["state"] == "fail"


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "parley.db").write_text("not a database, but long enough to look at " * 50)
    found = told(config(tmp_path), 2)["database"]
    assert found["state"] == "fail"
    assert found["mend"]


def test_secrets_that_others_may_read(tmp_path: Path) -> None:
    secret = tmp_path / "signing"
    secret.write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    secret.chmod(0o644)
    path = config(tmp_path, server={"port": 8000, "secret": "file:./signing"})
    found = told(path, 1)["server.secret in parley.toml"]
    assert found["mend"] == f"chmod 600 {str(secret)!r}"
    assert "0123456789" not in run("doctor", "-c", path).out
    secret.chmod(0o600)
    assert private("x", secret).state == "ok"


def test_a_media_folder_that_is_a_file(tmp_path: Path) -> None:
    given = settings(tmp_path)
    (tmp_path / "media").write_text("a file, where a folder should be")
    os.chmod(tmp_path / "media", 0o400)
    found = by_part(list(host(given, tmp_path, config(tmp_path))))
    assert found["media folder"].state == "fail"


async def test_postgres_as_the_tests_run_it_is_fast_and_reckless(tmp_path: Path) -> None:
    url = await pg.url_for(tmp_path)
    found = by_part([finding async for finding in postgres(url, CLOCK)])
    assert found["PostgreSQL"].state == "ok"
    assert found["PostgreSQL"].said.startswith(f"{await number(url)}, ")
    assert found["PostgreSQL fsync"].state == "fail"
    assert found["PostgreSQL full_page_writes"].state == "fail"
    assert found["PostgreSQL synchronous_commit"].state == "warn"
    assert found["PostgreSQL clock"].state == "ok"
    assert found["PostgreSQL latency"].said.endswith("the median of 21")
    assert "room for" in found["PostgreSQL connections"].said
    assert found["schema"] == ok("schema", f"at {HEAD}, the newest")


async def number(url: str) -> str:
    db = await asyncpg.connect(url)
    try:
        return str(await db.fetchval("SHOW server_version")).split()[0]
    finally:
        await db.close()


async def test_an_index_that_was_never_finished(tmp_path: Path) -> None:
    url = await pg.url_for(tmp_path)
    edit = "UPDATE pg_index SET indisvalid = {} WHERE indexrelid = 'messages_id'::regclass"
    db = await asyncpg.connect(url)
    try:
        await db.execute(edit.format("false"))
        found = by_part([finding async for finding in postgres(url, CLOCK)])
    finally:
        await db.execute(edit.format("true"))
        await db.close()
    assert found["schema"].state == "fail"
    assert "'messages_id' was not finished" in found["schema"].said


async def test_postgres_with_nothing_in_it_and_a_wrong_password(tmp_path: Path) -> None:
    server = await pg.running()
    empty = by_part([finding async for finding in postgres(server.url(await server.empty()), CLOCK)])
    assert "empty" in empty["schema"].said
    (wrong,) = [finding async for finding in postgres(server.url("postgres", tcp=True, password="no"), CLOCK)]
    assert wrong.state == "fail"
    assert "wrong user or password" in wrong.said


@pytest.mark.parametrize(("revision", "state"), [("", "ok"), ("0001", "warn"), (HEAD, "ok"), ("9999", "fail")])
def test_revisions(revision: str, state: str) -> None:
    assert standing(revision).state == state


async def test_redis_that_is_well_and_redis_that_is_away() -> None:
    server = await red.shared()
    found = [finding async for finding in redis(BusSettings(url=server.url), CLOCK)]
    assert [finding.part for finding in found] == [
        "Redis",
        "Redis latency",
        "Redis clock",
        "Redis memory",
        "Redis persistence",
    ]
    assert worst(found) == 0
    (away,) = [finding async for finding in redis(BusSettings(url=f"redis://:hush@127.0.0.1:{free_port()}"), CLOCK)]
    assert away.state == "fail"
    assert "hush" not in away.said


def test_redis_that_evicts_is_full_or_can_not_save() -> None:
    info = {"maxmemory_policy": "noeviction", "maxmemory": "0", "used_memory": "1000"}
    assert memory(info).state == "ok"
    assert memory({**info, "maxmemory_policy": "allkeys-lru"}).state == "warn"
    assert memory({**info, "maxmemory": "1100"}).state == "warn"
    assert persistence(info).state == "ok"
    assert persistence({**info, "rdb_last_bgsave_status": "err"}).state == "fail"


async def taken() -> None:
    """By another deployment."""
    await (await red.shared()).ask("SET", Keys("parley").deployment, "another")


def test_a_cluster_from_the_command(tmp_path: Path) -> None:
    async def servers() -> tuple[str, str]:
        return await pg.url_for(tmp_path), (await red.shared()).url

    store, bus = asyncio.run(servers())
    path = config(tmp_path, store={"url": store, "media": "media"}, bus={"url": bus})
    findings = told(path, 2)
    assert findings["Redis"]["state"] == "ok"
    assert findings["Redis prefix"]["said"] == "not used by any deployment yet"
    asyncio.run(taken())
    taken_up = told(path, 2)["Redis prefix"]
    assert (taken_up["state"], "another deployment" in taken_up["said"]) == ("fail", True)
    assert findings["signing key shared"]["state"] == "warn"
    assert findings["public_url"]["state"] == "warn"
    alone = config(tmp_path, store={"url": store, "media": "media"})
    assert told(alone, 2)["bus"]["state"] == "warn"


@pytest.mark.parametrize(("seconds", "state"), [(0.5, "ok"), (-5.0, "warn"), (120.0, "fail")])
async def test_clocks_that_differ(seconds: float, state: str) -> None:
    clock = ManualClock()

    async def theirs() -> float:
        return clock.now().timestamp() + seconds

    assert (await skew("clock", theirs, clock)).state == state


@pytest.mark.parametrize(("ms", "state"), [(0.2, "ok"), (20, "warn"), (200, "fail")])
def test_latencies(ms: float, state: str) -> None:
    assert latency("x", ms).state == state


async def test_the_way_in(tmp_path: Path) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b'{"status":"ok"}' if scope["path"] == "/healthz" else b"a page"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    given = settings(tmp_path)
    async with serving(app) as url:
        for public, state in ((url, "ok"), (f"{url}/elsewhere", "warn"), (f"http://127.0.0.1:{free_port()}", "warn")):
            changed = given.model_copy(update={"server": given.server.model_copy(update={"public_url": public})})
            (found,) = [finding async for finding in outside(changed)]
            assert (found.part, found.state) == ("public_url", state), found
    server = given.server.model_copy(update={"public_url": "https://127.0.0.1:1"})
    found = by_part([finding async for finding in outside(given.model_copy(update={"server": server}))])
    assert found["proxy"].state == "warn"


def test_the_worst_finding_is_the_code() -> None:
    fine = ok("a", "b")
    assert worst([fine]) == 0
    assert worst([fine, warn("a", "b", "c")]) == 1
    assert worst([fail("a", "b", "c"), replace(fine, state="warn")]) == 2
