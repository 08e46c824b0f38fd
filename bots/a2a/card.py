"""An agent's card: where it is asked, in which version of the protocol, and whether it streams. Pure.

a2a-protocol.org: 1.0 lists `supportedInterfaces`; 0.2 and 0.3 have `url` and `preferredTransport`.
"""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from orchestrator.bot_server import dict_of
from orchestrator.errors import BotFailed

PLACES = ("/.well-known/agent-card.json", "/.well-known/agent.json")
Version = Literal["0.3", "1.0"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    name: str
    url: str
    version: Version
    streams: bool


def read(found: Any, base: str, who: str) -> Card:
    """Raises BotFailed when the agent can't be asked by JSON-RPC, or sends us to somebody else."""
    card = dict_of(found, "a card", who)
    url, version = place(card)
    url = urljoin(f"{base}/", url)
    if origin(url) != origin(base):
        # The card is the agent's word: what we send, keys too, goes nowhere the configuration does not name.
        raise BotFailed(f"{who} names another host in its card; set 'url' to the one to ask")
    capabilities = card.get("capabilities")
    streams = isinstance(capabilities, dict) and capabilities.get("streaming") is True
    return Card(name=str(card.get("name", ""))[:200], url=url, version=version, streams=streams)


def place(card: dict[str, Any]) -> tuple[str, Version]:
    """ "" when the card names none: then it is the address it was found at."""
    listed = card.get("supportedInterfaces")
    interfaces = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    for each in interfaces:
        if str(each.get("protocolBinding", "")).upper() == "JSONRPC" and isinstance(each.get("url"), str):
            return each["url"], "1.0" if str(each.get("protocolVersion", "1.0")).startswith("1") else "0.3"
    more = card.get("additionalInterfaces")
    others = [each for each in more if isinstance(each, dict)] if isinstance(more, list) else []
    if str(card.get("preferredTransport", "JSONRPC")).upper() != "JSONRPC":
        found = [each for each in others if str(each.get("transport", "")).upper() == "JSONRPC"]
        return str(found[0].get("url", "")) if found else "", "0.3"
    return card["url"] if isinstance(card.get("url"), str) else "", "0.3"


def origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
