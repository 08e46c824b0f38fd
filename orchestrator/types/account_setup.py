"""Connecting an account of a platform: what was done for it, what is left to do by hand, what is wrong with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One step of connecting an account. `done`: Parley did it; else `text` says what to paste where."""

    title: str
    text: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One thing that was looked at, in words; `mend` is the way out where it is not `ok`. Never a secret."""

    ok: bool
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file a customer sent, as the platform gave it to us."""

    data: bytes
    mime: str = ""
    name: str = ""
