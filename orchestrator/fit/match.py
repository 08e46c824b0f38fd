"""What a customer typed, as the choice it names: its number, its title, or its title with a slip of the finger."""

from collections.abc import Sequence

from orchestrator.fit.numbers import folded, number
from orchestrator.types import OpenChoice

LONGEST = 200
"""Characters beyond which a text is something said, not a choice made."""


def match(choices: Sequence[OpenChoice], text: str) -> OpenChoice | None:
    """None unless it names exactly one. Of two messages that offered the same, the later one counts."""
    wanted = text.strip()
    if not choices or not wanted:
        return None
    plain = folded(wanted) if len(wanted) <= LONGEST else ""
    return (
        only([choice for choice in choices if choice.title.strip() == wanted])
        or numbered(choices, wanted)
        or (only([choice for choice in choices if folded(choice.title) == plain]) if plain else None)
        or (slipped(choices, plain) if plain else None)
    )


def only(found: Sequence[OpenChoice]) -> OpenChoice | None:
    """The choice, when all that were found (of the last message that has any) mean the same."""
    latest = [choice for choice in found if choice.message_id == found[-1].message_id]
    return latest[-1] if len({choice.payload for choice in latest}) == 1 else None


def numbered(choices: Sequence[OpenChoice], wanted: str) -> OpenChoice | None:
    picked = number(wanted)
    return only([choice for choice in choices if choice.number == picked]) if picked else None


def slipped(choices: Sequence[OpenChoice], plain: str) -> OpenChoice | None:
    """A title with one slip in 4 to 7 letters, two in more. Digits and the first letter must be right: "Order 17" is
    never "Order 11", nor "Accept" "Except"."""
    close = [(distance(plain, folded(choice.title)), choice) for choice in choices if near(plain, folded(choice.title))]
    best = min((slips for slips, _ in close), default=99)
    if best > allowed(len(plain)):
        return None
    return only([choice for slips, choice in close if slips == best])


def allowed(length: int) -> int:
    return 0 if length < 4 else 1 if length < 8 else 2


def near(one: str, other: str) -> bool:
    most = min(allowed(len(one)), allowed(len(other)))
    return most > 0 and abs(len(one) - len(other)) <= most and one[0] == other[0] and digits(one) == digits(other)


def digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def distance(one: str, other: str) -> int:
    """Letters added, dropped, changed, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        previous, row = row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (char != wanted))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = previous
    return row[-1]
