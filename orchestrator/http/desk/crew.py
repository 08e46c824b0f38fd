"""What the desk needs of the engine."""

from collections.abc import Mapping
from typing import Protocol

from orchestrator.http.desk.review import Wordings
from orchestrator.types import Agent, Conversation, Marks, Message, Part, QueueView, Role


class Cases(Protocol):
    """What agents do. Each raises Conflict, Forbidden or NotFound, and is durable when it returns."""

    async def accept(self, app_id: str, conversation_id: str, agent: Agent) -> Conversation: ...
    async def say(
        self,
        app_id: str,
        conversation_id: str,
        agent: Agent,
        parts: tuple[Part, ...],
        client_id: str = "",
        translations: Mapping[str, tuple[Part, ...]] | None = None,
    ) -> Message: ...
    async def note(
        self, app_id: str, conversation_id: str, agent: Agent, text: str, client_id: str = ""
    ) -> Message: ...
    async def transfer(
        self, app_id: str, conversation_id: str, agent: Agent, team: str, note: str = ""
    ) -> Conversation: ...
    async def hand_back(self, app_id: str, conversation_id: str, agent: Agent, note: str = "") -> Conversation: ...
    async def resolve(self, app_id: str, conversation_id: str, agent: Agent, note: str = "") -> Conversation: ...
    async def speak(self, app_id: str, conversation_id: str, agent: Agent, language: str) -> Conversation: ...
    async def read(self, app_id: str, conversation_id: str, agent: Agent, seq: int) -> Marks: ...


class Crew(Protocol):
    """The engine as the desk sees it."""

    @property
    def desk(self) -> Cases: ...
    @property
    def wordings(self) -> Wordings: ...

    async def typing(self, app_id: str, conversation_id: str, role: Role, author: str, on: bool) -> None: ...
    async def queue_view(self, conversation: Conversation) -> QueueView | None: ...
