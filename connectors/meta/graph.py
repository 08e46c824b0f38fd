"""Calls of the Graph API, and what its errors mean.

Codes from developers.facebook.com: graph-api/guides/error-handling, business-messaging/whatsapp/support/error-codes,
messenger-platform/error-codes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.meta.settings import MetaSettings
from orchestrator import sending
from orchestrator.errors import SendFailed, SendProblem, TooLarge, Unanswered
from orchestrator.ports import Clock, Http, HttpResponse

TOKEN_GONE = frozenset({102, 190})
"""Session or token expired, revoked or of a changed password."""
NO_PERMISSION = 10
OUTSIDE = "outside of allowed window"
LONGEST_DETAIL = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What to do with an error, by its code and subcode. Without a code the HTTP status decides.

    `pauses` are seconds to wait where Meta says so in words only.
    """

    passing: frozenset[int]
    final: frozenset[int]
    reasons: Mapping[int, SendProblem]
    pauses: Mapping[int, float]

    def reason(self, error: "GraphError") -> SendProblem:
        if error.code in TOKEN_GONE:
            return "token_expired"
        if error.code == NO_PERMISSION and OUTSIDE in error.words.lower():
            return "window_closed"
        return self.reasons.get(error.subcode) or self.reasons.get(error.code, "")

    def passes(self, error: "GraphError", status: int) -> bool:
        """Whether the same call may succeed later."""
        if error.subcode in self.final:
            return False
        if error.code in self.passing:
            return True
        if not error.code:
            return status in sending.PASSING or status >= 500
        if error.code in self.final or 200 <= error.code <= 299:
            return False
        return error.transient or status in sending.PASSING or status >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphError:
    """`{"error": {…}}` of an answer. `words` are Meta's own."""

    code: int = 0
    subcode: int = 0
    words: str = ""
    transient: bool = False

    def __str__(self) -> str:
        number = f"{self.code}/{self.subcode}" if self.subcode else str(self.code)
        return f"error {number}: {self.words}" if self.code else self.words


class Graph:
    """One token on one API. `who` names the platform in errors."""

    def __init__(self, settings: MetaSettings, api: str, codes: Codes, *, who: str, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.base = f"{api}/{settings.version}"
        self.codes = codes
        self.who = who
        self.clock = clock
        self.http = http

    async def post(self, path: str, body: Mapping[str, Any], *, token: str = "") -> Mapping[str, Any]:
        """The answer's JSON. Raises SendFailed."""
        return await self.call("POST", path, orjson.dumps(body), "application/json", token)

    async def get(self, path: str, *, token: str = "", **query: str) -> Mapping[str, Any]:
        """The answer's JSON. Raises SendFailed."""
        return await self.call("GET", f"{path}?{urlencode(query)}" if query else path, token=token)

    async def once(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As `post`, for what must not be done twice: when no answer came it is `unknown` whether it was done."""
        try:
            return await self.post(path, body)
        except Unanswered as error:
            raise SendFailed(f"{self.who}: {error}", retryable=False, reason="unknown") from None

    async def call(
        self, method: str, path: str, body: bytes = b"", media_type: str = "", token: str = ""
    ) -> Mapping[str, Any]:
        headers = {"authorization": f"Bearer {token or self.token()}"}
        if media_type:
            headers["content-type"] = media_type
        try:
            response = await self.http.request(
                method,
                f"{self.base}/{path}",
                headers=headers,
                body=body,
                timeout=self.settings.timeout,
                trusted=True,
                redirects=False,
            )
        except TooLarge as error:
            raise Unanswered(f"{self.who} answered far too much: {error}", retryable=True) from None
        if failed := self.failure(response):
            raise failed
        return read(response.body)

    def token(self) -> str:
        token = self.settings.access_token.get_secret_value()
        if not token:
            raise SendFailed(f"{self.who}: there is no access_token to send with; set one", retryable=False)
        return token

    def app_token(self) -> str:
        """The app speaking for itself (developers.facebook.com/docs/facebook-login/guides/access-tokens)."""
        return f"{self.settings.app_id}|{self.settings.app_secret.get_secret_value()}"

    def failure(self, response: HttpResponse) -> SendFailed | None:
        """None for success; else what to raise."""
        if 200 <= response.status < 300:
            return None
        error = error_of(response.body)
        reason = self.codes.reason(error)
        said = f"{self.who} answered {response.status}" + (f": {self.safe(str(error))}" if str(error) else "")
        if reason or not self.codes.passes(error, response.status):
            return SendFailed(said + WAYS_OUT.get(reason, ""), retryable=False, reason=reason)
        return SendFailed(said, retryable=True, retry_after=self.pause(error, response))

    def safe(self, words: str) -> str:
        """ "Malformed access token EAAG…": Meta quotes what it was given."""
        for secret in (self.settings.access_token, self.settings.app_secret):
            if value := secret.get_secret_value():
                words = words.replace(value, "…")
        return words[:LONGEST_DETAIL]

    def pause(self, error: GraphError, response: HttpResponse) -> float | None:
        asked = sending.retry_after(response.headers, self.clock.now())
        return asked or regained(response.headers) or self.codes.pauses.get(error.code)


WAYS_OUT: Mapping[SendProblem, str] = {
    "token_expired": "; make a new access token and set it in this channel",
    "window_closed": "; only a template may be sent now, or a person may write",
}


def read(body: bytes) -> Mapping[str, Any]:
    """An object, empty for anything else: what Meta took is not taken back because its answer is odd."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def error_of(body: bytes) -> GraphError:
    found = read(body).get("error")
    if not isinstance(found, dict):
        return GraphError()
    data = found.get("error_data")
    detail = data.get("details") if isinstance(data, dict) else ""
    words = " – ".join(str(text) for text in (found.get("message"), detail) if text)
    return GraphError(
        code=number(found.get("code")),
        subcode=number(found.get("error_subcode")),
        words=words,
        transient=found.get("is_transient") is True,
    )


def number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def regained(headers: Mapping[str, str]) -> float | None:
    """Seconds until the account may call again, from the usage header
    (developers.facebook.com/docs/graph-api/overview/rate-limiting: `estimated_time_to_regain_access`, minutes)."""
    usage = read((headers.get("X-Business-Use-Case-Usage") or headers.get("x-business-use-case-usage") or "").encode())
    minutes = [
        item["estimated_time_to_regain_access"]
        for account in usage.values()
        if isinstance(account, list)
        for item in account
        if isinstance(item, dict) and isinstance(item.get("estimated_time_to_regain_access"), int | float)
    ]
    longest = max(minutes, default=0)
    return min(longest * 60.0, sending.LONGEST_WAIT) if longest and math.isfinite(longest) else None
