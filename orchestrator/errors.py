"""Every deliberate error of Parley. The policy a caller needs is an attribute, never a string to parse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

SendProblem = Literal["", "window_closed", "opted_out", "token_expired", "quota_spent", "unknown"]

Key = tuple[str | int, ...]
"""Where in the configuration: ("apps", "shop", "policy", "rules", 0, "when")."""


class ParleyError(Exception):
    """The root: whatever Parley raises on purpose. The message is for people and holds no secret."""

    retryable: bool = False
    retry_after: float | None = None

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        if retry_after is not None:
            self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the configuration; `key` is () when nobody knows where it stands."""

    what: str
    key: Key = ()

    def __str__(self) -> str:
        return f"{dotted(self.key)}: {self.what}" if self.key else self.what


def dotted(key: Key) -> str:
    """`apps.shop.policy.rules[0].when`; what is no bare key in TOML, in quotes."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{bare(step)}" for step in key).removeprefix(".")


def bare(step: str) -> str:
    return step if step.replace("-", "_").isidentifier() and step.isascii() else f'"{step}"'


class Misconfigured(ParleyError):
    """The configuration, or a rule or bot file it names, can't be used as it stands: everything that is wrong with it.

    Whoever knows more of where adds it with `below`; the command line knows the file and finds the lines.
    """

    def __init__(self, what: str | Sequence[Problem], *, key: Key = ()) -> None:
        self.problems = (Problem(what, key),) if isinstance(what, str) else tuple(what)
        super().__init__(listed([str(problem) for problem in self.problems]))

    def below(self, *key: str | int) -> Self:
        """The same, seen from further up."""
        return type(self)([replace(problem, key=(*key, *problem.key)) for problem in self.problems])


def listed(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return problems[0]
    return "the configuration can't be used:\n" + "\n".join(f"  {problem}" for problem in problems)


class Unauthenticated(ParleyError):
    """Signature, token or password missing, forged or expired. HTTP 401."""


class Forbidden(ParleyError):
    """Known, but not allowed. HTTP 403."""


class Malformed(ParleyError):
    """Input that can't be read. HTTP 400."""


class TooLarge(ParleyError):
    """Input over its limit. HTTP 413."""


class Throttled(ParleyError):
    """Too much in too short a time; `retry_after` seconds. HTTP 429."""

    retryable = True


class NotFound(ParleyError):
    """HTTP 404."""


class Conflict(ParleyError):
    """The thing is no longer as the caller thought (somebody else accepted the case). HTTP 409."""


class Fenced(Conflict):
    """A commit from an older version of the conversation: load again, decide again."""


class Unavailable(ParleyError):
    """Something Parley needs is down or refuses to write (disk full, database read-only). HTTP 503."""

    retryable = True
    retry_after: float | None = 5.0


class DatabaseTooNew(Unavailable):
    """The database was written by a newer Parley."""

    retryable = False
    retry_after = None


class BotFailed(ParleyError):
    """A bot raised, answered rubbish or could not be reached."""


class BotTimeout(BotFailed):
    """A bot passed its deadline."""


class BotLater(ParleyError):
    """Not a failure: the bot took the turn and will answer over its callback; `until` is how long, in seconds."""

    def __init__(self, message: str, *, until: float) -> None:
        super().__init__(message)
        self.until = until


class EngineFailed(ParleyError):
    """An NLP or translation engine failed, answered nothing or is not usable for this input.

    `retryable`: it did nothing yet, and the same call may succeed at once. `retry_after`: not before so many seconds.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, retryable: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retryable = retryable


class PairRefused(EngineFailed):
    """An engine does not translate this pair, or this text. It says nothing about others."""


class SendFailed(ParleyError):
    """A platform did not take a message. `retryable` says whether to try again, after `retry_after` seconds.

    `reason`, where what to do next depends on it: `window_closed` (only a template, or another channel), `opted_out`
    (the customer does not want to hear from us), `token_expired` (nothing goes out until somebody renews it),
    `quota_spent` (what was paid for is used up: another channel, or later),
    `unknown` (it may have gone out, and the platform knows no idempotency key: never sent again blindly).
    """

    def __init__(
        self, message: str, *, retryable: bool, retry_after: float | None = None, reason: SendProblem = ""
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.retryable = retryable
        self.reason: SendProblem = reason


class Unanswered(SendFailed):
    """A request set out and no whole answer came: what it asked for may have been done.

    Raised by Http, retryable as far as it knows; a connector without an idempotency key makes it `unknown`.
    """
