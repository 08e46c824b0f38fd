"""Translating what could not be translated when it was said, once an engine is back; and what people reviewed since.

Each is done through the same fenced commit as a turn: the conversation's newest head, and nothing of it changed but the
message's translation.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from orchestrator.copies import replace
from orchestrator.engine.app import App
from orchestrator.engine.hear import names_of, words
from orchestrator.engine.live import Herald
from orchestrator.errors import Fenced, NotFound, ParleyError, Unavailable
from orchestrator.ports import Clock, Records, Store, Translations
from orchestrator.types import Commit, Debt, Message, Part, Text

BATCH = 50
# A conversation that went on without a translation for so long does not need it any more.
FORGOTTEN = timedelta(days=7)
# Reviewed translations an app keeps in memory at most.
MOST_REVIEWED = 20_000
# Rows written by another process whose clock is behind, or whose commit took its time.
OVERLAP = timedelta(minutes=2)

log = structlog.get_logger("parley.repair")


class Repairer:
    """One for a process; several do each other's work without harm. Without `repairs` it learns only."""

    def __init__(
        self,
        *,
        apps: Mapping[str, App],
        store: Store,
        records: Records,
        translations: Translations,
        herald: Herald,
        clock: Clock,
        seconds: float,
        repairs: bool = True,
    ) -> None:
        self.apps = apps
        self.store = store
        self.records = records
        self.translations = translations
        self.herald = herald
        self.clock = clock
        self.seconds = seconds
        self.repairs = repairs
        self.learnt: dict[str, datetime] = {}

    async def run(self) -> None:
        """At the start, and every so often. Until cancelled."""
        while True:
            for app in self.apps.values():
                try:
                    await self.learn(app)
                    if self.repairs:
                        await self.repair(app)
                except ParleyError as error:
                    log.warning("repair postponed", app_id=app.id, error=str(error))
                except Exception:
                    log.exception("repair broke", app_id=app.id)
            await asyncio.sleep(self.seconds)

    async def learn(self, app: App) -> None:
        """Bring what people reviewed into the app's translation memory."""
        since = self.learnt.get(app.id)
        began = self.clock.now()
        changed = await self.translations.reviewed(app.id, since=since, limit=MOST_REVIEWED)
        app.understander.chain.memory.learn(changed)
        self.learnt[app.id] = began - OVERLAP

    async def repair(self, app: App) -> int:
        """What engines that are up can do of what is owed now; returns how many messages were mended."""
        debts = await self.translations.owed(app.id, limit=BATCH)
        mended = 0
        for debt in debts:
            if app.understander.chain.ready(debt.source, debt.target):
                mended += await self.pay(app, debt)
        if debts:
            await self.translations.forgive(self.clock.now() - FORGOTTEN)
        return mended

    async def pay(self, app: App, debt: Debt) -> bool:
        """Whether the message is translated now. A conversation that changes meanwhile is left for the next time."""
        try:
            message = await self.records.message(app.id, debt.message_id)
            loaded = await self.store.load(debt.conversation_id, history=0)
        except NotFound:
            return False
        parts = await self.translated(app, message, debt, names_of(loaded.profile))
        if parts is None:
            return False
        mended = mend(message, debt, parts, app.settings.pivot)
        try:
            await self.store.commit(
                Commit(conversation=loaded.conversation, understood=(mended,), repaid=(debt,), at=self.clock.now())
            )
        except (Fenced, Unavailable):
            return False
        await self.herald.messages([mended])
        log.info("translated afterwards", conversation_id=debt.conversation_id, seq=message.seq, target=debt.target)
        return True

    async def translated(
        self, app: App, message: Message, debt: Debt, names: tuple[str, ...]
    ) -> tuple[Part, ...] | None:
        """None when it did not work this time either."""
        inbound = message.understanding is not None
        parts: tuple[Part, ...] = (Text(text=words(message.parts)),) if inbound else message.parts
        translated = await app.understander.translate(parts, debt.source, debt.target, names=names)
        if translated.run.outcome not in ("ok", "skipped"):
            return None
        return translated.parts or parts


def mend(message: Message, debt: Debt, parts: tuple[Part, ...], pivot: str) -> Message:
    """The message with its translation, and for a customer's with the pivot text in its understanding."""
    understanding = message.understanding
    if understanding is None:
        return replace(message, translations={**message.translations, debt.target: parts})
    if debt.target == pivot and isinstance(parts[0], Text):
        understanding = replace(understanding, pivot=parts[0].text)
    beside = tuple(part for part in message.parts if not isinstance(part, Text))
    translations = {**message.translations, debt.target: (*parts, *beside)}
    return replace(message, translations=translations, understanding=understanding)
