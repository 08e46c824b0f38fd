"""What Prometheus gets to read, parsed by its own parser."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain

from orchestrator.adapters.metrics import MOST_LABELS, Metrics
from orchestrator.ports import Recorder

COUNTS = {"unprocessed": 3, "outbox_pending": 2, "outbox_failed": 1, "handoffs_waiting": 4, "conversations_open": 5}

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(metrics: Metrics, counts: dict[str, int] | None = None) -> Samples:
    body, _ = metrics.render(counts)
    families = plain(body.decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def labels(**named: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(named.items()))


def test_everything_the_engine_reports_is_counted() -> None:
    metrics = Metrics()
    recorder: Recorder = metrics
    recorder.turn("shop", "answered", 0.2)
    recorder.turn("shop", "answered", 0.4)
    recorder.turn("shop", "failed", 70.0)
    recorder.stage("language", "ok", 0.0007)
    recorder.bot("guide", "timeout", 10.0)
    recorder.delivery("whatsapp", "sent")
    recorder.accepted("web", "customer", False)
    recorder.accepted("web", "customer", True)
    recorder.accepted("web", "customer", True)
    seen = read(metrics)
    assert seen["parley_turn_seconds_count", labels(app="shop", outcome="answered")] == 2
    assert seen["parley_turn_seconds_sum", labels(app="shop", outcome="answered")] == pytest.approx(0.6)
    assert seen["parley_turn_seconds_bucket", labels(app="shop", outcome="answered", le="0.25")] == 1
    assert seen["parley_turn_seconds_bucket", labels(app="shop", outcome="failed", le="60.0")] == 0
    assert seen["parley_turn_seconds_bucket", labels(app="shop", outcome="failed", le="+Inf")] == 1
    assert seen["parley_stage_seconds_bucket", labels(stage="language", outcome="ok", le="0.001")] == 1
    assert seen["parley_bot_seconds_count", labels(bot="guide", outcome="timeout")] == 1
    assert seen["parley_deliveries_total", labels(channel="whatsapp", outcome="sent")] == 1
    assert seen["parley_accepted_total", labels(channel="web", role="customer", duplicate="false")] == 1
    assert seen["parley_accepted_total", labels(channel="web", role="customer", duplicate="true")] == 2


def test_the_stores_counts_are_those_of_the_scrape() -> None:
    metrics = Metrics()
    seen = read(metrics, COUNTS)
    assert {name: seen[f"parley_{name}", ()] for name in COUNTS} == COUNTS
    assert seen["parley_store_up", ()] == 1
    assert read(metrics, COUNTS | {"unprocessed": 0})["parley_unprocessed", ()] == 0


def test_without_the_store_no_old_counts_are_shown() -> None:
    metrics = Metrics()
    read(metrics, COUNTS)
    seen = read(metrics, None)
    assert seen["parley_store_up", ()] == 0
    assert not any(name.removeprefix("parley_") in COUNTS for name, _ in seen)
    assert read(metrics, COUNTS)["parley_unprocessed", ()] == 3


def test_what_runs_is_named() -> None:
    names = {name: dict(found) for name, found in read(Metrics())}
    assert names["parley_build_info"]["version"]
    assert "process_resident_memory_bytes" in names


def test_each_has_its_own_registry() -> None:
    one, two = Metrics(), Metrics()
    one.delivery("web", "sent")
    assert not any(name.startswith("parley_deliveries") for name, _ in read(two))


def test_names_without_end_are_counted_together() -> None:
    metrics = Metrics()
    for number in range(3 * MOST_LABELS):
        metrics.bot(f"bot-{number}", "ok", 0.1)
    metrics.bot("bot-1", "ok", 0.1)
    metrics.bot("late", "failed", 0.1)
    seen = read(metrics)
    counted = {
        (dict(found)["bot"], dict(found)["outcome"]): value
        for (name, found), value in seen.items()
        if name == "parley_bot_seconds_count"
    }
    assert len(counted) <= MOST_LABELS + 2
    assert sum(counted.values()) == 3 * MOST_LABELS + 2
    assert counted["bot-1", "ok"] == 2
    assert counted["other", "ok"] == 2 * MOST_LABELS
    assert counted["other", "failed"] == 1


@pytest.mark.parametrize("name", ['quo"te', "new\nline", "back\\slash", "", "ñandú", "x" * 1000])
def test_any_name_is_escaped(name: str) -> None:
    metrics = Metrics()
    metrics.turn(name, "answered", 0.1)
    assert read(metrics)["parley_turn_seconds_count", labels(app=name, outcome="answered")] == 1


def test_openmetrics_for_those_who_ask() -> None:
    metrics = Metrics()
    metrics.delivery("web", "sent")
    body, content_type = metrics.render(COUNTS, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert content_type.startswith("application/openmetrics-text")
    assert "parley_deliveries" in {family.name for family in openmetrics(body.decode())}


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "text/html", "text/plain; version=abc", "application/openmetrics-text; version=x", "\x00" * 99],
)
def test_anybody_else_gets_plain_text(accept: str) -> None:
    body, content_type = Metrics().render(COUNTS, accept)
    assert content_type.startswith("text/plain")
    assert b"parley_unprocessed 3.0" in body


def test_translation_engines_are_counted_and_seen_to_be_up() -> None:
    metrics = Metrics()
    recorder: Recorder = metrics
    recorder.translation("deepl", "ok", 0.2)
    recorder.translated("deepl", 40)
    recorder.translated("deepl", 2)
    metrics.engines = lambda: [("shop", "deepl", False), ("shop", "apertium", True)]
    found = read(metrics)
    assert found["parley_translation_seconds_count", labels(engine="deepl", outcome="ok")] == 1
    assert found["parley_translation_characters_total", labels(engine="deepl")] == 42
    assert found["parley_translation_up", labels(app="shop", engine="deepl")] == 0
    assert found["parley_translation_up", labels(app="shop", engine="apertium")] == 1
