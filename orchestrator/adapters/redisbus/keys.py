"""Names of keys. What a script of ours uses together has one hash tag, so it is in one slot of a cluster.

Whatever a turn needs has the tag `{wake}`, because a process tells it all in one call (see bundle.py).

Nothing that customers or agents typed becomes part of a key: it is digested, which also bounds its length.
"""

import hashlib
from dataclasses import dataclass


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    prefix: str

    @property
    def scheduling(self) -> tuple[str, str, str]:
        """The stream, the states and the apps: KEYS of every script that includes lanes.lua."""
        base = f"{self.prefix}:{{wake}}"
        return f"{base}:ready", f"{base}:state", f"{base}:apps"

    @property
    def live(self) -> str:
        """The channel every process listens to; each app's is `live_of`. One slot, so that one connection hears all."""
        return f"{self.prefix}:{{wake}}:live"

    def live_of(self, app_id: str) -> str:
        return f"{self.live}:{app_id}"

    @property
    def deployment(self) -> str:
        return f"{self.prefix}:{{wake}}:deployment"

    def rate(self, key: str) -> str:
        return f"{self.prefix}:{{wake}}:rate:{digest(key)}"

    def pace(self, key: str) -> tuple[str, str]:
        """A bucket, and a hold."""
        base = f"{self.prefix}:{{wake}}:pace:{digest(key)}"
        return base, f"{base}:hold"

    def once(self, key: str) -> str:
        return f"{self.prefix}:once:{digest(key)}"

    def agents(self, app_id: str) -> str:
        return f"{self.prefix}:{{here:{app_id}}}"

    def cached(self, key: str) -> str:
        return f"{self.prefix}:kept:{digest(key)}"
