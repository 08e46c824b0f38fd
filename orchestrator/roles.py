"""Which processes may work together: what one alone keeps in its memory, several need servers for."""

from orchestrator.adapters.stores import shared
from orchestrator.config import ProcessRole, Settings
from orchestrator.errors import Misconfigured, Problem

STORE = "postgresql://parley@db.example/parley"
BUS = "redis://redis.example:6379/0"


def together(settings: Settings) -> bool:
    """Whether other processes may work on the same database."""
    return shared(settings.store.url)


def check_role(settings: Settings, role: ProcessRole) -> None:
    """Raises Misconfigured when the role needs other processes and they could not work together."""
    if role == "all":
        return
    problems = []
    if not together(settings):
        alone = "one process alone can serve SQLite; " if settings.store.url.startswith("sqlite:") else ""
        what = f"{alone}'parley serve --role {role}' needs PostgreSQL, such as {STORE!r}"
        problems.append(Problem(what, key=("store", "url")))
    if not settings.bus.url:
        what = f"without Redis processes don't hear of each other; '--role {role}' needs it, such as {BUS!r}"
        problems.append(Problem(what, key=("bus", "url")))
    if problems:
        raise Misconfigured(problems)
