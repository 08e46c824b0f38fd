"""Telegram's JSON (core.telegram.org/bots/api, Bot API 10.2), as far as it is read. Unknown fields stay in `extra`."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator import codec, incoming
from orchestrator.errors import Malformed


class Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class User(Wire):
    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Chat(Wire):
    id: int
    type: str = "private"
    title: str = ""

    @property
    def private(self) -> bool:
        return self.type == "private"


class File(Wire):
    """Anything with a `file_id`: a photo's size, a document, a voice message …"""

    file_id: str
    file_name: str = ""
    mime_type: str = ""
    file_size: int = 0
    title: str = ""
    width: int = 0
    height: int = 0
    emoji: str = ""
    is_animated: bool = False
    is_video: bool = False


class Place(Wire):
    latitude: float = Field(ge=-90, le=90, allow_inf_nan=False)
    longitude: float = Field(ge=-180, le=180, allow_inf_nan=False)
    live_period: int = 0


class Venue(Wire):
    location: Place
    title: str = ""
    address: str = ""


class Contact(Wire):
    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int = 0


class Dice(Wire):
    emoji: str = ""
    value: int = 0


class WebAppData(Wire):
    data: str
    button_text: str = ""


class Payment(Wire):
    currency: str = ""
    total_amount: int = 0


class Poll(Wire):
    question: str = ""


class Entity(Wire):
    """`offset` and `length` in UTF-16 code units."""

    type: str
    offset: int = Field(0, ge=0)
    length: int = Field(0, ge=0)
    user: User | None = None


class Key(Wire):
    text: str = ""
    callback_data: str = ""


class Markup(Wire):
    inline_keyboard: list[list[Key]] = []


class Message(Wire):
    model_config = ConfigDict(extra="allow", populate_by_name=True)

    message_id: int
    sender: User | None = Field(None, alias="from")
    chat: Chat
    date: int = 0
    edit_date: int = 0
    message_thread_id: int = 0
    is_topic_message: bool = False
    text: str = ""
    entities: list[Entity] = []
    caption: str = ""
    caption_entities: list[Entity] = []
    photo: list[File] = []
    animation: File | None = None
    document: File | None = None
    voice: File | None = None
    audio: File | None = None
    video: File | None = None
    video_note: File | None = None
    sticker: File | None = None
    location: Place | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    dice: Dice | None = None
    poll: Poll | None = None
    web_app_data: WebAppData | None = None
    successful_payment: Payment | None = None
    reply_to_message: "Message | None" = None
    reply_markup: Markup | None = None

    @property
    def external_id(self) -> str:
        """Message ids count per chat."""
        return f"{self.chat.id}:{self.message_id}"

    @property
    def others(self) -> list[str]:
        """Names of the fields this model has no place for."""
        return list(self.model_extra or ())


class Query(Wire):
    """A tap on a button under a message; `message` may be missing, or too old to be read."""

    id: str
    sender: User = Field(alias="from")
    message: Message | None = None
    data: str = ""


class Member(Wire):
    status: str = ""


class Membership(Wire):
    chat: Chat
    date: int = 0
    old_chat_member: Member = Member()
    new_chat_member: Member = Member()


class Reaction(Wire):
    type: str = ""
    emoji: str = ""


class Reactions(Wire):
    chat: Chat
    message_id: int
    user: User | None = None
    date: int = 0
    new_reaction: list[Reaction] = []


class Stranger(Wire):
    """An update of a kind nobody here knows: who and where, if it says so."""

    sender: User | None = Field(None, alias="from")
    user: User | None = None
    chat: Chat | None = None


class Update(Wire):
    model_config = ConfigDict(extra="allow")

    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    channel_post: Message | None = None
    edited_channel_post: Message | None = None
    callback_query: Query | None = None
    my_chat_member: Membership | None = None
    message_reaction: Reactions | None = None

    @property
    def others(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


def read(body: bytes) -> Update:
    """Raises Malformed."""
    return update(incoming.read_json(body))


def update(value: Any) -> Update:
    try:
        return Update.model_validate(value)
    except ValidationError as error:
        raise Malformed(codec.problems("update", error)) from None
    except RecursionError:
        raise Malformed("update is nested too deeply") from None
