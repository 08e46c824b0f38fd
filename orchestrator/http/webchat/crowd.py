"""How many connections each visitor and each address holds in this process."""

import ipaddress
from collections import Counter
from collections.abc import Mapping

from orchestrator.errors import Throttled
from orchestrator.http.webchat.channels import WebChannel


class Crowd:
    def __init__(self) -> None:
        self.held: Counter[str] = Counter()

    def joined(self, channel: WebChannel, visitor_id: str, address: str) -> "Place":
        limits = {f"visitor {visitor_id}": channel.settings.sockets_per_visitor}
        if public(address):
            limits[f"address {address}"] = channel.settings.sockets_per_address
        return Place(self.held, limits)


class Place:
    """A context: raises Throttled on entering when either has too many.

    Not a @contextmanager: each open page has one, and a suspended generator with what it needs takes half a kilobyte.
    """

    __slots__ = ("held", "keys", "limits")

    def __init__(self, held: Counter[str], limits: Mapping[str, int]) -> None:
        self.held = held
        self.keys = tuple(limits)
        self.limits = tuple(limits.values())

    def __enter__(self) -> None:
        if any(self.held[key] >= limit for key, limit in zip(self.keys, self.limits, strict=True)):
            raise Throttled("too many connections are open: close some tabs", retry_after=30.0)
        self.held.update(self.keys)

    def __exit__(self, *_: object) -> None:
        self.held.subtract(self.keys)
        for key in self.keys:
            if self.held[key] <= 0:
                del self.held[key]


def public(address: str) -> bool:
    """Whether one person or office stands behind it; a private address may be a proxy that speaks for everybody."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
