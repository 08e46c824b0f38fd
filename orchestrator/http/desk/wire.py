"""What a desk sends, and refusing what another site made a browser send."""

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from orchestrator.errors import Forbidden


class Form(BaseModel):
    """Nothing but the named fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_origin(origin: str | None, host: str, public_url: str) -> None:
    """Raises Forbidden unless the page that asks came from this very server.

    Either by the address it was asked under (`Host`, which a foreign page can't set), or by the configured public one
    (a proxy may have rewritten Host).
    """
    if not origin:
        raise Forbidden("a browser says which page asks (Origin); this request doesn't")
    asking, public = urlsplit(origin), urlsplit(public_url)
    if asking.netloc != host and (asking.scheme, asking.netloc) != (public.scheme, public.netloc):
        raise Forbidden(f"a page of {origin!r} may not use this desk; open it at {public_url}/desk")
