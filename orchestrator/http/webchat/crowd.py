"""How many connections each visitor and each address holds in this process."""

import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import Throttled
from orchestrator.http.webchat.channels import WebChannel


class Crowd:
    def __init__(self) -> None:
        self.held: Counter[str] = Counter()

    @contextmanager
    def joined(self, channel: WebChannel, visitor_id: str, address: str) -> Iterator[None]:
        """Raises Throttled when either has too many."""
        limits = {f"visitor {visitor_id}": channel.settings.sockets_per_visitor}
        if public(address):
            limits[f"address {address}"] = channel.settings.sockets_per_address
        if any(self.held[key] >= limit for key, limit in limits.items()):
            raise Throttled("too many connections are open: close some tabs", retry_after=30.0)
        self.held.update(limits.keys())
        try:
            yield
        finally:
            self.held.subtract(limits.keys())
            for key in limits:
                if self.held[key] <= 0:
                    del self.held[key]


def public(address: str) -> bool:
    """Whether one person or office stands behind it; a private address may be a proxy that speaks for everybody."""
    try:
        return ipaddress.ip_address(address).is_global
    except ValueError:
        return False
