"""The JSON of an inbox' webhook, Messenger's and Instagram's, as far as Parley reads it.

developers.facebook.com/docs/messenger-platform/reference/webhook-events, …/docs/instagram-platform/webhooks/examples
"""

from typing import Any

from pydantic import Field

from connectors.meta.lenient import Wire


class Person(Wire):
    id: str = ""


class Tapped(Wire):
    payload: str = ""


class Attachment(Wire):
    """`title` and `url` beside the payload: a link somebody shared."""

    type: str = ""
    payload: dict[str, Any] | None = None
    title: str = ""
    url: str = ""


class ReplyTo(Wire):
    mid: str = ""
    story: dict[str, Any] | None = None


class Message(Wire):
    mid: str = ""
    text: str = ""
    quick_reply: Tapped | None = None
    attachments: list[Attachment] | None = None
    reply_to: ReplyTo | None = None
    referral: dict[str, Any] | None = None
    is_echo: bool = False
    is_deleted: bool = False
    is_unsupported: bool = False
    app_id: str = ""
    metadata: str = ""


class Postback(Wire):
    mid: str = ""
    title: str = ""
    payload: str = ""
    referral: dict[str, Any] | None = None


class Delivered(Wire):
    mids: list[str] = Field(default_factory=list)
    watermark: float = 0


class Seen(Wire):
    """Messenger tells up to when was read, Instagram which message."""

    watermark: float = 0
    mid: str = ""


class Reaction(Wire):
    mid: str = ""
    action: str = "react"
    reaction: str = ""
    emoji: str = ""


class Edit(Wire):
    mid: str = ""
    text: str = ""


class Control(Wire):
    new_owner_app_id: str = ""
    metadata: str = ""


class Event(Wire):
    """One of the fields after `timestamp` is there, or one that nobody knows."""

    sender: Person = Person()
    recipient: Person = Person()
    timestamp: float = 0
    message: Message | None = None
    postback: Postback | None = None
    referral: dict[str, Any] | None = None
    optin: dict[str, Any] | None = None
    delivery: Delivered | None = None
    read: Seen | None = None
    reaction: Reaction | None = None
    message_edit: Edit | None = None
    pass_thread_control: Control | None = None
