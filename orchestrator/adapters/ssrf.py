"""Which addresses a request may go to when somebody else chose the URL.

A name is resolved here, every address it has is judged, and the caller connects to those very addresses: what the name
says a moment later (DNS rebinding) no longer matters.
"""

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

from orchestrator.errors import SendFailed

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# IANA's special-purpose registry (iana.org/assignments/iana-ipv4-special-registry), multicast, the former class E, and
# 168.63.129.16, a public address behind which every Azure machine finds its platform (learn.microsoft.com, "What is IP
# address 168.63.129.16?"). Our own table, because what `ipaddress` calls global differs between releases of Python.
CLOSED_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.31.196.0/24",
            "192.52.193.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "192.175.48.0/24",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)

# All of IPv6 in use is 2000::/3 (iana.org/assignments/ipv6-address-space), so ::1, ::ffff:0:0/96 (mapped IPv4),
# fc00::/7, fe80::/10 and ff00::/8 need no line. Closed within it: protocols such as Teredo, documentation, 6to4, AS112.
OPEN_V6 = IPv6Network("2000::/3")
CLOSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")))
NAT64 = IPv6Network("64:ff9b::/96")
"""How a network without IPv4 reaches it: judged by the IPv4 address in the last 32 bits (RFC 6052)."""

HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
LOW_PORTS = (80, 443)
"""Of the ports below 1024, those where HTTP lives; the others speak something a request could be smuggled into."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def web(url: URL) -> bool:
    """Whether it is http or https and has a host without spaces, escapes, zones and other surprises."""
    return url.scheme in ("http", "https") and HOST.fullmatch(url.raw_host or "") is not None


class Guard:
    """`allow` names networks that are let through although they are private ("10.20.0.0/16"), `ours` one address of
    a server ("http://127.0.0.1:8000") that is let through wherever it is.
    """

    def __init__(self, resolve: Resolve = resolve, *, allow: Iterable[str] = (), ours: str = "") -> None:
        self.resolve = resolve
        self.allow: tuple[Network, ...] = tuple(map(ip_network, allow))
        self.ours = URL(ours).origin() if ours else None

    async def addresses(self, url: URL) -> tuple[str, ...]:
        """Where `url` may be asked for, best first. Raises SendFailed: refused (not retryable), or an unknown name."""
        host, port = url.raw_host or "", url.port or 0
        if port not in LOW_PORTS and port < 1024:
            raise SendFailed(f"port {port} of {host!r} is not one a web server has", retryable=False)
        found = await self.look_up(host, port)
        if url.origin() != self.ours and any(self.closed(address) for address in found):
            raise SendFailed(f"host {host!r} is on a private or reserved network; it is not called", retryable=False)
        return tuple(map(str, found))

    async def look_up(self, host: str, port: int) -> Sequence[Address]:
        with contextlib.suppress(ValueError):
            return [ip_address(host)]
        try:
            found = [ip_address(address) for address in await self.resolve(host, port)]
        except (OSError, ValueError):  # UnicodeError, a ValueError, when a label is too long for IDNA
            found = []
        if not found:
            raise SendFailed(f"host {host!r} has no address", retryable=True)
        return found

    def closed(self, address: Address) -> bool:
        if any(address in network for network in self.allow):
            return False
        if isinstance(address, IPv4Address):
            return any(address in network for network in CLOSED_V4)
        if address in NAT64:
            return self.closed(IPv4Address(address.packed[12:]))
        return address not in OPEN_V6 or any(address in network for network in CLOSED_V6)
