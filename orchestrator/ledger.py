"""What is wrong with a configuration, noted until all of it can be told at once."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from orchestrator.errors import Misconfigured, Problem


class Ledger:
    def __init__(self) -> None:
        self.problems: list[Problem] = []

    @contextmanager
    def below(self, *key: str | int) -> Iterator[None]:
        """What turns out to be misconfigured in here is noted, and the work goes on behind it."""
        try:
            yield
        except Misconfigured as error:
            self.problems += error.below(*key).problems

    def note(self, what: str, *key: str | int) -> None:
        self.problems.append(Problem(what, key))

    def known(self, what: str, name: str, names: Collection[str], *key: str | int) -> None:
        """Note a name that leads nowhere; "" names nothing."""
        if name and name not in names:
            self.note(nowhere(what, name, names), *key)

    def close(self) -> None:
        """Raises Misconfigured when anything was noted."""
        if self.problems:
            raise Misconfigured(self.problems)


def nowhere(what: str, name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(names)) or 'none'}"
    return f"there is no {what} {name!r}; {hint}"


@contextmanager
def under(*key: str | int) -> Iterator[None]:
    """What turns out to be misconfigured in here is seen from further up."""
    try:
        yield
    except Misconfigured as error:
        raise error.below(*key) from error.__cause__
