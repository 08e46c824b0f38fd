"""The guide as a Bot: reads its file when it is made, learns its examples when it is opened."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from bots.guide import talk
from bots.guide.check import load
from bots.guide.match import TfIdf
from bots.guide.texts import texts
from orchestrator.errors import BotFailed
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Turn


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    file: Path = Field(description="The guide's TOML file; relative: beside the configuration file.")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    """Raises Misconfigured, naming file, line and key, when the guide can't be used."""
    del clock, http, files
    return GuideBot(settings.file)


def canned(settings: Settings) -> tuple[str, list[str]]:
    """Its language, and everything it can say in it."""
    return GuideBot(settings.file).language, texts(settings.file)


class GuideBot:
    """Keeps nothing between turns: what a flow has asked so far is in the conversation's slots."""

    def __init__(self, path: Path) -> None:
        self.guide = load(path)
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
        for action in talk.reply(self.book, turn):
            yield action
