"""A platform as it looks from outside: for trying a channel without an account, and for testing its connector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from orchestrator.types import DeliveryState, Part, RawRequest, RawResponse

Fault = Literal["throttled", "broken", "window_closed", "token_expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message on the user's screen, `mine` if the user wrote it; `parts` are read back from the platform's JSON."""

    id: str
    mine: bool
    parts: tuple[Part, ...]
    state: DeliveryState = "sent"


class StandIn(Protocol):
    """One platform with one account on it, in memory; a connector's module offers it as `stand_in(clock)`.

    It refuses what the platform would refuse (over its limits, wrong token, closed window), with the platform's own
    codes. It does no I/O: whoever runs it serves `serve` over HTTP and posts what `say` and `drain` give to the hook,
    with the habits of platforms (twice, late, out of order).
    """

    kind: str

    def settings(self, api: str) -> Mapping[str, Any]:
        """The keys of a channel that talks to this stand-in, whose API is at the base URL `api`."""
        ...

    def serve(self, request: RawRequest) -> RawResponse:
        """One call of the platform's API; `path` begins after the base URL."""
        ...

    def refuse(self, fault: Fault) -> RawResponse:
        """How the platform answers a call it does not take for this reason."""
        ...

    def say(self, user: str, part: Part) -> Sequence[RawRequest]:
        """The signed requests the platform posts when this user says so, taps (Tap) or fills a form (FormAnswer)."""
        ...

    def drain(self) -> Sequence[RawRequest]:
        """What it has to post since the last time: statuses of what it was sent, echoes."""
        ...

    def shown(self, user: str) -> Sequence[Shown]:
        """The user's screen, oldest first."""
        ...
