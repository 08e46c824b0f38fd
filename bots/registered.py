"""The place of a bot that is registered while the server runs: rules and channels of parley.toml may name it already.

Until a version of it is enabled its turns fail, so that its fallback answers, or the policy hands off.
"""

from collections.abc import AsyncIterator

from pydantic import BaseModel, ConfigDict

from orchestrator.errors import BotFailed
from orchestrator.ports import Bot, Clock, Files, Http
from orchestrator.types import Action, Turn


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Bot:
    del settings, clock, http, files
    return Registered()


class Registered:
    language = ""

    async def open(self) -> None:
        return None

    async def close(self) -> None:
        return None

    async def reply(self, turn: Turn) -> AsyncIterator[Action]:
        raise BotFailed(f"no version of bot {turn.bot!r} is enabled; see 'parley bots list'")
        yield  # an async generator, like every bot's
