"""E-mail that arrives: a provider played over real HTTP, a real mailbox (Dovecot), people who write."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.email import Settings
from connectors.email import mailbox as watching
from connectors.email.connector import EmailChannel
from connectors.email.imap import ImapFailed, connected
from connectors.email.listening import ListeningEmail
from connectors.email.settings import Mailbox
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.http_client import HttpClient
from orchestrator.errors import ParleyError, SendFailed, Unauthenticated
from orchestrator.types import (
    Inbound,
    Media,
    RawRequest,
    Received,
    Text,
    Unsupported,
)
from tests.support.certificates import certificate
from tests.support.clock import ManualClock
from tests.support.emails import OUTGOING, TEXT, body, channel, made, read
from tests.support.house import PATIENCE, House, house
from tests.support.mail import USER, Post, Relay, mailbox, relay
from tests.support.playhouse import playing
from tests.support.story import BOT, told


def written(text: str, message_id: str, *, answers: EmailMessage | None = None, **headers: str) -> bytes:
    """A mail of Ann's; an answer quotes what it answers, as programs do."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "Ann Example <ann@example.org>", USER, f"<{message_id}@example.org>"
    mail["Subject"] = str(answers["Subject"]) if answers else "A question"
    if answers:
        mail["In-Reply-To"] = mail["References"] = str(answers["Message-ID"])
        quoted = "\n".join(f"> {line}" for line in body(answers).splitlines())
        text = f"{text}\n\nOn Sun, 1 Nov 2026 at 12:00, Shop <{USER}> wrote:\n{quoted}\n"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return bytes(mail)


@asynccontextmanager
async def corresponding(folder: Path, post: Post, out: Relay, **app: Any) -> AsyncIterator[House]:
    async with house(folder, channels={"mail": channel(post, out)}, **{**BOT, **app}) as parley:
        parley.channel = "mail"
        yield parley


async def test_the_story_is_told(tmp_path: Path) -> None:
    async with playing(tmp_path, "email", channel={"kind": "email"}, **BOT) as play:
        await told(play)
        by_bot, *_ = [call for call in play.stage.calls if call.path == "/email"]
        (by_agent,) = [call for call in play.stage.calls if b"Ada here" in call.body and b"> Ada" not in call.body]
        assert b"Auto-Submitted" in by_bot.body
        assert b"Auto-Submitted" not in by_agent.body


async def test_the_story_is_told_by_a_mailbox_and_a_mail_server(tmp_path: Path) -> None:
    async with mailbox() as post, relay() as out, corresponding(tmp_path, post, out) as parley:
        store, desk, ada = parley.runtime.store, parley.runtime.engine.desk, parley.agent()
        post.drop(written("Hi, a question", "q1"))
        asked = read((await out.until(1)).content)
        assert "• A person, please" in body(asked)
        assert "mailto:help%40shop.example?" in body(asked, "html")
        post.drop(written("A person, please", "q2", answers=asked))
        offered = read((await out.until(2)).content)
        assert "Let me get somebody." in body(offered)
        (case,) = await store.handoffs("shop")
        await desk.accept("shop", case.conversation_id, ada)
        await desk.say("shop", case.conversation_id, ada, (Text(text="Ada here."),))
        answered = read((await out.saying(b"Ada here.")).content)
        await desk.hand_back("shop", case.conversation_id, ada)
        post.drop(written("Thanks", "q3", answers=answered))
        glad = read((await out.saying(b"Glad to help.")).content)
        assert answered["Auto-Submitted"] is None, "a person wrote it"
        assert glad["In-Reply-To"] == "<q3@example.org>"
        assert glad["Subject"] == "Re: A question"
        assert str(answered["Message-ID"]) in str(glad["References"])
        assert glad["Auto-Submitted"] == "auto-replied"
        log = await store.messages(case.conversation_id, limit=50)
        assert [message.parts[0].text for message in log if message.role == "customer"][-1] == "Thanks"  # type: ignore[union-attr]


