"""`parley queue …`: what waits, and what could not be delivered."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from orchestrator.adapters.stores import store_alone
from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.cli.table import table
from orchestrator.config import Settings
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.ledger import nowhere
from orchestrator.ports import Clock, Letters
from orchestrator.types import Outgoing, QueueDepth, Text

T = TypeVar("T")
BATCH = 200

Json = Annotated[bool, typer.Option("--json", help="For programs: one JSON document on standard output.")]
Channel = Annotated[str, typer.Option(help="Only of this channel.")]
Ids = Annotated[list[str] | None, typer.Argument(help="As shown by 'parley queue dead list'.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="Every one there is, or every one of --channel.")]

app = typer.Typer(help="What waits, and what could not be delivered.", invoke_without_command=True)
dead = typer.Typer(
    help="Messages whose delivery failed for good. A running server heeds every change.", no_args_is_help=True
)
app.add_typer(dead, name="dead")


@app.callback()
def depths(
    context: typer.Context, app_name: AppName = "", as_json: Json = False, config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Show by channel how many conversations wait for a turn and messages to be sent, since when, and dead letters.

    Every channel of the configuration is listed, and any other where something was left behind.
    """
    if context.invoked_subcommand is not None:
        nothing_given(context)
        return
    with configured(config) as (settings, base):
        if app_name:
            chosen_app(settings, app_name)

        async def found(letters: Letters, clock: Clock) -> tuple[Sequence[QueueDepth], datetime]:
            return await letters.queues(), clock.now()

        depths, now = with_letters(settings, base, found)
    shown = [one for one in everywhere(settings, depths) if not app_name or one.app_id == app_name]
    if as_json:
        typer.echo(json.dumps([as_dict(one, now) for one in shown], indent=2))
        return
    heads = ("app", "channel", "wait for a turn", "oldest", "to be sent", "oldest", "dead")
    table(heads, [row(one, now) for one in shown], "no channel is configured, and nothing waits")


