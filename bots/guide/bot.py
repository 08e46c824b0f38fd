"""The guide as a Bot: reads its file when it is made, learns its examples when it is opened."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bots.guide import talk
from bots.guide.check import load
from bots.guide.file import Guide
from bots.guide.flow import Wanted
from bots.guide.match import TfIdf
from bots.guide.sources import Got, Source, Sources
from bots.guide.texts import texts
from orchestrator.errors import BotFailed, Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Turn


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Path = Field(description="The guide's TOML file; relative: beside the configuration file.")
    sources: Mapping[str, Source] = Field(
        default_factory=dict, description="The shop's own systems that flows may ask, by name; see docs/guide-bot.md."
    )


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Raises Misconfigured, naming file, line and key, when the guide can't be used."""
    return GuideBot(settings.file, Sources(settings.sources, clock=clock, http=http))


def canned(settings: Settings) -> tuple[str, list[str]]:
    """Its language, and everything it can say in it."""
    return GuideBot(settings.file).language, texts(settings.file)


class GuideBot:
    """Keeps nothing between turns: what a flow has asked so far is in the conversation's slots."""

    def __init__(self, path: Path, sources: Sources | None = None) -> None:
        """Raises Misconfigured. Without `sources` the guide is only read."""
        self.guide = load(path)
        self.sources = sources
        if sources is not None:
            check_sources(self.guide, sources)
        self.language = self.guide.guide.language
        self.book: talk.Book | None = None

    async def open(self) -> None:
        self.book = await asyncio.to_thread(self.learned)

    def learned(self) -> talk.Book:
        return talk.Book(self.guide, TfIdf(talk.examples(self.guide), self.guide.matching.synonyms))

    async def close(self) -> None:
        self.book = None

    async def reply(self, turn: Turn) -> AsyncGenerator[Action, None]:
        if self.book is None:
            raise BotFailed("this guide was not opened")
        for action in await self.answer(self.book, turn):
            yield action

    async def answer(self, book: talk.Book, turn: Turn) -> list[Action]:
        """The same turn again and again, each time with one more source asked: a turn has few flows."""
        fetched: dict[str, Got] = {}
        while True:
            try:
                return talk.reply(book, turn, fetched)
            except Wanted as wanted:
                if self.sources is None:
                    raise BotFailed("this guide asks no source") from None
                fetched[wanted.flow] = await self.sources.ask(wanted.source, wanted.slots, turn)


def check_sources(guide: Guide, sources: Sources) -> None:
    """Raises Misconfigured for a source nobody configured, or a slot its address wants and its flow does not ask."""
    for flow in guide.flow:
        if flow.fetch is None:
            continue
        known = sources.sources
        if flow.fetch.source not in known:
            raise Misconfigured(nowhere(f"source for flow {flow.name!r}", flow.fetch.source, known), key=("sources",))
        asked = {step.slot for step in flow.step}
        if wants := sorted(known[flow.fetch.source].slots - asked):
            what = f"{wants[0]!r} in its url is no slot of flow {flow.name!r}; its slots: {', '.join(sorted(asked))}"
            raise Misconfigured(what, key=("sources", flow.fetch.source, "url"))
