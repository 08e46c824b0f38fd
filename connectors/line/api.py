"""Calls of the Messaging API, and what its refusals mean (…/reference/messaging-api/#error-responses)."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.line.settings import Settings
from orchestrator import sending
from orchestrator.errors import NotFound, SendFailed, TooLarge, Unanswered
from orchestrator.ports import Clock, Http
from orchestrator.types import Fetched

TRANSCODING = 2.0
"""Seconds until a file that is still being prepared is asked for again."""


class Detail(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: str = ""
    property: str = ""


class Problem(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: str = ""
    details: list[Detail] = []

    def __str__(self) -> str:
        said = "; ".join(f"{one.property}: {one.message}" for one in self.details[:3])
        return (f"{self.message} ({said})" if said else self.message)[:300]


class Refused(SendFailed):
    """LINE said no; `body` is what else it told, such as the message a retry key has been used for."""

    def __init__(self, failed: SendFailed, status: int, said: str, body: Any) -> None:
        super().__init__(str(failed), retryable=failed.retryable, retry_after=failed.retry_after, reason=failed.reason)
        self.status = status
        self.said = said.lower()
        self.body = body


class LineApi:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http

    async def call(
        self, method: str, path: str, fields: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON of the answer. Raises SendFailed, Refused and Unanswered among them."""
        try:
            response = await self.http.request(
                method,
                self.settings.api + path,
                headers={**self.key, "content-type": "application/json", **(headers or {})},
                body=orjson.dumps(fields) if fields is not None else b"",
                timeout=self.settings.timeout,
                trusted=True,
                redirects=False,
            )
        except TooLarge:
            raise Unanswered("line answered far too much", retryable=True) from None
        body = parsed(response.body)
        if failed := self.failure(path, response.status, response.headers, body):
            raise failed
        return body

    @property
    def key(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.settings.token.get_secret_value()}"}

    def failure(self, path: str, status: int, headers: Mapping[str, str], body: Any) -> Refused | None:
        try:
            said = str(Problem.model_validate(body))
        except ValidationError:
            said = ""
        failed = sending.failure(f"line ({path.rpartition('/')[2]})", status, headers, self.clock.now(), said)
        if failed is None:
            return None
        if status == 401:
            failed = SendFailed(f"{failed}; is the access token still valid?", retryable=False, reason="token_expired")
        elif status == 429 and "monthly limit" in said.lower():
            failed = SendFailed(f"{failed}: no more pushes this month", retryable=False, reason="quota_spent")
        return Refused(failed, status, said, body)

    async def content(self, message_id: str, max_bytes: int) -> Fetched:
        """Raises NotFound, TooLarge, SendFailed."""
        response = await self.http.request(
            "GET",
            f"{self.settings.data_api}/v2/bot/message/{message_id}/content",
            headers=self.key,
            timeout=self.settings.timeout * 4,
            max_bytes=max_bytes,
            trusted=True,
            redirects=False,
        )
        if response.status == 202:
            raise SendFailed("line is still preparing the file", retryable=True, retry_after=TRANSCODING)
        if response.status in (404, 410):
            raise NotFound("line does not have the file any more")
        if failed := self.failure("content", response.status, response.headers, parsed(response.body)):
            raise failed
        return Fetched(data=response.body, mime=response.headers.get("Content-Type", ""))


def parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
