"""Mail as it is, posted by a mail server of one's own (`message/rfc822`), behind a password."""

from collections.abc import Mapping, Sequence

from connectors.email import mime
from connectors.email.letter import Letter
from connectors.email.providers.request import Ask, check_basic
from connectors.email.settings import Settings
from orchestrator.errors import SendFailed
from orchestrator.types import Inbound, RawRequest


class Raw:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def verify(self, request: RawRequest) -> None:
        check_basic(self.settings, request)

    def read(self, request: RawRequest) -> Sequence[mime.Mail | Inbound]:
        return [mime.read(request.body)]

    def ask(self, letter: Letter) -> Ask:
        raise SendFailed("provider 'raw' sends nothing; set 'smtp'", retryable=False)

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> SendFailed | None:
        return None
