"""Calls of the Bot API (core.telegram.org/bots/api#making-requests), and what its refusals mean."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.telegram.settings import Settings
from orchestrator import sending
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unanswered
from orchestrator.ports import Clock, Http
from orchestrator.types import Fetched

LONGEST_SAID = 200
WITHOUT_RETRY_AFTER = 5.0
"""Seconds, should a 429 ever not say for how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes along with a call, in the field of this name."""

    field: str
    data: bytes
    name: str
    mime: str


class Parameters(BaseModel):
    model_config = ConfigDict(extra="ignore")

    retry_after: float | None = None
    migrate_to_chat_id: int = 0


class Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    ok: bool
    result: Any = None
    error_code: int = 0
    description: str = ""
    parameters: Parameters = Parameters()


class Refused(SendFailed):
    """Telegram said no, in words. `migrated` is the chat's new id where that is why."""

    def __init__(self, failed: SendFailed, said: str, migrated: int = 0) -> None:
        super().__init__(str(failed), retryable=failed.retryable, retry_after=failed.retry_after, reason=failed.reason)
        self.said = said.lower()
        self.migrated = migrated


class BotApi:
    """One bot's end of it. The token is part of every URL: no error of ours quotes one."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http

    async def call(
        self,
        method: str,
        fields: Mapping[str, Any],
        attachment: Attachment | None = None,
        *,
        patience: float = 0.0,
    ) -> Any:
        """The call's `result`. Raises SendFailed, Refused and Unanswered among them."""
        mime, body = packed(fields, attachment)
        try:
            response = await self.http.request(
                "POST",
                self.url(f"/bot{self.settings.token.get_secret_value()}/{method}"),
                headers={"content-type": mime},
                body=body,
                timeout=patience or self.settings.timeout,
                max_bytes=4_194_304,
                trusted=True,
                redirects=False,
            )
        except TooLarge:
            raise Unanswered("telegram answered far too much", retryable=True) from None
        try:
            answer = Answer.model_validate_json(response.body)
        except ValidationError:
            failed = sending.failure("telegram", response.status, response.headers, self.clock.now())
            raise failed or Unanswered("telegram answered something else than JSON", retryable=True) from None
        if not answer.ok:
            raise refused(method, answer, response.status)
        return answer.result

    async def file(self, file_id: str, max_bytes: int) -> Fetched:
        """Raises NotFound, TooLarge, SendFailed."""
        try:
            found = await self.call("getFile", {"file_id": file_id})
        except Refused as error:
            if "too big" in error.said:
                raise TooLarge("telegram hands out files of at most 20 MB") from None
            if error.retryable or error.reason:
                raise
            raise NotFound("telegram has no such file (any more)") from None
        path = str(found.get("file_path") or "") if isinstance(found, dict) else ""
        if not path:
            raise NotFound("telegram gives no path to this file")
        response = await self.http.request(
            "GET",
            self.url(f"/file/bot{self.settings.token.get_secret_value()}/{path}"),
            timeout=self.settings.timeout * 4,
            max_bytes=max_bytes,
            trusted=True,
            redirects=False,
        )
        if response.status in (400, 404):
            raise NotFound("telegram has no such file (any more)")
        if failed := sending.failure("telegram", response.status, response.headers, self.clock.now()):
            raise failed
        return Fetched(data=response.body, name=path.rpartition("/")[2])

    def url(self, path: str) -> str:
        return self.settings.api + path


def refused(method: str, answer: Answer, status: int) -> Refused:
    code, said = answer.error_code or status, answer.description[:LONGEST_SAID]
    what = f"telegram refused {method} ({code}): {said}"
    wait = answer.parameters.retry_after
    lower = said.lower()
    if code == 429:
        failed = SendFailed(what, retryable=True, retry_after=WITHOUT_RETRY_AFTER if wait is None else wait)
    elif code in (401, 404):
        failed = SendFailed(f"{what}; is the token still valid?", retryable=False, reason="token_expired")
    elif code == 403 and ("blocked" in lower or "kicked" in lower or "not a member" in lower):
        failed = SendFailed(what, retryable=False, reason="opted_out")
    elif code == 403 and "initiate" in lower:
        failed = SendFailed(what, retryable=False, reason="window_closed")
    else:
        failed = SendFailed(what, retryable=code >= 500, retry_after=wait)
    return Refused(failed, said, answer.parameters.migrate_to_chat_id)


def packed(fields: Mapping[str, Any], attachment: Attachment | None) -> tuple[str, bytes]:
    """Content type and body: JSON, or a form when a file goes along (RFC 7578)."""
    if attachment is None:
        return "application/json", orjson.dumps(fields)
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, value in fields.items():
        text = value.encode() if isinstance(value, str) else orjson.dumps(value)
        pieces += [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode(), text, b"\r\n"]
    called = attachment.name.translate(UNQUOTED) or "file"
    pieces += [
        f"--{boundary}\r\nContent-Disposition: form-data; "
        f'name="{attachment.field}"; filename="{called}"\r\n'
        f"Content-Type: {attachment.mime.translate(UNQUOTED) or 'application/octet-stream'}\r\n\r\n".encode(),
        attachment.data,
        f"\r\n--{boundary}--\r\n".encode(),
    ]
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)


UNQUOTED = {ord(char): "_" for char in '"\\\r\n\x00'}
