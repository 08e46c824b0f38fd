"""What agents do to a conversation: /desk/api/conversations/{id}/…"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from orchestrator import codec
from orchestrator.errors import Malformed
from orchestrator.http.desk import rows
from orchestrator.http.desk.crew import Cases
from orchestrator.http.desk.sessions import Sessions, SignedIn
from orchestrator.http.desk.sight import check
from orchestrator.http.desk.wire import Form
from orchestrator.http.sections import DESK
from orchestrator.ports import Records
from orchestrator.types import Agent, Conversation, Media, Part, Text

LONGEST_TEXT = 10_000
MOST_PARTS = 10

Once = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")]
"""The client's own id of what it sends: sent again, it is taken once."""

Words = Annotated[str, Field(max_length=LONGEST_TEXT)]


class SayForm(Form):
    parts: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_PARTS)
    client_id: Once = ""
    language: str = Field("", pattern=r"^([a-z]{2,3})?$")
    wording: Words = ""
    """The text as the agent wants the customer to read it, in `language`."""


class NoteForm(Form):
    text: Words
    client_id: Once = ""


class TransferForm(Form):
    team: str = Field(max_length=63)
    note: Words = ""


class EndForm(Form):
    note: Words = ""


class LanguageForm(Form):
    language: str = Field(max_length=8)


class ReadForm(Form):
    seq: int = Field(ge=0, lt=2**53)


PREFIX = "/conversations/{conversation_id}"


def acting(records: Records, sessions: Sessions) -> Callable[..., Awaitable[Agent]]:
    """A dependency: the agent, who may see the conversation of the path. Raises NotFound or Forbidden."""

    async def agent(conversation_id: str, who: Annotated[SignedIn, Depends(sessions.changer)]) -> Agent:
        check(who.agent, await records.conversation(who.agent.app_id, conversation_id))
        return who.agent

    return agent


def case_routes(cases: Cases, records: Records, sessions: Sessions) -> APIRouter:
    """Whose the case is: accept, transfer, return, resolve; and which language is spoken in it."""
    router = DESK.router(PREFIX)
    by = Annotated[Agent, Depends(acting(records, sessions))]

    @router.post("/accept")
    async def accept(conversation_id: str, agent: by) -> dict[str, Any]:
        return head(await cases.accept(agent.app_id, conversation_id, agent))

    @router.post("/transfer")
    async def transfer(conversation_id: str, agent: by, form: TransferForm) -> dict[str, Any]:
        return head(await cases.transfer(agent.app_id, conversation_id, agent, form.team, form.note.strip()))

    @router.post("/return")
    async def hand_back(conversation_id: str, agent: by, form: EndForm) -> dict[str, Any]:
        return head(await cases.hand_back(agent.app_id, conversation_id, agent, form.note.strip()))

    @router.post("/resolve")
    async def resolve(conversation_id: str, agent: by, form: EndForm) -> dict[str, Any]:
        return head(await cases.resolve(agent.app_id, conversation_id, agent, form.note.strip()))

    @router.post("/language")
    async def speak(conversation_id: str, agent: by, form: LanguageForm) -> dict[str, Any]:
        return head(await cases.speak(agent.app_id, conversation_id, agent, form.language))

    return router


def say_routes(cases: Cases, records: Records, sessions: Sessions) -> APIRouter:
    """What is said and read in it."""
    router = DESK.router(PREFIX)
    by = Annotated[Agent, Depends(acting(records, sessions))]

    @router.post("/say")
    async def say(conversation_id: str, agent: by, form: SayForm) -> dict[str, Any]:
        parts = sayable(form.parts)
        own = worded(parts, form.language, form.wording)
        message = await cases.say(agent.app_id, conversation_id, agent, parts, form.client_id, own)
        return {"message": codec.message.plain(message)}

    @router.post("/note")
    async def note(conversation_id: str, agent: by, form: NoteForm) -> dict[str, Any]:
        if not form.text.strip():
            raise Malformed("the note is empty")
        message = await cases.note(agent.app_id, conversation_id, agent, form.text.strip(), form.client_id)
        return {"message": codec.message.plain(message)}

    @router.post("/read")
    async def read(conversation_id: str, agent: by, form: ReadForm) -> dict[str, Any]:
        return {"marks": rows.marks(await cases.read(agent.app_id, conversation_id, agent, form.seq))}

    return router


def worded(parts: tuple[Part, ...], language: str, wording: str) -> dict[str, tuple[Part, ...]]:
    """The same message with the agent's own wording of its text; {} when there is none. Raises Malformed."""
    if not language or not wording.strip():
        return {}
    if sum(isinstance(part, Text) for part in parts) != 1:
        raise Malformed("a wording goes with a message of one text")
    return {language: tuple(Text(text=wording.strip()) if isinstance(part, Text) else part for part in parts)}


def head(conversation: Conversation) -> dict[str, Any]:
    return {"conversation": codec.conversation.plain(conversation)}


def sayable(given: list[dict[str, Any]]) -> tuple[Part, ...]:
    """Agents say text, and send files they uploaded here. Raises Malformed."""
    parts = codec.parts.read(given)
    for part in parts:
        match part:
            case Text(text=text) if not text.strip():
                raise Malformed("the message is empty")
            case Text(text=text) if len(text) > LONGEST_TEXT:
                raise Malformed(f"the message has {len(text)} characters; at most {LONGEST_TEXT} can be sent at once")
            case Media(url=url) if not url.startswith("/media/"):
                raise Malformed("send a file by uploading it first; addresses elsewhere are not sent")
            case Text() | Media():
                continue
            case _:
                raise Malformed(f"an agent can't send {part.kind!r}, only text and files")
    return parts
