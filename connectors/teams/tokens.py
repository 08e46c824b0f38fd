"""Who signed a request, and who we are: JWTs in, client credentials out.

learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import orjson

from connectors.teams.settings import Settings
from orchestrator import sending
from orchestrator.errors import SendFailed, TooLarge, Unauthenticated, Unavailable
from orchestrator.ports import Clock, Http

SKEW = 300.0
"""Seconds a token may be early or late."""

FRESH = 86_400.0
"""Seconds the keys count as fresh."""

AGAIN = 3_600.0
"""Seconds after which a key nobody knows makes us look again, and not before: forged tokens name what they like."""

AFTER_FAILURE = 10.0
LONGEST = 16_384
ALGORITHMS = ("RS256",)
SCOPE = "https://api.botframework.com/.default"
EARLY = 300.0
"""Seconds before its end that our own token is renewed."""


class Keys:
    """Microsoft's signing keys, by `kid`."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.known = by_kid(settings.jwks)
        self.fetched: float | None = None
        self.failed: float | None = None
        self.lock = asyncio.Lock()

    async def key(self, kid: str) -> "Key":
        """Raises Unauthenticated for a key Microsoft does not have, Unavailable when that can't be found out."""
        if not self.settings.jwks and self.due(kid):
            async with self.lock:
                if self.due(kid):
                    await self.refresh(kid)
        if kid not in self.known:
            raise Unauthenticated("the token is signed with a key that Microsoft does not publish")
        return self.known[kid]

    def due(self, kid: str) -> bool:
        if self.fetched is None:
            return True
        age = self.clock.monotonic() - self.fetched
        return age >= FRESH or (kid not in self.known and age >= AGAIN)

    async def refresh(self, kid: str) -> None:
        """Old keys go on being good while Microsoft can't be asked."""
        now = self.clock.monotonic()
        if self.failed is not None and now - self.failed < AFTER_FAILURE:
            if kid in self.known:
                return
            raise Unavailable("the keys of login.botframework.com can't be had just now")
        try:
            place = await self.get(self.settings.openid)
            self.known = by_kid(await self.get(str(place.get("jwks_uri") or "")))
        except SendFailed as error:
            self.failed = now
            if kid not in self.known:
                raise Unavailable(f"the keys that requests are signed with can't be had: {error}") from None
        else:
            self.fetched, self.failed = now, None

    async def get(self, url: str) -> Mapping[str, Any]:
        """Raises SendFailed."""
        try:
            response = await self.http.request("GET", url, timeout=5.0, trusted=self.settings.own(url))
        except TooLarge as error:
            raise SendFailed(str(error), retryable=True) from None
        host = urlsplit(url).hostname or "the key server"
        if failed := sending.failure(host, response.status, response.headers, self.clock.now()):
            raise failed
        found = read(response.body)
        if not found:
            raise SendFailed(f"{host} answered something that is no JSON", retryable=True)
        return found


@dataclass(frozen=True, slots=True)
class Key:
    """A published key; `endorsements` are the channels it may sign for, None for any."""

    public: jwt.PyJWK
    endorsements: tuple[str, ...] | None


def by_kid(jwks: Mapping[str, Any]) -> dict[str, Key]:
    """What is no RSA key, or can't be read as one, is passed over."""
    keys = jwks.get("keys")
    found = {}
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and key.get("kid") and key.get("kty") == "RSA":
            with suppress(jwt.PyJWTError, ValueError, TypeError):
                listed = key.get("endorsements")
                signs = tuple(map(str, listed)) if isinstance(listed, list) else None
                found[str(key["kid"])] = Key(jwt.PyJWK.from_dict(dict(key), algorithm=ALGORITHMS[0]), signs)
    return found


async def checked(header: str, settings: Settings, keys: Keys, now: datetime) -> tuple[Mapping[str, Any], Key]:
    """The claims of an Authorization header, and the key it was signed with.

    Raises Unauthenticated, Unavailable.
    """
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
        raise Unauthenticated("an Authorization header with the Bot Framework's token is needed")
    try:
        head = jwt.get_unverified_header(token)
        if head.get("alg") not in ALGORITHMS:
            raise Unauthenticated(f"the token is not signed by {ALGORITHMS[0]}")
        key = await keys.key(str(head.get("kid", "")))
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.public.key,
            algorithms=list(ALGORITHMS),
            audience=settings.app_id,
            issuer=list(settings.issuers),
            # Time is ours to judge: PyJWT would ask the system's clock.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Unauthenticated(f"the token is refused: {type(error).__name__}; is app_id that of this bot?") from None
    in_time(claims, now)
    return claims, key


def in_time(claims: Mapping[str, Any], now: datetime) -> None:
    """Raises Unauthenticated."""
    at = now.timestamp()
    end, start = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(end, int | float) or not isinstance(start, int | float):
        raise Unauthenticated("the token's times are no numbers")
    if at > end + SKEW:
        raise Unauthenticated("the token has expired")
    if at < start - SKEW:
        raise Unauthenticated("the token is not valid yet")


class Access:
    """Our own token for the service, kept until shortly before it ends."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.token = ""
        self.until = 0.0
        self.lock = asyncio.Lock()

    async def bearer(self) -> str:
        """Raises SendFailed."""
        if self.clock.monotonic() >= self.until:
            async with self.lock:
                if self.clock.monotonic() >= self.until:
                    await self.renew()
        return f"Bearer {self.token}"

    def forget(self, bearer: str) -> None:
        """That token was refused; a newer one stays."""
        if bearer == f"Bearer {self.token}":
            self.until = 0.0

    async def renew(self) -> None:
        fields = {
            "grant_type": "client_credentials",
            "client_id": self.settings.app_id,
            "client_secret": self.settings.app_password.get_secret_value(),
            "scope": SCOPE,
        }
        response = await self.http.request(
            "POST",
            f"{self.settings.login.rstrip('/')}/{self.settings.tenant}/oauth2/v2.0/token",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode(fields).encode(),
            timeout=self.settings.timeout,
            trusted=True,
            redirects=False,
        )
        answer = read(response.body)
        why = str(answer.get("error", ""))[:100]
        failed = sending.failure("the token service", response.status, response.headers, self.clock.now(), why)
        if failed and failed.retryable:
            raise failed
        token = answer.get("access_token")
        if failed or not isinstance(token, str) or not token:
            hint = "are app_id, app_password and tenant right, and has the secret not expired?"
            raise SendFailed(
                f"no token for the bot ({why or response.status}): {hint}", retryable=False, reason="token_expired"
            )
        lasts = answer.get("expires_in")
        self.token = token
        seconds = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else 3600.0
        self.until = self.clock.monotonic() + max(seconds - EARLY, seconds / 2)


def read(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
