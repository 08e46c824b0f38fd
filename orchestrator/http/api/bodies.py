"""What the API takes. Strict: an unknown field is an error, so that a typing mistake never passes for a default."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from orchestrator import answers
from orchestrator.errors import Malformed
from orchestrator.types import (
    Buttons,
    Carousel,
    Form,
    ListPicker,
    Location,
    Media,
    Part,
    QuickReplies,
    Scope,
    Text,
)

LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"

SayablePart = Annotated[
    Text | Media | Location | Buttons | QuickReplies | ListPicker | Carousel | Form, Field(discriminator="kind")
]
"""All but what only a customer sends."""

Note = Annotated[str, StringConstraints(max_length=10_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewMessage(Body):
    text: str = Field("", max_length=answers.LONGEST_TEXT, description="Short for one text part.")
    parts: list[SayablePart] = Field(default_factory=list, max_length=20)
    language: str = Field("", pattern=f"{LANGUAGE}|^$", description="What it is written in; default: the app's pivot.")
    internal: bool = Field(False, description="A note for colleagues that the customer never sees; text only.")

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if not self.text.strip() and not self.parts:
            raise ValueError("text or parts is needed")
        if self.internal and self.parts:
            raise ValueError("a note holds text only")
        return self

    def checked(self) -> tuple[Part, ...]:
        """Raises Malformed for links that are not safe to show, and for texts without end."""
        first: tuple[Part, ...] = (Text(text=self.text),) if self.text.strip() else ()
        parts = (*first, *self.parts)
        for index, part in enumerate(parts):
            try:
                answers.check_part(part)
            except Malformed as error:
                raise Malformed(f"parts.{index}: {error}") from None
        return parts


class NewContext(Body):
    context: Mapping[str, Any] = Field(description="Replaces the page or cart context; any JSON object.")
    language: str = Field("", pattern=f"{LANGUAGE}|^$", description="A hint for the customer's language.")

    def checked(self) -> Mapping[str, Any]:
        """Raises Malformed."""
        answers.check_plain(self.context, "context")
        return self.context


class PinnedLanguage(Body):
    language: str = Field(
        max_length=8, description='One of the app\'s languages; "" lets the conversation find its language by itself.'
    )


class NewMarks(Body):
    """Each is the `seq` of the last message it holds for; marks only grow."""

    customer_delivered: int = Field(0, ge=0, le=2**53)
    customer_read: int = Field(0, ge=0, le=2**53)
    desk_read: int = Field(0, ge=0, le=2**53)


class Ending(Body):
    note: Note = Field("", description="For the bot, or for the record.")


class Transfer(Body):
    team: str = Field(min_length=1, max_length=63)
    note: Note = ""


class KeyRequest(Body):
    name: str = Field(min_length=1, max_length=80)
    scopes: list[Scope] = Field(min_length=1, max_length=3)
