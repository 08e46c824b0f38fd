"""What happened, for Prometheus: implements Recorder, in a registry of its own."""

import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from orchestrator.types import ChannelReport, Role

Made = TypeVar("Made", bound=MetricWrapperBase)

MOST_LABELS = 300
"""Label combinations one metric may have; what comes later is counted together, so that no tenant fills the memory."""
OTHER = "other"

TURN_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)
STAGE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

GAUGES = {
    "unprocessed": "Conversations with messages no turn has processed.",
    "outbox_pending": "Messages that wait to be sent, retries among them.",
    "outbox_failed": "Messages given up as undeliverable.",
    "handoffs_waiting": "Handoffs offered that nobody has accepted.",
    "conversations_open": "Conversations that are not closed.",
}


class Family(Generic[Made]):
    """One metric's children by their label values. Past `most` combinations, names become "other"; the outcome stays.

    `open` tells which labels hold names that users choose.
    """

    def __init__(self, metric: Made, open: Sequence[bool], most: int = MOST_LABELS) -> None:
        self.metric = metric
        self.open = open
        self.most = most
        self.children: dict[tuple[str, ...], Made] = {}

    def of(self, *labels: str) -> Made:
        return self.children.get(labels) or self.add(labels)

    def add(self, labels: tuple[str, ...]) -> Made:
        if len(self.children) >= self.most:
            labels = tuple(OTHER if open else label for open, label in zip(self.open, labels, strict=True))
        child = self.metric.labels(*labels)
        self.children[labels] = child
        return child


class Metrics:
    """Counting costs a look-up and an addition; `render` is what a scrape gets."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self.build(registry)
        self.turns = self.histogram("turn", "Turns, from the claim to the commit.", "app", TURN_SECONDS)
        self.stages = self.histogram("stage", "Stages of understanding.", "stage", STAGE_SECONDS)
        self.bots = self.histogram("bot", "Calls of bots.", "bot", TURN_SECONDS)
        self.deliveries = Family(
            Counter("parley_deliveries", "Tries to send a message.", ("channel", "outcome"), registry=registry),
            (True, False),
        )
        self.accepteds = Family(
            Counter("parley_accepted", "Events made durable.", ("channel", "role", "duplicate"), registry=registry),
            (True, False, False),
        )
        self.translations = self.histogram("translation", "Calls of translation engines.", "engine", STAGE_SECONDS)
        self.characters = Family(
            Counter("parley_translation_characters", "Sent to translation engines.", ("engine",), registry=registry),
            (True,),
        )
        self.store_up = Gauge("parley_store_up", "Whether the database answered this scrape.", registry=registry)
        self.engine_up = Gauge(
            "parley_translation_up",
            "Whether a translation engine may be asked now: 0 after failures, while throttled, or over its quota.",
            ("app", "engine"),
            registry=registry,
        )
        self.channel_up = Gauge(
            "parley_channel_up",
            "0 for a channel that is paused because its platform refuses us, or whose listener breaks.",
            ("app", "channel", "side"),
            registry=registry,
        )
        self.engines: Callable[[], Iterable[tuple[str, str, bool]]] = tuple
        self.counts: dict[str, Gauge] = {}
        self.known_troubles: set[tuple[str, str, str]] = set()

    def histogram(self, name: str, what: str, label: str, buckets: Sequence[float]) -> Family[Histogram]:
        labels = (label, "outcome")
        made = Histogram(f"parley_{name}_seconds", what, labels, registry=self.registry, buckets=buckets)
        return Family(made, (True, False))

    @staticmethod
    def build(registry: CollectorRegistry) -> None:
        info = Gauge("parley_build_info", "Always 1.", ("version", "python"), registry=registry)
        info.labels(metadata.version("parley"), platform.python_version()).set(1)

    def watch(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A gauge that is asked at each scrape."""
        Gauge(name, what, registry=self.registry).set_function(value)

    # Recorder

    def turn(self, app_id: str, outcome: str, seconds: float) -> None:
        self.turns.of(app_id, outcome).observe(seconds)

    def stage(self, stage: str, outcome: str, seconds: float) -> None:
        self.stages.of(stage, outcome).observe(seconds)

    def bot(self, bot: str, outcome: str, seconds: float) -> None:
        self.bots.of(bot, outcome).observe(seconds)

    def delivery(self, channel: str, outcome: str) -> None:
        self.deliveries.of(channel, outcome).inc()

    def accepted(self, channel: str, role: Role, duplicate: bool) -> None:
        self.accepteds.of(channel, role, "true" if duplicate else "false").inc()

    def translation(self, engine: str, outcome: str, seconds: float) -> None:
        self.translations.of(engine, outcome).observe(seconds)

    def translated(self, engine: str, characters: int) -> None:
        self.characters.of(engine).inc(characters)

    # Exposition

    def render(self, counts: Mapping[str, int] | None, accept: str = "") -> tuple[bytes, str]:
        """A scrape's body and content type, in the format `accept` (an Accept header) asks for.

        `counts` are Records.counts(), None when the database did not answer: then they are left out, because a gauge
        that stands still looks like all is well.
        """
        self.store_up.set(counts is not None)
        for app_id, engine, up in self.engines():
            self.engine_up.labels(app_id, engine).set(up)
        for name in set(self.counts) - set(counts or {}):
            self.registry.unregister(self.counts.pop(name))
        for name, value in (counts or {}).items():
            self.gauge(name).set(value)
        encode, content_type = encoder(accept)
        return encode(self.registry), content_type

    def troubled(self, reports: Sequence[ChannelReport]) -> None:
        """Those that were in trouble at the last scrape and are not any more stand at 1."""
        now = {(one.app_id, one.channel_id, one.side) for one in reports}
        for labels in self.known_troubles - now:
            self.channel_up.labels(*labels).set(1)
        for labels in now:
            self.channel_up.labels(*labels).set(0)
        self.known_troubles |= now

    def gauge(self, name: str) -> Gauge:
        if name not in self.counts:
            self.counts[name] = Gauge(
                f"parley_{name}", GAUGES.get(name, "As the store counts it."), registry=self.registry
            )
        return self.counts[name]


def encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """prometheus_client raises TypeError on a version that is no number: such a client gets plain text."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return choose_encoder("")
