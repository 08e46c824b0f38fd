"""A shop's page of another origin that embeds the chat, under a policy that lets nothing else run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.support.serve import serving

PAGE = """<!doctype html>
<html lang="{language}">
<head>
  <meta charset="utf-8"><title>A shop</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="/page.css">
  <script src="/page.js"></script>
  <script src="{server}/widget.js" data-channel="web" async></script>
</head>
<body><h1>A shop</h1><button class="other">Other</button><p id="after">text</p></body>
</html>
"""
# A page whose styles would wreck anything they reached.
STYLE = """
* { font-family: fantasy !important; color: rgb(255, 0, 0) !important; letter-spacing: 1em !important; }
div, section, button, textarea, p { display: none !important; border: 9px dotted lime !important; }
h1, #after { display: block !important; }
parley-chat { font-size: 40px; color: lime; }
"""
SCRIPT = "window.before = Object.getOwnPropertyNames(window);"


@asynccontextmanager
async def host_page(server: str, *, language: str = "en") -> AsyncIterator[str]:
    policy = (
        f"default-src 'none'; script-src 'self' {server}; style-src 'self'; img-src {server}; media-src {server}; "
        f"connect-src {server} {server.replace('http', 'ws', 1)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )

    async def page(request: Request) -> Response:
        html = PAGE.format(server=server, language=language)
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css")

    async def script(request: Request) -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    async def none(request: Request) -> Response:
        return Response(status_code=204)

    routes = [Route("/", page), Route("/page.css", style), Route("/page.js", script), Route("/favicon.ico", none)]
    async with serving(Starlette(routes=routes)) as url:
        yield url
