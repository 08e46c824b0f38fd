"""What a process has for each channel there is now: apps are replaced as they run, and channels with them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from orchestrator.engine.app import App, Channel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    app_id: str
    channel: Channel
    value: T | None


class PerChannel(Mapping[str, T]):
    """By channel id: what `make` makes of a channel, once, or nothing where it returns None.

    A look that succeeds costs three look-ups in tables, whatever the number of apps: hooks are a hot path.
    """

    def __init__(self, apps: Mapping[str, App], make: Callable[[App, Channel], T | None]) -> None:
        self.apps = apps
        self.make = make
        self.kept: dict[str, Kept[T]] = {}

    def __getitem__(self, channel_id: str) -> T:
        kept = self.kept.get(channel_id)
        if kept is None or not self.stands(kept):
            kept = self.found(channel_id)
        if kept is None or kept.value is None:
            raise KeyError(channel_id)
        return kept.value

    def stands(self, kept: Kept[T]) -> bool:
        app = self.apps.get(kept.app_id)
        return app is not None and app.channels.get(kept.channel.id) is kept.channel

    def found(self, channel_id: str) -> Kept[T] | None:
        self.kept.pop(channel_id, None)
        for app in self.apps.values():
            if (channel := app.channels.get(channel_id)) is not None:
                made = Kept(app.id, channel, self.make(app, channel))
                self.kept[channel_id] = made
                return made
        return None

    def __iter__(self) -> Iterator[str]:
        return (name for app in self.apps.values() for name in app.channels if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)
