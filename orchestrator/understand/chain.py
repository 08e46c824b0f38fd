"""The configured chain of translation engines: the memory first, then each engine in order for what is left.

Nothing here raises for a customer's words: whatever an engine does wrong (late, down, empty, in another language,
a lost token), the next one is asked, and at the end of the chain the original is kept and the outcome says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Translator
from orchestrator.types.understanding import StageOutcome
from orchestrator.understand.breaker import Breaker
from orchestrator.understand.cache import Cache
from orchestrator.understand.guard import Masked, between, join, restore
from orchestrator.understand.memory import Memory
from orchestrator.understand.work import Work

Judge = Callable[[str, str, str], Awaitable[bool]]
"""(text, source, target): whether the text clearly is not in the target language."""

# Above this many characters looking for what to keep takes some milliseconds: in a thread then.
LONG = 4000
# Nobody reads a message this long; translating it would keep the engines from everybody else's.
LONGEST = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One engine of the chain and the seconds one call may take."""

    translator: Translator
    timeout: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """`texts` in the order asked, None where the original is to be kept; `engines` had a part in it, in order."""

    texts: tuple[str | None, ...]
    outcome: StageOutcome
    engines: tuple[str, ...] = ()
    detail: str = ""


class Chain:
    """Engines in the order they are asked; `memory` is asked before all of them. Safe for concurrent calls."""

    def __init__(
        self,
        links: Sequence[Link] = (),
        *,
        clock: Clock,
        memory: Memory | None = None,
        judge: Judge | None = None,
        cache: int = 4096,
        breaker_failures: int = 3,
        breaker_seconds: float = 30.0,
    ) -> None:
        self.links = tuple(links)
        self.clock = clock
        self.memory = memory or Memory()
        self.judge = judge
        self.cache = Cache(cache)
        self.breakers = [Breaker(clock, failures=breaker_failures, seconds=breaker_seconds) for _ in self.links]

    async def open(self) -> None:
        for link in self.links:
            await link.translator.open()

    async def close(self) -> None:
        for link in self.links:
            await link.translator.close()

    def pairs(self, source: str, target: str) -> list[str]:
        """Names of the engines for this pair, in order."""
        return [link.translator.name for link in self.links if link.translator.pairs(source, target)]

    async def translate(
        self, texts: Sequence[str], source: str, target: str, *, within: float = 10.0, acronyms: bool = False
    ) -> Rendered:
        """All texts of one message in as few calls as can be, in at most `within` seconds."""
        if sum(map(len, texts)) > LONGEST:
            return Rendered(texts=(None,) * len(texts), outcome="skipped", detail=f"over {LONGEST} characters")
        work = await self.prepare(texts, source, target, acronyms=acronyms)
        until = self.clock.monotonic() + within
        engines = ["memory"] if work.remembered else []
        notes: list[str] = []
        for link, breaker in zip(self.links, self.breakers, strict=True):
            if not work.pending:
                break
            if not link.translator.pairs(source, target):
                continue
            before = len(work.pending)
            note = await Asking(self, link, breaker, (source, target), until).run(work)
            if len(work.pending) < before:
                engines.append(link.translator.name)
            if note:
                notes.append(f"{link.translator.name}: {note}")
        return self.rendered(work, engines, notes, f"{source}→{target}")

    async def prepare(self, texts: Sequence[str], source: str, target: str, *, acronyms: bool) -> Work:
        if sum(map(len, texts)) > LONG:
            return await asyncio.to_thread(Work, texts, self.memory, source, target, acronyms=acronyms)
        return Work(texts, self.memory, source, target, acronyms=acronyms)

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


@dataclass(frozen=True, slots=True)
class Asking:
    """One engine's go at what is left of a message."""

    chain: Chain
    link: Link
    breaker: Breaker
    pair: tuple[str, str]
    until: float

    async def run(self, work: Work) -> str:
        """Move what the engine could translate from pending to done. Returns what went wrong, or ""."""
        self.from_cache(work)
        if not work.pending:
            return ""
        if not self.breaker.allows():
            return "left alone after failures"
        try:
            problems = await self.ask(work)
        except TimeoutError:
            self.breaker.failed()
            return "late"
        except EngineFailed as error:
            self.breaker.failed(error.retry_after)
            return str(error)
        except asyncio.CancelledError:
            self.breaker.gave_up()
            raise
        except Exception as error:
            # An engine is somebody else's code: whatever it raises must not end a customer's turn.
            self.breaker.failed()
            return f"raised {type(error).__name__}"
        self.breaker.succeeded()
        return ", ".join(sorted(problems))

    def from_cache(self, work: Work) -> None:
        for text, masked in list(work.pending.items()):
            found = self.chain.cache.get(self.key(masked))
            if found is not None and (whole := restore(found, masked)) is not None:
                work.keep(text, whole)

    def key(self, masked: Masked) -> tuple[str, str, str, str]:
        return (self.link.translator.name, *self.pair, masked.text)

    async def ask(self, work: Work) -> set[str]:
        """First with tokens in the text; where one got lost, again with only the words between them."""
        asked = list(work.pending.items())
        answers = await self.call([masked.text for _, masked in asked])
        problems: set[str] = set()
        lost: list[tuple[str, Masked]] = []
        for (text, masked), answer in zip(asked, answers, strict=True):
            problem = await self.take(work, text, masked, answer)
            if problem == "token lost":
                lost.append((text, masked))
            elif problem:
                problems.add(problem)
        if lost:
            problems |= await self.ask_between(work, lost)
        return problems

    async def ask_between(self, work: Work, lost: list[tuple[str, Masked]]) -> set[str]:
        words = [word for _, masked in lost for word in between(masked) if has_letters(word)]
        answers = iter(await self.call([word.strip() for word in words]))
        problems: set[str] = set()
        for text, masked in lost:
            said = tuple(
                same_edges(word, next(answers) or word) if has_letters(word) else word for word in between(masked)
            )
            if problem := await self.take(work, text, masked, join(said)):
                problems.add(problem)
        return problems

    async def call(self, texts: list[str]) -> Sequence[str | None]:
        """Raises TimeoutError, EngineFailed, or whatever the engine raises."""
        left = min(self.link.timeout, self.until - self.chain.clock.monotonic())
        if left <= 0:
            raise TimeoutError
        async with asyncio.timeout(left):
            answers = await self.link.translator.translate(texts, *self.pair)
        if len(answers) != len(texts):
            raise EngineFailed(f"answered {len(answers)} texts for {len(texts)}")
        return answers

    async def take(self, work: Work, text: str, masked: Masked, answer: str | None) -> str:
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
        if self.chain.judge and await self.chain.judge(whole, *self.pair):
            return "an answer in another language"
        self.chain.cache.put(self.key(masked), said)
        work.keep(text, whole)
        return ""


def has_letters(text: str) -> bool:
    return any(char.isalpha() for char in text)


def same_words(one: str, other: str) -> bool:
    return one.split() == other.split()


def same_edges(original: str, text: str) -> str:
    """Engines trim what they are given; the blanks beside a token are part of the layout."""
    core = original.strip()
    at = original.index(core)
    return original[:at] + text.strip() + original[at + len(core) :]
