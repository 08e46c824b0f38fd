"""One official account: answered at once with nothing, then over the customer-service API."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal
from urllib.parse import urlsplit

from connectors.wechat import crypto, wire, xml
from connectors.wechat.api import Api, answered
from connectors.wechat.render import UPLOADS, menu_buttons, message, template, text, uploaded
from connectors.wechat.settings import LIMITS, Settings
from orchestrator import sending
from orchestrator.attaching import as_link, attached
from orchestrator.errors import NotFound, ParleyError, SendFailed, TooLarge, Unanswered, Unauthenticated
from orchestrator.ports import Clock, Files, Http
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
    Template,
)

TAKEN = RawResponse(body=b"success")


class WeChatChannel:
    kind = "wechat"
    delivery: Literal["push", "pull"] = "push"
    limits = LIMITS

    def __init__(self, settings: Settings, *, clock: Clock, http: Http, files: Files) -> None:
        self.settings = settings
        self.keys = settings.keys
        self.clock = clock
        self.http = http
        self.files = files
        self.api = Api(settings, clock=clock, http=http)

    async def verify(self, request: RawRequest) -> None:
        """A plain message's signature does not cover what it says, so only encrypted ones are taken, unless told so."""
        self.check_time(request.query.get("timestamp", ""))
        if request.method == "GET" or "msg_signature" not in request.query:
            self.check_plain(request)
            if request.method == "POST" and not self.settings.plain:
                raise Unauthenticated("only encrypted messages are taken: choose the safe mode in WeChat's console")
        else:
            self.opened(request)

    def check_time(self, timestamp: str) -> None:
        read = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
        if not read or abs(self.clock.now().timestamp() - int(timestamp)) > self.settings.tolerance:
            raise Unauthenticated(f"the timestamp is more than {self.settings.tolerance:g} seconds off our clock")

    def check_plain(self, request: RawRequest) -> None:
        given = request.query.get("signature", "")
        crypto.check(given, self.settings.token.get_secret_value(), *stamp(request))

    def opened(self, request: RawRequest) -> bytes:
        """The XML of an encrypted message. Raises Unauthenticated, Malformed."""
        if not self.keys:
            raise Unauthenticated("this message is encrypted, and there is no aes_key")
        encrypted = xml.read(request.body).get("Encrypt", "")
        token = self.settings.token.get_secret_value()
        crypto.check(request.query.get("msg_signature", ""), token, *stamp(request), encrypted)
        return crypto.opened(self.keys, self.settings.app_id, encrypted)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method == "GET":
            return []
        body = self.opened(request) if "msg_signature" in request.query else request.body
        return wire.read(xml.read(body), self.settings.account, self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        """Nothing to say within WeChat's five seconds: what there is to say comes over the API."""
        if request.method == "GET":
            return RawResponse(body=request.query.get("echostr", "").encode())
        return TAKEN

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """There is no idempotency key: after a time-out nobody knows."""
        given = [await self.made(part, outgoing) for part in rendering.parts]
        message_id = ""
        for path, body in given:
            try:
                said = await self.api.post(path, body)
            except (Unanswered, TooLarge) as error:
                raise SendFailed(str(error), retryable=False, reason="unknown") from None
            message_id = str(said.get("msgid") or "")
        return Delivery(external_id=message_id)

    async def made(self, part: Any, outgoing: Outgoing) -> tuple[str, Mapping[str, Any]]:
        if isinstance(part, Template):
            return "/cgi-bin/message/template/send", template(part, outgoing, self.settings)
        found = await self.upload(part) if isinstance(part, Media) and part.media in UPLOADS else message(part)
        return "/cgi-bin/message/custom/send", {"touser": outgoing.address, **found}

    async def upload(self, part: Media) -> Mapping[str, Any]:
        """WeChat takes files, not links; what can't be had, or it does not take, is told by its address all the same.
        Raises SendFailed; nothing was sent then, so it may be tried again."""
        most = LIMITS.media_bytes.get(part.media, 10_485_760)
        found = await attached(part, self.files, self.http, most=most, seconds=self.settings.timeout)
        if found is None:
            return text(as_link(part))
        kind = UPLOADS[part.media]
        try:
            media_id = await self.api.upload(kind, found.name or kind, found.mime, found.data)
        except Unanswered as error:
            raise SendFailed(str(error), retryable=True) from None
        except SendFailed as error:
            if error.retryable or error.reason:
                raise
            return text(as_link(part))
        return uploaded(kind, media_id, part)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        response = await self.api.download(reference, max_bytes)
        said = answered(response)
        if said.get("errcode") == 40007:
            raise NotFound("WeChat does not have this file any more")
        if failed := self.api.refused(response, said):
            raise failed
        if isinstance(link := said.get("video_url"), str):
            response = await self.http.request("GET", link, timeout=self.settings.timeout, max_bytes=max_bytes)
            if failed := sending.failure("WeChat's video", response.status, response.headers, self.clock.now()):
                raise failed
        mime = response.headers.get("Content-Type", "").partition(";")[0].strip()
        return Fetched(data=response.body, mime=mime)

    async def typing(self, address: str, on: bool) -> None:
        """A hint: when it does not arrive, nothing is lost."""
        with suppress(SendFailed, TooLarge):
            command = "Typing" if on else "CancelTyping"
            await self.api.post("/cgi-bin/message/custom/typing", {"touser": address, "command": command})

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        """The server's address can only be set in the console; the menu by the API."""
        mode = "plain or safe mode" if self.settings.plain else "safe mode"
        text = (
            f"In WeChat's console, under Settings and Development, Basic Configuration: URL {url}, your token and "
            f"EncodingAESKey, {mode}. Parley must be running, for WeChat calls it at once. Allow this server's IP too."
        )
        steps = [SetupStep(title="Server configuration", text=text)]
        if self.settings.menu:
            await self.api.post("/cgi-bin/menu/create", {"button": menu_buttons(self.settings.menu)})
            steps.append(SetupStep(title="Menu", text=f"{len(self.settings.menu)} entries.", done=True))
        return steps

    async def check(self, url: str) -> Sequence[Checked]:
        try:
            await self.api.access_token()
        except ParleyError as error:
            mend = "Check app_id and app_secret, and that this server's IP is allowed."
            return [Checked(ok=False, what=f"There is no access token: {error}", mend=mend)]
        found = [Checked(ok=True, what="WeChat knows the account.")]
        if self.settings.plain:
            mend = "Choose the safe mode, set aes_key and take 'plain' out."
            found.append(Checked(ok=False, what="Messages that are not encrypted are taken.", mend=mend))
        if not url.startswith(("https://", "http://")) or urlsplit(url).port not in (None, 80, 443):
            what = f"WeChat calls ports 80 and 443 only, not {url}."
            found.append(Checked(ok=False, what=what, mend="Set [server] public_url."))
        return found


def stamp(request: RawRequest) -> tuple[str, str]:
    return request.query.get("timestamp", ""), request.query.get("nonce", "")
