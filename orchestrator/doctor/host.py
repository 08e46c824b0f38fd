"""This machine: Python, time zones, disks, open files, and who may read what is secret."""

import os
import platform
import resource
import shutil
import stat
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orchestrator.adapters.sqlite import path_of
from orchestrator.config import Settings
from orchestrator.doctor.finding import Finding, fail, ok, warn
from orchestrator.roles import together

MIB = 1024 * 1024
LITTLE, VERY_LITTLE = 2048 * MIB, 256 * MIB
FILES = 4096
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def host(settings: Settings, base: Path, config: Path) -> Iterator[Finding]:
    yield python()
    yield zones(settings)
    yield open_files()
    yield from disks(settings, base)
    yield from secrets(settings, base, config)


def python() -> Finding:
    """An older one than is needed can't even read this."""
    return ok("Python", f"{platform.python_version()}, {platform.system()} on {platform.machine()}")


def zones(settings: Settings) -> Finding:
    wanted = {app.policy.hours.timezone for app in settings.apps.values() if app.policy.hours is not None}
    missing = []
    for name in sorted({"Europe/Madrid", *wanted}):
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            missing.append(name)
    if missing:
        mend = "install the time zone data of the system (Debian: tzdata) or the Python package tzdata"
        return fail("time zones", f"unknown: {', '.join(missing)}", mend)
    return ok("time zones", "known")


def open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES:
        return warn("open files", f"{soft} at most", f"raise the limit to {FILES} or more: each open page takes one")
    return ok("open files", f"{soft} at most")


def disks(settings: Settings, base: Path) -> Iterator[Finding]:
    yield from disk("media folder", base / settings.store.media)
    if not together(settings):
        yield from disk("database folder", path_of(settings.store.url, base).parent)


def disk(part: str, folder: Path) -> Iterator[Finding]:
    place = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        yield fail(part, f"{str(place)!r} can't be written", "give it to the user Parley runs as")
        return
    free = shutil.disk_usage(place).free
    said = f"{str(folder)!r}, {free // MIB} MiB free"
    mend = "make room: without it messages are refused"
    if free < LITTLE:
        yield (fail if free < VERY_LITTLE else warn)(part, said, mend)
    else:
        yield ok(part, said)


def secrets(settings: Settings, base: Path, config: Path) -> Iterator[Finding]:
    yield from signing(settings, base)
    found = [(f"{name} in {config.name}", path) for name, path in named_files(config)]
    if not together(settings):
        found.append(("database", path_of(settings.store.url, base)))
    for name, path in found:
        if path.exists():
            yield private(name, path)


def signing(settings: Settings, base: Path) -> Iterator[Finding]:
    """The first figures of a digest: the same on every machine of a deployment, and nothing to sign with."""
    if settings.server.secret:
        yield ok("signing key", f"from server.secret, fingerprint {fingerprint(settings.server.secret)}")
        return
    shared = together(settings)
    path = base / settings.store.media / ".parley.secret"
    if not shared:
        path = path_of(settings.store.url, base).parent / "parley.secret"
    if not path.exists():
        yield ok("signing key", f"will be made at the first start, in {str(path)!r}")
    elif not os.access(path, os.R_OK):
        yield fail("signing key", f"{str(path)!r} can't be read", "give it to the user Parley runs as")
    else:
        yield private("signing key", path, f", fingerprint {fingerprint(path.read_text(encoding='ascii').strip())}")
    if shared:
        mend = "set server.secret to the same value on each, or make sure that all share the media folder"
        yield warn("signing key shared", "server.secret is not set, though several processes may run", mend)


def fingerprint(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()[:8]


def private(name: str, path: Path, more: str = "") -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & OTHERS:
        return warn(name, f"others may read {str(path)!r} (mode {mode:o}){more}", f"chmod 600 {str(path)!r}")
    return ok(name, f"{str(path)!r} is its owner's alone{more}")


def named_files(config: Path) -> Iterator[tuple[str, Path]]:
    """What the configuration takes from files: `"file:…"`, by the key."""
    with config.open("rb") as file:
        tree = tomllib.load(file)
    for key, value in leaves("", tree):
        if isinstance(value, str) and value.startswith("file:"):
            yield key, config.parent / value.removeprefix("file:")


def leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(f"{key}.{name}" if key else name, item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from leaves(f"{key}[{number}]", item)
    else:
        yield key, value
