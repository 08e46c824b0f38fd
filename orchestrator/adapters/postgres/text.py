"""Text that PostgreSQL can keep: it has no character U+0000, and customers' platforms do."""

from typing import Any

import orjson

from orchestrator.errors import Malformed

MARK = "\x1a"
"""SUBSTITUTE, a control character nobody types: it stands for itself and for U+0000, by the character after it."""
NUL, ITSELF = f"{MARK}0", f"{MARK}1"


def kept(text: str) -> str:
    """As it is written; `told` gives it back letter for letter."""
    if "\0" in text or MARK in text:
        return text.replace(MARK, ITSELF).replace("\0", NUL)
    return text


def told(text: str) -> str:
    return text.replace(NUL, "\0").replace(ITSELF, MARK) if MARK in text else text


def plain(row: Any) -> tuple[Any, ...]:
    """The values of a row as they were before they were kept."""
    return tuple([told(value) if type(value) is str and MARK in value else value for value in row])


def packed(values: dict[str, Any]) -> bytes:
    """One object of JSON whose texts PostgreSQL can keep. Raises Malformed.

    Texts that hold JSON themselves stay as they are: there U+0000 is written as an escape.
    """
    try:
        data = orjson.dumps(values)
        if b"\\u0000" in data or b"\\u001a" in data:
            data = orjson.dumps({key: kept(value) if type(value) is str else value for key, value in values.items()})
    except TypeError as error:
        raise Malformed(f"this can't be kept: {reason(error)}") from None
    return data


def reason(error: TypeError) -> str:
    return "a text holds half a character (a lone surrogate)" if "surrogate" in str(error) else str(error)


def together(objects: list[bytes]) -> str | None:
    """A JSON array of what `packed` made; None when there is nothing."""
    return f"[{b','.join(objects).decode()}]" if objects else None
