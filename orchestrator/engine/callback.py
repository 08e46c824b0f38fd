"""The token in a bot's callback URL: good for one answer to one turn, until it expires.

Every turn carries one, so it is made with one HMAC (5 µs; a JWT by PyJWT took 60): base64url(claims).base64url(digest).
"""

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from orchestrator.errors import Unauthenticated
from orchestrator.signing import sealed

PURPOSE = b"parley-bot-callback-1\0"
"""Keeps these digests apart from whatever else is signed with the server's secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Which turn may be answered; `last_seq` is the turn's last message, `epoch` the one it was computed under."""

    app_id: str
    conversation_id: str
    turn_id: str
    bot: str
    epoch: int
    last_seq: int


class Tickets:
    def __init__(self, secret: str, lifetime: timedelta) -> None:
        self.key = hmac.digest(secret.encode(), PURPOSE, "sha256")
        self.lifetime = lifetime

    def sign(self, ticket: Ticket, now: datetime) -> str:
        expires = int((now + self.lifetime).timestamp())
        claims = urlsafe_b64encode(
            orjson.dumps(
                [
                    ticket.app_id,
                    ticket.conversation_id,
                    ticket.turn_id,
                    ticket.bot,
                    ticket.epoch,
                    ticket.last_seq,
                    expires,
                ]
            )
        )
        return f"{claims.decode()}.{self.seal(claims).decode()}"

    def seal(self, claims: bytes) -> bytes:
        return urlsafe_b64encode(sealed(self.key, claims))

    def read(self, token: str, now: datetime) -> Ticket:
        """Raises Unauthenticated when forged or expired."""
        claims, _, seal = token.encode("utf-8", "replace").partition(b".")
        if not hmac.compare_digest(seal, self.seal(claims)):
            raise Unauthenticated("this callback URL was not made by this server")
        try:
            *fields, expires = orjson.loads(urlsafe_b64decode(claims))
        except (binascii.Error, ValueError):
            raise Unauthenticated("this callback URL was not made by this server") from None
        if now.timestamp() >= expires:
            raise Unauthenticated("this callback URL has expired")
        app_id, conversation_id, turn_id, bot, epoch, last_seq = fields
        return Ticket(
            app_id=app_id,
            conversation_id=conversation_id,
            turn_id=turn_id,
            bot=bot,
            epoch=epoch,
            last_seq=last_seq,
        )
