"""The little of IMAP (RFC 3501, IDLE of RFC 2177) that reading a mailbox takes, over asyncio's streams.

Ours: aioimaplib is under the GPL; imaplib and IMAPClient block a thread that nobody can stop while it waits, and
imaplib of Python 3.11 knows no IDLE.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from connectors.email.settings import PORTS, Mailbox
from connectors.email.smtp import trust

LITERAL = re.compile(rb"\{(\d{1,10})\+?\}$")
LONGEST_LINE = 1_048_576
MOST_LITERAL = 104_857_600
IDLE_SECONDS = 28 * 60
"""A server may hang up after 30 minutes (RFC 2177 asks to begin anew every 29)."""
KEYWORD = "$ParleyHeard"


class ImapFailed(Exception):
    """`lasting`: user and password are refused, and trying again mends nothing."""

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Response:
    """One response: its text with each literal as "{n}", and the literals."""

    text: str
    literals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    validity: int
    keywords: bool


class Imap:
    """One connection. Every answer must come within `seconds`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self.reader = reader
        self.writer = writer
        self.seconds = seconds
        self.count = 0
        self.can: frozenset[str] = frozenset()

    async def response(self) -> Response:
        """Raises ImapFailed when the server hangs up or says too much."""
        text, literals = "", list[bytes]()
        while True:
            try:
                line = await self.reader.readuntil(b"\r\n")
            except asyncio.IncompleteReadError:
                raise ImapFailed("the mail server hung up") from None
            except asyncio.LimitOverrunError:
                raise ImapFailed("the mail server sent a line without an end") from None
            line = line[:-2]
            found = LITERAL.search(line)
            if found is None:
                return Response(text + line.decode("utf-8", "replace"), tuple(literals))
            size = int(found[1])
            if size > MOST_LITERAL:
                raise ImapFailed("the mail server sent more than was asked for")
            text += line.decode("utf-8", "replace")
            try:
                literals.append(await self.reader.readexactly(size))
            except asyncio.IncompleteReadError:
                raise ImapFailed("the mail server hung up") from None

    async def command(self, words: str, *secrets: bytes) -> list[Response]:
        """Its untagged responses. `{}` in `words` stands for each of `secrets`, sent as literals. Raises ImapFailed."""
        async with asyncio.timeout(self.seconds):
            tag = await self.begin(words, secrets)
            return await self.finish(tag, words.split(" ")[0])

    async def begin(self, words: str, secrets: Sequence[bytes] = ()) -> str:
        self.count += 1
        tag = f"p{self.count}"
        pieces = words.split("{}")
        self.writer.write(f"{tag} {pieces[0]}".encode())
        for secret, after in zip(secrets, pieces[1:], strict=True):
            self.writer.write(b"{%d}\r\n" % len(secret))
            await self.writer.drain()
            await self.go_on(tag)
            self.writer.write(secret + after.encode())
        self.writer.write(b"\r\n")
        await self.writer.drain()
        return tag

    async def go_on(self, tag: str) -> None:
        """Wait until the server asks for more."""
        while not (found := await self.response()).text.startswith("+"):
            if found.text.startswith(f"{tag} "):
                raise ImapFailed(f"the mail server refuses: {found.text[len(tag) + 1 :][:200]}")

    async def finish(self, tag: str, name: str) -> list[Response]:
        found: list[Response] = []
        while True:
            one = await self.response()
            if not one.text.startswith(f"{tag} "):
                if one.text.startswith("* BYE") and name != "LOGOUT":
                    raise ImapFailed(f"the mail server says goodbye: {one.text[6:200]}")
                found.append(one)
                continue
            state, _, words = one.text[len(tag) + 1 :].partition(" ")
            if state.upper() != "OK":
                raise ImapFailed(f"{name} is refused: {words[:200]}", lasting=lasting(name, words))
            return [*found, one]

    async def idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Until there is news, or `seconds` are over."""
        async with asyncio.timeout(self.seconds):
            tag = await self.begin("IDLE")
            await self.go_on(tag)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not news(await self.response()):
                    pass
        async with asyncio.timeout(self.seconds):
            self.writer.write(b"DONE\r\n")
            await self.writer.drain()
            await self.finish(tag, "IDLE")

    async def learn(self, responses: Sequence[Response]) -> None:
        """What the server can: from its answer, else asked for."""
        for one in responses:
            if found := re.search(r"(?:\* |\[)CAPABILITY ([^\]]*)", one.text):
                self.can = frozenset(found[1].upper().split())
                return
        await self.learn(await self.command("CAPABILITY"))

    async def sign_in(self, user: str, password: str, token: str) -> None:
        if token:
            given = base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()).decode()
            await self.authenticate("XOAUTH2", given)
        elif "LOGINDISABLED" in self.can:
            await self.authenticate("PLAIN", base64.b64encode(f"\0{user}\0{password}".encode()).decode())
        else:
            await self.learn(await self.command("LOGIN {} {}", user.encode(), password.encode()))

    async def authenticate(self, mechanism: str, given: str) -> None:
        async with asyncio.timeout(self.seconds):
            tag = await self.begin(f"AUTHENTICATE {mechanism}")
            await self.go_on(tag)
            self.writer.write(given.encode() + b"\r\n")
            await self.writer.drain()
            found = await self.authenticated(tag)
        await self.learn(found)

    async def authenticated(self, tag: str) -> list[Response]:
        """A refusal may come as a challenge, which an empty line answers (XOAUTH2)."""
        one = await self.response()
        if one.text.startswith("+"):
            self.writer.write(b"\r\n")
            await self.writer.drain()
            one = await self.response()
        while not one.text.startswith(f"{tag} "):
            one = await self.response()
        state, _, words = one.text[len(tag) + 1 :].partition(" ")
        if state.upper() != "OK":
            raise ImapFailed(f"AUTHENTICATE is refused: {words[:200]}", lasting=lasting("AUTHENTICATE", words))
        return [one]

    async def select(self, folder: str) -> Selected:
        responses = await self.command("SELECT {}", utf7(folder).encode())
        text = "\n".join(one.text for one in responses)
        validity = re.search(r"\[UIDVALIDITY (\d+)\]", text)
        flags = re.search(r"\[PERMANENTFLAGS \(([^)]*)\)\]", text)
        listed = (flags[1] if flags else "").split()
        return Selected(validity=int(validity[1]) if validity else 0, keywords="\\*" in listed or KEYWORD in listed)

    async def search(self, criteria: str) -> list[int]:
        found: list[int] = []
        for one in await self.command(f"UID SEARCH {criteria}"):
            if one.text.upper().startswith("* SEARCH"):
                found += [int(word) for word in one.text.split()[2:] if word.isdecimal()]
        return sorted(set(found))

    async def size(self, uid: int) -> int:
        """0 when it is gone."""
        for one in await self.command(f"UID FETCH {uid} (RFC822.SIZE)"):
            if found := re.search(r"RFC822\.SIZE (\d+)", one.text):
                return int(found[1])
        return 0

    async def fetch(self, uid: int, section: str = "") -> bytes | None:
        """The mail, or its headers ("HEADER"), without marking it as read; None when it is gone."""
        for one in await self.command(f"UID FETCH {uid} (UID BODY.PEEK[{section}])"):
            if f"UID {uid}" in one.text and " FETCH " in one.text.upper() and one.literals:
                return one.literals[-1]
        return None

    async def mark(self, uid: int, flag: str) -> None:
        await self.command(f"UID STORE {uid} +FLAGS.SILENT ({flag})")


def lasting(name: str, words: str) -> bool:
    """Whether a refusal is of who we are. Without a code (RFC 5530) a refused sign-in is taken for one."""
    if name not in ("LOGIN", "AUTHENTICATE"):
        return False
    return not re.search(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]", words, re.IGNORECASE)


def news(response: Response) -> bool:
    if response.text.startswith("* BYE"):
        raise ImapFailed(f"the mail server says goodbye: {response.text[6:200]}")
    return re.match(r"\* \d+ (EXISTS|RECENT)", response.text, re.IGNORECASE) is not None


def utf7(folder: str) -> str:
    """Names of folders in IMAP's own UTF-7 (RFC 3501 5.1.3)."""
    out, run = "", ""
    for each in folder + "\0":
        if each.isascii():
            if run:
                coded = base64.b64encode(run.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
                out, run = f"{out}&{coded}-", ""
            out += "&-" if each == "&" else each
        else:
            run += each
    return out[:-1]


@asynccontextmanager
async def connected(box: Mailbox, user: str, seconds: float) -> AsyncIterator[Imap]:
    """Signed in. Raises ImapFailed, OSError (with ssl.SSLError), TimeoutError."""
    tls = trust(box)
    port = box.port or PORTS["imap"][box.security]
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(
            box.host, port, ssl=tls if box.security == "tls" else None, limit=LONGEST_LINE
        )
    imap = Imap(reader, writer, seconds)
    try:
        async with asyncio.timeout(seconds):
            greeting = await imap.response()
        if not greeting.text.upper().startswith(("* OK", "* PREAUTH")):
            raise ImapFailed(f"the mail server does not greet: {greeting.text[:100]}")
        if tls is not None and box.security == "starttls":
            await secure(imap, box.host, tls)
        await imap.learn([greeting] if box.security != "starttls" else [])
        await imap.sign_in(box.user or user, box.password.get_secret_value(), box.token.get_secret_value())
        yield imap
    finally:
        await bid_farewell(writer)


async def secure(imap: Imap, host: str, tls: ssl.SSLContext) -> None:
    """What somebody slipped in before the encryption began must not count as said under it (CVE-2011-0411)."""
    await imap.command("STARTTLS")
    with suppress(TimeoutError):
        async with asyncio.timeout(0):
            await imap.reader.read(1)
            raise ImapFailed("somebody spoke out of turn before the encryption began")
    await imap.writer.start_tls(tls, server_hostname=host)


async def bid_farewell(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError, ssl.SSLError):
        async with asyncio.timeout(2):
            await writer.wait_closed()
