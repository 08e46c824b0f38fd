"""What a connector has learnt of its workspace: who the bot is, which threads it is in, who writes.

All of it can be asked again: what is lost with the process costs a call.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from connectors.slack.api import Api, Refused
from connectors.slack.settings import Settings
from orchestrator.errors import SendFailed, Unavailable
from orchestrator.ports import Clock
from orchestrator.types import Profile

V = TypeVar("V")
MOST = 10_000
FORGET = 60.0
"""Seconds a thread counts as somebody else's: another process may hear the bot being mentioned in it."""

PATIENCE = 2.0
"""Slack waits 3 s for an answer to what it posts."""

REPLIES = 200
"""As many of a thread are looked at, from its start."""


class Recent(Generic[V]):
    """The last few of many."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.items: OrderedDict[str, V] = OrderedDict()

    def get(self, key: str) -> V | None:
        return self.items.get(key)

    def put(self, key: str, value: V) -> None:
        self.items[key] = value
        self.items.move_to_end(key)
        if len(self.items) > self.most:
            self.items.popitem(last=False)


class Places:
    def __init__(self, settings: Settings, api: Api, clock: Clock) -> None:
        self.settings = settings
        self.api = api
        self.clock = clock
        self.bot_user = settings.bot_user
        self.threads: Recent[float] = Recent()
        """By address: until when (monotonic) it is not ours; 0: it is."""
        self.messages: Recent[str] = Recent()
        """By `channel:ts`: the address it was said at."""
        self.directs: Recent[str] = Recent()
        """By user: the channel of the direct messages with them."""
        self.people: Recent[Profile] = Recent()
        self.nameless = not settings.names

    def is_own(self, user: str) -> bool:
        """By what was configured: whom Slack delivered to (`bot_user` from its authorizations) may be the writer."""
        return bool(user) and user == self.settings.bot_user

    def joined(self, address: str) -> None:
        self.threads.put(address, 0.0)

    def ours(self, address: str) -> bool:
        return self.settings.answer == "all" or self.threads.get(address) == 0.0

    def unknown(self, address: str) -> bool:
        until = self.threads.get(address)
        return until is None or 0.0 < until < self.clock.monotonic()

    async def look(self, channel: str, thread: str) -> None:
        """Whether the bot is in this thread. Raises Unavailable: Slack then delivers again."""
        address = f"{channel}:{thread}"
        if not self.unknown(address):
            return
        own = await self.me()
        fields = {"channel": channel, "ts": thread, "limit": str(REPLIES)}
        try:
            found = await self.api.ask("conversations.replies", fields, patience=PATIENCE)
        except SendFailed as error:
            if error.retryable:
                raise Unavailable(f"slack does not tell who is in a thread: {error}") from None
            found = {}
        inside = any(speaks(message, own) for message in listed(found.get("messages")))
        self.threads.put(address, 0.0 if inside else self.clock.monotonic() + FORGET)

    async def me(self) -> str:
        """The bot's own user id, "" when Slack does not say."""
        if not self.bot_user:
            try:
                found = await self.api.call("auth.test", {}, patience=PATIENCE)
            except SendFailed:
                return ""
            self.bot_user = str(found.get("user_id") or "")
        return self.bot_user

    async def direct(self, user: str) -> None:
        """Learn the channel of the direct messages with this user."""
        if self.directs.get(user) is not None:
            return
        try:
            found = await self.api.call("conversations.open", {"users": user}, patience=PATIENCE)
        except SendFailed:
            return
        channel = found.get("channel")
        if isinstance(channel, dict) and isinstance(channel.get("id"), str):
            self.directs.put(user, channel["id"])

    async def person(self, user: str) -> None:
        """Learn name and language. What Slack does not tell is done without."""
        if self.nameless or not user or self.people.get(user) is not None:
            return
        try:
            found = await self.api.ask("users.info", {"user": user, "include_locale": "true"}, patience=PATIENCE)
        except Refused as error:
            self.nameless = self.nameless or error.error == "missing_scope"
            self.people.put(user, {})
        except SendFailed:
            return
        else:
            self.people.put(user, known(found.get("user")))


def known(user: Any) -> Profile:
    if not isinstance(user, dict):
        return {}
    profile = user.get("profile")
    shown = profile if isinstance(profile, dict) else {}
    name = shown.get("display_name") or shown.get("real_name") or user.get("real_name") or user.get("name")
    facts = {"name": name, "locale": user.get("locale"), "timezone": user.get("tz")}
    return {key: value[:200] for key, value in facts.items() if isinstance(value, str) and value}


def listed(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def speaks(message: Mapping[str, Any], own: str) -> bool:
    """Whether the bot wrote this, or was called in it."""
    return bool(own) and (message.get("user") == own or f"<@{own}" in str(message.get("text", "")))
