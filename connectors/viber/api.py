"""Calls of Viber's REST API: always HTTP 200, with the outcome in `status` (…/rest-bot-api/#error-codes)."""

from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.viber.settings import Settings
from connectors.viber.wire import Token
from orchestrator import sending
from orchestrator.errors import SendFailed, SendProblem, TooLarge, Unanswered
from orchestrator.ports import Clock, Http

PERMANENT: Mapping[int, SendProblem] = {
    1: "",  # invalidUrl
    2: "token_expired",  # invalidAuthToken
    3: "",  # badData
    4: "",  # missingData
    5: "",  # receiverNotRegistered
    6: "opted_out",  # receiverNotSubscribed
    7: "",  # publicAccountBlocked
    8: "",  # publicAccountNotFound
    9: "",  # publicAccountSuspended
    10: "",  # webhookNotSet
    11: "",  # receiverNoSuitableDevice
    13: "",  # apiVersionNotSupported
    14: "",  # incompatibleWithVersion
    15: "",  # notAuthorized
    16: "",  # inchatReplyMessageNotAllowed
    17: "",  # publicAccountIsNotInline
    18: "",  # noPublicChat
    19: "",  # cannotSendBroadcast
    20: "",  # broadcastNotAllowed
    21: "",  # unsupportedCountry
    22: "",  # paymentUnsupported
    23: "quota_spent",  # freeMessagesExceeded
    24: "quota_spent",  # noBalance
}
"""Any other status passes by itself: 12 tooManyRequests, and those that no list has ("general error")."""
TOO_MANY = 12
COOLING = 10.0
"""Seconds after `tooManyRequests`: limits are per ten seconds."""


class Answer(BaseModel):
    model_config = ConfigDict(extra="allow")

    status: int
    status_message: str = ""
    message_token: Token = ""


class ViberApi:
    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http

    async def call(self, method: str, fields: Mapping[str, Any]) -> Answer:
        """Raises SendFailed, Unanswered among them."""
        try:
            response = await self.http.request(
                "POST",
                f"{self.settings.api}/{method}",
                headers={
                    "content-type": "application/json",
                    "x-viber-auth-token": self.settings.token.get_secret_value(),
                },
                body=orjson.dumps(fields),
                timeout=self.settings.timeout,
                trusted=True,
                redirects=False,
            )
        except TooLarge:
            raise Unanswered("viber answered far too much", retryable=True) from None
        if failed := sending.failure("viber", response.status, response.headers, self.clock.now()):
            raise failed
        try:
            answer = Answer.model_validate(orjson.loads(response.body))
        except (ValidationError, orjson.JSONDecodeError):
            raise Unanswered("viber answered something else than JSON", retryable=True) from None
        if answer.status:
            raise refused(method, answer)
        return answer


def refused(method: str, answer: Answer) -> SendFailed:
    what = f"viber refused {method} ({answer.status}): {answer.status_message[:200]}"
    if (reason := PERMANENT.get(answer.status)) is not None:
        return SendFailed(what, retryable=False, reason=reason)
    return SendFailed(what, retryable=True, retry_after=COOLING if answer.status == TOO_MANY else None)
