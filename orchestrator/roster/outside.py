"""What may be set up over HTTP: nothing that reads this machine's files, and no address that is trusted."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, get_args

from pydantic.fields import FieldInfo

from orchestrator.errors import Malformed
from orchestrator.ports import Http, HttpResponse, HttpStream
from orchestrator.registry import plugin

SWITCHES = ("trusted", "allow_private")
"""Keys of a kind with which its owner lets it call private addresses."""
OWNER = "owner"
"""`Field(json_schema_extra={"owner": True})`: a key that only this machine's owner may set."""


class Distrusting:
    """An Http that trusts no address, whatever the connector thinks of it: its settings came from outside."""

    def __init__(self, http: Http) -> None:
        self.http = http

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - the port's word
        max_bytes: int = 1_048_576,
        trusted: bool = False,
        redirects: bool = True,
    ) -> HttpResponse:
        return await self.http.request(
            method, url, headers=headers, body=body, timeout=timeout, max_bytes=max_bytes, redirects=redirects
        )

    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout: float = 10.0,
        max_bytes: int = 1_048_576,
        trusted: bool = False,
    ) -> AbstractAsyncContextManager[HttpStream]:
        return self.http.stream(method, url, headers=headers, body=body, timeout=timeout, max_bytes=max_bytes)


def channel_from_outside(raw: Mapping[str, Any]) -> dict[str, Any]:
    """As whoever asks over HTTP may have it. Raises Malformed for keys that only this machine's owner may set."""
    kind = raw.get("kind")
    if not isinstance(kind, str):
        raise Malformed("kind: is missing: which connector, such as 'telegram'")
    fields = plugin("connectors", kind).Settings.model_fields
    for name in own_keys(fields):
        if raw.get(name) is not None:
            raise Malformed(
                f"{name}: only parley.toml and 'parley channels add --store' set this for kind {kind!r}, nobody outside"
            )
    return {**raw, **{name: False for name in SWITCHES if name in fields}}


def own_keys(fields: Mapping[str, FieldInfo]) -> Iterator[str]:
    """Keys that name files of this machine, or that their kind reserves."""
    for name, field in fields.items():
        extra = field.json_schema_extra
        if names_file(field.annotation) or (isinstance(extra, Mapping) and extra.get(OWNER)):
            yield name


def names_file(annotation: Any) -> bool:
    return annotation is Path or any(names_file(each) for each in get_args(annotation))
