"""Messages, tasks and events of A2A, in the words of 0.3 and of 1.0. Pure.

What differs: 1.0 names methods, roles and states otherwise, wraps what it answers in an object that says what it is,
and a part is what it holds instead of having a `kind`.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bots.a2a.card import Version
from orchestrator.bot_server import dict_of, list_of
from orchestrator.errors import BotFailed
from orchestrator.facts import parley_items
from orchestrator.types import FormAnswer, Media, Tap, Turn

Json = dict[str, Any]
METHODS: dict[Version, dict[str, str]] = {
    "0.3": {"send": "message/send", "stream": "message/stream", "get": "tasks/get"},
    "1.0": {"send": "SendMessage", "stream": "SendStreamingMessage", "get": "GetTask"},
}
WRAPPED = {"task": "task", "message": "message", "statusUpdate": "status-update", "artifactUpdate": "artifact-update"}
GOING_ON = ("submitted", "working", "unspecified", "")
ASKING = "input-required"
FAILED = ("failed", "rejected", "canceled", "auth-required")
LARGEST_FILE = 5_000_000
LONGEST_TEXT = 32_000
MEDIA = ("image", "video", "audio")


@dataclass(slots=True)
class Heard:
    """All that came in a turn. `artifacts` by id, each a list of parts; `said` are parts of messages."""

    context: str = ""
    task: str = ""
    state: str = ""
    said: list[Json] = field(default_factory=list)
    status: list[Json] = field(default_factory=list)
    artifacts: dict[str, list[Json]] = field(default_factory=dict)
    over: bool = False

    def parts(self) -> list[Json]:
        """What the customer is to see: the artifacts, else the last status, besides messages."""
        made = [part for parts in self.artifacts.values() for part in parts]
        return [*self.said, *(made or (() if self.state in GOING_ON else self.status))]

    def text(self) -> str:
        """So far."""
        return "".join(str(part["text"]) for part in self.parts() if isinstance(part.get("text"), str))

    def take(self, result: Json, who: str) -> None:
        """One answer or event. Raises BotFailed."""
        kind, found = unwrapped(result, who)
        self.context = str(found.get("contextId") or self.context)
        match kind:
            case "message":
                self.said += parts_of(found, who)
                self.over = True
            case "task":
                self.task = str(found.get("id") or self.task)
                self.stand(found.get("status"), who)
                for each in list_of(found.get("artifacts") or [], "artifacts", who):
                    self.make(dict_of(each, "an artifact", who), False, who)
            case "status-update":
                self.task = str(found.get("taskId") or self.task)
                self.stand(found.get("status"), who)
                self.over = self.over or found.get("final") is True
            case "artifact-update":
                self.make(dict_of(found.get("artifact"), "an artifact", who), found.get("append") is True, who)

    def stand(self, status: Any, who: str) -> None:
        known = dict_of(status, "a status", who)
        self.state = state_of(known.get("state"))
        if isinstance(known.get("message"), dict):
            self.status = parts_of(known["message"], who)
        self.over = self.state not in GOING_ON

    def make(self, artifact: Json, append: bool, who: str) -> None:
        name = str(artifact.get("artifactId") or artifact.get("name") or len(self.artifacts))
        parts = parts_of(artifact, who)
        before = self.artifacts.get(name, []) if append else []
        self.artifacts[name] = joined([*before, *parts])
        if len(self.text()) > LONGEST_TEXT or len(self.artifacts) > 50:
            raise BotFailed(f"{who} answered without end")


def unwrapped(result: Json, who: str) -> tuple[str, Json]:
    for name, wrapped in WRAPPED.items():
        if isinstance(result.get(name), dict):
            return wrapped, result[name]
    kind = result.get("kind")
    if isinstance(kind, str):
        return kind, result
    # The first drafts of 0.2 tell nothing: a task has a status.
    if "status" in result:
        return "task", result
    if "parts" in result:
        return "message", result
    raise BotFailed(f"{who} answered with something that is neither a message nor a task")


def state_of(value: Any) -> str:
    return str(value or "").lower().removeprefix("task_state_").replace("_", "-")


def parts_of(found: Json, who: str) -> list[Json]:
    return [dict_of(each, "a part", who) for each in list_of(found.get("parts") or [], "parts", who)]


def joined(parts: list[Json]) -> list[Json]:
    """Pieces of one text, which a stream cuts anywhere, made one again."""
    whole: list[Json] = []
    for part in parts:
        if whole and isinstance(part.get("text"), str) and isinstance(whole[-1].get("text"), str):
            whole[-1] = {**whole[-1], "text": whole[-1]["text"] + part["text"]}
        else:
            whole.append(part)
    return whole


def items(parts: list[Json]) -> Iterator[Json]:
    """As actions and parts of ours; files that travel inside are left to whoever can keep them."""
    for part in parts:
        if isinstance(part.get("text"), str):
            yield {"kind": "text", "text": part["text"], "markdown": True}
        elif "data" in part:
            yield from parley_items(part["data"])
        elif url := file_of(part).get("uri"):
            found = file_of(part)
            yield {
                "kind": "media",
                "media": kind_of(found["mime"]),
                "url": url,
                "mime": found["mime"],
                "name": found["name"],
            }


def file_of(part: Json) -> dict[str, str]:
    """`uri` or `data` (base64), `mime` and `name`; empty for what is no file."""
    given = part.get("file")
    inner = given if isinstance(given, dict) else part
    mime = inner.get("mimeType") or inner.get("mediaType") or ""
    name = inner.get("name") or inner.get("filename") or ""
    uri, data = inner.get("uri") or inner.get("url") or "", inner.get("bytes") or inner.get("raw") or ""
    return {"uri": str(uri), "data": str(data), "mime": str(mime)[:200], "name": str(name)[:200]}


def decoded(part: Json, who: str) -> bytes:
    """A file that travels inside; b"" when there is none. Raises BotFailed."""
    data = file_of(part)["data"]
    if len(data) > LARGEST_FILE * 4 // 3 + 4:
        raise BotFailed(f"{who} sent a file of more than {LARGEST_FILE} bytes")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise BotFailed(f"{who} sent a file that is not base64") from None


def kind_of(mime: str) -> str:
    family = mime.partition("/")[0]
    return "gif" if mime == "image/gif" else family if family in MEDIA else "file"


def message(turn: Turn, version: Version, context: str, task: str) -> Json:
    """What the customer said. Its id is the turn's: the same when the turn is done again."""
    parts = [text_part(turn.payload or turn.text, version)] if turn.payload or turn.text else []
    for line in turn.messages:
        for part in line.parts:
            match part:
                case Media(url=url, mime=mime, name=name):
                    parts.append(file_part(url, mime, name, version))
                case FormAnswer(values=values):
                    parts.append(data_part({"form": dict(values)}, version))
                case Tap(payload=payload, title=title):
                    parts.append(data_part({"chosen": payload, "title": title}, version))
    about = {
        "language": turn.language,
        "channel": turn.channel.kind,
        "profile": dict(turn.profile),
        "context": dict(turn.context),
    }
    if turn.returned is not None:
        about["colleague_said"] = turn.returned.note
    ids = {name: value for name, value in (("contextId", context), ("taskId", task)) if value}
    role = {"kind": "message", "role": "user"} if version == "0.3" else {"role": "ROLE_USER"}
    return {**role, "messageId": turn.id, "parts": parts, "metadata": {"parley": about}, **ids}


def text_part(text: str, version: Version) -> Json:
    return {"kind": "text", "text": text} if version == "0.3" else {"text": text}


def file_part(url: str, mime: str, name: str, version: Version) -> Json:
    if version == "0.3":
        return {"kind": "file", "file": {"uri": url, "mimeType": mime, "name": name}}
    return {"url": url, "mediaType": mime, "filename": name}


def data_part(data: Json, version: Version) -> Json:
    return {"kind": "data", "data": data} if version == "0.3" else {"data": data}
