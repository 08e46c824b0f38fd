"""The engines under test, made and opened as a server does it, without a server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.adapters.metrics import Metrics
from orchestrator.cli.nlp.evaluator import Setting
from orchestrator.ports import Translator
from orchestrator.registry import Workshop, stage
from orchestrator.understand import Chain, Link, Understander

T = TypeVar("T")
LANGUAGE_ENGINE = Setting(
    name="language-engine", default="langid", help="Engine that tells languages: an entry point in parley.nlp."
)
# An evaluation measures what an engine says; how late it may be is measured elsewhere.
PATIENCE = 30.0


@asynccontextmanager
async def understanding(
    engines: Sequence[tuple[str, str]],
    languages: Sequence[str],
    *,
    translators: Sequence[Translator] = (),
    given: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> AsyncIterator[Understander]:
    """`engines` are pairs of role and name, `given` their settings by name.

    Raises Misconfigured or EngineFailed for one that can't be used.
    """
    clock, http = SystemClock(), HttpClient()
    here = Path.cwd()
    workshop = Workshop(clock=clock, http=http, files=LocalFiles(here, clock), recorder=Metrics(), base=here)
    made = Understander(
        stages=[stage(role, 0, name, given.get(name, {}), workshop) for role, name in engines],
        chain=Chain([Link(translator=one, timeout=PATIENCE) for one in translators], clock=clock),
        languages=languages,
        clock=clock,
        recorder=workshop.recorder,
        deadline=PATIENCE,
    )
    # An engine under test, or one that garbles on purpose, is believed whatever it answers.
    made.chain.judge = believed if translators else made.chain.judge
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def believed(text: str, source: str, target: str) -> bool:
    return False


def run(work: Callable[[], Awaitable[T]]) -> T:
    async def worked() -> T:
        return await work()

    return asyncio.run(worked())
