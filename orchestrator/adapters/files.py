"""Media in a folder: `<folder>/<app>/<xx>/<token>` holds the bytes, `<token>.json` beside it the type and name."""

import asyncio
import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.adapters import sniff
from orchestrator.adapters.filenames import safe_name, slug
from orchestrator.errors import Malformed, NotFound, TooLarge, Unavailable
from orchestrator.ports import Clock

APP = r"[a-z0-9][a-z0-9_-]{0,62}"
PATH = re.compile(rf"/media/(?P<app>{APP})/(?P<token>[0-9a-f]{{40}})/(?P<slug>[A-Za-z0-9._-]{{1,100}})")
ABANDONED = 3600.0
"""Seconds after which a half-written file is left over from a killed process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file at rest: where it is, and what it is to be called."""

    path: Path
    mime: str
    name: str
    size: int


class LocalFiles:
    """Implements Files. `max_bytes` is the most one file may hold; `new_token` makes 40 unguessable hex digits."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        max_bytes: int = 26_214_400,
        new_token: Callable[[], str] = lambda: secrets.token_hex(20),
    ) -> None:
        self.folder = folder
        self.clock = clock
        self.max_bytes = max_bytes
        self.new_token = new_token

    async def open(self) -> None:
        """Make the folder and clear what a killed process left half written. Raises Unavailable."""
        await asyncio.to_thread(self.prepare)

    async def close(self) -> None:
        """Nothing is held open."""

    async def put(self, app_id: str, data: bytes, *, name: str, mime: str) -> str:
        """As the port says; also raises TooLarge, and Malformed when the bytes are not what `mime` says."""
        if not re.fullmatch(APP, app_id):
            raise Malformed(f"app {app_id!r} can't have files: its id is not one")
        if len(data) > self.max_bytes:
            raise TooLarge(f"file {name!r} has {len(data)} bytes; {self.max_bytes} are allowed")
        settled = sniff.settle(data, mime)
        called, token = safe_name(name, settled), self.new_token()
        await asyncio.to_thread(self.write, self.place(app_id, token), data, settled, called)
        return f"/media/{app_id}/{token}/{slug(called)}"

    async def get(self, path: str) -> tuple[bytes, str, str]:
        stored = await self.locate(path)
        try:
            return await asyncio.to_thread(stored.path.read_bytes), stored.mime, stored.name
        except FileNotFoundError:
            raise NotFound("there is no such file") from None
        except OSError as error:
            raise Unavailable(f"file {stored.name!r} can't be read: {error.strerror}") from error

    async def locate(self, path: str) -> Stored:
        """For serving without reading it whole. Raises NotFound: for any path that `put` did not return."""
        found = PATH.fullmatch(path)
        stored = await asyncio.to_thread(read, self.place(found["app"], found["token"])) if found else None
        if found is None or stored is None or slug(stored.name) != found["slug"]:
            raise NotFound("there is no such file")
        return stored

    @property
    def where(self) -> str:
        return str(self.folder)

    def place(self, app_id: str, token: str) -> Path:
        return self.folder / app_id / token[:2] / token

    @property
    def incoming(self) -> Path:
        return self.folder / ".incoming"

    def prepare(self) -> None:
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            for path in self.incoming.iterdir():
                if path.stat().st_mtime < self.clock.now().timestamp() - ABANDONED:
                    remove(path)
        except OSError as error:
            raise Unavailable(f"media folder {str(self.folder)!r} can't be used: {error.strerror}") from error

    def write(self, place: Path, data: bytes, mime: str, name: str) -> None:
        """The description goes first: a file that can be found can also be described."""
        about = json.dumps({"mime": mime, "name": name}).encode()
        try:
            self.incoming.mkdir(parents=True, exist_ok=True)
            place.parent.mkdir(parents=True, exist_ok=True)
            self.write_one(description(place), about)
            self.write_one(place, data)
            sync_folder(place.parent)
        except OSError as error:
            remove(description(place))
            raise Unavailable(f"file {name!r} could not be kept: {error.strerror}") from error

    def write_one(self, place: Path, data: bytes) -> None:
        """All of it or nothing, also when the power goes: written aside, synced, renamed."""
        aside = self.incoming / place.name
        try:
            with aside.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(place)
        except OSError:
            remove(aside)
            raise


def description(place: Path) -> Path:
    return place.with_name(place.name + ".json")


def remove(path: Path) -> None:
    """If that can be done; what stays is swept, or is never found."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """A rename is durable once its folder is (fsync(2), "Calling fsync() does not necessarily ensure …")."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(place: Path) -> Stored | None:
    try:
        about = json.loads(description(place).read_bytes())
        return Stored(path=place, mime=about["mime"], name=about["name"], size=place.stat().st_size)
    except (OSError, ValueError, KeyError):
        return None
