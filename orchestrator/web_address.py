"""Addresses in settings: types that refuse, when they are read, what nobody could call."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def web_address(value: str) -> str:
    """Raises ValueError."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL that starts with https:// or http:// is needed")
    return value


def base_address(value: str) -> str:
    """What paths are put behind: without a slash at its end. Raises ValueError."""
    parts = urlsplit(web_address(value))
    if parts.query or parts.fragment:
        raise ValueError("a base URL is needed, paths are put behind it: leave out what follows '?' or '#'")
    return value.rstrip("/")


def open_address(value: str) -> str:
    """One that any log may show. Raises ValueError."""
    parts = urlsplit(web_address(value))
    if parts.username or parts.password:
        raise ValueError("credentials don't belong into the address; there are keys for them, or 'headers'")
    return value


def optional(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda value: check(value) if value else ""


def server_address(value: str) -> str:
    """Raises ValueError."""
    return open_address(value).rstrip("/")


WebAddress = Annotated[str, AfterValidator(web_address)]
OptionalWebAddress = Annotated[str, AfterValidator(optional(web_address))]
OpenAddress = Annotated[str, AfterValidator(open_address)]
BaseAddress = Annotated[str, AfterValidator(base_address)]
OptionalBaseAddress = Annotated[str, AfterValidator(optional(base_address))]
ServerAddress = Annotated[str, AfterValidator(server_address)]
OptionalServerAddress = Annotated[str, AfterValidator(optional(server_address))]
