"""Putting together what stages that ran side by side have found."""

from collections.abc import Sequence

from orchestrator.copies import replace
from orchestrator.types import Understanding


def merged(known: Understanding, found: Sequence[Understanding]) -> Understanding:
    """Of each field what the first that found something says; signals of all; the surest wish for a person."""
    sentiment = next((one.sentiment for one in found if one.sentiment), known.sentiment)
    intents = next((one.intents for one in found if one.intents), known.intents)
    signals = dict.fromkeys((*known.signals, *(signal for one in found for signal in one.signals)))
    wants_person = max((known.wants_person, *(one.wants_person for one in found)))
    out_of_scope = max((known.out_of_scope, *(one.out_of_scope for one in found)))
    return replace(
        known,
        sentiment=sentiment,
        intents=intents,
        signals=tuple(signals),
        wants_person=wants_person,
        out_of_scope=out_of_scope,
    )
