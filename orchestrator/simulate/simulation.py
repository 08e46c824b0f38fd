"""Which platforms are played, and the channels that lead to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from orchestrator.config import ChannelSettings, Settings
from orchestrator.errors import Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Clock, Http, StandIn
from orchestrator.registry import found, plugin
from orchestrator.simulate.platform import Platform

RATE = 600
"""Messages a minute one simulated customer may send: trying is done faster than chatting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """`platforms` by channel id."""

    platforms: Mapping[str, Platform]

    def open(self, http: Http) -> None:
        """From now on platforms deliver."""
        for platform in self.platforms.values():
            platform.courier.open(http)

    async def close(self) -> None:
        for platform in self.platforms.values():
            await platform.close()


def playable() -> list[str]:
    """Kinds of channels whose platform can be played on this machine."""
    return [kind for kind in sorted(found("connectors")) if maker(kind) is not None]


def maker(kind: str) -> Callable[[Clock], StandIn] | None:
    return cast(Callable[[Clock], StandIn] | None, getattr(plugin("connectors", kind), "stand_in", None))


def simulated(
    settings: Settings, app_id: str, kinds: Sequence[str], url: str, clock: Clock
) -> tuple[Settings, Simulation]:
    """The settings with a channel for each kind, that leads to a platform played at `url`. Raises Misconfigured."""
    channels: dict[str, ChannelSettings] = {}
    platforms: dict[str, Platform] = {}
    taken = {name for app in settings.apps.values() for name in app.channels}
    for kind in kinds:
        make = maker(kind) if kind in found("connectors") else None
        if make is None:
            raise Misconfigured(nowhere("platform that can be played", kind, playable()))
        name = kind if kind not in taken else f"try-{kind}"
        stand_in = make(clock)
        hook = f"{url}/hooks/{name}"
        channels[name] = channel(kind, stand_in.settings(f"{url}/simulate/{name}/api"))
        platforms[name] = Platform(name, stand_in, hook)
    app = settings.apps[app_id]
    app = app.model_copy(update={"channels": {**app.channels, **channels}})
    apps = {**settings.apps, app_id: app}
    return settings.model_copy(update={"apps": apps}), Simulation(platforms=platforms)


def channel(kind: str, own: Mapping[str, Any]) -> ChannelSettings:
    return ChannelSettings.model_validate({"kind": kind, "rate": RATE, **own})
