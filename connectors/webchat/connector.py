"""The web chat as a Connector. The widget reads the log itself ("pull"), so there is nothing to send."""

from collections.abc import Sequence
from typing import Literal

from connectors.webchat.settings import Settings
from connectors.webchat.tokens import Tokens
from orchestrator.errors import Malformed, SendFailed, Unauthenticated
from orchestrator.ports import Clock
from orchestrator.types import Delivery, Inbound, Limits, Outgoing, RawRequest, RawResponse, Rendering

MANY = 50
LIMITS = Limits(
    text=20_000,
    markup="markdown",
    quick_replies=MANY,
    quick_reply_title=80,
    buttons=MANY,
    button_title=80,
    link_buttons=True,
    list_rows=MANY,
    list_title=120,
    list_description=300,
    cards=MANY,
    card_title=120,
    card_subtitle=300,
    card_buttons=10,
    form=True,
    location=True,
    media=frozenset({"image", "gif", "audio", "video", "file"}),
    caption=2000,
    payload=1000,
    typing=True,
    read=True,
)


class WebChat:
    """One embedded chat. Its face is orchestrator/http/webchat; the hook that push channels have refuses everything."""

    kind = "webchat"
    limits = LIMITS
    delivery: Literal["push", "pull"] = "pull"

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    def tokens(self, channel_id: str, secret: str) -> Tokens:
        """Signer of this channel's visitor tokens; `secret` is the server's, used unless the channel has its own."""
        own = self.settings.token_secret.get_secret_value()
        return Tokens(
            own or secret,
            channel_id,
            self.clock,
            minutes=self.settings.token_minutes,
            days=self.settings.resume_days,
        )

    async def verify(self, request: RawRequest) -> None:
        raise Unauthenticated("a web chat has no hook: visitors speak at /webchat/{channel}, servers at /v1")

    def parse(self, request: RawRequest) -> Sequence[Inbound]:
        raise Malformed("a web chat has no hook: visitors speak at /webchat/{channel}, servers at /v1")

    def answer(self, request: RawRequest) -> RawResponse:
        return RawResponse(status=404, body=b"a web chat has no hook")

    async def send(self, rendering: Rendering, outgoing: Outgoing) -> Delivery:
        raise SendFailed("a web chat reads the log itself: nothing is sent to it", retryable=False)

    async def typing(self, address: str, on: bool) -> None:
        """Widgets hear of typing on the bus."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
