"""The token in a bot's callback URL: good for one answer to one turn, until it expires."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from orchestrator.errors import Malformed, Unauthenticated

AUDIENCE = "parley-bot-callback"


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
        self.secret = secret
        self.lifetime = lifetime

    def sign(self, ticket: Ticket, now: datetime) -> str:
        claims = {
            "aud": AUDIENCE,
            "exp": now + self.lifetime,
            "app": ticket.app_id,
            "con": ticket.conversation_id,
            "turn": ticket.turn_id,
            "bot": ticket.bot,
            "epo": ticket.epoch,
            "seq": ticket.last_seq,
        }
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def read(self, token: str) -> Ticket:
        """Raises Unauthenticated when forged or expired."""
        try:
            claims = jwt.decode(
                token, self.secret, algorithms=["HS256"], audience=AUDIENCE, options={"require": ["exp"]}
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("this callback URL has expired") from None
        except jwt.InvalidTokenError:
            raise Unauthenticated("this callback URL was not made by this server") from None
        try:
            return Ticket(
                app_id=claims["app"],
                conversation_id=claims["con"],
                turn_id=claims["turn"],
                bot=claims["bot"],
                epoch=claims["epo"],
                last_seq=claims["seq"],
            )
        except KeyError as missing:
            raise Malformed(f"this callback URL lacks {missing}") from None
