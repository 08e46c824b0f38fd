"""Reading what platforms post, whatever it is."""

import gzip
import json
import zlib
from typing import Any

import pytest

from orchestrator.errors import Malformed, TooLarge
from orchestrator.incoming import DEEPEST, form_pairs, inflated, query_pairs, read_json
from orchestrator.types import RawRequest


def posted(body: bytes = b"", coding: str = "", url: str = "") -> RawRequest:
    headers = {"content-encoding": coding} if coding else {}
    return RawRequest(method="POST", path="/hooks/x", headers=headers, body=body, url=url)


def nested(depth: int, kind: str) -> bytes:
    start, end = ("[", "]") if kind == "list" else ('{"a":', "}")
    return (start * depth + "1" + end * depth).encode()


@pytest.mark.parametrize("kind", ["list", "object"])
def test_what_is_too_deep_is_malformed(kind: str) -> None:
    assert read_json(nested(DEEPEST, kind))
    for depth in (DEEPEST + 2, 1000, 100_000):
        with pytest.raises(Malformed):
            read_json(nested(depth, kind))


def test_what_is_wide_is_not_deep() -> None:
    wide = json.dumps({"entry": [{"changes": [{"value": number}]} for number in range(1000)]}).encode()
    assert len(read_json(wide)["entry"]) == 1000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', b'"\\ud800"'])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(body)


@pytest.mark.parametrize(
    ("pack", "coding"), [(gzip.compress, "gzip"), (gzip.compress, "X-GZip"), (zlib.compress, "deflate")]
)
def test_packed_bodies_are_unpacked(pack: Any, coding: str) -> None:
    assert inflated(posted(pack(b"hello"), coding), 1000) == b"hello"


def test_plain_bodies_stay_as_they_are() -> None:
    assert inflated(posted(b"hello"), 1) == b"hello"
    assert inflated(posted(b"hello", "identity"), 1) == b"hello"


def test_a_bomb_never_goes_off() -> None:
    """100 MB in 100 KB."""
    bomb = gzip.compress(b"\0" * 100_000_000, 9)
    with pytest.raises(TooLarge):
        inflated(posted(bomb, "gzip"), 65_536)


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"hello", "gzip"), (gzip.compress(b"hello" * 1000, mtime=0)[:-12], "gzip"), (b"hello", "br"), (b"", "gzip")],
    ids=("not packed", "cut off", "another coding", "empty"),
)
def test_what_cannot_be_unpacked_is_malformed(body: bytes, coding: str) -> None:
    with pytest.raises(Malformed):
        inflated(posted(body, coding), 10_000)


def test_repeated_keys_are_all_there() -> None:
    url = "https://chat.example.com/hooks/x?a=1&b=&a=%C3%A9"
    assert query_pairs(posted(url=url)) == [("a", "1"), ("b", ""), ("a", "é")]
    assert form_pairs(posted(b"a=1&a=2&c=x+y")) == [("a", "1"), ("a", "2"), ("c", "x y")]


@pytest.mark.parametrize("body", [b"a=%ff", b"&".join(b"a=1" for _ in range(1001))])
def test_forms_nobody_sends_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        form_pairs(posted(body))
