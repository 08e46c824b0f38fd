"""`parley bots try`: chat with one bot, and see what was understood, what it did, and what each channel would show."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator import codec
from orchestrator.app import build
from orchestrator.cli.bots.desk import with_registrar
from orchestrator.cli.chat import Chat, apart
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.config import AppSettings, BotSettings, ChannelSettings
from orchestrator.conformance.target import named
from orchestrator.errors import Misconfigured, NotFound
from orchestrator.ledger import nowhere
from orchestrator.preview import installed, previews
from orchestrator.roster import Registrar
from orchestrator.roster.settings import read
from orchestrator.types import Message, Trace

CHANNEL = "terminal"


def try_out(
    what: Annotated[
        str, typer.Argument(metavar="NAME|URL", help="A bot of the app, NAME@VERSION, module:function, or an address.")
    ],
    secret: Annotated[
        str, typer.Option(envvar="PARLEY_BOT_SECRET", help="whsec_… of a bot named by its address.", show_default=False)
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Only what the customer would read.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Chat with a bot on the terminal, in any of the app's languages, as its only customer.

    After each turn: what was understood, what was decided, every action, how long it took, and where a channel could
    not show it as it is. Nothing is kept, and nobody else is reached. Ctrl-D leaves; input may be piped.
    """
    name, bot = found(config, app_name, what, secret)
    with configured(config) as (settings, base), tempfile.TemporaryDirectory(prefix="parley-try-") as folder:
        app_id = chosen_app(settings, app_name)
        app = alone(settings.apps[app_id], name, bot)
        only = settings.model_copy(update={"apps": {app_id: app}})
        runtime = build(apart(only, Path(folder)), base)
        chat = Chat(runtime, app_id, CHANNEL, why=not quiet)
        if not quiet:
            chat.also, chat.told = losses, actions
        asyncio.run(chat.run())


def alone(app: AppSettings, name: str, bot: BotSettings) -> AppSettings:
    """The app with that bot answering everything that no rule hands off, on a channel of its own."""
    rules = tuple(rule for rule in app.policy.rules if rule.then != "bot")
    return app.model_copy(
        update={
            "bot": name,
            "bots": {**app.bots, name: bot},
            "channels": {CHANNEL: ChannelSettings(kind="webchat")},
            "policy": app.policy.model_copy(update={"rules": rules}),
        }
    )


def found(config: Path, app_name: str, what: str, secret: str) -> tuple[str, BotSettings]:
    """Raises Misconfigured."""
    target = named(what, secret)
    if target is not None:
        return "bot", BotSettings.model_validate({"kind": target.kind, **target.raw})
    with configured(config) as (settings, _):
        bots = settings.apps[chosen_app(settings, app_name)].bots
    name, _, version = what.partition("@")
    if version and not version.isdecimal():
        raise Misconfigured(f"{what!r}: NAME@VERSION is wanted, such as {name}@2")
    if not version and name in bots and bots[name].kind != "registered":
        return name, bots[name]

    async def work(registrar: Registrar, app_id: str, _: Path) -> BotSettings:
        try:
            chosen = await registrar.chosen(app_id, name, int(version or 0))
        except NotFound:
            known = {*bots, *(one.name for one in await registrar.bots.entries(app_id))}
            raise Misconfigured(nowhere("bot", what, known)) from None
        return read(registrar.settings_of(chosen))

    return name, with_registrar(config, app_name, work)


def actions(trace: Trace) -> Iterator[str]:
    """Everything the bot wanted, but for what it said, which stands above."""
    for action in trace.actions:
        if action.kind != "say":
            given: dict[str, Any] = codec.actions.plain((action,))[0]
            told = ", ".join(f"{key} {value!r}" for key, value in given.items() if key != "kind" and value)
            yield f"action {action.kind}{f': {told}' if told else ''}"


@dataclass(frozen=True, slots=True)
class Loss:
    what: str
    became: str


def losses(message: Message) -> Iterator[str]:
    """Where a channel shows something else: what, and on which."""
    by_loss: dict[Loss, list[str]] = {}
    for one in previews(message.parts, installed()):
        for loss in dict.fromkeys(Loss(each.what, each.became) for each in one.losses):
            by_loss.setdefault(loss, []).append(one.kind)
    for loss, kinds in by_loss.items():
        yield f"{loss.what} becomes {loss.became} on {', '.join(kinds)}"
