"""Who a widget speaks for: visitor tokens we sign, and identify tokens the shop's server signs. All are HS256 JWTs.

An access token opens the conversation for minutes; a resume token, kept in the browser, buys new access tokens for
months; an upload token stands for a file the visitor has sent. `aud` tells them and the channels apart.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

import jwt

from orchestrator.errors import Forbidden, Unauthenticated
from orchestrator.ports import Clock
from orchestrator.types import Media, MediaKind, Profile

Use = Literal["access", "resume", "upload"]
KINDS: tuple[MediaKind, ...] = ("image", "gif", "audio", "video", "file")
UPLOAD_LIFE = timedelta(days=2)
"""A message that waits offline may carry a file for this long."""

IDENTITY_LIFE = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
IDENTITY_CLAIMS = ("name", "email", "phone", "tier", "language")
LONGEST_TOKEN = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """`id` is unguessable; `generation` grows with each "start over"; `subject` is who they are, "" when unknown."""

    id: str
    generation: int = 0
    subject: str = ""
    profile: Profile = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The visitor's address on the channel: one conversation for each."""
        return f"{self.id}#{self.generation}" if self.generation else self.id

    def started_over(self) -> "Visitor":
        return replace(self, generation=self.generation + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a shop's server vouches for."""

    subject: str
    profile: Profile


def new_visitor() -> Visitor:
    return Visitor(id=f"v-{secrets.token_urlsafe(18)}")


def visitor_of(identity: Identity, key: str) -> Visitor:
    """The same visitor on each device of theirs. The id is a keyed digest: it tells nothing of the subject."""
    digest = hmac.digest(key.encode(), identity.subject.encode(), hashlib.sha256).hex()[:32]
    return Visitor(id=f"u-{digest}", subject=identity.subject, profile=identity.profile)


class Tokens:
    """Visitor tokens of one channel. `secret` is at least 32 bytes; each use of it gets a key of its own."""

    def __init__(self, secret: str, channel: str, clock: Clock, *, minutes: int = 60, days: int = 90) -> None:
        self.key = hmac.digest(secret.encode(), b"parley webchat " + channel.encode(), hashlib.sha256)
        self.channel = channel
        self.clock = clock
        self.lives: Mapping[Use, timedelta] = {
            "access": timedelta(minutes=minutes),
            "resume": timedelta(days=days),
            "upload": UPLOAD_LIFE,
        }

    def access(self, visitor: Visitor) -> str:
        return self.sign("access", claims_of(visitor))

    def resume(self, visitor: Visitor) -> str:
        return self.sign("resume", claims_of(visitor))

    def upload(self, visitor: Visitor, media: Media) -> str:
        file = {"url": media.url, "media": media.media, "mime": media.mime, "name": media.name, "size": media.size}
        return self.sign("upload", {"sub": visitor.id, "file": file})

    def read_access(self, token: str) -> tuple[Visitor, float]:
        """The visitor and the token's expiry (Unix seconds). Raises Unauthenticated."""
        claims = self.read("access", token)
        return visitor_from(claims), float(claims["exp"])

    def read_resume(self, token: str) -> Visitor:
        """Raises Unauthenticated."""
        return visitor_from(self.read("resume", token))

    def read_upload(self, token: str, visitor: Visitor, alt: str = "") -> Media:
        """The file, when this visitor sent it. Raises Unauthenticated."""
        claims = self.read("upload", token)
        if claims["sub"] != visitor.id:
            raise Unauthenticated("the upload belongs to another visitor: send the file again")
        file = claims["file"]
        return Media(
            url=file["url"], media=file["media"], mime=file["mime"], name=file["name"], size=file["size"], alt=alt
        )

    def sign(self, use: Use, claims: Mapping[str, Any]) -> str:
        now = self.clock.now()
        times = {"iat": int(now.timestamp()), "exp": int((now + self.lives[use]).timestamp())}
        return jwt.encode({**claims, **times, "aud": self.audience(use)}, self.key, algorithm="HS256")

    def read(self, use: Use, token: str) -> Mapping[str, Any]:
        claims = decode(token, self.key, audience=self.audience(use), what=f"{use} token")
        if claims["exp"] <= self.clock.now().timestamp():
            raise Unauthenticated(f"the {use} token has expired: ask for a new session")
        return claims

    def audience(self, use: Use) -> str:
        return f"{use}:{self.channel}"


def claims_of(visitor: Visitor) -> dict[str, Any]:
    claims: dict[str, Any] = {"sub": visitor.id}
    if visitor.generation:
        claims["gen"] = visitor.generation
    if visitor.subject:
        claims["who"] = visitor.subject
        claims["profile"] = dict(visitor.profile)
    return claims


def visitor_from(claims: Mapping[str, Any]) -> Visitor:
    return Visitor(
        id=claims["sub"],
        generation=claims.get("gen", 0),
        subject=claims.get("who", ""),
        profile=claims.get("profile", {}),
    )


def decode(token: str, key: bytes, *, audience: str | None, what: str) -> Mapping[str, Any]:
    """Checked in everything but time, which is the clock's. Raises Unauthenticated; the token is never repeated.

    The algorithm is ours to fix: a token that says alg=none or RS256 is forged.
    """
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(f"the {what} is longer than {LONGEST_TOKEN} characters")
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            audience=audience,
            options={
                "require": ["sub", "exp"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "verify_aud": audience is not None,
            },
        )
    except (jwt.InvalidTokenError, ValueError) as error:
        raise Unauthenticated(f"the {what} is missing, forged or damaged ({type(error).__name__})") from None
    if not isinstance(claims["exp"], int | float) or isinstance(claims["exp"], bool):
        raise Unauthenticated(f"the {what} has an 'exp' that is not a time")
    return claims


def read_identity(token: str, secret: str, clock: Clock) -> Identity:
    """What the shop's server says of the person. Raises Unauthenticated, or Forbidden when the channel takes none."""
    if not secret:
        raise Forbidden("this channel takes no identify tokens: set its 'identity_secret'")
    claims = decode(token, secret.encode(), audience=None, what="identify token")
    now = clock.now()
    if claims["exp"] <= (now - LEEWAY).timestamp():
        raise Unauthenticated("the identify token has expired: have your server sign a new one")
    if claims["exp"] > (now + IDENTITY_LIFE + LEEWAY).timestamp():
        raise Unauthenticated("the identify token lives longer than 24 hours: give it an earlier 'exp'")
    if not_before(claims) > (now + LEEWAY).timestamp():
        raise Unauthenticated("the identify token is not valid yet: check your server's clock")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 200:
        raise Unauthenticated("the identify token's 'sub' must be a text of 1 to 200 characters")
    said = {name: claims[name] for name in IDENTITY_CLAIMS if isinstance(claims.get(name), str)}
    profile = {name: value.replace("\0", "")[:200] for name, value in said.items() if value.strip()}
    return Identity(subject=subject, profile={**profile, "verified": True})


def not_before(claims: Mapping[str, Any]) -> float:
    value = claims.get("nbf", 0)
    return float(value) if isinstance(value, int | float) else 0.0
