"""Clouds of bots on loopback: each checks requests as its vendor's does and answers as a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web

from bots.lex.sign import Keys, signed
from tests.support.turns import NOON
from tests.support.vendors import PRIVATE, RSA

Answer = Callable[[dict[str, Any]], dict[str, Any]]
ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@asynccontextmanager
async def serving(*routes: web.RouteDef) -> AsyncIterator[str]:
    app = web.Application(client_max_size=10_000_000)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


class Lex:
    """Amazon Lex V2: refuses what is not signed over these very bytes."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.url = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def recognize(self, request: web.Request) -> web.Response:
        body = await request.read()
        names = ("content-type", "x-amz-security-token")
        given = {name: request.headers[name] for name in names if name in request.headers}
        session = given.pop("x-amz-security-token", "")
        keys = Keys(access=ACCESS, secret=SECRET, session=session)
        url = f"{self.url}{request.rel_url.raw_path}"
        expected = signed(keys, "POST", url, given, body, region="eu-west-1", service="lex", now=NOON)
        if request.headers.get("Authorization") != expected["authorization"]:
            return web.json_response({"message": "The request signature does not match"}, status=403)
        asked = await request.json()
        self.asked.append((request.path, asked))
        if not 1 <= len(asked["text"]) <= 1024:
            return web.json_response({"message": "Member must have length less than 1024"}, status=400)
        values = asked["sessionState"]["sessionAttributes"].values()
        if not all(isinstance(value, str) for value in values):
            return web.json_response({"message": "SerializationException"}, status=400)
        return web.json_response({"sessionId": "s", "sessionState": {}, **self.answer(asked)})


@asynccontextmanager
async def lex(answer: Answer) -> AsyncIterator[Lex]:
    cloud = Lex(answer)
    async with serving(web.post("/bots/{path:.*}", cloud.recognize)) as cloud.url:
        yield cloud


class Dialogflow:
    """CX at /v3, ES at /v2, and Google's token endpoint; `revoked` makes a token void before its time."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.url = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.grants = 0
        self.revoked = False

    async def grant(self, request: web.Request) -> web.Response:
        form = await request.post()
        claims = jwt.decode(
            str(form["assertion"]),
            RSA.public_key(),
            algorithms=["RS256"],
            audience=f"{self.url}/token",
            options={"verify_exp": False, "verify_iat": False},
        )
        if claims["scope"] != "https://www.googleapis.com/auth/dialogflow" or claims["iss"] != "me@shop.test":
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.grants += 1
        return web.json_response({"access_token": f"token-{self.grants}", "expires_in": 3600, "token_type": "Bearer"})

    async def detect(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer token-{self.grants}" or self.revoked:
            self.revoked = False
            return web.json_response({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, status=401)
        asked = await request.json()
        self.asked.append((request.path, asked))
        return web.json_response({"responseId": "r", "queryResult": self.answer(asked)})

    def account(self) -> dict[str, str]:
        return {
            "type": "service_account",
            "project_id": "shop-test",
            "private_key_id": "1",
            "private_key": PRIVATE,
            "client_email": "me@shop.test",
            "token_uri": f"{self.url}/token",
        }


@asynccontextmanager
async def dialogflow(answer: Answer) -> AsyncIterator[Dialogflow]:
    cloud = Dialogflow(answer)
    routes = (
        web.post("/token", cloud.grant),
        web.post("/v3/{path:.*}", cloud.detect),
        web.post("/v2/{path:.*}", cloud.detect),
    )
    async with serving(*routes) as cloud.url:
        yield cloud
