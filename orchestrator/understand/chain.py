"""The configured chain of translation engines: the memory first, then each engine in order for what is left.

Nothing here raises for a customer's words: whatever an engine does wrong (late, down, empty, in another language,
a lost token), the next one is asked, and at the end of the chain the original is kept and the outcome says so.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.ports import Cache, Clock, Recorder
from orchestrator.types.understanding import StageOutcome
from orchestrator.understand.asking import Asking, Engine, Judge, Link, Shared
from orchestrator.understand.breaker import Breaker
from orchestrator.understand.glossary import Glossary
from orchestrator.understand.guard import Guard
from orchestrator.understand.memory import Memory
from orchestrator.understand.meter import Meter
from orchestrator.understand.pii import KINDS, Kind
from orchestrator.understand.proper import NOUNS_IN_CAPITALS
from orchestrator.understand.work import Work

# Above this many characters looking for what to keep takes some milliseconds: in a thread then.
LONG = 4000
# Nobody reads a message this long; translating it would keep the engines from everybody else's.
LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`texts` in the order asked, None where the original is to be kept; `engines` had a part in it, in order."""

    texts: tuple[str | None, ...]
    outcome: StageOutcome
    engines: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How an engine is doing: `up` is False while it is left alone; `trouble` is what went wrong last, "" when well."""

    name: str
    third_party: bool
    up: bool
    trouble: str
    characters_today: int
    characters_month: int
    requests_month: int


class Chain:
    """Engines in the order they are asked; `memory` is asked before all of them. Safe for concurrent calls."""

    def __init__(
        self,
        links: Sequence[Link] = (),
        *,
        clock: Clock,
        memory: Memory | None = None,
        glossary: Glossary | None = None,
        judge: Judge | None = None,
        cache: Cache | None = None,
        meter: Meter | None = None,
        recorder: Recorder | None = None,
        scope: str = "",
        private: tuple[Kind, ...] = KINDS,
        breaker_failures: int = 3,
        breaker_seconds: float = 30.0,
    ) -> None:
        self.links = tuple(links)
        self.clock = clock
        self.memory = memory or Memory()
        self.glossary = glossary or Glossary()
        self.judge = judge
        self.cache = cache
        self.meter = meter or Meter(scope, clock)
        self.recorder = recorder
        self.scope = scope
        self.private = private
        self.engines = [
            Engine(link, Breaker(clock, failures=breaker_failures, seconds=breaker_seconds), clock)
            for link in self.links
        ]

    async def open(self) -> None:
        await self.meter.open()
        for link in self.links:
            await link.translator.open()

    async def close(self) -> None:
        for link in self.links:
            await link.translator.close()
        await self.meter.close()

    def pairs(self, source: str, target: str) -> list[str]:
        """Names of the engines for this pair, in order."""
        return [link.name for link in self.links if link.takes(source, target)]

    def ready(self, source: str, target: str) -> bool:
        """Whether an engine for this pair may be asked now."""
        return any(self.up(engine) and engine.link.takes(source, target) for engine in self.engines)

    def up(self, engine: Engine) -> bool:
        return engine.up and not self.meter.refuses(engine.link.name, 1, engine.link.quota)

    async def translate(
        self,
        texts: Sequence[str],
        source: str,
        target: str,
        *,
        within: float = 10.0,
        acronyms: bool = False,
        names: tuple[str, ...] = (),
    ) -> Rendered:
        """All texts of one message in as few calls as can be, in at most `within` seconds."""
        if sum(map(len, texts)) > LONGEST:
            return Rendered(texts=(None,) * len(texts), outcome="skipped", detail=f"over {LONGEST} characters")
        guard = Guard(
            acronyms=acronyms,
            terms=self.glossary.of(source, target),
            names=names,
            private=self.private,
            proper=not acronyms and source not in NOUNS_IN_CAPITALS,
        )
        work = await self.prepare(texts, source, target, guard)
        until = self.clock.monotonic() + within
        engines = ["memory"] if work.remembered else []
        notes: list[str] = []
        for engine in self.engines:
            if not work.pending:
                break
            if not engine.link.takes(source, target):
                continue
            before = len(work.pending)
            note = await Asking(self.shared(), engine, (source, target), until).run(work)
            if len(work.pending) < before:
                engines.append(engine.link.name)
            if note:
                notes.append(f"{engine.link.name}: {note}")
        return self.rendered(work, engines, notes, f"{source}→{target}")

    def shared(self) -> Shared:
        return Shared(
            clock=self.clock,
            meter=self.meter,
            cache=self.cache,
            recorder=self.recorder,
            judge=self.judge,
            scope=self.scope,
            version=self.glossary.version,
        )

    async def prepare(self, texts: Sequence[str], source: str, target: str, guard: Guard) -> Work:
        if sum(map(len, texts)) > LONG:
            return await asyncio.to_thread(Work, texts, self.memory, source, target, guard)
        return Work(texts, self.memory, source, target, guard)

    def rendered(self, work: Work, engines: list[str], notes: list[str], pair: str) -> Rendered:
        if not work.pending:
            return Rendered(texts=work.texts(), outcome="ok", engines=tuple(engines), detail="; ".join([pair, *notes]))
        outcome: StageOutcome = "skipped"
        if notes:
            outcome = "late" if notes[-1].endswith(": late") else "failed"
        else:
            notes.append("no engine")
        notes.append(f"{len(work.pending)} of {len(work.done) + len(work.pending)} pieces kept as they were")
        detail = "; ".join([pair, *notes])
        return Rendered(texts=work.texts(), outcome=outcome, engines=tuple(engines), detail=detail)

    def health(self) -> list[Health]:
        """Of each engine, in order."""
        return [self.health_of(engine) for engine in self.engines]

    def health_of(self, engine: Engine) -> Health:
        name, today = engine.link.name, self.meter.today()
        month = today.replace(day=1)
        uses = [use for use in self.meter.uses() if use.engine == name and use.day >= month]
        return Health(
            name=name,
            third_party=engine.link.translator.third_party,
            up=self.up(engine),
            trouble=self.meter.refuses(name, 1, engine.link.quota) or engine.trouble,
            characters_today=sum(use.characters for use in uses if use.day == today),
            characters_month=sum(use.characters for use in uses),
            requests_month=sum(use.requests for use in uses),
        )
