"""WeChat's API: one access token for all calls, and HTTP 200 with an errcode for what is refused."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.wechat.settings import Settings
from orchestrator import sending
from orchestrator.errors import SendFailed, SendProblem, TooLarge, Unanswered
from orchestrator.ports import Clock, Http, HttpResponse

STALE = frozenset((40001, 40014, 42001))
"""The access token is wrong or has expired: another one is fetched, once."""
CREDENTIALS = frozenset((40013, 40125, 40164, 41002, 41004, 50004, 50007))
REASONS: Mapping[int, SendProblem] = {45015: "window_closed", 45047: "window_closed", 43004: "opted_out"}
"""45047: as many messages as one of the customer's allows were sent; they must write again."""
BUSY = {-1: 2.0, 45011: 60.0}
QUOTA = 45009
"""Used up until midnight in Beijing."""
BEIJING = timezone(timedelta(hours=8))
MARGIN = 300.0
"""Seconds before its end in which a token is no longer used."""


class Api:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.token = ""
        self.until = 0.0

    async def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """JSON in UTF-8, without escapes: WeChat would show them. Raises SendFailed."""
        return await self.call("POST", path, {}, orjson.dumps(body), "application/json; charset=utf-8")

    async def upload(self, kind: str, name: str, mime: str, data: bytes) -> str:
        """The media id, good for three days. Raises SendFailed."""
        boundary = hashlib.blake2b(data, digest_size=16).hexdigest()
        called = name.replace('"', "").replace("\r", "").replace("\n", "")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="{called}"\r\n'
        body = f"{head}Content-Type: {mime}\r\n\r\n".encode() + data + f"\r\n--{boundary}--\r\n".encode()
        given = f"multipart/form-data; boundary={boundary}"
        found = (await self.call("POST", "/cgi-bin/media/upload", {"type": kind}, body, given)).get("media_id")
        if not isinstance(found, str):
            raise SendFailed("WeChat gave no id for the file", retryable=True)
        return found

    async def call(
        self, method: str, path: str, query: Mapping[str, str], body: bytes = b"", kind: str = ""
    ) -> Mapping[str, Any]:
        for last in (False, True):
            token = await self.access_token()
            response = await self.ask(method, path, {**query, "access_token": token}, body, kind)
            said = answered(response)
            if said.get("errcode") not in STALE or last:
                break
            self.forget(token)
        if failed := self.refused(response, said):
            raise failed
        return said

    async def download(self, media_id: str, max_bytes: int) -> HttpResponse:
        token = await self.access_token()
        url = {"access_token": token, "media_id": media_id}
        response = await self.ask("GET", "/cgi-bin/media/get", url, max_bytes=max_bytes)
        if answered(response).get("errcode") in STALE:
            self.forget(token)
            url["access_token"] = await self.access_token()
            response = await self.ask("GET", "/cgi-bin/media/get", url, max_bytes=max_bytes)
        return response

    async def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
        kind: str = "",
        *,
        max_bytes: int = 1_048_576,
    ) -> HttpResponse:
        """The token is in the address, so errors name the host alone."""
        url = f"{self.settings.api}{path}" + (f"?{urlencode(query)}" if query else "")
        return await self.http.request(
            method,
            url,
            headers={"Content-Type": kind} if kind else {},
            body=body,
            timeout=self.settings.timeout,
            max_bytes=max_bytes,
            trusted=True,
            redirects=False,
        )

    def forget(self, token: str) -> None:
        """The next call asks for another; the refused one stays, to see whether WeChat gives it again."""
        if self.token == token:
            self.until = 0.0

    async def access_token(self) -> str:
        """A stable token: whoever asks gets the same, so that several processes don't void each other's."""
        if self.clock.monotonic() < self.until:
            return self.token
        refused = self.token
        await self.renew(force=False)
        if refused and self.token == refused and self.until:
            await self.renew(force=True)
        return self.token

    async def renew(self, *, force: bool) -> None:
        """Raises SendFailed."""
        given = {
            "grant_type": "client_credential",
            "appid": self.settings.app_id,
            "secret": self.settings.app_secret.get_secret_value(),
            "force_refresh": force,
        }
        try:
            response = await self.ask("POST", "/cgi-bin/stable_token", {}, orjson.dumps(given), "application/json")
        except (Unanswered, TooLarge) as error:
            # Nothing was sent yet: it may be tried again.
            raise SendFailed(str(error), retryable=True) from None
        said = answered(response)
        if failed := self.refused(response, said):
            raise failed
        self.token = str(said.get("access_token") or "")
        lasts = said.get("expires_in")
        self.until = self.clock.monotonic() + (lasts if isinstance(lasts, int) else 7200) - MARGIN

    def refused(self, response: HttpResponse, said: Mapping[str, Any]) -> SendFailed | None:
        given = said.get("errcode")
        code = given if isinstance(given, int) else 0
        if not code:
            return sending.failure("WeChat", response.status, response.headers, self.clock.now())
        what = f"WeChat: {code} {str(said.get('errmsg') or '')[:200]}".strip()
        if code in STALE or code in CREDENTIALS:
            return SendFailed(
                f"{what}; check app_id, app_secret and the list of allowed IPs", retryable=False, reason="token_expired"
            )
        if code in BUSY:
            return SendFailed(what, retryable=True, retry_after=BUSY[code])
        if code == QUOTA:
            wait = until_midnight(self.clock.now())
            return SendFailed(what, retryable=True, retry_after=wait, reason="quota_spent")
        return SendFailed(what, retryable=False, reason=REASONS.get(code, ""))


def answered(response: HttpResponse) -> Mapping[str, Any]:
    if response.body.lstrip()[:1] != b"{":
        return {}
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def until_midnight(now: datetime) -> float:
    """Seconds until the day ends where WeChat counts it."""
    there = now.astimezone(BEIJING)
    midnight = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight.astimezone(UTC) - now).total_seconds()
