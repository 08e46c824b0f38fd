"""The JSON of WhatsApp's webhook, as far as Parley reads it; whatever else is in it is left out.

developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
"""

from typing import Any

from pydantic import Field

from connectors.meta.lenient import Wire


class File(Wire):
    """`sha256` and `url` are not used: the id leads to a link of its own, which is fresh."""

    id: str = ""
    mime_type: str = ""
    caption: str = ""
    filename: str = ""
    animated: bool = False
    voice: bool = False


class Written(Wire):
    body: str = ""


class Place(Wire):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    name: str = ""
    address: str = ""
    url: str = ""


class Chosen(Wire):
    id: str = ""
    title: str = ""
    description: str = ""


class Filled(Wire):
    """A flow's answer; `response_json` is JSON in a string."""

    response_json: str = "{}"
    body: str = ""
    name: str = ""


class Interactive(Wire):
    type: str = ""
    button_reply: Chosen | None = None
    list_reply: Chosen | None = None
    nfm_reply: Filled | None = None


class Pressed(Wire):
    """A quick reply of a template."""

    payload: str = ""
    text: str = ""


class Emoji(Wire):
    message_id: str = ""
    emoji: str = ""


class Context(Wire):
    id: str = ""
    referred_product: dict[str, Any] | None = None


class Problem(Wire):
    code: int = 0
    title: str = ""
    message: str = ""
    error_data: dict[str, Any] = Field(default_factory=dict)

    def __str__(self) -> str:
        words = dict.fromkeys(map(str, filter(None, (self.title, self.message, self.error_data.get("details")))))
        return f"{self.code}: {' – '.join(words)}"


class Content(Wire):
    """What a message says; `type` names the field that counts."""

    type: str = ""
    text: Written | None = None
    image: File | None = None
    video: File | None = None
    audio: File | None = None
    voice: File | None = None
    document: File | None = None
    sticker: File | None = None
    location: Place | None = None
    contacts: list[dict[str, Any]] = Field(default_factory=list)
    interactive: Interactive | None = None
    button: Pressed | None = None
    order: dict[str, Any] | None = None
    system: dict[str, Any] | None = None
    unsupported: dict[str, Any] | None = None
    context: Context | None = None
    errors: list[Problem] = Field(default_factory=list)


class Edit(Wire):
    original_message_id: str = ""
    message: Content = Content()


class Message(Content):
    """`from_` is a phone number, absent for people who show a username only; then `from_user_id` names them.

    In an echo of what was written in the business' own app, `to` and `to_user_id` do.
    """

    id: str = ""
    from_: str = Field("", alias="from")
    from_user_id: str = ""
    to: str = ""
    to_user_id: str = ""
    group_id: str = ""
    timestamp: str = ""
    reaction: Emoji | None = None
    edit: Edit | None = None
    revoke: Edit | None = None
    referral: dict[str, Any] | None = None


class Status(Wire):
    id: str = ""
    status: str = ""
    timestamp: str = ""
    errors: list[Problem] = Field(default_factory=list)
    biz_opaque_callback_data: str = ""


class Named(Wire):
    name: str = ""
    username: str = ""


class Contact(Wire):
    wa_id: str = ""
    user_id: str = ""
    profile: Named = Named()
