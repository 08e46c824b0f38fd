"""Merging what is said of a customer into what is known."""

from collections.abc import Mapping

Facts = Mapping[str, str | int | float | bool | None]


def merged(profile: Facts, verified: frozenset[str], facts: Facts, *, trusted: bool) -> tuple[Facts, frozenset[str]]:
    """The profile with `facts`, and the keys that stand verified.

    Facts that come with `verified` true (a platform or a signed token vouches for them) replace everything;
    others never touch a key that was verified. None removes. Only a `trusted` source can verify anything.
    """
    vouched = trusted and facts.get("verified") is True
    allowed = {
        key: value
        for key, value in facts.items()
        if vouched or (key not in verified and (trusted or key != "verified"))
    }
    known = {key: value for key, value in {**profile, **allowed}.items() if value is not None}
    return known, verified | allowed.keys() if vouched else verified
