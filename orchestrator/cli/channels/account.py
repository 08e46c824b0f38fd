"""`parley channels setup | check | send-test`: the account behind a channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

import typer

from orchestrator import fit
from orchestrator.cli.channels.chosen import Opened, opened
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.errors import SendFailed
from orchestrator.ports import Listener, Managed
from orchestrator.types import Checked, Outgoing, SetupStep, Text

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Name of the channel.")]
PublicUrl = Annotated[
    str, typer.Option("--url", help="Public address of this Parley.", show_default="server.public_url")
]
SAMPLE = "This is a test by Parley: the channel can send."


def setup(name: Name, url: PublicUrl = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Register the channel's hook with its platform where it lets us, and say what is left to do by hand."""

    async def work(there: Opened) -> None:
        connector = there.channel.connector
        steps = await connector.setup(there.hook) if isinstance(connector, Managed) else by_hand(there)
        for number, step in enumerate(steps, 1):
            typer.echo(told(number, step))

    run(config, name, url, work)


def by_hand(there: Opened) -> list[SetupStep]:
    return [SetupStep(title="Tell the platform where to deliver", text=there.hook)]


def told(number: int, step: SetupStep) -> str:
    mark = typer.style("✓", fg="green") if step.done else f"{number}."
    text = "".join(f"\n     {line}" for line in step.text.splitlines())
    return f"{mark:>2} {step.title}{text}"


def check(name: Name, url: PublicUrl = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Look at credentials, address and subscription, and say in words what is wrong. Exit code 1 when anything is."""

    async def work(there: Opened) -> None:
        findings = [one async for one in findings_of(there)]
        for one in findings:
            mark = typer.style("✓", fg="green") if one.ok else typer.style("✗", fg="red")
            typer.echo(f"{mark} {one.what}" + (f"\n    {one.mend}" if one.mend and not one.ok else ""))
        if not all(one.ok for one in findings):
            raise typer.Exit(1)

    run(config, name, url, work)


async def findings_of(there: Opened) -> AsyncIterator[Checked]:
    connector = there.channel.connector
    if connector.delivery == "push" and not isinstance(connector, Listener):
        yield reachable(there.hook)
    if isinstance(connector, Managed):
        for one in await connector.check(there.hook):
            yield one
    else:
        yield Checked(ok=True, what="the configuration is complete; this kind of channel has no account to look at")


def reachable(hook: str) -> Checked:
    """Whether a platform on the internet may deliver there at all."""
    parts = urlsplit(hook)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1", "0.0.0.0")
    ok = parts.scheme == "https" and not local
    mend = "platforms deliver to https addresses on the internet: set server.public_url, or try 'parley simulate'"
    return Checked(ok=ok, what=f"events are to be delivered to {hook}", mend=mend)


def send_test(
    name: Name,
    address: Annotated[str, typer.Argument(help="To whom: a chat id, phone number, e-mail address …")],
    text: Annotated[str, typer.Option(help="What to say.")] = SAMPLE,
    url: PublicUrl = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Send one message through the channel, past the outbox, and show what the platform answers."""

    async def work(there: Opened) -> None:
        try:
            typer.echo(await sent(there, address, text))
        except SendFailed as error:
            typer.echo(f"not taken: {error}", err=True)
            raise typer.Exit(1) from None

    run(config, name, url, work)


async def sent(there: Opened, address: str, text: str) -> str:
    connector, now = there.channel.connector, there.clock.now()
    shaped = fit.shape((Text(text=text),), connector.limits, base_url=there.public_url)
    outgoing = Outgoing(
        id=there.clock.new_id(),
        app_id=there.app_id,
        conversation_id="",
        channel_id=there.channel.id,
        address=address,
        message_id="",
        seq=0,
        epoch=0,
        due_at=now,
        renderings=shaped.renderings,
    )
    ids = [(await connector.send(one, outgoing)).external_id for one in shaped.renderings]
    return f"taken; the platform calls it {', '.join(filter(None, ids)) or 'nothing'}"


def run(config: ConfigPath, name: str, url: str, work: Callable[[Opened], Awaitable[T]]) -> T:
    with configured(config) as (settings, base):

        async def worked() -> T:
            async with opened(settings, base, name, url) as there:
                return await work(there)

        return asyncio.run(worked())
