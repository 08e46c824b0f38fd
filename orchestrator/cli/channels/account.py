"""`parley channels setup | check | send-test`: the account behind a channel."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from orchestrator.cli.channels.chosen import opened
from orchestrator.cli.options import DEFAULT_CONFIG, ConfigPath, configured
from orchestrator.errors import SendFailed
from orchestrator.roster import accounts
from orchestrator.roster.accounts import Account
from orchestrator.types import SetupStep

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="Name of the channel.")]
PublicUrl = Annotated[
    str, typer.Option("--url", help="Public address of this Parley.", show_default="server.public_url")
]


def setup(name: Name, url: PublicUrl = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Register the channel's hook with its platform where it lets us, and say what is left to do by hand."""

    async def work(there: Account) -> None:
        for number, step in enumerate(await accounts.setup(there), 1):
            typer.echo(told(number, step))

    run(config, name, url, work)


def told(number: int, step: SetupStep) -> str:
    mark = typer.style("✓", fg="green") if step.done else f"{number}."
    text = "".join(f"\n     {line}" for line in step.text.splitlines())
    return f"{mark:>2} {step.title}{text}"


def check(name: Name, url: PublicUrl = "", config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Look at credentials, address and subscription, and say in words what is wrong. Exit code 1 when anything is."""

    async def work(there: Account) -> None:
        findings = [one async for one in accounts.findings(there)]
        for one in findings:
            mark = typer.style("✓", fg="green") if one.ok else typer.style("✗", fg="red")
            typer.echo(f"{mark} {one.what}" + (f"\n    {one.mend}" if one.mend and not one.ok else ""))
        if not all(one.ok for one in findings):
            raise typer.Exit(1)

    run(config, name, url, work)


def send_test(
    name: Name,
    address: Annotated[str, typer.Argument(help="To whom: a chat id, phone number, e-mail address …")],
    text: Annotated[str, typer.Option(help="What to say.")] = accounts.SAMPLE,
    url: PublicUrl = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Send one message through the channel, past the outbox, and show what the platform answers."""

    async def work(there: Account) -> None:
        try:
            ids = await accounts.send_test(there, address, text)
        except SendFailed as error:
            typer.echo(f"not taken: {error}", err=True)
            raise typer.Exit(1) from None
        typer.echo(f"taken; the platform calls it {', '.join(ids) or 'nothing'}")

    run(config, name, url, work)


def run(config: ConfigPath, name: str, url: str, work: Callable[[Account], Awaitable[T]]) -> T:
    with configured(config) as (settings, base):

        async def worked() -> T:
            async with opened(settings, base, name, url) as there:
                return await work(there)

        return asyncio.run(worked())
