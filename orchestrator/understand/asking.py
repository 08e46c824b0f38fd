"""One engine's go at what is left of a message."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.errors import EngineFailed, PairRefused, ParleyError
from orchestrator.ports import Cache, Clock, Recorder, Translator
from orchestrator.understand.breaker import Breaker
from orchestrator.understand.guard import Masked, between, join, restore
from orchestrator.understand.meter import Meter, Quota
from orchestrator.understand.work import Work

Judge = Callable[[str, str, str], Awaitable[bool]]
"""(text, source, target): whether the text clearly is not in the target language."""

# A cache that takes longer than an engine is none.
CACHE_SECONDS = 0.25
# Longer texts hardly come twice.
LONGEST_CACHED = 2000
# Before an engine that did nothing yet is asked again, and what must be left of its time then.
RETRY_SECONDS = 0.1
WORTH_RETRYING = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One engine of the chain, the seconds one call may take, what it may be sent, and for which pairs it is asked.

    `only` has pairs such as "es-en", "*-nl" or "en-*"; () are all that the engine has. `label` tells apart two links of
    one kind of engine.
    """

    translator: Translator
    timeout: float = 2.0
    quota: Quota = Quota()
    only: tuple[str, ...] = ()
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or self.translator.name

    def takes(self, source: str, target: str) -> bool:
        wanted = {f"{source}-{target}", f"*-{target}", f"{source}-*"}
        return (not self.only or not wanted.isdisjoint(self.only)) and self.translator.pairs(source, target)


