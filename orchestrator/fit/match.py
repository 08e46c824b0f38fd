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
        or (numbered(choices, wanted) if digits(wanted) else None)
        or (only([choice for choice in choices if folded(choice.title) == plain]) if plain else None)
        or numbered(choices, wanted)
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
    """A title with one slip in a word of 4 to 7 letters, two in a longer one, two in all. Digits and the first letter
    must be right: "Order 17" is never "Order 11", nor "Accept" "Except"; and so must short words be: "I can come" is
    never "I can't come"."""
    close = [(slips, choice) for choice in choices if (slips := slip(plain, folded(choice.title))) is not None]
    best = min((slips for slips, _ in close), default=99)
    return only([choice for slips, choice in close if slips == best]) if close else None


def slip(plain: str, title: str) -> int | None:
    """How many slips lie between them; None when they are two different things."""
    most = min(allowed(len(plain)), allowed(len(title)))
    if not most or abs(len(plain) - len(title)) > most or plain[0] != title[0] or digits(plain) != digits(title):
        return None
    if plain.replace(" ", "") == title.replace(" ", ""):
        return 1
    words, wanted = plain.split(), title.split()
    if len(words) != len(wanted):
        return None
    pairs = [(one, other, distance(one, other)) for one, other in zip(words, wanted, strict=True) if one != other]
    if any(slips > min(allowed(len(one)), allowed(len(other))) for one, other, slips in pairs):
        return None
    slips = sum(slips for _, _, slips in pairs)
    return slips if slips <= most else None


def allowed(length: int) -> int:
    return 0 if length < 4 else 1 if length < 8 else 2


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
