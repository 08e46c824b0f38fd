"""Listening to a mailbox: what is new is heard, then marked there, so that nothing is lost and nothing heard twice.

The mark is in the mailbox itself, so any process can go on where another stopped. Within one, the cursor is the last
UID, good for one UIDVALIDITY.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from connectors.email import mime
from connectors.email.imap import KEYWORD, Imap, ImapFailed, connected
from connectors.email.settings import Mailbox
from orchestrator.errors import Malformed, ParleyError, Unauthenticated
from orchestrator.ports import Clock, Hear
from orchestrator.types import Inbound

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LARGEST = 52_428_800
"""Bytes of a mail that is read whole; of a larger one only the headers are."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0
POLL = 60.0
"""Seconds between looks where the server has no IDLE."""

log = structlog.get_logger("parley.email")

Read = Callable[[mime.Mail, int, int], Sequence[Inbound]]
"""Events of a mail, its UIDVALIDITY and UID."""


@dataclass(slots=True)
class Cursor:
    validity: int = 0
    uid: int = 0


class Watch:
    """`first_pause` is the back-off after the first lost connection; it doubles up to five minutes."""

    def __init__(
        self, box: Mailbox, user: str, read: Read, clock: Clock, *, seconds: float, first_pause: float = FIRST_PAUSE
    ) -> None:
        self.box = box
        self.user = user
        self.read = read
        self.clock = clock
        self.seconds = seconds
        self.first_pause = first_pause
        self.cursor = Cursor()

    async def run(self, hear: Hear) -> None:
        """Until cancelled. Raises Unauthenticated when the server refuses user and password."""
        pause = self.first_pause
        while True:
            before = Cursor(self.cursor.validity, self.cursor.uid)
            try:
                await self.session(hear)
            except ImapFailed as error:
                if error.lasting:
                    raise Unauthenticated(f"mail server {self.box.host!r}: {error}; renew user and password") from None
                log.warning("mailbox lost", host=self.box.host, error=str(error), again_in=pause)
            except (OSError, TimeoutError) as error:
                log.warning("mailbox unreachable", host=self.box.host, error=type(error).__name__, again_in=pause)
            except ParleyError as error:
                log.warning("mail could not be kept", host=self.box.host, error=str(error), again_in=pause)
            # Whatever was heard shows that the server is well.
            pause = self.first_pause if before != self.cursor else pause
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def session(self, hear: Hear) -> None:
        async with connected(self.box, self.user, self.seconds) as imap:
            selected = await imap.select(self.box.folder)
            if selected.validity != self.cursor.validity:
                self.cursor = Cursor(selected.validity, 0)
            keyword = selected.keywords and self.box.mark != "seen"
            if self.box.mark == "keyword" and not keyword:
                raise ImapFailed("this mailbox keeps no keywords; set mark = 'seen'", lasting=False)
            while True:
                await self.catch_up(imap, hear, keyword)
                if "IDLE" in imap.can:
                    await imap.idle()
                else:
                    await asyncio.sleep(POLL)

    async def catch_up(self, imap: Imap, hear: Hear, keyword: bool) -> None:
        flag, missing = (KEYWORD, f"UNKEYWORD {KEYWORD}") if keyword else ("\\Seen", "UNSEEN")
        since = self.clock.now() - timedelta(seconds=self.box.lookback)
        day = f"{since.day}-{MONTHS[since.month - 1]}-{since.year}"
        first = self.cursor.uid + 1
        for uid in await imap.search(f"UID {first}:* {missing} SINCE {day}"):
            # "n:*" names the last mail, though it be older than n.
            if uid >= first:
                await self.hear_one(imap, hear, uid, flag)

    async def hear_one(self, imap: Imap, hear: Hear, uid: int, flag: str) -> None:
        """A mail that breaks us stays unmarked, for a person to read, and is not in the way of others."""
        if (mail := await take(imap, uid)) is not None:
            try:
                events = self.read(mail, self.cursor.validity, uid)
            except Exception:
                log.exception("a mail broke", host=self.box.host, uid=uid)
                self.cursor.uid = uid
                return
            if events:
                await hear(events)
        await imap.mark(uid, flag)
        self.cursor.uid = uid


async def take(imap: Imap, uid: int) -> mime.Mail | None:
    """None when it is gone, or no mail at all."""
    large = await imap.size(uid) > LARGEST
    raw = await imap.fetch(uid, "HEADER" if large else "")
    if raw is None:
        return None
    try:
        mail = mime.read(raw)
    except Malformed:
        return None
    return mime.Mail(headers=mail.headers, unreadable=f"larger than {LARGEST} bytes") if large else mail
