"""A channel nobody here has heard of: another process may have added it a moment ago."""

from collections.abc import Awaitable, Callable, Mapping

from orchestrator.engine.app import App
from orchestrator.errors import Unavailable

Look = Callable[[], Awaitable[None]]


class Lookout:
    """`look` makes what runs here what the database says; whoever knows how sets it."""

    def __init__(self, apps: Mapping[str, App]) -> None:
        self.apps = apps
        self.look: Look | None = None

    async def app(self, app_id: str, channel_id: str) -> App | None:
        """The app, after another look where it does not have the channel."""
        app = self.apps.get(app_id)
        if app is not None and channel_id not in app.channels and self.look is not None:
            try:
                await self.look()
            except Unavailable:
                return app
            app = self.apps.get(app_id)
        return app