@dataclass(slots=True)
class Engine:
    """A link at work: its breakers and how it has been doing."""

    link: Link
    breaker: Breaker
    clock: Clock
    by_pair: dict[tuple[str, str], Breaker] = field(default_factory=dict)
    trouble: str = ""

    def allows(self, pair: tuple[str, str]) -> bool:
        return pair not in self.by_pair or self.by_pair[pair].allows()

    def refused(self, pair: tuple[str, str]) -> None:
        """An engine that does not do a pair, or a text, may well do the others."""
        breaker = self.breaker
        fresh = Breaker(self.clock, failures=breaker.failures, seconds=breaker.seconds)
        self.by_pair.setdefault(pair, fresh).failed()

    @property
    def up(self) -> bool:
        return self.breaker.closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What every engine of a chain shares. `scope` keeps one app's cached texts from another's."""

    clock: Clock
    meter: Meter
    cache: Cache | None = None
    recorder: Recorder | None = None
    judge: Judge | None = None
    scope: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    shared: Shared
    engine: Engine
    pair: tuple[str, str]
    until: float

    @property
    def link(self) -> Link:
        return self.engine.link

    async def run(self, work: Work) -> str:
        """Move what the engine could translate from pending to done. Returns what went wrong, or ""."""
        await self.from_cache(work)
        if not work.pending:
            return ""
        if reason := self.shared.meter.refuses(self.link.name, size(work), self.link.quota):
            self.engine.trouble = reason
            return reason
        if not self.engine.allows(self.pair) or not self.engine.breaker.allows():
            return "left alone after failures"
        start = self.shared.clock.monotonic()
        outcome, note = await self.guarded(work)
        self.engine.trouble = note if outcome != "ok" else ""
        if self.shared.recorder is not None:
            self.shared.recorder.translation(self.link.name, outcome, self.shared.clock.monotonic() - start)
        return note

    async def guarded(self, work: Work) -> tuple[str, str]:
        """Outcome and what went wrong; the breaker is told."""
        breaker = self.engine.breaker
        try:
            problems = await self.ask(work)
        except TimeoutError:
            breaker.failed()
            return "late", "late"
        except PairRefused as error:
            breaker.gave_up()
            self.engine.refused(self.pair)
            return "failed", str(error)
        except EngineFailed as error:
            breaker.failed(error.retry_after)
            return "failed", str(error)
        except asyncio.CancelledError:
            breaker.gave_up()
            raise
        except Exception as error:
            # An engine is somebody else's code: whatever it raises must not end a customer's turn.
            breaker.failed()
            return "failed", f"raised {type(error).__name__}"
        breaker.succeeded()
        return "ok", ", ".join(sorted(problems))

    # Cache

    async def from_cache(self, work: Work) -> None:
        if self.shared.cache is None:
            return
        asked = list(work.pending.items())
        found: Sequence[str | None] = ()
        try:
            async with asyncio.timeout(CACHE_SECONDS):
                found = await self.shared.cache.get_many([self.key(masked) for _, masked in asked])
        except (ParleyError, TimeoutError):
            return
        for (text, masked), said in zip(asked, found, strict=False):
            if said is not None and (whole := restore(said, masked)) is not None:
                work.keep(text, whole)

    async def remember(self, answers: dict[str, str]) -> None:
        if self.shared.cache is None or not answers:
            return
        try:
            async with asyncio.timeout(CACHE_SECONDS):
                await self.shared.cache.set_many(answers)
        except (ParleyError, TimeoutError):
            return

    def key(self, masked: Masked) -> str:
        """App, engine, pair, version of the glossary and the guarded text: customers' values are not part of it."""
        digest = hashlib.sha256(masked.text.encode("utf-8", "replace")).hexdigest()
        place = (self.shared.scope, self.link.name, *self.pair, self.shared.version)
        return ":".join((*place, digest))[-250:]

    # Calls

    async def ask(self, work: Work) -> set[str]:
        """First with tokens in the text; where one got lost, again with only the words between them."""
        asked = list(work.pending.items())
        answers = await self.call([masked.text for _, masked in asked])
        problems: set[str] = set()
        lost: list[tuple[str, Masked]] = []
        known: dict[str, str] = {}
        for (text, masked), answer in zip(asked, answers, strict=True):
            problem = await self.take(work, text, masked, answer, known)
            if problem == "token lost":
                lost.append((text, masked))
            elif problem:
                problems.add(problem)
        if lost:
            problems |= await self.ask_between(work, lost, known)
        await self.remember(known)
        return problems

    async def ask_between(self, work: Work, lost: list[tuple[str, Masked]], known: dict[str, str]) -> set[str]:
        words = [word for _, masked in lost for word in between(masked) if has_letters(word)]
        answers = iter(await self.call([word.strip() for word in words]))
        problems: set[str] = set()
        for text, masked in lost:
            said = tuple(
                same_edges(word, next(answers) or word) if has_letters(word) else word for word in between(masked)
            )
            if problem := await self.take(work, text, masked, join(said), known):
                problems.add(problem)
        return problems

    async def call(self, texts: list[str]) -> Sequence[str | None]:
        """Raises TimeoutError, EngineFailed, or whatever the engine raises.

        Once more when the engine did nothing yet: a translation asked for twice changes nothing but its cost.
        """
        until = min(self.shared.clock.monotonic() + self.link.timeout, self.until)
        try:
            return await self.once(texts, until)
        except EngineFailed as error:
            if not error.retryable or until - self.shared.clock.monotonic() < WORTH_RETRYING:
                raise
        await asyncio.sleep(RETRY_SECONDS)
        return await self.once(texts, until)

    async def once(self, texts: list[str], until: float) -> Sequence[str | None]:
        left = until - self.shared.clock.monotonic()
        if left <= 0:
            raise TimeoutError
        characters = sum(map(len, texts))
        self.shared.meter.count(self.link.name, characters)
        if self.shared.recorder is not None:
            self.shared.recorder.translated(self.link.name, characters)
        async with asyncio.timeout(left):
            answers = await self.link.translator.translate(texts, *self.pair)
        if len(answers) != len(texts):
            raise EngineFailed(f"answered {len(answers)} texts for {len(texts)}")
        return answers

    async def take(self, work: Work, text: str, masked: Masked, answer: str | None, known: dict[str, str]) -> str:
        """Keep the answer if it can be believed; else say what is wrong with it."""
        said = masked.text if answer is None else answer
        if not isinstance(said, str) or not said.strip():
            return "an empty answer"
        if len(said) > 4 * len(masked.text) + 200:
            return "an answer far too long"
        whole = restore(said, masked)
        if whole is None:
            return "token lost"
        if same_words(said, masked.text) and len(said.split()) >= 3:
            return "an unchanged answer"
        if self.shared.judge and await self.shared.judge(whole, *self.pair):
            return "an answer in another language"
        if len(said) <= LONGEST_CACHED:
            known[self.key(masked)] = said
        work.keep(text, whole)
        return ""


def size(work: Work) -> int:
    return sum(len(masked.text) for masked in work.pending.values())


def has_letters(text: str) -> bool:
    return any(char.isalpha() for char in text)


def same_words(one: str, other: str) -> bool:
    return one.split() == other.split()


def same_edges(original: str, text: str) -> str:
    """Engines trim what they are given; the blanks beside a token are part of the layout."""
    core = original.strip()
    at = original.index(core)
    return original[:at] + text.strip() + original[at + len(core) :]
