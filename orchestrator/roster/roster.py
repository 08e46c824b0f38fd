"""Registered bots and stored channels as they run in this process: made, opened, swapped in between turns, closed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine import App, Channel, RunningBot
from orchestrator.engine.app import Candidate
from orchestrator.engine.watch import Watch
from orchestrator.errors import Conflict, Misconfigured, NotFound, ParleyError
from orchestrator.ports import BotRecords, Bus, Panel
from orchestrator.registry import Workshop, running
from orchestrator.roster import serving, trials
from orchestrator.roster.connections import Connections
from orchestrator.roster.lent import Lent
from orchestrator.roster.registrar import Registrar
from orchestrator.roster.settings import read
from orchestrator.types import BotEntry, ChannelEntry, RosterChanged

Key = tuple[str, str, int]
"""App, name, version."""
State = tuple[tuple[str, int, datetime], ...]
"""Names and revisions; a name that was removed and given again was created later."""

KEPT = timedelta(days=92)
"""How long figures by the hour are kept."""
FORGET_EVERY = timedelta(hours=6)

log = structlog.get_logger("parley.bots")


class Roster:
    """`apps` is what the engine looks into at every turn: an app is replaced there whole, so a turn sees one state.

    Looks every `seconds`, and at once when told. A version that can't be made leaves what ran before in its place.
    `swapped` is called when apps are no longer what they were.
    """

    def __init__(
        self,
        apps: dict[str, App],
        registrar: Registrar,
        bots: BotRecords,
        workshop: Workshop,
        bus: Bus,
        seconds: float,
        *,
        connections: Connections,
        swapped: Callable[[], None],
    ) -> None:
        self.apps = apps
        self.configured = dict(apps)
        self.registrar = registrar
        self.bots = bots
        self.workshop = workshop
        self.bus = bus
        self.seconds = seconds
        self.connections = connections
        self.swapped = swapped
        self.seen: dict[str, tuple[State, State]] = {}
        self.made: dict[Key, RunningBot] = {}
        self.trouble: dict[Key, str] = {}
        self.looking = asyncio.Lock()
        self.poked = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.closing: set[asyncio.Task[None]] = set()
        self.watch = Watch(workshop.clock)
        self.forgotten = workshop.clock.now() - FORGET_EVERY

    async def open(self) -> None:
        await self.look()
        self.tasks = [asyncio.create_task(self.sweep(), name="parley-roster")]
        self.tasks += [asyncio.create_task(self.listen(app_id), name="parley-roster-news") for app_id in self.apps]

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.watch.stop()
        with suppress(ParleyError):
            await self.flush()
        for key in list(self.made):
            self.retire(key)
        await asyncio.gather(*self.closing, self.connections.close(), return_exceptions=True)

    async def listen(self, app_id: str) -> None:
        topic = RosterChanged(app_id=app_id).conversation_id
        async with self.bus.subscribe(app_id, topic) as news:
            async for _ in news:
                self.poked.set()

    async def sweep(self) -> None:
        while True:
            with suppress(TimeoutError):
                # Not `wait_for`: in Python 3.11 it forgets a cancellation that comes just as it is done.
                async with asyncio.timeout(self.seconds):
                    await self.poked.wait()
            self.poked.clear()
            try:
                await self.flush()
                await self.look()
                await self.judge()
            except ParleyError as error:
                log.warning("registered bots and channels can't be read; going on with those known", error=str(error))
            except Exception:
                log.exception("looking after registered bots and channels broke")

    async def flush(self) -> None:
        """Hand on what was counted. When the database can't take it now it is lost: these are figures, not facts."""
        counts, notes = self.watch.taken()
        if counts:
            await self.bots.count(counts)
        if notes:
            await self.bots.note(notes)
        now = self.workshop.clock.now()
        if now - self.forgotten >= FORGET_EVERY:
            await self.bots.forget(now - KEPT)
            self.forgotten = now

    async def judge(self) -> None:
        """Take candidates back that do worse than they may. Whoever sees it first does it."""
        for entry in await self.bots.entries():
            trial = entry.trial
            if entry.app_id not in self.apps or trial is None or trial.state != "running":
                continue
            counts = await self.bots.counts(entry.app_id, trials.since(trial), entry.name)
            if reason := trials.judge(trial, entry.active, counts):
                with suppress(Conflict, NotFound):
                    await self.registrar.end_trial(entry.app_id, entry.name, "rolled_back", reason)

    async def look(self) -> None:
        """Make what runs here what the database says."""
        async with self.looking:
            found = await self.bots.entries()
            stored = await self.connections.switchboard.records.entries()
            changed = False
            for app_id in self.configured:
                entries = [entry for entry in found if entry.app_id == app_id]
                channels = [entry for entry in stored if entry.app_id == app_id]
                state = bots_state(entries), channels_state(channels)
                if state != self.seen.get(app_id):
                    await self.rebuild(app_id, entries, channels)
                    self.seen[app_id], changed = state, True
            if changed:
                self.connections.settle(self.apps)
                self.swapped()

    async def rebuild(self, app_id: str, entries: Sequence[BotEntry], stored: Sequence[ChannelEntry]) -> None:
        live = {entry.name: entry for entry in entries if entry.enabled and entry.active}
        wanted = {(app_id, name, entry.active) for name, entry in live.items()}
        tried = {
            (app_id, name, entry.trial.version)
            for name, entry in live.items()
            if entry.trial is not None and entry.trial.state == "running"
        }
        for key in sorted(wanted | tried):
            await self.make(key)
        before = self.apps[app_id].bots
        bots = {name: self.standing(app_id, entry, before) for name, entry in live.items()}
        candidates = {name: self.candidate(app_id, entry) for name, entry in live.items()}
        self.swap(
            app_id,
            entries,
            {name: bot for name, bot in bots.items() if bot is not None},
            {name: one for name, one in candidates.items() if one is not None},
            await self.connections.standing(app_id, stored),
        )
        used = {id(bot) for bot in bots.values()}
        for key, bot in list(self.made.items()):
            if key[0] == app_id and key not in wanted | tried and id(bot) not in used:
                self.retire(key)

    async def make(self, key: Key) -> None:
        """Keeps what is wrong in `trouble`: a bot that can't be made is no reason to stop."""
        if key in self.made:
            return
        app_id, name, number = key
        try:
            version = await self.bots.version(app_id, name, number)
            settings = read(self.registrar.settings_of(version))
            made = await asyncio.to_thread(running, name, settings, self.workshop, app_id)
            # A panel is no bot that answers: the engine must see it as it is, and it keeps nothing open.
            lent = made.bot if isinstance(made.bot, Panel) else Lent(made.bot)
            await lent.open()
        except ParleyError as error:
            self.fail(key, str(error))
        except Exception as error:
            self.fail(key, f"raised {type(error).__name__} when it was made")
        else:
            self.trouble.pop(key, None)
            self.made[key] = replace(made, bot=lent, version=number)

    def fail(self, key: Key, why: str) -> None:
        self.trouble[key] = why
        log.error("registered bot can't be made", app_id=key[0], bot=key[1], version=key[2], error=why)

    def standing(self, app_id: str, entry: BotEntry, before: Mapping[str, RunningBot]) -> RunningBot | None:
        """The active version, or the registered one that ran before while that can't be made."""
        made = self.made.get((app_id, entry.name, entry.active))
        old = before.get(entry.name)
        return made or (old if old is not None and old.version else None)

    def candidate(self, app_id: str, entry: BotEntry) -> Candidate | None:
        trial = entry.trial
        if trial is None or trial.state != "running":
            return None
        made = self.made.get((app_id, entry.name, trial.version))
        return Candidate(running=made, mode=trial.mode, share=trial.share) if made else None

    def swap(
        self,
        app_id: str,
        entries: Sequence[BotEntry],
        bots: Mapping[str, RunningBot],
        candidates: Mapping[str, Candidate],
        channels: Mapping[str, Channel],
    ) -> None:
        base = with_channels(self.configured[app_id], channels)
        known = {**base.bots, **bots}
        policy = base.policy
        try:
            policy = serving.policy_with(base.settings, known, [entry for entry in entries if entry.name in bots])
        except Misconfigured as error:
            log.error("whom registered bots serve can't be used; the app's own rules stand", error=str(error))
        self.apps[app_id] = replace(base, bots=known, policy=policy, candidates=candidates, watch=self.watch)

    def retire(self, key: Key) -> None:
        """Closed once the turns it has are done."""
        made = self.made.pop(key, None)
        if made is None:
            return
        task = asyncio.create_task(let_go(made))
        self.closing.add(task)
        task.add_done_callback(self.closing.discard)


def bots_state(entries: Sequence[BotEntry]) -> State:
    return tuple((entry.name, entry.revision, entry.created_at) for entry in entries)


def channels_state(entries: Sequence[ChannelEntry]) -> State:
    return tuple((entry.id, entry.revision, entry.created_at) for entry in entries)


def with_channels(app: App, stored: Mapping[str, Channel]) -> App:
    """The same app, as if its stored channels stood in parley.toml too."""
    if not stored:
        return app
    known = {**app.settings.channels, **{name: channel.settings for name, channel in stored.items()}}
    settings = app.settings.model_copy(update={"channels": known})
    return replace(app, settings=settings, channels={**app.channels, **stored})


async def let_go(made: RunningBot) -> None:
    try:
        async with asyncio.timeout(made.settings.deadline + 5):
            await made.bot.close()
    except Exception as error:
        log.warning("a bot that was replaced did not close", bot=made.name, error=type(error).__name__)