async def test_what_came_while_nobody_listened_is_heard_once_and_stays_unread_for_people(tmp_path: Path) -> None:
    async with mailbox() as post, relay() as out:
        post.drop(written("first", "m1"))
        async with corresponding(tmp_path, post, out, bot="echo") as parley:
            await out.until(1)
            await marked(post, 1)
            await parley.settled("ann@example.org")
        post.drop(written("second", "m2"))
        async with corresponding(tmp_path, post, out, bot="echo"):
            last = read((await out.until(2)).content)
            await marked(post, 2)
        assert "echo: second" in body(last)
        assert len(out.taken) == 2
        assert not any("\\Seen" in flags for flags in post.flags())


async def marked(post: Post, count: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while sum("ParleyHeard" in flags for flags in post.flags()) < count:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)


async def test_a_mailbox_that_goes_away_is_read_again_when_it_is_back() -> None:
    async with mailbox() as post, relay() as out, listening(post, out) as (heard, _):
        post.drop(written("before", "m1"))
        assert said(await heard.get()) == "before"
        post.stop()
        post.start()
        await post.answering()
        post.drop(written("after", "m2"))
        assert said(await heard.get()) == "after"


async def test_what_could_not_be_kept_is_heard_again() -> None:
    async with mailbox() as post, relay() as out:
        heard: list[str] = []
        done = asyncio.Event()

        async def hear(events: Sequence[Inbound]) -> None:
            heard.append(said(events))
            if len(heard) == 1:
                raise SendFailed("the disk is full", retryable=True)
            done.set()

        post.drop(written("hello", "m1"))
        work = asyncio.create_task(listener(channel(post, out)).listen(hear))
        async with asyncio.timeout(PATIENCE):
            await done.wait()
        work.cancel()
        assert heard == ["hello", "hello"]


async def test_loops_and_machines_in_the_mailbox_are_passed_over() -> None:
    async with mailbox() as post, relay() as out, listening(post, out) as (heard, _):
        post.drop(written("I am away", "a1", Auto_Submitted="auto-replied"))
        post.drop(written("News!", "a2", List_Id="<news.example.org>"))
        post.drop(b"\x00 no mail at all")
        post.drop(written("a person", "a3"))
        assert said(await heard.get()) == "a person"
        await marked(post, 4)


async def test_a_file_in_the_mailbox_can_be_fetched_by_another_process() -> None:
    async with mailbox() as post, relay() as out, listening(post, out) as (heard, _):
        mail = read(written("see", "f1"))
        mail.add_attachment(b"%PDF-1.4", "application", "pdf", filename="účet.pdf")
        post.drop(bytes(mail))
        (event,) = await heard.get()
        assert isinstance(event, Received)
        file = event.parts[1]
        assert isinstance(file, Media)
        other = made(channel(post, out))
        found = await other.fetch(file.url.removeprefix("ref:"), 1000)
        assert (found.data, found.name, found.mime) == (b"%PDF-1.4", "účet.pdf", "application/pdf")
        with pytest.raises(ParleyError, match="8 bytes; 3 are allowed"):
            await other.fetch(file.url.removeprefix("ref:"), 3)


async def test_a_mailbox_made_anew_is_read_again_but_for_what_was_heard() -> None:
    """UIDVALIDITY changes when a server loses its UIDs: those we know name other mails then."""
    async with mailbox() as post, relay() as out, listening(post, out) as (heard, _):
        post.drop(written("before", "m1"))
        assert said(await heard.get()) == "before"
        await marked(post, 1)
        post.stop()
        for left in (post.folder / "mail").glob("dovecot*"):
            if "keywords" not in left.name:
                left.unlink()
        post.start()
        await post.answering()
        post.drop(written("after", "m2"))
        assert said(await heard.get()) == "after"


async def test_mail_is_marked_as_read_where_that_is_asked_for() -> None:
    async with mailbox() as post, relay() as out, listening(post, out, mark="seen") as (heard, _):
        post.drop(written("hello", "m1"))
        assert said(await heard.get()) == "hello"
        async with asyncio.timeout(PATIENCE):
            while "\\Seen" not in post.flags()[0]:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)


async def test_of_a_mail_too_large_to_read_the_sender_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LARGEST", 2_000)
    async with mailbox() as post, relay() as out, listening(post, out) as (heard, _):
        post.drop(written("x" * 5_000, "m1"))
        (event,) = await heard.get()
        assert isinstance(event, Received)
        assert event.address == "ann@example.org"
        assert event.parts == (Text(text="A question"), Unsupported(what="mail", note="larger than 2000 bytes"))


