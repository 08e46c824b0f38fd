"""What `[apps.x.channels.y]` with `kind = "email"` may hold."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from orchestrator.web_address import OptionalBaseAddress

Provider = Literal["mailgun", "sendgrid", "postmark", "raw"]
Security = Literal["tls", "starttls", "none"]

APIS: Mapping[str, str] = {
    "postmark": "https://api.postmarkapp.com",
    "sendgrid": "https://api.sendgrid.com",
    "mailgun": "https://api.mailgun.net",
}
PORTS: Mapping[str, Mapping[Security, int]] = {
    "imap": {"tls": 993, "starttls": 143, "none": 143},
    "smtp": {"tls": 465, "starttls": 587, "none": 25},
}
ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}")


class Server(BaseModel):
    """A mail server and who we are there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(min_length=1, description="Name of the server; its certificate must be valid for it.")
    port: int = Field(0, ge=0, le=65535, description="0: the usual one.")
    security: Security = Field(
        "tls", description="'tls' from the first byte, 'starttls', or 'none': on this machine or a closed network only."
    )
    user: str = Field("", description="Empty: the channel's address.")
    password: SecretStr = Field(SecretStr(""), description="Of the account, or one made for an application.")
    token: SecretStr = Field(SecretStr(""), description="An OAuth 2 access token instead (SASL XOAUTH2).")
    certificates: str = Field("", description="File of certificate authorities to trust instead of the system's.")


class Mailbox(Server):
    folder: str = Field("INBOX", min_length=1, description="Folder to read.")
    mark: Literal["auto", "keyword", "seen"] = Field(
        "auto",
        description="How mail that was heard is marked: by the keyword $ParleyHeard, which people don't see, or as "
        "read. 'auto': the keyword where the server keeps keywords.",
    )
    lookback: float = Field(
        86_400.0, gt=0, description="Seconds: mail older than that is left alone when a mailbox is read anew."
    )


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str = Field(description="The address customers write to, and Parley writes from.")
    name: str = Field("", max_length=100, description="Shown beside it.")
    aliases: tuple[str, ...] = Field((), description="Other addresses of ours: mail from them is never answered.")
    imap: Mailbox | None = Field(
        None, description="The mailbox to read. Left out: mail comes to the hook.", json_schema_extra={"owner": True}
    )
    smtp: Server | None = Field(
        None, description="The server to hand mail to. Left out: `provider` sends.", json_schema_extra={"owner": True}
    )
    provider: Provider | None = Field(
        None,
        description="Whose inbound webhook posts to the hook; without `smtp` also whose API sends. 'raw': a mail "
        "server of your own posts each mail as it is (message/rfc822).",
    )
    api: OptionalBaseAddress = Field("", description="Base URL of the provider's API, if it is not its usual one.")
    api_key: SecretStr = Field(SecretStr(""), description="Of the provider's API, to send with.")
    domain: str = Field("", description="Mailgun's sending domain. Empty: that of `address`.")
    signing_key: SecretStr = Field(
        SecretStr(""),
        description="Mailgun: the HTTP webhook signing key. SendGrid: the verification key, if signing is switched on.",
    )
    hook_user: str = Field("", description="User name in the hook's address (https://user:password@…).")
    hook_password: SecretStr = Field(SecretStr(""), description="Password in the hook's address.")
    tolerance: float = Field(300.0, gt=0, le=86_400, description="Seconds a signed timestamp may be off.")
    plus_address: bool = Field(
        False,
        description="Whether address+anything reaches the same mailbox: replies then find their message even when "
        "their headers were lost.",
    )
    forms: tuple[str, ...] = Field(
        (), description="Senders whose Reply-To names the customer, such as the shop's contact form."
    )
    trusted_authserv: str = Field(
        "",
        description="Name our own mail server signs Authentication-Results with: a sender it found good by DMARC "
        "counts as verified. Empty: nobody does.",
    )
    replies_per_hour: int = Field(30, ge=1, le=10_000, description="Mails to one address in an hour, against loops.")
    max_attachment: int = Field(
        10_485_760, ge=0, le=52_428_800, description="Bytes in all that go out as attachments; the rest becomes links."
    )
    subject: str = Field("Your message", max_length=200, description="Where there is no subject to reply to.")
    timeout: float = Field(30.0, gt=0, le=300, description="Seconds a mail server or API has to answer.")

    @field_validator("address")
    @classmethod
    def one_address(cls, value: str) -> str:
        return plain_address(value)

    @field_validator("aliases", "forms")
    @classmethod
    def several(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(plain_address, value))

    @model_validator(mode="after")
    def ways(self) -> Self:
        if not (self.imap or self.provider):
            raise ValueError("no mail can come in: set 'imap', or the 'provider' that posts to the hook")
        if not self.smtp and not (self.provider in APIS and self.api_key.get_secret_value()):
            raise ValueError("no mail can go out: set 'smtp', or 'provider' and its 'api_key'")
        return self

    @model_validator(mode="after")
    def signed(self) -> Self:
        basic = bool(self.hook_password.get_secret_value())
        key = self.signing_key.get_secret_value()
        if self.provider == "mailgun" and not key:
            raise ValueError("signing_key is missing: Mailgun shows it under 'HTTP webhook signing key'")
        if self.provider in ("postmark", "raw") and not basic:
            raise ValueError("hook_password is missing: nothing is signed, so the hook's address must hold a password")
        if self.provider == "sendgrid":
            if not (basic or key):
                raise ValueError("set signing_key, or hook_user and hook_password: else anybody could post mail here")
            if key:
                der(key)
        return self

    @property
    def own(self) -> frozenset[str]:
        return frozenset((self.address, *self.aliases))

    @property
    def base(self) -> str:
        return self.api or APIS[self.provider or "postmark"]

    @property
    def host(self) -> str:
        return self.address.rpartition("@")[2]


def plain_address(value: str) -> str:
    """In lower case, without a name. Raises ValueError."""
    found = value.strip().lower()
    if not ADDRESS.fullmatch(found):
        raise ValueError(f"{value!r} is no e-mail address")
    return found


def der(key: str) -> bytes:
    """The public key SendGrid shows, base64 of its DER, with or without PEM lines. Raises ValueError."""
    text = "".join(
        line for line in key.split() if "-----" not in line and line not in ("BEGIN", "PUBLIC", "KEY", "END")
    )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("signing_key is not the base64 of SendGrid's verification key") from None
