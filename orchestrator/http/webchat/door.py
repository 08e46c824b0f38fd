"""Who may come in: pages of allowed origins. Every answer, errors too, carries what the browser needs to read it."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from orchestrator.errors import Forbidden, ParleyError
from orchestrator.http.problems import problem
from orchestrator.http.webchat.channels import Directory, Open, WebChannel

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Open], Awaitable[Response]]

PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "7200",
}


class Door:
    def __init__(self, directory: Directory, public_url: str) -> None:
        self.directory = directory
        self.own = origin_of(public_url)

    def guard(self, handler: Handler) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            headers = {"Vary": "Origin"}
            try:
                found = self.directory.find(request.path_params["channel"])
                self.check(request, found.channel)
                headers |= readable(request)
                response = await handler(request, found)
            except ParleyError as error:
                response = problem(error)
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.update(headers)
            return response

        return endpoint

    async def preflight(self, request: Request) -> Response:
        try:
            self.check(request, self.directory.find(request.path_params["channel"]).channel)
        except ParleyError as error:
            return problem(error)
        return Response(status_code=204, headers={"Vary": "Origin", **PREFLIGHT, **readable(request)})

    def check(self, request: HTTPConnection, channel: WebChannel) -> None:
        """Raises Forbidden for a page that may not embed the chat.

        A browser always names the origin of a WebSocket and of a request to another site; what names none is no page.
        """
        origin = request.headers.get("origin")
        if origin is None or channel.settings.allows(origin) or self.is_own(origin, request):
            return
        raise Forbidden(
            f"pages of {origin[:200]!r} may not use the web chat {channel.id!r}; add the origin to its 'origins'"
        )

    def is_own(self, origin: str, request: HTTPConnection) -> bool:
        return origin == self.own or urlsplit(origin).netloc == request.headers.get("host", "")


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def readable(request: HTTPConnection) -> dict[str, str]:
    """No cookies are used, so none are allowed."""
    origin = request.headers.get("origin")
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": "Retry-After"} if origin else {}
