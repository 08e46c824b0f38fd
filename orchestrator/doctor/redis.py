"""Redis: version, latency, clock, and settings that would lose or refuse what processes tell each other."""

from collections.abc import AsyncIterator

from redis.asyncio import Redis

from orchestrator.adapters.redisbus import server
from orchestrator.adapters.redisbus.keys import Keys
from orchestrator.adapters.redisbus.link import LOST, said
from orchestrator.adapters.redisbus.url import Target, parse
from orchestrator.config import BusSettings
from orchestrator.doctor.finding import Finding, fail, latency, median_ms, ok, skew, warn
from orchestrator.errors import ParleyError
from orchestrator.ports import Clock

MIB = 1024 * 1024


async def redis(settings: BusSettings, clock: Clock, deployment: str = "") -> AsyncIterator[Finding]:
    """`deployment` is the id of the database these processes work on, where there is one yet."""
    target = parse(settings.url)
    key = Keys(settings.prefix).deployment
    client = target.client(settings.timeout)
    try:
        direct = await target.direct(client, key, settings.timeout)
        try:
            async for finding in examined(direct, target, clock):
                yield finding
            if deployment:
                yield owned(await direct.get(key), key, deployment)
        finally:
            await direct.aclose()
    except LOST as error:
        yield fail("Redis", f"{target.name}: {said(error)}", "mend that, or [bus] url; without it nothing is live")
    finally:
        await client.aclose()


async def examined(direct: Redis, target: Target, clock: Clock) -> AsyncIterator[Finding]:
    info = {key: str(value) for key, value in (await direct.info()).items()}
    version = info.get("valkey_version") or info.get("redis_version", "")
    try:
        server.check(info)
        server.suits(info, target.mode)
        yield ok("Redis", f"{'Valkey ' if 'valkey_version' in info else ''}{version}, {target.name}")
    except (ParleyError, server.Unfit) as error:
        yield fail("Redis", f"{version}, {target.name}: {error}", "mend that, or name another server in [bus] url")
        return
    yield latency("Redis latency", await median_ms(direct.ping, clock))

    async def theirs() -> float:
        seconds, micros = await direct.time()
        return float(seconds) + float(micros) / 1e6

    yield await skew("Redis clock", theirs, clock)
    yield memory(info)
    yield persistence(info)


def owned(owner: object, key: str, deployment: str) -> Finding:
    part = "Redis prefix"
    try:
        server.belongs(owner, key, deployment)
    except ParleyError as error:
        return fail(part, str(error), "no process of this deployment starts until then")
    return ok(part, "used by this deployment" if owner else "not used by any deployment yet")


def memory(info: server.Info) -> Finding:
    policy, most, used = (info.get(name, "") for name in ("maxmemory_policy", "maxmemory", "used_memory"))
    limited = most not in ("", "0")
    room = f"of {int(most) // MIB} MiB" if limited else "and no limit"
    said = f"{policy}, {int(used or 0) // MIB} MiB used {room}"
    if policy != "noeviction":
        mend = "set maxmemory-policy noeviction: evicted wake-ups wait for the sweep, evicted limits count anew"
        return warn("Redis memory", said, mend)
    if limited and int(used or 0) > int(most) * 0.8:
        return warn("Redis memory", said, "raise maxmemory: a full Redis refuses writes")
    return ok("Redis memory", said)


def persistence(info: server.Info) -> Finding:
    """Nothing in Redis is missed when it is lost, but a save that fails makes it refuse writes."""
    if info.get("rdb_last_bgsave_status", "ok") != "ok" or info.get("aof_last_write_status", "ok") != "ok":
        mend = 'mend its disk, or switch saving off (save ""): nothing in it is missed when it is lost'
        return fail("Redis persistence", "its last save failed, and it may refuse writes", mend)
    kept = "append-only file" if info.get("aof_enabled") == "1" else "snapshots, or nothing"
    return ok("Redis persistence", f"{kept}; nothing in it is missed when it is lost")
