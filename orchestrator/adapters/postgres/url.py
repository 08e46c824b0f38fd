"""The address of a PostgreSQL database in the configuration: read by asyncpg, shown without its password."""

from urllib.parse import parse_qs, unquote, urlsplit

from orchestrator.errors import Misconfigured

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = "postgresql://parley@db.example/parley?sslmode=verify-full"


def checked(url: str) -> str:
    """Raises Misconfigured, which never shows the address: it may hold a password."""
    try:
        parts = urlsplit(url)
        database = parts.path.strip("/") or parse_qs(parts.query).get("database", [""])[0]
    except ValueError:
        database = ""
    if not url.startswith(SCHEMES) or not database or "\0" in url:
        raise Misconfigured(f"should be like {EXAMPLE!r}, and name a database", key=("store", "url"))
    return url


def shown(url: str) -> str:
    """`parley on db.example:5432`, for people."""
    parts = urlsplit(url)
    places = parse_qs(parts.query)
    host = parts.netloc.rpartition("@")[2] or places.get("host", ["this machine"])[0]
    database = parts.path.strip("/") or places.get("database", [""])[0]
    return f"{unquote(database)} on {unquote(host)}"
