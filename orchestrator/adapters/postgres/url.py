"""The address of a PostgreSQL database in the configuration: read by asyncpg, shown without its password."""

from urllib.parse import parse_qs, unquote, urlsplit

from orchestrator.errors import Misconfigured

SCHEMES = ("postgresql://", "postgres://")
ENCODED = "in a password / is written %2F, @ %40, ? %3F and # %23"
EXAMPLE = "postgresql://parley@db.example/parley?sslmode=verify-full"


def checked(url: str) -> str:
    """Raises Misconfigured, which never shows the address: it may hold a password."""
    if not url.startswith(SCHEMES) or "\0" in url or not readable(url):
        raise Misconfigured(
            f"should be like {EXAMPLE!r}, and name a database; {ENCODED}, or is left to PGPASSWORD",
            key=("store", "url"),
        )
    return url


def readable(url: str) -> bool:
    """Whether it names a database, and hosts whose ports are numbers.

    With a bare "/" in the password, half of that would be taken for the database, and shown.
    """
    try:
        parts = urlsplit(url)
        for host in parts.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    database = parts.path.strip("/") or parse_qs(parts.query).get("database", [""])[0]
    return bool(database) and "@" not in parts.path


def shown(url: str) -> str:
    """`parley on db.example:5432`, for people."""
    parts = urlsplit(url)
    places = parse_qs(parts.query)
    host = parts.netloc.rpartition("@")[2] or places.get("host", ["this machine"])[0]
    database = parts.path.strip("/") or places.get("database", [""])[0]
    return f"{unquote(database)} on {unquote(host)}"
