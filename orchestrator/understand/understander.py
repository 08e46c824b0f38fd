"""Runs the stages of a turn: language, then the pivot translation, then everything that reads the words."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from orchestrator.copies import replace
from orchestrator.decide.language import decide_language, looks_like_name, telling_part, written_in
from orchestrator.errors import EngineFailed
from orchestrator.ports import Clock, Recorder, Stage
from orchestrator.types import Language, Part, StageRun, Understanding, Utterance
from orchestrator.types.understanding import StageOutcome
from orchestrator.understand.chain import Chain
from orchestrator.understand.guard import is_machine_text, mask, plain_words
from orchestrator.understand.merge import merged
from orchestrator.understand.parts import with_words, words_of
from orchestrator.understand.turnstile import Turnstile

# Reading more of a message than this tells nothing new; all of it is translated.
LONGEST = 5000
# And its language is told by the first of it.
TELLING = 1000
# By when each step must be done, as shares of the deadline: a slow engine leaves time for those behind it.
LANGUAGE_BY = 0.3
TRANSLATION_BY = 0.8
# A judge of translations needs some words, and must be sure.
JUDGED_WORDS = 5
JUDGED_SURE = 0.95
COMMON = ("en", "es", "de", "fr", "it", "pt", "nl")
log = structlog.get_logger("parley.understand")


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """`parts` in the target language; None when they are to be shown as they were said. `run` says why."""

    parts: tuple[Part, ...] | None
    run: StageRun


class Understander:
    """One app's understanding. Never raises for what a customer says: what failed or was late stands in the runs.

    `stages` are grouped by their name ("language", "sentiment", "intent", "wish"): those of one group run in
    order, each refining what the one before it found; groups other than language run side by side. `absent` tells of
    engines that are left out, and why.
    """

    def __init__(
        self,
        *,
        stages: Sequence[Stage],
        chain: Chain,
        languages: Sequence[str],
        clock: Clock,
        recorder: Recorder,
        pivot: str = "en",
        deadline: float = 2.0,
        absent: Sequence[str] = (),
    ) -> None:
        self.chain = chain
        self.absent = tuple(absent)
        self.languages = tuple(languages)
        self.pivot = pivot
        self.clock = clock
        self.recorder = recorder
        self.deadline = deadline
        self.turnstile = Turnstile(clock)
        self.groups: dict[str, list[Stage]] = {}
        for stage in stages:
            self.groups.setdefault(stage.name, []).append(stage)
        self.detectors = self.groups.pop("language", [])
        self.beginnings: list[Callable[[Utterance, Understanding], None]] = [
            stage.begin for group in self.groups.values() for stage in group if hasattr(stage, "begin")
        ]
        if self.detectors and chain.judge is None:
            chain.judge = self.in_another_language

    async def open(self) -> None:
        """Load models and start engines. Raises EngineFailed or Misconfigured when one can't be used."""
        for stage in self.stages():
            await stage.open()
        await self.chain.open()

    async def close(self) -> None:
        for stage in self.stages():
            await stage.close()
        await self.chain.close()

    def stages(self) -> list[Stage]:
        return [*self.detectors, *(stage for group in self.groups.values() for stage in group)]

    async def read(self, said: Utterance) -> Understanding:
        """What is known of the utterance when the deadline has come, at the latest."""
        said = self.complete(said)
        start = self.clock.monotonic()
        if said.prior == said.pivot_language:
            # They mostly go on in the same language. If not, what was begun is of no use, and does no harm.
            self.begin(said, Understanding(language=Language(code=said.prior), pivot=said.text))
        language, runs = await self.language(said, start + self.deadline * LANGUAGE_BY)
        code = written_in(language)
        written = language if code == language.code else replace(language, code=code)
        pivot, translation = await self.pivot_of(said, written.code, start + self.deadline * TRANSLATION_BY)
        if not self.groups:
            return Understanding(language=language, pivot=pivot, stages=(*runs, *translation))
        known = Understanding(language=written, pivot=pivot)
        if known.language.code != said.prior or said.prior != said.pivot_language:
            self.begin(said, known)
        read = await asyncio.gather(
            *(self.group(group, said, known, start + self.deadline) for group in self.groups.values())
        )
        found = merged(known, [result for result, _ in read])
        stages = (*runs, *translation, *(run for _, group_runs in read for run in group_runs))
        return replace(found, language=language, stages=stages)

    def complete(self, said: Utterance) -> Utterance:
        """With what the app says where the utterance does not, and no more of its text than is read."""
        if len(said.text) <= LONGEST and said.candidates and said.pivot_language:
            return said
        return replace(
            said,
            text=said.text[:LONGEST],
            candidates=said.candidates or self.languages,
            pivot_language=said.pivot_language or self.pivot,
        )

    async def language(self, said: Utterance, until: float) -> tuple[Language, list[StageRun]]:
        """Detectors see the telling words alone: links and codes look like English, greetings come in any language."""
        if len(said.candidates) == 1:
            return Language(code=said.candidates[0], confidence=1.0, reason="the only one"), []
        words = ""
        if self.detectors and said.typed:
            await self.turnstile.turn()
            words = "" if is_machine_text(said.text) else plain_words(telling_part(said.text[:TELLING]))
        blank = Understanding(language=Language(code=""))
        known = blank
        runs: list[StageRun] = []
        if any(char.isalpha() for char in words):
            known, runs = await self.group(self.detectors, replace(said, text=words), blank, until)
        found = known.language
        detected = found.seen or (((found.code, found.confidence),) if found.code else ())
        decided = decide_language(said, detected)
        return replace(decided, engine=found.engine) if found.engine else decided, runs

    async def pivot_of(self, said: Utterance, source: str, until: float) -> tuple[str, list[StageRun]]:
        pivot = said.pivot_language
        if source == pivot:
            return said.text, []
        await self.turnstile.turn()
        if not mask(said.text).has_words:
            return said.text, []
        if said.typed and looks_like_name(said.text):
            return said.text, [StageRun(stage="translation", outcome="skipped", detail="reads as a name")]
        start = self.clock.monotonic()
        rendered = await self.chain.translate([said.text], source, pivot, within=until - start, names=said.names)
        run = self.ran("translation", rendered.outcome, "+".join(rendered.engines), start, rendered.detail)
        return rendered.texts[0] or "", [run]

    def begin(self, said: Utterance, known: Understanding) -> None:
        """What stages work out on other threads goes on while those on the event loop read."""
        for begin in self.beginnings:
            try:
                begin(said, known)
            except Exception as error:
                # The stage will meet it again when it reads, and its run says so.
                log.debug("a stage did not begin", reason=type(error).__name__)

    async def group(
        self, stages: Sequence[Stage], said: Utterance, known: Understanding, until: float
    ) -> tuple[Understanding, list[StageRun]]:
        """Stages of one kind in order. One that fails or is late leaves what was known before it."""
        runs = []
        for stage in stages:
            start = self.clock.monotonic()
            outcome, detail, found = await self.attempt(stage, said, known, until - start)
            known = found or known
            run = self.ran(stage.name, outcome, stage.engine, start, detail)
            runs.append(replace(run, version=version_of(stage)))
        return known, runs

    async def attempt(
        self, stage: Stage, said: Utterance, known: Understanding, left: float
    ) -> tuple[StageOutcome, str, Understanding | None]:
        try:
            async with asyncio.timeout(max(left, 0)):
                await self.turnstile.turn()
                return "ok", "", await stage.read(said, known)
        except TimeoutError:
            return "late", "", None
        except EngineFailed as error:
            return "failed", str(error), None
        except Exception as error:
            # A stage is somebody else's code: whatever it raises must not end a customer's turn.
            return "failed", f"raised {type(error).__name__}", None

    def ran(self, stage: str, outcome: StageOutcome, engine: str, start: float, detail: str) -> StageRun:
        seconds = self.clock.monotonic() - start
        self.recorder.stage(stage, outcome, seconds)
        return StageRun(stage=stage, outcome=outcome, engine=engine, ms=round(seconds * 1000, 3), detail=detail)

    async def translate(
        self, parts: tuple[Part, ...], source: str, target: str, *, names: tuple[str, ...] = ()
    ) -> Translated:
        """The whole message in another language: words only, never payloads, links, people's `names` or ids.

        What could not be translated stays as it was said, and the run's outcome is not "ok" then.
        """
        words = words_of(parts)
        if source == target or not source or not target or not words:
            return Translated(parts=None, run=StageRun(stage="translation", outcome="skipped", detail="nothing to do"))
        start = self.clock.monotonic()
        await self.turnstile.turn()
        inbound = target == self.pivot
        rendered = await self.chain.translate(
            words, source, target, within=self.deadline, acronyms=not inbound, names=names
        )
        run = self.ran("translation", rendered.outcome, "+".join(rendered.engines), start, rendered.detail)
        changed = any(text is not None and text != word for text, word in zip(rendered.texts, words, strict=True))
        return Translated(parts=with_words(parts, rendered.texts) if changed else None, run=run)

    async def in_another_language(self, text: str, source: str, target: str) -> bool:
        """Whether a translation clearly is not in its target language: some engines answer the question itself."""
        words = plain_words(text)
        if len(words.split()) < JUDGED_WORDS:
            return False
        candidates = tuple(dict.fromkeys((target, source, *self.languages, *COMMON)))
        blank = Understanding(language=Language(code=""))
        asked = Utterance(text=words, candidates=candidates)
        known, _ = await self.group(self.detectors[:1], asked, blank, self.clock.monotonic() + self.deadline)
        return known.language.code not in ("", target) and known.language.confidence >= JUDGED_SURE

    def available(self) -> list[str]:
        """What works here, in sentences for the start-up log."""
        lines = [
            f"{name}: {', '.join(stage.engine for stage in group) or 'no engine'}"
            for name, group in (("language", self.detectors), *self.groups.items())
        ]
        return [*lines, *self.absent, *translations(self.chain, self.languages, self.pivot)]


def version_of(stage: Stage) -> str:
    """What the stage says of its version once it is open, if it says anything: `version` is no duty of a Stage."""
    return str(getattr(stage, "version", ""))


def translations(chain: Chain, languages: Sequence[str], pivot: str) -> list[str]:
    """One sentence for each engine's pairs, and one for each pair that has none."""
    others = [code for code in languages if code != pivot]
    wanted = [*((code, pivot) for code in others), *((pivot, code) for code in others)]
    by_engines: dict[str, list[str]] = {}
    for source, target in wanted:
        by_engines.setdefault(", then ".join(chain.pairs(source, target)), []).append(f"{source}→{target}")
    without = by_engines.pop("", [])
    lines = [f"translation: {engines} {', '.join(pairs)}" for engines, pairs in by_engines.items()]
    if chain.memory.entries:
        lines.append(f"translation: memory of {chain.memory.entries} reviewed texts, asked first")
    if without:
        fallback = "bots' texts come from the translation memory" if chain.memory.entries else "no translation memory"
        lines.append(f"translation: no engine for {', '.join(without)}: {fallback}, else they stay as they are")
    return lines
