"""Is this a Redis we can use, and ours? Asked at the start and after every loss."""

import re
from collections.abc import Mapping

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from orchestrator.adapters.redisbus.url import Mode
from orchestrator.errors import Misconfigured

OLDEST = 7
Info = Mapping[str, str]

log = structlog.get_logger("parley.redis")


class Unfit(RedisError):
    """It answers, but can't be used as it is now: a replica, say. It may be another one tomorrow."""


async def examine(redis: Redis, deployment_key: str, deployment: str, mode: Mode) -> Info:
    """What INFO says. Raises Misconfigured for what waiting does not mend, Unfit or RedisError for what it may."""
    info = {name: str(value) for name, value in (await redis.info()).items()}
    check(info)
    suits(info, mode)
    belongs(await redis.set(deployment_key, deployment, nx=True, get=True), deployment_key, deployment)
    return info


def belongs(owner: object, deployment_key: str, deployment: str) -> None:
    """Raises Misconfigured when the key held another deployment's id."""
    if owner is not None and owner != deployment.encode():
        raise Misconfigured(
            "another deployment of Parley, with another database, uses this Redis under the same prefix: "
            f"give one of them another bus.prefix, or delete the key {deployment_key!r} if that other one is gone",
            key=("bus", "prefix"),
        )


def check(info: Info) -> None:
    found = info.get("redis_version", "")
    number = re.match(r"\d+", found)
    # Valkey says 7.2.4 here whatever its own version is (valkey.io/topics/migration): it is a Redis 7.
    if number is None or int(number[0]) < OLDEST:
        raise Misconfigured(
            f"the server is Redis {found or 'of an unknown version'}; {OLDEST}.0 or newer is needed, or Valkey",
            key=("bus", "url"),
        )
    if info.get("loading", "0") != "0":
        raise Unfit("it is loading its data")
    if info.get("role", "master") != "master":
        raise Unfit("it is a replica and takes no writes")


def suits(info: Info, mode: Mode) -> None:
    """One node of a cluster answers for its own keys alone: some of ours would work, and some never."""
    if info.get("redis_mode") == "cluster" and mode != "cluster":
        raise Misconfigured(
            "the server is a node of a Redis Cluster: name it as redis+cluster://host:6379", key=("bus", "url")
        )


def warnings(info: Info) -> list[str]:
    """What works and may hurt."""
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return []
    return [
        f"Redis may throw keys away when its memory is full (maxmemory-policy {policy}): wake-ups and presence get "
        "lost and are found late; set maxmemory-policy noeviction"
    ]