async def test_what_is_said_before_the_encryption_counts_for_nothing() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"* OK ready\r\n")
            tag = (await reader.readline()).split()[0]
            writer.write(tag + b" OK begin\r\n* OK injected\r\n")
            await writer.drain()
            await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        box = Mailbox.model_validate({"host": "127.0.0.1", "port": port, "security": "starttls"})
        with pytest.raises(ImapFailed, match="out of turn"):
            async with connected(box, USER, 5.0):
                pass


@pytest.mark.parametrize(
    "rubbish", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"* OK\r\n", b"x" * 2_000_000, b"* OK {99999999999}\r\n"]
)
async def test_a_server_that_speaks_no_imap_is_given_up(rubbish: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(rubbish)
        try:
            with suppress(OSError):
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        box = Mailbox.model_validate({"host": "127.0.0.1", "port": port, "security": "none"})
        with pytest.raises((ImapFailed, OSError)):
            async with connected(box, USER, 5.0):
                pass


async def test_a_posted_mails_file_is_in_the_customers_message(tmp_path: Path) -> None:
    mail = read(written("see", "f1"))
    mail.add_attachment(b"%PDF-1.4", "application", "pdf", filename="order.pdf")
    async with relay() as out, house(tmp_path, channels={"mail": channel(None, out)}, bot="echo") as parley:
        parley.channel = "mail"
        connector = parley.runtime.apps["shop"].channels["mail"].connector
        request = posted(bytes(mail))
        await connector.verify(request)
        await parley.runtime.engine.accept("shop", "mail", connector.parse(request))
        await out.until(1)
        (line, *_) = await parley.log("ann@example.org")
        assert isinstance(line.parts[1], Media)
        assert line.parts[1].url.startswith("/media/shop/")


async def test_user_and_password_refused_are_a_persons_to_mend() -> None:
    async with mailbox() as post, relay() as out:
        wrong = channel(post, out) | {"imap": {**post.settings, "password": "no"}}
        with pytest.raises(Unauthenticated, match="renew user and password"):
            await listener(wrong).listen(ignore)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_mailboxes_and_mail_servers_over_tls(tmp_path: Path, security: str) -> None:
    pem = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    served = {"tls": context} if security == "tls" else {"starttls": context}
    async with mailbox(certificate=pem) as post, relay(**served) as out:
        imap = {**post.settings, "security": security, "port": post.tls_port if security == "tls" else post.port}
        smtp = {**out.settings, "security": security}
        trusting = {"certificates": str(pem)}
        good = channel(post, out) | {"imap": imap | trusting, "smtp": smtp | trusting}
        assert [one.ok for one in await made(good).check("https://x")] == [True, True]
        await made(good).send(TEXT, OUTGOING)
        assert len(out.taken) == 1
        bad = await made(channel(post, out) | {"imap": imap, "smtp": smtp}).check("https://x")
        assert [one.ok for one in bad] == [False, False]


def listener(settings: Mapping[str, Any]) -> ListeningEmail:
    given = Settings.model_validate({name: value for name, value in settings.items() if name != "kind"})
    assert given.imap is not None
    http = HttpClient()
    return ListeningEmail(
        given, given.imap, clock=ManualClock(SystemClock().now()), http=http, files=NOTHING, first_pause=0.05
    )


NOTHING: Any = None


@asynccontextmanager
async def listening(
    post: Post, out: Relay, **imap: Any
) -> AsyncIterator[tuple[asyncio.Queue[Sequence[Inbound]], EmailChannel]]:
    heard: asyncio.Queue[Sequence[Inbound]] = asyncio.Queue()
    connector = listener({**channel(post, out), "imap": {**post.settings, **imap}})
    work = asyncio.create_task(connector.listen(heard.put))
    try:
        async with asyncio.timeout(PATIENCE):
            yield heard, connector
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work


def said(events: Sequence[Inbound]) -> str:
    (event,) = events
    assert isinstance(event, Received)
    return "".join(getattr(part, "text", "") for part in event.parts)


async def ignore(events: Sequence[Inbound]) -> None:
    """Nobody listens."""


def posted(raw: bytes) -> RawRequest:

    basic = base64.b64encode(b":p").decode()
    return RawRequest(method="POST", path="/hooks/mail", headers={"authorization": f"Basic {basic}"}, body=raw)
