"""One account's direct messages."""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import orjson

from connectors.x import wire
from connectors.x.oauth import Identity
from connectors.x.settings import LIMITS, Settings
from connectors.x.upload import CATEGORIES, upload
from orchestrator import sending
from orchestrator.attaching import as_link, attached
from orchestrator.errors import NotFound, ParleyError, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Files, Http, HttpResponse
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Media,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
    Text,
)

CHALLENGE = re.compile(r"[A-Za-z0-9._~+/=-]{1,200}")
"""What X asks us to sign, once an hour. Never JSON: who had that signed could post it as X's own."""
PRIVATE_HOSTS = frozenset(("ton.twitter.com", "ton.x.com"))
"""Where what was sent in private lies: only who may read it gets it."""
REFUSED_BY_THEM = frozenset((349, 150, 151))
EVENTS = ("dm.received", "dm.read")
DAY = 86_400.0


class XChannel:
    kind = "x"
    delivery: Literal["push", "pull"] = "push"
    max_bytes = 4_194_304
    """A thousand events at once."""
    limits = LIMITS

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.files = files
        self.identity = Identity(settings, clock=clock, http=http)

    async def verify(self, request: RawRequest) -> None:
        if request.method == "GET":
            if not CHALLENGE.fullmatch(request.query.get("crc_token", "")):
                raise Unauthenticated("crc_token is missing, or not what X asks with")
            return
        given = request.headers.get("x-twitter-webhooks-signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(self.seal(request.body).encode(), given):
            raise Unauthenticated("x-twitter-webhooks-signature is missing or wrong; check consumer_secret")

    def seal(self, data: bytes) -> str:
        digest = hmac.digest(self.settings.consumer_secret.get_secret_value().encode(), data, "sha256")
        return "sha256=" + base64.b64encode(digest).decode()

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method == "GET":
            return []
        return wire.read(request.body, self.settings.user_id, self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        if request.method != "GET":
            return RawResponse()
        body = orjson.dumps({"response_token": self.seal(request.query.get("crc_token", "").encode())})
        return RawResponse(body=body, media_type="application/json")

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """There is no idempotency key: after a time-out nobody knows."""
        body = await self.message(rendering)
        path = f"/2/dm_conversations/with/{quote(outgoing.address, safe='')}/messages"
        try:
            found = await self.call("POST", path, body)
        except (Unanswered, TooLarge) as error:
            raise SendFailed(str(error), retryable=False, reason="unknown") from None
        return Delivery(external_id=wire.text(found.get("dm_event_id")))

    async def message(self, rendering: Rendering) -> Mapping[str, Any]:
        """fit hands one part. Media are put at X first; should that not be answered, nothing was sent yet."""
        words, files = [], []
        for part in rendering.parts:
            if isinstance(part, Text):
                words.append(part.text)
            elif isinstance(part, Media) and part.media in CATEGORIES:
                media_id = await self.put(part)
                words += [part.alt if media_id else as_link(part)]
                files += [{"media_id": media_id}] if media_id else []
            else:
                words.append(getattr(part, "text", "") or getattr(part, "url", "") or "…")
        words = [said for said in words if said]
        body: dict[str, Any] = {"text": "\n".join(words)} if words else {}
        return body | ({"attachments": files} if files else {})

    async def put(self, part: Media) -> str:
        """The id of the file at X; "" for one that can't be had, or that X does not take: it goes as a link."""
        most = LIMITS.media_bytes.get(part.media, 5_242_880)
        found = await attached(part, self.files, self.http, most=most, seconds=self.settings.timeout)
        if found is None:
            return ""
        try:
            return await upload(self.call, part.media, found.mime, found.data)
        except Unanswered as error:
            raise SendFailed(str(error), retryable=True) from None
        except SendFailed as error:
            if error.retryable or error.reason:
                raise
            return ""

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """The `data` of the answer. A token that is refused is renewed once. Raises SendFailed."""
        response = await self.ask(method, path, body)
        if response.status == 401 and self.identity.renewable:
            await self.identity.renew(self.identity.tokens.access)
            response = await self.ask(method, path, body)
        if failed := refused(response, self.clock.now()):
            raise failed
        return wire.mapping(answered(response).get("data"))

    async def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, bearer: str = ""
    ) -> HttpResponse:
        url = f"{self.settings.api}{path}"
        authorization = f"Bearer {bearer}" if bearer else await self.identity.authorization(method, url)
        headers = {"Authorization": authorization, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.http.request(
            method,
            url,
            headers=headers,
            body=orjson.dumps(body) if body is not None else b"",
            timeout=self.settings.timeout,
            trusted=True,
            redirects=False,
        )

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """What we are known by goes to X's own hosts alone."""
        url = await self.address(reference) if reference.startswith("dm/") else reference
        private = urlsplit(url).hostname in PRIVATE_HOSTS
        elsewhere = private and self.settings.api != Settings.model_fields["api"].default
        if elsewhere:  # Whoever stands for X's API stands for its files too.
            url = self.settings.api + urlsplit(url).path
        headers = {"Authorization": await self.identity.authorization("GET", url)} if private else {}
        response = await self.http.request(
            "GET", url, headers=headers, timeout=self.settings.timeout, max_bytes=max_bytes, trusted=elsewhere
        )
        if response.status in (403, 404, 410):
            raise NotFound("X does not have this file for us any more")
        if failed := sending.failure("X's media", response.status, response.headers, self.clock.now()):
            raise failed
        return Fetched(data=response.body, mime=response.headers.get("Content-Type", "").partition(";")[0].strip())

    async def address(self, reference: str) -> str:
        """Where a file of a message lies, by the message's id and the file's key. Raises NotFound, SendFailed."""
        _, message_id, key = reference.split("/", 2)
        wanted = "expansions=attachments.media_keys&media.fields=url,variants,type"
        response = await self.ask("GET", f"/2/dm_events/{quote(message_id, safe='')}?{wanted}")
        if failed := refused(response, self.clock.now()):
            raise failed
        for found in wire.items(wire.mapping(answered(response).get("includes")), "media"):
            if found.get("media_key") == key:
                url = wire.best({"video_info": found}) or wire.text(found.get("url"))
                if url.startswith("https://"):
                    return url
        raise NotFound("X does not have this file for us any more")

    async def typing(self, address: str, on: bool) -> None:
        """Version 2 of the API has no such thing."""

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        """Registers the webhook and subscribes the account to it, with the app's bearer token. Raises SendFailed."""
        bearer = self.settings.bearer.get_secret_value()
        if not bearer:
            text = f"In X's developer console, add the webhook {url} and subscribe it to {', '.join(EVENTS)} of the "
            text += f"user {self.settings.user_id}; or set 'bearer', the app's bearer token, and run this again."
            return [SetupStep(title="Webhook", text=text)]
        webhook = await self.webhook(url, bearer)
        done = [SetupStep(title="Webhook", text=f"X posts to {url}", done=True)]
        for event in EVENTS:
            body = {"event_type": event, "filter": {"user_id": self.settings.user_id}, "webhook_id": webhook}
            response = await self.ask("POST", "/2/activity/subscriptions", body, bearer=bearer)
            # 409: it is subscribed already.
            if response.status != 409 and (failed := refused(response, self.clock.now())):
                raise failed
            done.append(SetupStep(title=event, text=f"of user {self.settings.user_id}", done=True))
        return done

    async def webhook(self, url: str, bearer: str) -> str:
        listed = await self.ask("GET", "/2/webhooks", bearer=bearer)
        if failed := refused(listed, self.clock.now()):
            raise failed
        for found in wire.items(answered(listed), "data"):
            if found.get("url") == url:
                await self.ask("PUT", f"/2/webhooks/{quote(wire.text(found.get('id')), safe='')}", bearer=bearer)
                return wire.text(found.get("id"))
        made = await self.ask("POST", "/2/webhooks", {"url": url}, bearer=bearer)
        if failed := refused(made, self.clock.now()):
            raise failed
        said = answered(made)
        return wire.text(wire.mapping(said.get("data")).get("id") or said.get("id"))

    async def check(self, url: str) -> Sequence[Checked]:
        try:
            me = await self.call("GET", "/2/users/me")
        except ParleyError as error:
            return [Checked(ok=False, what=f"The account can't be read: {error}", mend="Sign the account in again.")]
        found = [Checked(ok=True, what=f"X knows us as @{wire.text(me.get('username'))}.")]
        if wire.text(me.get("id")) != self.settings.user_id:
            mend = f"Set user_id = {wire.text(me.get('id'))!r}, or sign the other account in."
            found.append(Checked(ok=False, what="user_id is another account's than the token.", mend=mend))
        if not url.startswith("https://") or urlsplit(url).port not in (None, 443):
            mend = "Set [server] public_url."
            found.append(Checked(ok=False, what="X calls https without a port only.", mend=mend))
        if bearer := self.settings.bearer.get_secret_value():
            found.append(await self.check_webhook(url, bearer))
        return found

    async def check_webhook(self, url: str, bearer: str) -> Checked:
        try:
            listed = wire.items(answered(await self.ask("GET", "/2/webhooks", bearer=bearer)), "data")
        except ParleyError as error:
            return Checked(ok=False, what=f"The webhooks can't be read: {error}")
        if any(one.get("url") == url and one.get("valid") is True for one in listed):
            return Checked(ok=True, what=f"X posts to {url}.")
        return Checked(ok=False, what=f"X does not post to {url}.", mend="Run 'parley channels setup'.")


def answered(response: HttpResponse) -> Mapping[str, Any]:
    try:
        return wire.mapping(orjson.loads(response.body))
    except orjson.JSONDecodeError:
        return {}


def refused(response: HttpResponse, now: datetime) -> SendFailed | None:
    if 200 <= response.status < 300:
        return None
    said = answered(response)
    words = (wire.text(said.get("detail")) or wire.text(said.get("title")))[:200]
    codes = {one.get("code") for one in wire.items(said, "errors")}
    if response.status == 429:
        return SendFailed(f"X: {words or 'too many requests'}", retryable=True, retry_after=reset(response, now))
    if response.status == 401:
        what = "X does not know the token any more; sign the account in again"
        return SendFailed(what, retryable=False, reason="token_expired")
    if response.status == 403 and (codes & REFUSED_BY_THEM or closed(words)):
        return SendFailed(f"X: {words or 'this user takes no messages from us'}", retryable=False, reason="opted_out")
    return sending.failure("X", response.status, response.headers, now, words)


def closed(words: str) -> bool:
    return "cannot send messages to this user" in words.lower() or "permission to dm" in words.lower()


def reset(response: HttpResponse, now: datetime) -> float | None:
    """Seconds until the limit that was hit is lifted: that of 15 minutes, or that of a day when it is used up."""
    headers = response.headers
    for left, until in (
        ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
        ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
        ("x-rate-limit-remaining", "x-rate-limit-reset"),
    ):
        text = headers.get(until) or ""
        if headers.get(left, "0") == "0" and text.isascii() and text.isdecimal() and len(text) < 12:
            return min(max(int(text) - now.timestamp(), 1.0), DAY)
    return sending.retry_after(headers, now)
