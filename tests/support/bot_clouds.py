"""Clouds of bots on loopback: each checks requests as its vendor's does and answers as a test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jwt
from aiohttp import web

from bots.lex.sign import Keys, signed
from tests.support.site import listening
from tests.support.turns import NOON
from tests.support.vendors import PRIVATE, RSA

Answer = Callable[[dict[str, Any]], dict[str, Any]]
ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


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
    async with listening(web.post("/bots/{path:.*}", cloud.recognize)) as cloud.url:
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
    async with listening(*routes) as cloud.url:
        yield cloud


class DirectLine:
    """Direct Line 3.0, and Copilot Studio's token endpoint. `answers` gives what a bot says to an activity."""

    def __init__(self, answers: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
        self.answers = answers
        self.url = ""
        self.said: dict[str, list[dict[str, Any]]] = {}
        self.keys: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.over: set[str] = set()

    def conversation(self, request: web.Request) -> str:
        name = request.match_info["id"]
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name not in self.said:
            raise web.HTTPNotFound
        if name in self.over or given not in (SECRET, self.keys[name]):
            raise web.HTTPForbidden
        return name

    async def token(self, request: web.Request) -> web.Response:
        name = f"token-{len(self.said) + 1}"
        return web.json_response({"token": name, "expires_in": 3600, "conversationId": "unused"})

    async def start(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != SECRET and not given.startswith("token-"):
            raise web.HTTPForbidden
        name = f"conversation-{len(self.said) + 1}"
        self.said[name], self.keys[name] = [], given
        found = {"conversationId": name, "token": given, "expires_in": 3600, "streamUrl": "wss://unused"}
        return web.json_response(found, status=201)

    async def post(self, request: web.Request) -> web.Response:
        name = self.conversation(request)
        activity = await request.json()
        if not activity["from"]["id"].startswith("dl_") or activity["type"] not in ("message", "event"):
            raise web.HTTPBadRequest
        self.asked.append(activity)
        ours = self.say(name, activity)
        for answer in self.answers(activity):
            self.say(name, {"type": "message", "from": {"id": "bot"}, "replyToId": ours, **answer})
        return web.json_response({"id": ours})

    def say(self, name: str, activity: dict[str, Any]) -> str:
        said = self.said[name]
        said.append({**activity, "id": f"{name}|{len(said):07}"})
        return str(said[-1]["id"])

    async def get(self, request: web.Request) -> web.Response:
        name = self.conversation(request)
        after = int(request.query.get("watermark") or 0)
        return web.json_response({"activities": self.said[name][after:], "watermark": str(len(self.said[name]))})


@asynccontextmanager
async def directline(answers: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> AsyncIterator[DirectLine]:
    cloud = DirectLine(answers)
    base = "/v3/directline/conversations"
    routes = (
        web.get("/token", cloud.token),
        web.post(base, cloud.start),
        web.post(base + "/{id}/activities", cloud.post),
        web.get(base + "/{id}/activities", cloud.get),
    )
    async with listening(*routes) as cloud.url:
        yield cloud


class Agent:
    """An A2A agent: `script` gives the results to a message, as events or the others to tasks/get."""

    def __init__(self, script: Answer, version: str, streams: bool) -> None:
        self.script = script
        self.version = version
        self.streams = streams
        self.url = ""
        self.asked: list[dict[str, Any]] = []
        self.left: list[Any] = []
        self.card_changes: dict[str, Any] = {}
        self.cards = 0

    async def card(self, request: web.Request) -> web.Response:
        self.cards += 1
        shared = {"name": "Orders", "capabilities": {"streaming": self.streams}, "skills": []}
        if self.version == "1.0":
            grpc = {"url": "grpc.example:443", "protocolBinding": "GRPC", "protocolVersion": "1.0"}
            mine = {"url": f"{self.url}/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
            return web.json_response({**shared, "supportedInterfaces": [grpc, mine], **self.card_changes})
        old = {"url": f"{self.url}/rpc", "protocolVersion": "0.3.0", "preferredTransport": "JSONRPC"}
        return web.json_response({**shared, **old, **self.card_changes})

    async def rpc(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return web.json_response({}, status=401)
        if self.version == "1.0" and request.headers.get("A2A-Version") != "1.0":
            return self.answer({"id": 1}, error={"code": -32009, "message": "my secret words"})
        asked = await request.json()
        self.asked.append(asked)
        known = {
            "0.3": ("message/send", "message/stream", "tasks/get"),
            "1.0": ("SendMessage", "SendStreamingMessage", "GetTask"),
        }
        if asked["method"] not in known[self.version]:
            return self.answer(asked, error={"code": -32601, "message": "my secret words"})
        if asked["method"] in ("tasks/get", "GetTask"):
            return self.answer(asked, result=self.left.pop(0))
        results = self.script(asked["params"]["message"])["results"]
        if asked["method"] in ("message/send", "SendMessage"):
            self.left = results[1:]
            return self.answer(asked, result=results[0])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for result in results:
            body = web.json_response({"jsonrpc": "2.0", "id": asked["id"], "result": result}).text
            await response.write(f"data: {body}\n\n".encode())
        return response

    def answer(self, asked: dict[str, Any], **what: Any) -> web.Response:
        return web.json_response({"jsonrpc": "2.0", "id": asked["id"], **what})


@asynccontextmanager
async def agent(script: Answer, version: str = "0.3", *, streams: bool = False) -> AsyncIterator[Agent]:
    cloud = Agent(script, version, streams)
    places = web.get("/.well-known/agent-card.json", cloud.card), web.post("/rpc", cloud.rpc)
    async with listening(*places) as cloud.url:
        yield cloud


BOTPRESS_KEY = "an-encryption-key-that-is-long-enough-for-hs256"


class Botpress:
    """Botpress' Chat API: users by keys we sign, messages listed newest first."""

    def __init__(self, answers: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> None:
        self.answers = answers
        self.url = ""
        self.users: set[str] = set()
        self.said: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[dict[str, Any]] = []

    def user(self, request: web.Request) -> str:
        try:
            return str(jwt.decode(request.headers.get("x-user-key", ""), BOTPRESS_KEY, algorithms=["HS256"])["id"])
        except jwt.PyJWTError:
            raise web.HTTPUnauthorized from None

    async def make_user(self, request: web.Request) -> web.Response:
        self.users.add(self.user(request))
        return web.json_response({"user": {"id": self.user(request)}, "key": request.headers["x-user-key"]})

    async def make_conversation(self, request: web.Request) -> web.Response:
        self.user(request)
        name = (await request.json())["id"]
        self.said.setdefault(name, [])
        return web.json_response({"conversation": {"id": name}})

    async def post(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if self.user(request) not in self.users or asked["conversationId"] not in self.said:
            raise web.HTTPForbidden
        self.asked.append(asked)
        ours = self.say(asked["conversationId"], self.user(request), {"payload": asked["payload"]})
        for answer in self.answers(asked):
            self.say(asked["conversationId"], "bot", answer)
        return web.json_response({"message": ours}, status=201)

    def say(self, conversation: str, user: str, message: dict[str, Any]) -> dict[str, Any]:
        said = self.said[conversation]
        said.append({"id": f"m{len(said)}", "userId": user, "conversationId": conversation, **message})
        return said[-1]

    async def list(self, request: web.Request) -> web.Response:
        self.user(request)
        return web.json_response({"messages": self.said[request.match_info["id"]][::-1], "meta": {}})


@asynccontextmanager
async def botpress(answers: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> AsyncIterator[Botpress]:
    cloud = Botpress(answers)
    routes = (
        web.post("/hook-1/users/get-or-create", cloud.make_user),
        web.post("/hook-1/conversations/get-or-create", cloud.make_conversation),
        web.post("/hook-1/messages", cloud.post),
        web.get("/hook-1/conversations/{id}/messages", cloud.list),
    )
    async with listening(*routes) as cloud.url:
        yield cloud
