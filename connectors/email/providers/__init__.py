"""Providers that take mail in for us and post it to the hook, and whose APIs send."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from connectors.email.letter import Letter
from connectors.email.mime import Mail
from connectors.email.providers.mailgun import Mailgun
from connectors.email.providers.postmark import Postmark
from connectors.email.providers.raw import Raw
from connectors.email.providers.request import Ask
from connectors.email.providers.sendgrid import SendGrid
from connectors.email.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.ports import Clock
from orchestrator.types import Inbound, RawRequest


class Provider(Protocol):
    def verify(self, request: RawRequest) -> None:
        """Raises Unauthenticated."""
        ...

    def read(self, request: RawRequest) -> Sequence[Mail | Inbound]:
        """Mails, and what happened to ours. Raises Malformed."""
        ...

    def ask(self, letter: Letter) -> Ask:
        """How to send it by the API."""
        ...

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SendFailed | None:
        """None when it was taken."""
        ...


def provider(settings: Settings, clock: Clock) -> Provider | None:
    match settings.provider:
        case "mailgun":
            return Mailgun(settings, clock)
        case "sendgrid":
            return SendGrid(settings, clock)
        case "postmark":
            return Postmark(settings, clock)
        case "raw":
            return Raw(settings)
        case None:
            return None
