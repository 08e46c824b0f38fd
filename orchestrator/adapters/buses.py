"""The bus that [bus] url names."""

from orchestrator.adapters.cache import MemoryCache
from orchestrator.adapters.localbus import LocalBus
from orchestrator.config import BusSettings
from orchestrator.ports import Bus, Cache, Clock, Store


def bus_of(settings: BusSettings, clock: Clock, store: Store) -> tuple[Bus, Cache]:
    """With the cache that goes with it, neither opened yet. Raises Misconfigured."""
    if not settings.url:
        return LocalBus(clock), MemoryCache()
    # Its driver takes 150 ms to import, which a process alone need not wait for.
    from orchestrator.adapters.redisbus import RedisBus

    bus = RedisBus(
        settings.url,
        clock,
        deployment=store.deployment,
        prefix=settings.prefix,
        timeout=settings.timeout,
        lease=settings.lease_seconds,
        patience=settings.patience_seconds,
    )
    return bus, bus.cache()
