"""Who we are to X: OAuth 1.0a signs each request; OAuth 2 has a token of two hours, renewed by one good for one use."""

import asyncio
import base64
import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from connectors.x.settings import Settings
from orchestrator import sending
from orchestrator.errors import SendFailed
from orchestrator.ports import Clock, Http

MARGIN = 60.0
"""Seconds before its end in which a token is no longer used."""


def escaped(text: str) -> str:
    return quote(text, safe="-._~")


def signed(
    settings: Settings, method: str, url: str, *, nonce: str, timestamp: int, form: Mapping[str, str] | None = None
) -> str:
    """The Authorization header (RFC 5849). JSON bodies are no part of it, forms are."""
    own = {
        "oauth_consumer_key": settings.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": settings.access_token.get_secret_value(),
        "oauth_version": "1.0",
    }
    parts = urlsplit(url)
    pairs = [*own.items(), *parse_qsl(parts.query, keep_blank_values=True), *(form or {}).items()]
    fields = "&".join(sorted(f"{escaped(name)}={escaped(value)}" for name, value in pairs))
    base = "&".join(map(escaped, (method, f"{parts.scheme}://{parts.netloc}{parts.path}", fields)))
    key = "&".join(escaped(each.get_secret_value()) for each in (settings.consumer_secret, settings.access_secret))
    signature = base64.b64encode(hmac.digest(key.encode(), base.encode(), "sha1")).decode()
    listed = {**own, "oauth_signature": signature}
    return "OAuth " + ", ".join(f'{escaped(name)}="{escaped(value)}"' for name, value in sorted(listed.items()))


@dataclass(frozen=True, slots=True)
class Tokens:
    """`until` is in seconds since 1970."""

    access: str = ""
    refresh: str = ""
    until: float = 0.0


class Identity:
    """Signs for the account."""

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.clock = clock
        self.http = http
        self.one = bool(settings.access_secret.get_secret_value())
        self.tokens = Tokens(settings.access_token.get_secret_value(), settings.refresh_token.get_secret_value())
        self.renewing = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        return not self.one and bool(self.tokens.refresh)

    async def authorization(self, method: str, url: str) -> str:
        """Raises SendFailed."""
        if self.one:
            now = int(self.clock.now().timestamp())
            return signed(self.settings, method, url, nonce=secrets.token_hex(16), timestamp=now)
        known = await asyncio.to_thread(read, self.settings.token_file) if self.settings.token_file else None
        self.tokens = known or self.tokens
        late = self.tokens.until and self.tokens.until - MARGIN < self.clock.now().timestamp()
        if self.renewable and (late or not self.tokens.access):
            await self.renew(self.tokens.access)
        return f"Bearer {self.tokens.access}"

    async def renew(self, refused: str) -> None:
        """Another token than `refused`, unless somebody else has fetched one. Raises SendFailed."""
        path = self.settings.token_file
        assert path is not None
        async with self.renewing:
            with await asyncio.to_thread(locked, path):
                known = read(path)
                if known is not None and known.access != refused:
                    self.tokens = known
                    return
                self.tokens = await self.exchange((known or self.tokens).refresh)
                write(path, self.tokens)

    async def exchange(self, refresh: str) -> Tokens:
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": self.settings.client_id}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret := self.settings.client_secret.get_secret_value():
            basic = base64.b64encode(f"{self.settings.client_id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        response = await self.http.request(
            "POST",
            f"{self.settings.api}/2/oauth2/token",
            headers=headers,
            body=urlencode(form).encode(),
            timeout=self.settings.timeout,
            trusted=True,
            redirects=False,
        )
        if response.status in (400, 401, 403):
            said = f"X does not renew the access token ({response.status}); sign the account in again"
            raise SendFailed(said, retryable=False, reason="token_expired")
        if failed := sending.failure("X", response.status, response.headers, self.clock.now()):
            raise failed
        try:
            found = orjson.loads(response.body)
            lasts = float(found.get("expires_in") or 7200)
            until = self.clock.now().timestamp() + lasts
            return Tokens(str(found["access_token"]), str(found.get("refresh_token") or refresh), until)
        except (orjson.JSONDecodeError, AttributeError, KeyError, ValueError):
            raise SendFailed("X's answer to the renewal can't be read", retryable=True) from None


def locked(path: Path) -> "Lock":
    """Waits until no other process renews."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return Lock(handle)


class Lock:
    def __init__(self, handle: int) -> None:
        self.handle = handle

    def __enter__(self) -> None:
        """It is held already."""

    def __exit__(self, *why: object) -> None:
        os.close(self.handle)


def read(path: Path) -> Tokens | None:
    """None when there is none, or it can't be read."""
    try:
        found = json.loads(path.read_bytes())
        return Tokens(str(found["access"]), str(found["refresh"]), float(found["until"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(path: Path, tokens: Tokens) -> None:
    """Whole or not at all, for our eyes only."""
    beside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({"access": tokens.access, "refresh": tokens.refresh, "until": tokens.until}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
