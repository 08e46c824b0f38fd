"""Which addresses settings take, and that what they refuse is not repeated."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator import web_address as types


def read(kind: str, value: str) -> str:
    return str(TypeAdapter[Any](getattr(types, kind), config={"hide_input_in_errors": True}).validate_python(value))


EVERY = ("WebAddress", "OpenAddress", "BaseAddress", "ServerAddress")


@pytest.mark.parametrize("kind", [*EVERY, "OptionalWebAddress", "OptionalBaseAddress", "OptionalServerAddress"])
@pytest.mark.parametrize("value", ["shop.example", "ftp://shop.example", "https://", "//shop.example", " "])
def test_what_is_no_address(kind: str, value: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        read(kind, value)


@pytest.mark.parametrize("kind", EVERY)
def test_an_address_may_be_left_out_only_where_it_says_so(kind: str) -> None:
    with pytest.raises(ValidationError):
        read(kind, "")
    if kind != "OpenAddress":
        assert read(f"Optional{kind}", "") == ""


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        ("WebAddress", "https://shop.example/a/"),
        ("OpenAddress", "https://shop.example/a/"),
        ("BaseAddress", "https://shop.example/a"),
        ("ServerAddress", "https://shop.example/a"),
    ],
)
def test_the_slash_at_the_end(kind: str, kept: str) -> None:
    """What is POSTed to is kept to the letter; behind a base comes a path."""
    assert read(kind, "https://shop.example/a/") == kept


@pytest.mark.parametrize("value", ["https://shop.example?key=1", "https://shop.example/#top"])
def test_nothing_follows_a_base(value: str) -> None:
    with pytest.raises(ValidationError, match="base URL"):
        read("BaseAddress", value)
    assert read("WebAddress", value) == value


@pytest.mark.parametrize("kind", ["OpenAddress", "ServerAddress"])
@pytest.mark.parametrize("value", ["https://me:hunter2@shop.example", "https://hunter2@shop.example"])
def test_a_password_in_an_address_is_refused_and_not_repeated(kind: str, value: str) -> None:
    with pytest.raises(ValidationError, match="credentials") as caught:
        read(kind, value)
    assert "hunter2" not in str(caught.value)
    assert read("WebAddress", value) == value
