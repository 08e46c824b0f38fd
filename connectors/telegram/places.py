"""Addresses: whom a conversation is with, and where its messages go.

A private chat is its id. In a group every person has a conversation of their own: chat/user, and in a forum
chat/user/topic; "-100200/42/7".
"""

from dataclasses import dataclass
from typing import Any

from connectors.telegram.wire import Chat, Message, User
from orchestrator.errors import SendFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    chat: int
    user: int = 0
    topic: int = 0

    @property
    def group(self) -> bool:
        return self.chat < 0

    @property
    def fields(self) -> dict[str, Any]:
        """Of a call that sends something there."""
        topic = {"message_thread_id": self.topic} if self.topic else {}
        return {"chat_id": self.chat, **topic}


def read(address: str) -> Place:
    """Raises SendFailed."""
    try:
        numbers = [int(piece) for piece in address.split("/")]
        chat, user, topic, *more = [*numbers, 0, 0]
    except ValueError:
        raise SendFailed(f"{address!r} is no Telegram address: a chat's id is a number", retryable=False) from None
    if more and len(numbers) > 3:
        raise SendFailed(f"{address!r} is no Telegram address: chat/user/topic at the most", retryable=False)
    return Place(chat=chat, user=user, topic=topic)


def address(chat: Chat, user: User | None, topic: int = 0) -> str:
    if chat.private or user is None:
        return str(chat.id)
    return f"{chat.id}/{user.id}/{topic}" if topic else f"{chat.id}/{user.id}"


def of(message: Message, user: User | None = None) -> str:
    """`user` is who tapped under it; else who said it."""
    topic = message.message_thread_id if message.is_topic_message else 0
    return address(message.chat, user or message.sender, topic)
