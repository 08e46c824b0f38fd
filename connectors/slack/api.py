"""Calling Slack's Web API: 200 with `ok: false` is its way to say no."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from connectors.slack.settings import Settings
from orchestrator import sending
from orchestrator.errors import SendFailed, TooLarge
from orchestrator.ports import Clock, Http
from orchestrator.types import Fetched

PASSING = frozenset(
    {
        "ratelimited",
        "rate_limited",
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "team_added_to_org",
        "accesslimited",
    }
)
"""Errors that mean: the same call may succeed later."""

UNUSABLE = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "org_login_required",
        "not_allowed_token_type",
        "ekm_access_denied",
    }
)
"""Errors that mean: nothing goes out until somebody installs the app again."""

WAYS_OUT = {
    "not_in_channel": "invite the bot to the channel",
    "channel_not_found": "the channel is gone, or the bot was never in it",
    "missing_scope": "add the scope to the app and install it again",
    "is_archived": "the channel is archived",
    "invalid_auth": "the token is wrong; copy it again from 'OAuth & Permissions'",
    "token_revoked": "the app was removed from the workspace; install it again",
    "account_inactive": "the app or its workspace is switched off",
}


class Refused(SendFailed):
    """Slack's own `ok: false`; `error` is its word for why."""

    def __init__(self, method: str, error: str, *, needed: str = "", retry_after: float | None = None) -> None:
        why = f"{error} ({needed})" if needed else error
        hint = f"; {WAYS_OUT[error]}" if error in WAYS_OUT else ""
        super().__init__(
            f"slack refused {method}: {why}{hint}",
            retryable=error in PASSING,
            retry_after=retry_after,
            reason="token_expired" if error in UNUSABLE else "",
        )
        self.error = error


class Api:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.origin = urlsplit(settings.api)

    async def call(
        self, method: str, fields: Mapping[str, Any], *, patience: float | None = None, token: str = ""
    ) -> Mapping[str, Any]:
        """A method that takes JSON. Raises SendFailed, Unanswered when it may have been done."""
        return await self.post(method, "application/json; charset=utf-8", orjson.dumps(fields), patience, token)

    async def ask(self, method: str, fields: Mapping[str, str], *, patience: float | None = None) -> Mapping[str, Any]:
        """A method that takes a form only: those that read, and those of files."""
        return await self.post(method, "application/x-www-form-urlencoded", urlencode(fields).encode(), patience)

    async def post(
        self, method: str, kind: str, body: bytes, patience: float | None, token: str = ""
    ) -> Mapping[str, Any]:
        bearer = token or self.settings.token.get_secret_value()
        try:
            response = await self.http.request(
                "POST",
                f"{self.settings.api}/{method}",
                headers={"content-type": kind, "authorization": f"Bearer {bearer}"},
                body=body,
                timeout=patience or self.settings.timeout,
                trusted=True,
                redirects=False,
            )
        except TooLarge as error:
            raise SendFailed(f"slack answered {method} with far too much: {error}", retryable=True) from None
        now = self.clock.now()
        answer = read(response.body)
        if failed := sending.failure("slack", response.status, response.headers, now, str(answer.get("error", ""))):
            raise failed
        if answer.get("ok") is not True:
            said = str(answer.get("error") or "an answer that is no JSON")[:100]
            wait = sending.retry_after(response.headers, now)
            raise Refused(method, said, needed=str(answer.get("needed") or "")[:200], retry_after=wait)
        return answer | {"scopes": response.headers.get("x-oauth-scopes", "")}

    async def put(self, url: str, data: bytes) -> None:
        """The bytes of a file to where `files.getUploadURLExternal` wants them. Done twice, it is done once."""
        response = await self.http.request(
            "POST",
            url,
            headers={"content-type": "application/octet-stream"},
            body=data,
            timeout=60.0,
            trusted=self.ours(url),
            redirects=False,
        )
        if failed := sending.failure("slack's file store", response.status, response.headers, self.clock.now()):
            raise failed

    async def fetch(self, url: str, max_bytes: int) -> Fetched:
        """A file by its private URL. The token goes to Slack's hosts only; Http drops it where a redirect leaves."""
        if not self.slacks(url):
            raise SendFailed("a file's address is not on Slack's hosts; it is not fetched", retryable=False)
        response = await self.http.request(
            "GET",
            url,
            headers={"authorization": f"Bearer {self.settings.token.get_secret_value()}"},
            timeout=30.0,
            max_bytes=max_bytes,
            trusted=self.ours(url),
        )
        if failed := sending.failure("slack", response.status, response.headers, self.clock.now()):
            raise failed
        mime = response.headers.get("content-type", "").partition(";")[0].strip()
        if mime == "text/html" and not urlsplit(url).path.endswith((".html", ".htm")):
            # Without the scope Slack sends its sign-in page, with a 200.
            raise SendFailed("slack did not give a file; add the scope files:read and install again", retryable=False)
        return Fetched(data=response.body, mime=mime)

    def ours(self, url: str) -> bool:
        """Whether it is on the configured API's own origin."""
        parts = urlsplit(url)
        return (parts.scheme, parts.netloc) == (self.origin.scheme, self.origin.netloc)

    def slacks(self, url: str) -> bool:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return self.ours(url) or (parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com")))


def read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
