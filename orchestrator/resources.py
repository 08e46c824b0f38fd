"""Folders that belong to Parley and are no Python: `web` (what browsers load) and `examples` (the demo shop)."""

from pathlib import Path
from typing import Literal

HERE = Path(__file__).resolve().parent


def folder(name: Literal["web", "examples"]) -> Path:
    """Beside this package in a checkout; in it, with an underscore, where a wheel was installed (see setup.py)."""
    installed = HERE / f"_{name}"
    return installed if installed.is_dir() else HERE.parent / name
