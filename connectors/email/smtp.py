"""Handing mail to a server by SMTP submission (RFC 6409), one connection a mail.

aiosmtplib: it is well kept, has types and no dependencies; the standard library's smtplib would hold a thread that
can't be stopped.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPNotSupported,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from connectors.email.letter import Letter, message
from connectors.email.settings import PORTS, Server
from orchestrator.errors import SendFailed

LASTING = 500


class Submission:
    def __init__(self, server: Server, address: str, seconds: float) -> None:
        self.server = server
        self.user = server.user or address
        self.host = address.rpartition("@")[2]
        self.seconds = seconds
        self.name = f"mail server {server.host!r}"

    async def send(self, letter: Letter) -> None:
        """Raises SendFailed. After a connection that broke with the mail on its way, `unknown`."""
        try:
            data = message(letter)
        except ValueError:
            raise SendFailed("the address can't be written into a mail", retryable=False) from None
        async with self.connected() as client:
            try:
                await client.mail(letter.sender, options=[] if letter.to.isascii() else ["SMTPUTF8"])
                await client.rcpt(ascii_host(letter.to))
            except SMTPException as error:
                raise self.refused(error) from None
            try:
                await client.data(data)
            except SMTPResponseException as error:
                raise self.refused(error) from None
            except (SMTPServerDisconnected, SMTPTimeoutError, OSError):
                raise SendFailed(
                    f"{self.name} broke off while it took the mail", retryable=False, reason="unknown"
                ) from None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[SMTP]:
        """Signed in. Raises SendFailed."""
        client = SMTP(
            hostname=self.server.host,
            port=self.server.port or PORTS["smtp"][self.server.security],
            use_tls=self.server.security == "tls",
            start_tls=self.server.security == "starttls",
            tls_context=trust(self.server),
            local_hostname=self.host,  # else the name of this machine, after a look-up that blocks
            timeout=self.seconds,
        )
        try:
            await client.connect()
            await self.sign_in(client)
        except SMTPException as error:
            client.close()
            raise self.refused(error) from None
        except (OSError, TimeoutError, ValueError) as error:
            client.close()
            raise SendFailed(f"{self.name} can't be reached: {type(error).__name__}", retryable=True) from None
        try:
            yield client
        finally:
            with suppress(SMTPException, OSError, TimeoutError):
                await client.quit(timeout=2)
            client.close()

    async def sign_in(self, client: SMTP) -> None:
        password, token = self.server.password.get_secret_value(), self.server.token.get_secret_value()
        if token:
            await client.auth_xoauth2(self.user, token)
        elif password:
            await client.login(self.user, password)

    def refused(self, error: SMTPException) -> SendFailed:
        """What a server says of a mail is not secret; a refused password may be quoted in its answer."""
        match error:
            case SMTPAuthenticationError() if error.code >= LASTING:
                said = f"{self.name} refuses user and password ({error.code}); renew them"
                return SendFailed(said, retryable=False, reason="token_expired")
            case SMTPResponseException() if not isinstance(error, SMTPConnectError):
                words = " ".join(str(error.message).split())[:200]
                return SendFailed(f"{self.name} answered {error.code}: {words}", retryable=error.code < LASTING)
            case SMTPNotSupported():
                return SendFailed(f"{self.name} lacks what is needed: {error}", retryable=False)
            case _:
                return SendFailed(f"{self.name} can't be reached: {type(error).__name__}", retryable=True)


def trust(server: Server) -> ssl.SSLContext | None:
    return None if server.security == "none" else ssl.create_default_context(cafile=server.certificates or None)


def ascii_host(address: str) -> str:
    """With the domain as DNS has it (IDNA)."""
    local, _, host = address.rpartition("@")
    try:
        return f"{local}@{host.encode('idna').decode()}"
    except UnicodeError:
        return address
