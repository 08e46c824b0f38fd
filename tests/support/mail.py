"""Real mail servers on loopback: Dovecot with one mailbox, and an SMTP server that keeps what it is handed."""

import asyncio
import grp
import imaplib
import os
import pwd
import shutil
import ssl
import subprocess
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.support.process import PATIENCE, free_port

USER, PASSWORD = "help@shop.example", 'a "quoted" pass\\word é'
DOVECOT = shutil.which("dovecot") or "/usr/sbin/dovecot"

CONFIG = """
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = {ssl}
{certificates}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail
first_valid_uid = 1
imap_idle_notify_interval = 2 mins
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service auth {{
  user = {user}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


@dataclass
class Post:
    """A mailbox. `settings` are those of a channel that reads it."""

    folder: Path
    port: int
    tls_port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "user": USER, "password": PASSWORD}

    def client(self) -> imaplib.IMAP4:
        """Signed in, with INBOX selected."""
        found = imaplib.IMAP4("127.0.0.1", self.port)
        found.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        found.select("INBOX")
        return found

    def drop(self, raw: bytes, folder: str = "INBOX") -> None:
        """A mail arrives."""
        with self.client() as client:
            status, said = client.append(folder, "", "", raw)
            assert status == "OK", said

    def flags(self) -> list[str]:
        """Of each mail, oldest first."""
        with self.client() as client:
            _, found = client.fetch("1:*", "(FLAGS)")
        return [line.decode().partition("FLAGS ")[2] for line in found if isinstance(line, bytes)]

    def start(self) -> None:
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", str(self.folder / "dovecot.conf")])

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    async def answering(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self.process is not None
                    assert self.process.poll() is None, (self.folder / "dovecot.log").read_text()
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return


@asynccontextmanager
async def mailbox(*, certificate: Path | None = None) -> AsyncIterator[Post]:
    """Dovecot does nothing as root: then it is all `nobody`'s. `certificate` holds a key as well."""
    own = pwd.getpwuid(os.geteuid())
    user = pwd.getpwnam("nobody") if own.pw_uid == 0 else own
    with tempfile.TemporaryDirectory(prefix="parley-mail-") as name:
        folder = Path(name)
        made = Post(folder, free_port(), free_port())
        secured = f"ssl_cert = <{certificate}\nssl_key = <{certificate}" if certificate else ""
        (folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=folder,
                user=user.pw_name,
                group=grp.getgrgid(user.pw_gid).gr_name,
                uid=user.pw_uid,
                gid=user.pw_gid,
                port=made.port,
                tls_port=made.tls_port if certificate else 0,
                ssl="yes" if certificate else "no",
                certificates=secured,
            )
        )
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        for each in ("mail", "home", "run", "state"):
            (folder / each).mkdir()
        for each in (".", "users", "mail", "home", "state"):
            os.chown(folder / each, user.pw_uid, user.pw_gid)
        os.chown(folder / "run", own.pw_uid, own.pw_gid)
        made.start()
        try:
            await made.answering()
            yield made
        finally:
            made.stop()


@dataclass
class Relay:
    """A submission server. `refusals` are the answers to the next recipients; after them everything is taken."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    refusals: deque[str] = field(default_factory=deque)
    at_data: deque[str] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def settings(self) -> Mapping[str, Any]:
        return {"host": "127.0.0.1", "port": self.port, "security": "none", "user": USER, "password": "secret"}

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusals:
            return self.refusals.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        if self.at_data and (answer := self.at_data.popleft()):
            if answer == "hang up":
                assert server.transport is not None
                server.transport.close()
                return "421 never seen"
            return answer
        self.taken.append(envelope)
        assert self.loop is not None
        self.loop.call_soon_threadsafe(self.news.set)
        return "250 OK: queued"

    async def saying(self, words: bytes) -> Envelope:
        """The newest mail that holds these words, once there is one."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for envelope in reversed(self.taken):
                    if words in (envelope.original_content or b""):
                        return envelope
                self.news.clear()
                await self.news.wait()

    async def until(self, taken: int) -> Envelope:
        async with asyncio.timeout(PATIENCE):
            while len(self.taken) < taken:
                self.news.clear()
                await self.news.wait()
        return self.taken[taken - 1]


def sign_in(server: Server, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and given.password == b"secret"
    return AuthResult(success=good, handled=good)


@asynccontextmanager
async def relay(*, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None) -> AsyncIterator[Relay]:
    made = Relay(loop=asyncio.get_running_loop())
    options: dict[str, Any] = {"authenticator": sign_in, "auth_require_tls": False, "enable_SMTPUTF8": True}
    if starttls is not None:
        options |= {"tls_context": starttls, "require_starttls": True}
    controller = Controller(made, hostname="127.0.0.1", port=free_port(), ssl_context=tls, **options)
    made.port = controller.port
    await asyncio.to_thread(controller.start)
    try:
        yield made
    finally:
        await asyncio.to_thread(controller.stop)
