"""The web chat's face: `/widget.js` and what it loads, `/webchat/{channel}/…` by HTTP and WebSocket.

The protocol is in connectors/webchat/README.md.
"""

from collections.abc import Mapping
from pathlib import Path

from starlette.routing import BaseRoute, Route, WebSocketRoute

from orchestrator.http.webchat.assets import Assets
from orchestrator.http.webchat.channels import Core, Directory, Services, WebChannel, web_channels
from orchestrator.http.webchat.crowd import Crowd
from orchestrator.http.webchat.door import Door
from orchestrator.http.webchat.fallback import Fallback
from orchestrator.http.webchat.first import SocketsFirst
from orchestrator.http.webchat.session import Sessions
from orchestrator.http.webchat.socket import Sockets

__all__ = ["Core", "Services", "SocketsFirst", "WebChannel", "routes", "web_channels"]

MOST_UPLOAD = 100 * 1024 * 1024
"""Bytes beyond which no channel's `upload.max_bytes` lets a body grow."""


def routes(channels: Mapping[str, WebChannel], services: Services, *, secret: str, web: Path) -> list[BaseRoute]:
    """`secret` is the server's, from which each channel's token key is made; `web` the folder that holds `widget/`."""
    assets = Assets(web / "widget")
    directory = Directory(channels, secret)
    door = Door(directory, services.public_url)
    crowd = Crowd()
    sessions = Sessions(services, assets.modules)
    fallback = Fallback(services, crowd)
    sockets = Sockets(directory, door, services, crowd)
    chat = "/webchat/{channel}"
    return [
        *assets.routes(),
        Route(f"{chat}/config", door.guard(sessions.config), methods=["GET"]),
        Route(f"{chat}/session", door.guard(sessions.session), methods=["POST"]),
        Route(f"{chat}/messages", door.guard(fallback.messages), methods=["POST"]),
        Route(f"{chat}/events", door.guard(fallback.events), methods=["GET"]),
        Route(f"{chat}/history", door.guard(fallback.history), methods=["GET"]),
        Route(f"{chat}/upload", door.guard(fallback.upload), methods=["POST"], max_body_size=MOST_UPLOAD),
        Route(f"{chat}/{{what}}", door.preflight, methods=["OPTIONS"]),
        WebSocketRoute(f"{chat}/ws", sockets),
    ]
