"""One number, messaging service or WhatsApp sender of a Twilio account."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import orjson

from connectors.twilio import signature, wire
from connectors.twilio.render import Content, Wanted, filled, wanted
from connectors.twilio.settings import WHATSAPP, Settings
from orchestrator import sending
from orchestrator.errors import Malformed, NotFound, ParleyError, SendFailed, SendProblem, TooLarge, Unanswered
from orchestrator.ports import Clock, Http, HttpResponse
from orchestrator.types import (
    Checked,
    Delivery,
    Fetched,
    Inbound,
    Outgoing,
    RawRequest,
    RawResponse,
    Rendering,
    SetupStep,
)

TAKEN = RawResponse(body=b"<?xml version='1.0'?><Response/>", media_type="text/xml; charset=utf-8")
REASONS: Mapping[int, SendProblem] = {
    21610: "opted_out",
    63016: "window_closed",
    63112: "window_closed",
    20003: "token_expired",
    20005: "token_expired",
}
PASSING = frozenset((20429, 30001, 30008, 63018, 14107, 21611))
"""Too many at once, a full queue, a carrier's moment: the same message may go later."""
PAGES = 10
INCOMING = "Incoming messages"


class TwilioChannel:
    kind = "twilio"
    delivery: Literal["push", "pull"] = "push"
    max_bytes = 4_194_304
    """A thousand events at once."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.limits = settings.limits
        self.contents: dict[str, str] = {}
        self.base = f"{settings.api}/2010-04-01/Accounts/{quote(settings.account_sid)}"

    async def verify(self, request: RawRequest) -> None:
        signature.verify(self.settings.tokens, self.settings.url, request)

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        if request.method != "POST":
            raise Malformed(f"messages are POSTed here; this was a {request.method}")
        return wire.read(request, self.settings.account_sid, keywords=self.settings.keywords, now=self.clock.now())

    def answer(self, request: RawRequest) -> RawResponse:
        return TAKEN

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        """There is no idempotency key: after a time-out nobody knows, until a status comes with its tracker."""
        made = wanted(rendering.parts, self.settings)
        fields = [*self.envelope(outgoing), *await self.fields(made)]
        try:
            response = await self.call("POST", f"{self.base}/Messages.json", fields)
        except (Unanswered, TooLarge) as error:
            raise SendFailed(str(error), retryable=False, reason="unknown") from None
        sid = answered(response).get("sid")
        return Delivery(external_id=sid if isinstance(sid, str) else "")

    def envelope(self, outgoing: Outgoing) -> list[tuple[str, str]]:
        to = outgoing.address
        if self.settings.over_whatsapp and not to.startswith(WHATSAPP):
            to = WHATSAPP + to
        fields = [("To", to)]
        if self.settings.messaging_service:
            fields.append(("MessagingServiceSid", self.settings.messaging_service))
        if self.settings.sender:
            fields.append(("From", self.settings.sender))
        if self.settings.url and self.settings.statuses:
            tracker = urlencode({"tracker": f"{outgoing.id}.{outgoing.done}"})
            mark = "&" if "?" in self.settings.url else "?"
            fields.append(("StatusCallback", f"{self.settings.url}{mark}{tracker}"))
        if self.settings.smart_encoding:
            fields.append(("SmartEncoded", "true"))
        return fields

    async def fields(self, made: Wanted) -> Sequence[tuple[str, str]]:
        if made.content is None:
            return made.fields
        values = {"1": made.content.body} if made.content.body else {}
        return [("ContentSid", await self.content_sid(made.content)), *filled(values)]

    async def content_sid(self, content: Content) -> str:
        """Made once for all messages with the same options, found again by its name after a restart."""
        if not self.contents:
            await self.learn()
        if content.name not in self.contents:
            body = {"friendly_name": content.name, "language": "en", "variables": {"1": "…"}, "types": content.types}
            response = await self.call("POST", f"{self.settings.content}/v1/Content", json=body)
            sid = answered(response).get("sid")
            if not isinstance(sid, str):
                raise SendFailed("Twilio gave no SID for the content", retryable=True)
            self.contents[content.name] = sid
        return self.contents[content.name]

    async def learn(self) -> None:
        """The contents Parley made before; what is not found among the first pages is made again."""
        url = f"{self.settings.content}/v1/Content?PageSize=500"
        for _ in range(PAGES):
            found = answered(await self.call("GET", url))
            for item in found.get("contents") or ():
                name, sid = item.get("friendly_name"), item.get("sid")
                if isinstance(name, str) and isinstance(sid, str) and name.startswith("parley-"):
                    self.contents[name] = sid
            following = (found.get("meta") or {}).get("next_page_url")
            if not isinstance(following, str) or not following.startswith(self.settings.content):
                return
            url = following

    async def call(
        self, method: str, url: str, form: Sequence[tuple[str, str]] = (), *, json: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """Raises SendFailed with what Twilio says."""
        body = orjson.dumps(json) if json is not None else urlencode(form).encode()
        kind = "application/json" if json is not None else "application/x-www-form-urlencoded"
        response = await self.http.request(
            method,
            url,
            headers={"Content-Type": kind, "Accept": "application/json", "Authorization": self.authorization},
            body=body,
            timeout=self.settings.timeout,
            trusted=True,
            redirects=False,
        )
        if failed := self.refused(response):
            raise failed
        return response

    @property
    def authorization(self) -> str:
        user, password = self.settings.account_sid, self.settings.tokens[0]
        if self.settings.api_key:
            user, password = self.settings.api_key, self.settings.api_secret.get_secret_value()
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def refused(self, response: HttpResponse) -> SendFailed | None:
        if 200 <= response.status < 300:
            return None
        said = answered(response)
        given = said.get("code")
        code = given if isinstance(given, int) else 0
        words = f"{code} {str(said.get('message') or '')[:200]}".strip() if code else ""
        reason = REASONS.get(code, "token_expired" if response.status == 401 else "")
        if reason:
            return SendFailed(f"Twilio: {words or response.status}", retryable=False, reason=reason)
        if code in PASSING:
            wait = sending.retry_after(response.headers, self.clock.now())
            return SendFailed(f"Twilio: {words}", retryable=True, retry_after=wait)
        return sending.failure("Twilio", response.status, response.headers, self.clock.now(), words)

    async def fetch(self, reference: str, max_bytes: int) -> Fetched:
        """Our password goes to Twilio's API alone; where it sends us on to, and any other address, gets none."""
        ours = urlsplit(reference)[:2] == urlsplit(self.settings.api)[:2]
        response = await self.http.request(
            "GET",
            reference,
            headers={"Authorization": self.authorization} if ours else {},
            timeout=self.settings.timeout,
            max_bytes=max_bytes,
            trusted=ours,
        )
        if response.status in (404, 410):
            raise NotFound("Twilio does not have this file any more")
        if failed := sending.failure("Twilio's media", response.status, response.headers, self.clock.now()):
            raise failed
        return Fetched(data=response.body, mime=response.headers.get("Content-Type", "").partition(";")[0].strip())

    async def typing(self, address: str, on: bool) -> None:
        """Neither SMS nor WhatsApp by Twilio's Messages API has such a thing."""

    async def open(self) -> None:
        """Nothing to prepare."""

    async def close(self) -> None:
        """Nothing to give back."""

    async def setup(self, url: str) -> Sequence[SetupStep]:
        """A number's webhook is registered; a messaging service and a WhatsApp sender have theirs in the console."""
        if self.settings.over_whatsapp or not self.settings.sender.startswith("+"):
            where = "WhatsApp senders, Webhook" if self.settings.over_whatsapp else "Messaging, Services, Integration"
            return [SetupStep(title=INCOMING, text=f"In Twilio's console, {where}: POST to {url}")]
        number = await self.number()
        if number is None:
            return [SetupStep(title=INCOMING, text=f"{self.settings.sender} is not a number of this account.")]
        address = f"{self.base}/IncomingPhoneNumbers/{quote(str(number.get('sid')))}.json"
        await self.call("POST", address, [("SmsUrl", url), ("SmsMethod", "POST")])
        return [SetupStep(title=INCOMING, text=f"{self.settings.sender} posts to {url}", done=True)]

    async def number(self) -> Mapping[str, Any] | None:
        query = urlencode({"PhoneNumber": self.settings.sender})
        found = answered(await self.call("GET", f"{self.base}/IncomingPhoneNumbers.json?{query}"))
        numbers = found.get("incoming_phone_numbers")
        return numbers[0] if isinstance(numbers, list) and numbers and isinstance(numbers[0], dict) else None

    async def check(self, url: str) -> Sequence[Checked]:
        try:
            account = answered(await self.call("GET", f"{self.base}.json"))
        except ParleyError as error:
            mend = "Check account_sid and auth_token."
            return [Checked(ok=False, what=f"The account can't be read: {error}", mend=mend)]
        active = account.get("status") == "active"
        mend = "" if active else "See Twilio's console."
        found = [Checked(ok=active, what=f"The account is {account.get('status')}.", mend=mend)]
        if not self.settings.over_whatsapp and self.settings.sender.startswith("+"):
            found.append(await self.check_number(self.settings.url or url))
        if not self.settings.url:
            found.append(Checked(ok=False, what="No statuses are asked for.", mend=f"Set url = {url!r}."))
        return found

    async def check_number(self, url: str) -> Checked:
        try:
            number = await self.number()
        except ParleyError as error:
            return Checked(ok=False, what=f"The number can't be read: {error}")
        if number is None:
            what = f"{self.settings.sender} is not a number of this account."
            return Checked(ok=False, what=what, mend="Check 'sender'.")
        if number.get("sms_url") != url:
            mend = "Run 'parley channels setup', or set it in Twilio's console."
            return Checked(ok=False, what=f"{self.settings.sender} does not post to {url}.", mend=mend)
        return Checked(ok=True, what=f"{self.settings.sender} posts to {url}.")


def answered(response: HttpResponse) -> Mapping[str, Any]:
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
