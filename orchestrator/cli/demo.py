"""`parley demo`: the demo shop, with a desk to sign in to."""

import secrets
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import server
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.kept import kept
from orchestrator.cli.options import Host, Port, configured, listening
from orchestrator.config import AppSettings, Settings
from orchestrator.errors import Misconfigured
from orchestrator.http.passwords import create_agent
from orchestrator.ports import Accounts, Clock
from orchestrator.resources import folder
from orchestrator.simulate import Simulation, playable, simulated

EMAIL = "agent@example.com"
ABOUT = """
  The shop    {url}/
  The desk    {url}/desk
  Channels    {url}/simulate   (the same bot on WhatsApp, Telegram, SMS and more, played on this machine)
  The API     {url}/docs

  Sign in at the desk as  {email}  with the password  {password}
  Everything is kept in {data}; Ctrl-C stops it.
"""


def demo(
    host: Host = "",
    port: Port = None,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its database and uploads.")] = Path("var/demo"),
    open_browser: Annotated[bool, typer.Option("--open", help="Open the shop in a browser, if there is one.")] = False,
) -> None:
    """Serve the demo shop: a checkout page with the chat in its corner, and the desk at /desk."""
    data = data.resolve()
    with configured(folder("examples") / "shop" / "parley.toml") as (settings, base):
        password = kept_password(data)

        async def prepare(accounts: Accounts, clock: Clock) -> None:
            app_id = next(iter(settings.apps))
            if await accounts.agent_by_email(app_id, EMAIL) is None:
                await create_agent(accounts, clock, app_id, EMAIL, "Sam", password, role="admin", teams=())

        def ready(url: str) -> None:
            typer.echo(ABOUT.format(url=url, email=EMAIL, password=password, data=data))
            if open_browser and not webbrowser.open(f"{url}/"):
                typer.echo("  (there is no browser to open here)")

        def simulating(settings: Settings, url: str) -> tuple[Settings, Simulation]:
            return simulated(settings, next(iter(settings.apps)), playable(), url, SystemClock())

        server.run(
            listening(beside(settings, data), host, port),
            base,
            demo=True,
            prepare=prepare,
            ready=ready,
            simulating=simulating,
        )


def beside(settings: Settings, data: Path) -> Settings:
    """The same, kept in this folder; the log leaves the screen to what people should read."""
    store = settings.store.model_copy(update={"url": f"sqlite:///{data / 'parley.db'}", "media": data / "media"})
    apps = {name: learning_in(app, data) for name, app in settings.apps.items()}
    return settings.model_copy(update={"store": store, "apps": apps})


def learning_in(app: AppSettings, data: Path) -> AppSettings:
    """The same, with what its intents learned kept in this folder."""
    stages = dict(app.nlp.stages)
    if "intents" in stages:
        stages["intents"] = {**stages["intents"], "versions": data / "intents"}
    return app.model_copy(update={"nlp": app.nlp.model_copy(update={"stages": stages})})


def kept_password(data: Path) -> str:
    """Of the demo's agent: made once. Raises Misconfigured."""
    try:
        return kept(data / "desk-password", lambda: secrets.token_urlsafe(9))
    except OSError as error:
        raise Misconfigured(
            f"the demo can't keep its data in {str(data)!r}: {error.strerror}; name another folder with --data"
        ) from None