def nothing_given(context: typer.Context) -> None:
    """What stands before the sub-command would not be heeded by it: dropped might be what another deployment has."""
    given = [name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
    if given:
        raise Malformed(
            f"options of 'parley queue {context.invoked_subcommand}' stand at its end, such as "
            f"'parley queue {context.invoked_subcommand} list --config parley.toml'"
        )


def everywhere(settings: Settings, found: Sequence[QueueDepth]) -> list[QueueDepth]:
    """What was found, and every configured channel where nothing waits."""
    known = {(one.app_id, one.channel_id): one for one in found}
    for app_id, one in settings.apps.items():
        for channel_id in one.channels:
            known.setdefault((app_id, channel_id), QueueDepth(app_id=app_id, channel_id=channel_id))
    return [depth for _, depth in sorted(known.items())]


def row(one: QueueDepth, now: datetime) -> tuple[str, ...]:
    sends = (str(one.sends), age(one.oldest_send, now))
    return (one.app_id, one.channel_id, str(one.turns), age(one.oldest_turn, now), *sends, str(one.dead))


def as_dict(one: QueueDepth, now: datetime) -> dict[str, Any]:
    return {
        "app": one.app_id,
        "channel": one.channel_id,
        "turns": one.turns,
        "oldest_turn_seconds": seconds(one.oldest_turn, now),
        "sends": one.sends,
        "oldest_send_seconds": seconds(one.oldest_send, now),
        "dead": one.dead,
    }


def seconds(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round(max((now - moment).total_seconds(), 0.0), 1)


def age(moment: datetime | None, now: datetime) -> str:
    """As people say it: "12 s", "3 min", "5 h", "2 d"."""
    passed = seconds(moment, now)
    if passed is None:
        return ""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if passed >= size:
            return f"{int(passed // size)} {unit}"
    return f"{int(passed)} s"


@dead.command("list")
def list_dead(
    channel: Channel = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    as_json: Json = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List dead letters, the newest first."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def found(letters: Letters, _: Clock) -> list[Outgoing]:
            return [one async for one in pages(letters, app_id, channel, limit)]

        letters = with_letters(settings, base, found)
    if as_json:
        typer.echo(json.dumps([about(one) for one in letters], indent=2, ensure_ascii=False))
        return
    rows = [(one.id, one.channel_id, one.conversation_id, str(one.attempts), one.reason, one.error) for one in letters]
    whose = f"channel {channel!r} of app {app_id!r}" if channel else f"app {app_id!r}"
    table(("id", "channel", "conversation", "tries", "reason", "last error"), rows, f"{whose} has no dead letters")


@dead.command("show")
def show_dead(
    letter_id: Annotated[str, typer.Argument(help="As shown by 'parley queue dead list'.", metavar="ID")],
    as_json: Json = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show one dead letter: to whom, why it failed, and what the customer would have read."""
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)

        async def found(letters: Letters, _: Clock) -> Outgoing:
            return await letters.dead_letter(app_id, letter_id)

        letter = with_letters(settings, base, found)
    if as_json:
        typer.echo(json.dumps({**about(letter), "texts": words(letter)}, indent=2, ensure_ascii=False))
        return
    for name, value in about(letter).items():
        typer.echo(f"{name.replace('_', ' '):<13} {value}")
    for text in words(letter):
        typer.echo(f"\n{text}")


def about(letter: Outgoing) -> dict[str, Any]:
    return {
        "id": letter.id,
        "channel": letter.channel_id,
        "address": letter.address,
        "conversation": letter.conversation_id,
        "message": letter.message_id,
        "seq": letter.seq,
        "tries": letter.attempts,
        "sent_parts": f"{letter.done} of {len(letter.renderings)}",
        "reason": letter.reason,
        "error": letter.error,
    }


def words(letter: Outgoing) -> list[str]:
    parts = [part for rendering in letter.renderings for part in rendering.parts]
    return [
        part.text if isinstance(part, Text) else f"[{part.kind}] {getattr(part, 'text', '')}".rstrip() for part in parts
    ]


@dead.command("retry")
def retry_dead(
    ids: Ids = None,
    every: All = False,
    channel: Channel = "",
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Send dead letters after all, each before anything newer of its conversation. Takes ids, or --all."""

    async def revive(letters: Letters, clock: Clock, app_id: str, letter_id: str) -> None:
        await letters.revive(app_id, letter_id, clock.now())

    count = change(ids, every, channel, app_name, config, revive)
    typer.echo(f"{count} of them will be sent as soon as a worker looks, within [engine] sweep_seconds.")


@dead.command("drop")
def drop_dead(
    ids: Ids = None,
    every: All = False,
    channel: Channel = "",
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Give dead letters up: they are never sent, and the thread shows them as withdrawn. Takes ids, or --all."""

    async def drop(letters: Letters, _: Clock, app_id: str, letter_id: str) -> None:
        await letters.drop(app_id, letter_id)

    count = change(ids, every, channel, app_name, config, drop)
    typer.echo(f"{count} of them will never be sent.")


def change(
    ids: list[str] | None,
    every: bool,
    channel: str,
    app_name: str,
    config: ConfigPath,
    do: Callable[[Letters, Clock, str, str], Awaitable[None]],
) -> int:
    """How many were changed. Raises NotFound at the first id that is no dead letter: those before it are changed."""
    if bool(ids) == every or (ids and channel):
        raise Malformed("name the dead letters by their ids, or take --all, with --channel if need be")
    with configured(config) as (settings, base):
        app_id = chosen_app(settings, app_name)
        known = settings.apps[app_id].channels

        async def work(letters: Letters, clock: Clock) -> int:
            chosen = ids or [one.id async for one in pages(letters, app_id, channel, 1_000_000)]
            if not chosen and channel and channel not in known:
                # One that was added over the API, or removed since, has its letters all the same.
                raise Misconfigured(f"--channel: {nowhere('channel', channel, known)}")
            for letter_id in chosen:
                await do(letters, clock, app_id, letter_id)
            return len(chosen)

        return with_letters(settings, base, work)


async def pages(letters: Letters, app_id: str, channel: str, most: int) -> AsyncIterator[Outgoing]:
    last = ""
    while most > 0:
        found = await letters.dead(app_id, channel_id=channel, before=last, limit=min(most, BATCH))
        for one in found:
            yield one
        if len(found) < BATCH:
            return
        last, most = found[-1].id, most - len(found)


def with_letters(settings: Settings, base: Path, work: Callable[[Letters, Clock], Awaitable[T]]) -> T:
    """Straight from the database; servers may be running on it."""

    async def worked() -> T:
        async with store_alone(settings.store, base) as (store, clock):
            return await work(store, clock)

    return asyncio.run(worked())
