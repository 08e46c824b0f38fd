"""`parley serve` and `parley demo`: run the server."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from orchestrator import server
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.config import Settings
from orchestrator.errors import Misconfigured
from orchestrator.http.passwords import create_agent
from orchestrator.ports import Accounts, Clock

SHOP = Path(__file__).resolve().parents[2] / "examples" / "shop" / "parley.toml"
DEMO_EMAIL = "agent@example.com"

Host = Annotated[str, typer.Option(help="Address to listen on.", show_default="from the configuration")]
Port = Annotated[
    int, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="from the configuration")
]


def serve(config: ConfigPath = DEFAULT_CONFIG, host: Host = "", port: Port = -1) -> None:
    """Run Parley: channels, bots, desk and API in one process. Stop it with Ctrl-C; running turns are finished."""
    settings, base = configured(config)
    server.run(listening(settings, host, port), base)


def demo(
    host: Host = "",
    port: Port = -1,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its database and uploads.")] = Path("var/demo"),
) -> None:
    """Serve the demo shop: a checkout page with the chat in its corner, and the desk at /desk."""
    if not SHOP.exists():
        raise Misconfigured("the demo shop is not installed here; run 'parley demo' from a checkout of the repository")
    settings, base = configured(SHOP)
    store = settings.store.model_copy(
        update={"url": f"sqlite:///{data.resolve() / 'parley.db'}", "media": data.resolve() / "media"}
    )
    password = demo_password(data)

    async def prepare(accounts: Accounts, clock: Clock) -> None:
        """The demo's agent signs in with the password kept beside its database."""
        app_id = next(iter(settings.apps))
        if await accounts.agent_by_email(app_id, DEMO_EMAIL) is None:
            await create_agent(accounts, clock, app_id, DEMO_EMAIL, "Sam", password, role="admin", teams=())

    def ready(url: str) -> None:
        typer.echo(f"\n  The shop    {url}/\n  The desk    {url}/desk")
        typer.echo(f"  Sign in     {DEMO_EMAIL}  with the password  {password}\n\n  Ctrl-C stops it.\n")

    settings = listening(settings.model_copy(update={"store": store}), host, port)
    server.run(settings, base, demo=True, prepare=prepare, ready=ready)


def demo_password(data: Path) -> str:
    """Made once and kept, readable by its owner alone. Raises Misconfigured."""
    path = data / "desk-password"
    try:
        if not path.exists():
            data.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(9), encoding="ascii")
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise Misconfigured(f"the demo can't keep its data in {str(data)!r}: {error.strerror}; use --data") from None


def listening(settings: Settings, host: str, port: int) -> Settings:
    changes = {**({"host": host} if host else {}), **({"port": port} if port >= 0 else {})}
    return settings.model_copy(update={"server": settings.server.model_copy(update=changes)})
