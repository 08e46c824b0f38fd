"""A platform as it looks from outside: for trying a channel without an account, and for testing its connector."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from orchestrator.types import DeliveryState, Part, RawRequest, RawResponse

PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAKAAAAB4CAIAAAD6wG44AAACp0lEQVR42u3RV1JUYRRF4TMuB+IQHAMoiqIoiqIoiqKYHomScwYf"
    "JOecwzT0AR+oul23oen/3GbfVfUN4OyzrKjhDMKMF4gHLm44gzArbjyFMLvbeAphBFYPfK/pBMIIrB64pOkEwqyk+RjC7H7zMYQR"
    "WD3wg5YjCCOweuDSliMIs9LWQwizh62HEEZg9cCPfh1AGIHVA5f9OoAwK2vbhzB73LYPYQTO3d+1O/EKIvCT9j1cSdauUQleS+Dg"
    "dZNtbOXte7iMnNNe5H+2lXfsIqu81P3f2Pdye9qxi3h5rHvO83gCe9d1bmzPOncQI1Bgt/sJnEBdz8ZW0bmDjILWPeewwiq6tpGR"
    "R+DwK+x51zYycgjssILAidX1aWwvurcQ5RY49BACqweu7N5ClFvg0EOssmcTUX6BAw+xlz2biHILHHoIgdUDv+rdQJRb4NBDCKwe"
    "uKp3A1FugUMPsaq+dUT5BQ48xF73rSMjh7oOKwisHvhN/xoycgjssILAiTX2mWDV/WuIEaiu2/1WPbCKGKECe91vbwdWES/vdT2P"
    "J7B3Y+fL7d3gCi4jL3X9zyawU+akDraawRVcSQ51E7zWaoaWkZvsXQvgSHs/tAxhBFYP/GF4CcIIrB64dngJwqx2ZBHC7OPIIoQR"
    "WD3wp9EFCCOweuC60QUIs7qxeQizz2PzEEZg9cBfxucgjMDqgevH5yDM6idmIcy+TsxCGIHVA3+bnIEwu1V0O4be4LTtzRI43vfJ"
    "mRsnbXuvFTjLO6amC1Da9gYMHO/H1HQi0rY3scBJvSNtews0cLyfv//kLG17b2Tg67wjbXsFA+MiAhMYBAaBQWAQGAQGgQkMAoPA"
    "IDAIDAKDwAQGgUFgEBgEBoFBYBCYwCAwCAwCg8AgMAhMYBAYBEaB+AeohXkU8neEcQAAAABJRU5ErkJggg=="
)
"""The picture (PNG, 160 × 120) a user of any platform sends: the same as web/simulate/photo.png."""

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
