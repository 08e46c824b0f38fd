"""The widget's files as they are served: small, cached, loadable from any page; and the demo shop's page."""

import gzip
import re
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from orchestrator.errors import Misconfigured
from orchestrator.http import demo
from orchestrator.http.webchat import SocketsFirst
from orchestrator.http.webchat.assets import SPARE, Assets
from orchestrator.site import WEB
from tests.support.serve import serving
from tests.support.web import Front
from tests.support.webchat import Visitor, chat_front, mount

MOST = 25_000
"""Bytes of everything a page loads for the chat, compressed."""
GZIP = {"Accept-Encoding": "gzip"}


async def served(front: Front) -> dict[str, bytes]:
    """Everything a browser fetches, by address, as plain bytes."""
    config = (await front.get("/webchat/web/config")).json
    modules = ["/" + name for name in config["modules"]]
    paths = ["/widget.js", *modules, modules[0].replace("chat.js", "chat.css")]
    return {path: (await front.get(path)).body for path in paths}


async def test_the_whole_widget_is_small(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        total = 0
        for path, plain in (await served(front)).items():
            async with front.session.get(front.url + path, headers=GZIP, auto_decompress=False) as answer:
                packed = await answer.read()
                assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(packed) == plain
            total += len(packed)
        assert 10_000 < total < MOST


async def test_every_module_is_served_and_named(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        files = {path.rsplit("/", 1)[1]: body.decode() for path, body in (await served(front)).items()}
        assert set(files) == {path.name for path in (WEB / "widget").iterdir()}
        for name, source in files.items():
            for imported in re.findall(r'from "\./([\w.]+)"', source):
                assert imported in files, (name, imported)


async def test_any_page_may_load_it_and_keep_it(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        for path in await served(front):
            answer = await front.get(path)
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
            forever = "immutable" in answer.headers["cache-control"]
            assert forever is (path != "/widget.js")
            again = await front.ask("GET", path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status, again.body) == (304, b"")


async def test_an_address_of_an_older_version_gets_todays_file_for_a_short_time(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        answer = await front.get("/widget/0123456789ab/chat.js")
        assert answer.status == 200
        assert "immutable" not in answer.headers["cache-control"]
        for path in ("/widget/x/none.js", "/widget/x/..%2fapp.py", "/widget/x/widget.py", "/widget/x/"):
            assert (await front.get(path)).status == 404


def test_only_comments_and_indentation_are_left_out() -> None:
    source = b'// note\nconst a = "https://x"; // kept\n\n  /** doc */\n  if (a) {\n    b();\n  }\n/* c */\n\n'
    assert SPARE.sub(b"", source) == b'const a = "https://x"; // kept\nif (a) {\nb();\n}\n'


def test_a_folder_without_a_widget(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="widget"):
        Assets(tmp_path)


async def test_the_demo_shop_and_its_policy(tmp_path: Path) -> None:
    app = FastAPI()
    app.router.routes.extend(demo.router(WEB / "demo", tmp_path).routes)
    async with serving(app) as url, aiohttp.ClientSession() as session:
        async with session.get(url) as answer:
            page = await answer.text()
            policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "data:" not in policy
        assert 'data-channel="checkout"' in page
        assert not re.search(r"<style|style=|<script(?![^>]*src)|\son\w+=", page)
        for sku in ("mug-01", "lamp-02", "throw-03", "kettle-04", "board-05"):
            async with session.get(f"{url}/demo/img/{sku}.png") as answer:
                assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
        async with session.get(f"{url}/demo/..%2fwidget/chat.js") as answer:
            assert answer.status == 404


async def test_sockets_in_front_of_the_application_leave_the_rest_to_it(tmp_path: Path) -> None:
    async with chat_front(tmp_path) as front:
        routes = mount(front.house)
        asked: list[str] = []

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            asked.append(scope["path"])
            if scope["type"] == "websocket":
                await WebSocketClose(4000)(scope, receive, send)
            else:
                await Response("the application")(scope, receive, send)

        visitor = Visitor(front)
        await visitor.arrive()
        async with serving(SocketsFirst(application, routes)) as url:
            front.url = url
            async with visitor.connect() as socket:
                assert (await socket.next())["type"] == "ready"
            async with visitor.connect(channel="none") as socket:
                assert await socket.closed() == 4404
            for path in ("/webchat/web/session", "/webchat/a/b/ws", "/ws"):
                assert (await front.get(path)).body == b"the application"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await front.session.ws_connect(f"{url}/desk/api/ws")
        assert asked == ["/webchat/web/session", "/webchat/a/b/ws", "/ws", "/desk/api/ws"]
