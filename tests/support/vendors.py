"""Vendors' translation clouds on loopback: each one's protocol, checked as strictly as theirs, and faults on demand.

What they "translate" is each word with an "o" at its end, except in elements (or tokens) that must be left alone.
"""

import asyncio
import html
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.site import listening

KEY = "k-s3cret"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = RSA.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
ELEMENTS = re.compile(r"(<[^<>]+>[^<>]*</[^<>]+>|&\w+;|⟦\d+⟧)")
WORD = re.compile(r"[^\W\d_]+")


def worded(text: str) -> str:
    pieces = ELEMENTS.split(text)
    return "".join(piece if at % 2 else WORD.sub(lambda word: f"{word[0]}o", piece) for at, piece in enumerate(pieces))


class Vendor:
    """`faults` are the next answers (a status, a body and headers, or "late"), then `always`; else it translates."""

    def __init__(self) -> None:
        self.url = ""
        self.faults: deque[Any] = deque()
        self.always: Any = None
        self.spoil: Callable[[list[str]], list[str]] = lambda texts: texts
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.closing = asyncio.Event()
        self.grants = 0

    async def fault(self) -> web.Response | None:
        fault = self.faults.popleft() if self.faults else self.always
        if fault == "late":
            await self.closing.wait()
        if not isinstance(fault, tuple):
            return None
        status, body, *headers = fault
        sent = headers[0] if headers else {}
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=sent)
        return web.json_response(body, status=status, headers=sent)

    async def received(self, request: web.Request) -> Any:
        asked = await request.json()
        self.requests.append((str(request.rel_url), dict(request.headers), asked))
        return asked

    def said(self, texts: list[str]) -> list[str]:
        return self.spoil([worded(text) for text in texts])

    async def libretranslate(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if asked.get("api_key") != KEY:
            return web.json_response({"error": "Invalid API key"}, status=403)
        return web.json_response({"translatedText": self.said(asked["q"])})

    async def languages(self, request: web.Request) -> web.Response:
        return web.json_response([{"code": code, "name": code, "targets": ["en", "es"]} for code in ("en", "es")])

    async def deepl(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if request.headers.get("Authorization") != f"DeepL-Auth-Key {KEY}":
            return web.json_response({"message": "Forbidden"}, status=403)
        if asked["tag_handling"] != "xml" or asked["ignore_tags"] != ["x"] or len(asked["text"]) > 50:
            return web.json_response({"message": "Bad request"}, status=400)
        found = [{"detected_source_language": "ES", "text": text} for text in self.said(asked["text"])]
        return web.json_response({"translations": found})

    async def azure(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if request.headers.get("Ocp-Apim-Subscription-Key") != KEY:
            return web.json_response({"error": {"code": 401000, "message": "no"}}, status=401)
        if request.query["api-version"] != "3.0" or request.query["textType"] != "html":
            return web.json_response({"error": {"code": 400021, "message": "no"}}, status=400)
        texts = self.said([one["Text"] for one in asked])
        return web.json_response([{"translations": [{"text": text, "to": request.query["to"]}]} for text in texts])

    async def google_v3(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if request.headers.get("Authorization") != f"Bearer token-{self.grants}":
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        return web.json_response({"translations": [{"translatedText": t} for t in self.said(asked["contents"])]})

    async def google_v2(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if request.headers.get("X-goog-api-key") != KEY:
            return web.json_response({"error": {"code": 403}}, status=403)
        return web.json_response({"data": {"translations": [{"translatedText": t} for t in self.said(asked["q"])]}})

    async def grant(self, request: web.Request) -> web.Response:
        form = await request.post()
        claims = jwt.decode(
            str(form["assertion"]),
            RSA.public_key(),
            algorithms=["RS256"],
            audience=f"{self.url}/token",
            options={"verify_exp": False, "verify_iat": False},
        )
        if claims["scope"] != "https://www.googleapis.com/auth/cloud-translation" or claims["iss"] != "me@shop.test":
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.grants += 1
        return web.json_response({"access_token": f"token-{self.grants}", "expires_in": 3600, "token_type": "Bearer"})

    async def openai(self, request: web.Request) -> web.Response:
        asked = await self.received(request)
        if fault := await self.fault():
            return fault
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": {"code": "invalid_api_key"}}, status=401)
        texts = json.loads(asked["messages"][-1]["content"])["texts"]
        content = json.dumps({"translations": self.said(texts)})
        message = {"role": "assistant", "content": content, "refusal": None}
        return web.json_response({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

    def account(self) -> dict[str, str]:
        """A service account's key file."""
        return {
            "type": "service_account",
            "project_id": "shop-test",
            "private_key_id": "1",
            "private_key": PRIVATE,
            "client_email": "me@shop.test",
            "token_uri": f"{self.url}/token",
        }


def unmarked(text: str) -> str:
    """What a vendor was sent, as the engine meant it."""
    return html.unescape(re.sub(r"<[^<>]+>(\d+)</[^<>]+>", r"⟦\1⟧", text))


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    served = Vendor()
    routes = (
        web.post("/translate", served.libretranslate),
        web.get("/languages", served.languages),
        web.post("/azure/translate", served.azure),
        web.post("/v2/translate", served.deepl),
        web.post("/v3/{parent:.*}:translateText", served.google_v3),
        web.post("/language/translate/v2", served.google_v2),
        web.post("/token", served.grant),
        web.post("/v1/chat/completions", served.openai),
    )
    async with listening(*routes) as served.url:
        try:
            yield served
        finally:
            served.closing.set()
