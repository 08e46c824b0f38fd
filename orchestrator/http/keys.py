"""API keys: made once, shown once, kept as a digest.

A key is 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess that a slow hash would protect.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import get_args

from orchestrator.errors import Malformed, Unauthenticated
from orchestrator.ports import Accounts, Clock
from orchestrator.types import ApiKey, Scope

PREFIX = "pk_"
HINT = 8
LONGEST_NAME = 80
IMPLIED: dict[Scope, frozenset[Scope]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
"""What each scope lets a key do."""


def digest(plain: str) -> str:
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


async def create_key(
    accounts: Accounts, clock: Clock, app_id: str, name: str, scopes: Sequence[Scope]
) -> tuple[ApiKey, str]:
    """Keep a new key; the second value is the key itself, which can never be read again. Raises Malformed."""
    known = get_args(Scope)
    if not scopes or any(scope not in known for scope in scopes):
        raise Malformed(f"a key needs one or more of the scopes {', '.join(map(repr, known))}")
    if not name.strip() or len(name) > LONGEST_NAME:
        raise Malformed(f"a key needs a name of at most {LONGEST_NAME} characters")
    plain = PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(
        id=clock.new_id(),
        app_id=app_id,
        name=name.strip(),
        digest=digest(plain),
        hint=plain[:HINT],
        scopes=tuple(scope for scope in known if scope in scopes),
        created_at=clock.now(),
    )
    await accounts.add_key(key)
    return key, plain


async def find_key(accounts: Accounts, authorization: str) -> ApiKey:
    """The key of an Authorization header. Raises Unauthenticated."""
    scheme, _, plain = authorization.strip().partition(" ")
    plain = plain.strip()
    if scheme.lower() != "bearer" or not plain.startswith(PREFIX):
        raise Unauthenticated("an API key is needed: 'Authorization: Bearer pk_…'; 'parley keys add' makes one")
    key = await accounts.key(digest(plain))
    if key is None or key.revoked:
        raise Unauthenticated("this API key is unknown or was revoked")
    return key


def allows(key: ApiKey, scope: Scope) -> bool:
    return any(scope in IMPLIED[held] for held in key.scopes)
