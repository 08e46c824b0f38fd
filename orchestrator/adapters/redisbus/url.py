"""The forms of `bus.url`, and the clients they stand for.

redis://user:password@host:6379/0       one server, or what stands before it; rediss:// with TLS
unix:///run/redis.sock?db=0             the same on this machine
redis+sentinel://host1:26379,host2:26379/service?db=0    Sentinel; `sentinel_username`, `sentinel_password` are its own
redis+cluster://host1:6379,host2:6379   Redis Cluster: any of its nodes
"""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import ConnectionPool, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Unconnected

from orchestrator.errors import Misconfigured

Client = Redis | RedisCluster
Mode = Literal["single", "sentinel", "cluster"]

SCHEMES = ("redis", "rediss", "unix")
MODES: tuple[Mode, ...] = ("sentinel", "cluster")
PORTS: dict[Mode, int] = {"single": 6379, "sentinel": 26379, "cluster": 6379}
OPTIONS = (
    "db",
    "client_name",
    "ssl_ca_certs",
    "ssl_certfile",
    "ssl_keyfile",
    "ssl_password",
    "ssl_check_hostname",
    "sentinel_username",
    "sentinel_password",
)
FORMS = "redis://host:6379/0, rediss://…, unix:///path, redis+sentinel://host,host/service or redis+cluster://host,host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where Redis is. `options` go to every connection; nothing here is ever shown but `name`."""

    mode: Mode
    name: str
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    sentinel: dict[str, Any] = field(default_factory=dict, repr=False)

    def client(self, timeout: float, *, retries: int = 1) -> Client:
        """Seconds to wait for each answer. Nothing is connected yet.

        A pooled connection that the server closed meanwhile is made anew; a time-out is not waited for twice.
        """
        common = self.common(timeout, retries)
        if self.mode == "cluster":
            nodes = [ClusterNode(host, port) for host, port in self.hosts]
            return RedisCluster(startup_nodes=nodes, **common, **self.options)
        if self.mode == "sentinel":
            sentinel = Sentinel(  # type: ignore[no-untyped-call]
                self.hosts, sentinel_kwargs={**common, **self.sentinel}, **common, **self.options
            )
            master: Redis = sentinel.master_for(self.service)
            return master
        if "path" in self.options:
            del common["socket_keepalive"]
        return Redis.from_pool(ConnectionPool(**common, **self.options))

    async def direct(self, client: Client, key: str, patience: float) -> Redis:
        """A client of the one server that has `key`: for what blocks, and for subscriptions, whose end must be seen."""
        if not isinstance(client, RedisCluster):
            alone = self.client(patience, retries=0)
            assert isinstance(alone, Redis)
            return alone
        await client.initialize()
        node = client.get_node_from_key(key)
        if node is None:
            raise Unconnected("no node of the cluster has the key")
        return Redis(host=str(node.host), port=int(node.port), **self.common(patience, 0), **self.options)

    @staticmethod
    def common(timeout: float, retries: int) -> dict[str, Any]:
        return {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "socket_keepalive": True,
            "protocol": 2,
            "retry": Retry(NoBackoff(), retries, (Unconnected,)),
        }


def parse(url: str) -> Target:
    """Raises Misconfigured, never with the URL: it may hold a password."""
    try:
        return read(url)
    except (ValueError, TypeError) as error:
        # redis-py's message may quote what it could not read.
        reason = str(error) if type(error) is Unreadable else "it can't be read"
        raise Misconfigured(f"should be {FORMS}: {reason}", key=("bus", "url")) from None


class Unreadable(ValueError):
    """The message is ours and holds nothing of the URL but host names and option names."""


def read(url: str) -> Target:
    parts = urlsplit(url)
    scheme, _, form = parts.scheme.partition("+")
    if scheme not in SCHEMES or (form and (form not in MODES or scheme == "unix")):
        raise Unreadable("the scheme is another one")
    options = known(parts.query)
    if not form:
        return single(url)
    mode: Mode = "sentinel" if form == "sentinel" else "cluster"
    user, _, netloc = parts.netloc.rpartition("@")
    hosts = tuple(host_of(item, PORTS[mode]) for item in netloc.split(","))
    own = {name.removeprefix("sentinel_"): value for name, value in options.items() if name.startswith("sentinel_")}
    rest = {name: value for name, value in options.items() if not name.startswith("sentinel_")}
    return clustered(mode, scheme, user, hosts, unquote(parts.path.strip("/")), rest, own)


def known(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if strange := sorted(set(options) - set(OPTIONS)):
        raise Unreadable(f"it knows no option {strange[0][:40]!r}, only {', '.join(OPTIONS)}")
    if not options.get("db", "0").isdigit():
        raise Unreadable("db is a number")
    return options


def single(url: str) -> Target:
    parts = urlsplit(url)
    made = dict(parse_url(url))
    if parts.scheme == "unix":
        name = str(made.get("path", ""))
    else:
        name = f"{parts.hostname or ''}:{parts.port or PORTS['single']}" if parts.hostname else ""
        if not parts.path.strip("/").isdigit() and parts.path not in ("", "/"):
            raise Unreadable("what follows the host is the number of a database")
    if not name:
        raise Unreadable("it names no host or path")
    return Target(mode="single", name=name, options=made)


def clustered(
    mode: Mode,
    scheme: str,
    user: str,
    hosts: tuple[tuple[str, int], ...],
    path: str,
    rest: dict[str, str],
    own: dict[str, Any],
) -> Target:
    """`path` is the service of a Sentinel; a cluster has one database and so no path."""
    if mode == "sentinel" and not path:
        raise Unreadable("it names no service: redis+sentinel://host1,host2/service")
    if mode == "cluster" and (path not in ("", "0") or rest.get("db", "0") != "0"):
        raise Unreadable("Redis Cluster has database 0 only")
    query = f"?{urlencode(rest)}" if rest else ""
    made = dict(parse_url(f"{scheme}://{user + '@' if user else ''}localhost{query}"))
    for name in ("host", "port", "connection_class", *(("db",) if mode == "cluster" else ())):
        made.pop(name, None)
    if scheme == "rediss":
        made["ssl"] = True
        own = {**{name: value for name, value in made.items() if name.startswith("ssl")}, **own}
    name = ",".join(f"{host}:{port}" for host, port in hosts)
    return Target(
        mode=mode,
        name=f"{mode} {path + ' at ' if path else ''}{name}",
        hosts=hosts,
        service=path,
        options=made,
        sentinel=own,
    )


def host_of(item: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{item}")
    if not parts.hostname or parts.path:
        raise Unreadable("one of its hosts has no name")
    return parts.hostname, parts.port or port
