"""Understanding as an app has it: every stage real, Apertium behind it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nlp import langid, lexicon, phrases, vader
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.ports import Stage, Translator
from orchestrator.types import Role
from orchestrator.understand import Chain, Link, Memory, Understander
from tests.support.apertium import apertium

LANGUAGES = ("en", "es", "it", "nl", "fr", "pt")


class Counted:
    """A Recorder that keeps what stages reported."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str]] = []

    def turn(self, app_id: str, outcome: str, seconds: float) -> None: ...
    def stage(self, stage: str, outcome: str, seconds: float) -> None:
        self.stages.append((stage, outcome))

    def bot(self, bot: str, outcome: str, seconds: float) -> None: ...
    def delivery(self, channel: str, outcome: str) -> None: ...
    def accepted(self, channel: str, role: Role, duplicate: bool) -> None: ...
    def translation(self, engine: str, outcome: str, seconds: float) -> None: ...
    def translated(self, engine: str, characters: int) -> None: ...


def real_stages() -> list[Stage]:
    return [
        langid.Langid(langid.Settings()),
        vader.Vader(vader.Settings()),
        lexicon.LexiconStage(lexicon.Settings()),
        phrases.Phrases(phrases.Settings()),
    ]


@asynccontextmanager
async def understander(
    translators: Sequence[Translator] = (),
    *,
    stages: Sequence[Stage] | None = None,
    languages: Sequence[str] = LANGUAGES,
    memory: Memory | None = None,
    deadline: float = 5.0,
    seconds: float = 5.0,
) -> AsyncIterator[Understander]:
    clock = SystemClock()
    made = Understander(
        stages=real_stages() if stages is None else stages,
        chain=Chain([Link(translator=one, timeout=seconds) for one in translators], clock=clock, memory=memory),
        languages=languages,
        clock=clock,
        recorder=Counted(),
        deadline=deadline,
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def with_apertium(**more: object) -> AsyncIterator[Understander]:
    async with apertium() as engine, understander([engine], **more) as made:  # type: ignore[arg-type]
        yield made


@asynccontextmanager
async def http_client() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    await client.open()
    try:
        yield client
    finally:
        await client.close()
