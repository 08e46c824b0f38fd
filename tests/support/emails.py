"""A mail channel, its mailbox and its mail server, and mails to read and write."""

import email
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import default
from typing import Any

from connectors.email import Settings
from connectors.email.connector import EmailChannel
from orchestrator.adapters.http_client import HttpClient
from orchestrator.types import (
    Outgoing,
    Rendering,
    Text,
)
from tests.support.clock import ManualClock
from tests.support.mail import USER, Post, Relay

TEXT = Rendering(parts=(Text(text="Hello **you**", markdown=True),))


OUTGOING = Outgoing(
    id="out-1",
    app_id="shop",
    conversation_id="con-1",
    channel_id="it",
    address="ann@example.org",
    message_id="msg-1",
    seq=2,
    epoch=0,
    due_at=ManualClock().now(),
)


def read(raw: bytes | str | None) -> EmailMessage:
    assert isinstance(raw, bytes)
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def body(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body(preferencelist=(kind,))
    assert part is not None
    return str(part.get_content())


def channel(post: Post | None, out: Relay, **more: Any) -> Mapping[str, Any]:
    settings: dict[str, Any] = {"kind": "email", "address": USER, "name": "Shop", "smtp": dict(out.settings), **more}
    return settings | ({"imap": dict(post.settings)} if post else {"provider": "raw", "hook_password": "p"})


def made(
    settings: Mapping[str, Any], *, clock: ManualClock | None = None, http: Any = None, files: Any = None
) -> EmailChannel:
    given = Settings.model_validate({name: value for name, value in settings.items() if name != "kind"})
    return EmailChannel(given, clock=clock or ManualClock(), http=http or HttpClient(), files=files)
