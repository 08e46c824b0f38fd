"""The keys of an installation, made at its first start and kept with its data."""

import secrets
from pathlib import Path

from orchestrator.adapters.kept import kept
from orchestrator.adapters.sqlite import path_of
from orchestrator.adapters.vault import AesVault
from orchestrator.config import Settings
from orchestrator.config.section import SHORTEST_SECRET
from orchestrator.errors import Misconfigured
from orchestrator.roles import together


def vault_of(settings: Settings, base: Path) -> AesVault:
    return AesVault(lambda: settings.registry.key or (kept_secret(secret_path(settings, base, "registry")),))


def secret_path(settings: Settings, base: Path, name: str = "parley") -> Path:
    """Where a key is kept: with what all processes share."""
    if together(settings):
        return base / settings.store.media / (".parley.secret" if name == "parley" else f".{name}.secret")
    return path_of(settings.store.url, base).parent / f"{name}.secret"


def kept_secret(path: Path) -> str:
    """The key made at the first start. Raises Misconfigured when it can't be kept, or is none."""
    try:
        secret = kept(path, lambda: secrets.token_urlsafe(48))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Misconfigured(f"the signing key {str(path)!r} can't be kept: {reason}; set server.secret") from None
    if len(secret) < SHORTEST_SECRET:
        raise Misconfigured(
            f"the signing key {str(path)!r} is too short; delete the file, and another is made at the start"
        )
    return secret
