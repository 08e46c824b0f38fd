"""Forms: a button in the thread, which opens a modal; the submitted modal is the answer.

What the modal will ask travels with the button, so any process can open it, also after a restart.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from orchestrator.errors import Malformed, SendFailed
from orchestrator.ports import Files
from orchestrator.types import Choice, Form, FormField

OPEN = "parley:form"
"""`action_id` of the button that opens a form."""

VALUE = "value"
ROOM = 2000
"""Characters in a button's value."""

MOST_FIELDS = 100
MOST_OPTIONS = 100
LARGEST = 200_000
FORMS: TypeAdapter[Form] = TypeAdapter(Form)


async def packed(form: Form, app_id: str, files: Files) -> str:
    """What the button carries: the form itself, or where a big one is kept."""
    data = FORMS.dump_json(form)
    text = "z" + base64.b85encode(zlib.compress(data, 9)).decode()
    if len(text) <= ROOM:
        return text
    return "f" + await files.put(app_id, data, name="form.json", mime="application/json")


async def unpacked(value: str, files: Files) -> Form:
    """Raises Malformed, NotFound."""
    if value.startswith("f"):
        data, _, _ = await files.get(value[1:])
    else:
        data = inflated(value[1:])
    try:
        return FORMS.validate_json(data)
    except ValidationError:
        raise Malformed("a form's button does not hold a form") from None


def inflated(text: str) -> bytes:
    try:
        unzip = zlib.decompressobj()
        return unzip.decompress(base64.b85decode(text), LARGEST)
    except (ValueError, zlib.error, binascii.Error):
        raise Malformed("a form's button does not hold a form") from None


def modal(form: Form, *, address: str, message: str) -> dict[str, Any]:
    """The view to open; `private_metadata` brings back where it belongs."""
    if len(form.fields) > MOST_FIELDS:
        raise SendFailed(f"form {form.id!r} has {len(form.fields)} fields; Slack shows {MOST_FIELDS}", retryable=False)
    back = {"parley": {"address": address, "form": form.id, "message": message}}
    return {
        "type": "modal",
        "callback_id": "parley",
        "title": plain(form.title or "…", 24),
        "submit": plain(form.submit or "OK", 24),
        "private_metadata": orjson.dumps(back).decode(),
        "blocks": [field(number, each) for number, each in enumerate(form.fields)],
    }


def field(number: int, asked: FormField) -> dict[str, Any]:
    """`block_id` is unique in a view and brings back the name."""
    return {
        "type": "input",
        "block_id": f"{number}:{asked.name}"[:255],
        "optional": not asked.required,
        "label": plain(asked.label or asked.name, 2000),
        "element": element(asked),
    }


def element(asked: FormField) -> dict[str, Any]:
    found: dict[str, Any] = {"action_id": VALUE}
    match asked.type:
        case "email":
            found["type"] = "email_text_input"
        case "number":
            found |= {"type": "number_input", "is_decimal_allowed": True}
        case "date":
            found["type"] = "datepicker"
        case "select" if asked.options:
            found |= {"type": "static_select"} | options(asked.options)
        case _:
            found["type"] = "plain_text_input"
    if asked.placeholder:
        found["placeholder"] = plain(asked.placeholder, 150)
    return found


def options(choices: Sequence[Choice]) -> dict[str, Any]:
    """Over a hundred go into groups, of which there may be a hundred."""
    shown = [option(each) for each in choices]
    if len(shown) <= MOST_OPTIONS:
        return {"options": shown}
    starts = range(0, len(shown), MOST_OPTIONS)
    groups = [shown[start : start + MOST_OPTIONS] for start in starts]
    named = zip(starts, groups, strict=True)
    return {
        "option_groups": [
            {"label": plain(f"{start + 1}–{start + len(group)}", 75), "options": group} for start, group in named
        ]
    }


def option(choice: Choice) -> dict[str, Any]:
    value = choice.payload if 0 < len(choice.payload) <= 150 else choice.title[:150]
    found: dict[str, Any] = {"text": plain(choice.title, 75), "value": value}
    return found | ({"description": plain(choice.description, 75)} if choice.description else {})


def plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": text if len(text) <= most else text[: most - 1] + "…", "emoji": True}


def back(view: Mapping[str, Any]) -> Mapping[str, str]:
    """Where a modal of ours belongs: address, form, message; empty for a modal of somebody else's making."""
    try:
        found = orjson.loads(str(view.get("private_metadata") or "{}"))
    except orjson.JSONDecodeError:
        return {}
    ours = found.get("parley") if isinstance(found, dict) else None
    return {key: str(value) for key, value in ours.items()} if isinstance(ours, dict) else {}


def answers(view: Mapping[str, Any]) -> dict[str, str]:
    """Every input's value by its field. A block of somebody else's modal goes by its `block_id`."""
    state = view.get("state")
    values = state.get("values") if isinstance(state, dict) else None
    mine = bool(back(view))
    found = {}
    for block, actions in values.items() if isinstance(values, dict) else ():
        for given in actions.values() if isinstance(actions, dict) else ():
            name = block.partition(":")[2] if mine else block
            if isinstance(given, dict) and (text := value_of(given)):
                found[name] = text
    return found


def value_of(given: Mapping[str, Any]) -> str:
    """What an interactive element holds, whichever kind it is (docs.slack.dev/reference/block-kit/block-elements)."""
    for key in KINDS:
        found = given.get(key)
        if isinstance(found, dict):
            found = found.get("value")
        if isinstance(found, list):
            found = ", ".join(str(one.get("value") if isinstance(one, dict) else one) for one in found)
        if isinstance(found, str | int | float) and not isinstance(found, bool) and str(found):
            return str(found).replace("\0", "")
    return ""


KINDS = (
    "value",
    "selected_option",
    "selected_options",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "selected_user",
    "selected_users",
    "selected_channel",
    "selected_channels",
    "selected_conversation",
    "selected_conversations",
)
