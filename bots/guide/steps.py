"""Reading what a flow asked for out of what the customer said."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bots.guide.dates import day
from bots.guide.facts import Facts
from bots.guide.file import Choices, Step
from bots.guide.money import amount
from bots.guide.numbers import number
from bots.guide.words import plain

LONGEST = 500
"""Characters that are searched: an author's pattern never meets a text long enough to get lost in."""

EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])")
PHONE = re.compile(r"\+?\d(?:[\s()./-]{0,3}\d){5,17}")
NOTHING = re.compile(r"\b(?:not have|have not|have none|have no|not now|without)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    title: str
    value: str
    description: str = ""
    words: tuple[str, ...] = ()


def options(step: Step, facts: Facts) -> list[Option]:
    """What can be chosen now; the items of a list also go by their `words`."""
    if isinstance(step.choices, Choices):
        listed = step.choices
        return [
            Option(title=title, value=value, description=each.fill(listed.description) or "", words=words_of(each))
            for each in facts.each(listed.each)
            if (title := each.fill(listed.title)) and (value := each.fill(listed.value))
        ]
    return [
        Option(title=title, value=each.value, words=each.words)
        for each in step.choices
        if (title := facts.fill(each.title))
    ]


def words_of(facts: Facts) -> tuple[str, ...]:
    given = facts.look("item.words")
    return tuple(word for word in given if isinstance(word, str)) if isinstance(given, list | tuple) else ()


def read(step: Step, text: str, facts: Facts) -> str | None:
    """The slot's value, or None when the text holds none that will do."""
    said = text.strip()[:LONGEST]
    found = of_type(step, said, facts)
    if found is None or not step.pattern:
        return found
    match = re.search(step.pattern, said)
    if match is None:
        return None
    return match.expand(step.becomes) if step.becomes else match[0]


def of_type(step: Step, said: str, facts: Facts) -> str | None:
    match step.type:
        case "text":
            return said or None
        case "email":
            return found[0] if (found := EMAIL.search(said)) else None
        case "phone":
            return found[0].strip() if (found := PHONE.search(said)) else None
        case "number":
            return number(said, facts.guide.guide.language)
        case "date":
            return day(said, facts.turn.now.date())
        case "choice":
            return chosen(said, options(step, facts))
        case "picture":
            return None


def chosen(said: str, offered: Sequence[Option]) -> str | None:
    """The one option that is named: by its value, its title, or one of its words. Two named are none chosen."""
    for option in offered:
        if said == option.value:
            return option.value
    heard = f" {plain(said)} "
    named = {option.value for option in offered if any(f" {name} " in heard for name in names(option))}
    if not named:
        named = {option.value for option in offered if alike(telling(option, offered), heard.split())}
    return named.pop() if len(named) == 1 else None


def telling(option: Option, offered: Sequence[Option]) -> set[str]:
    """The words of a title that no other has: "Express" of "Express delivery"."""
    others = {word for other in offered if other is not option for name in names(other) for word in name.split()}
    return {word for name in names(option) for word in name.split() if len(word) > 3 and word not in others}


def alike(words: Iterable[str], heard: Sequence[str]) -> bool:
    """Whether one of the words was said, give or take a letter ("expres")."""
    return any(get_close_matches(word, heard, 1, 0.85) for word in words)


def names(option: Option) -> Iterator[str]:
    return filter(None, map(plain, (option.title, *option.words)))


def findable(step: Step) -> bool:
    """Whether a value stands out in a longer sentence, so that nobody need be asked for what they said already."""
    return bool(step.pattern) or step.type in ("email", "choice")


def declined(text: str) -> bool:
    """Whether an optional step is turned down: "no", "I don't have one"."""
    said = plain(text)
    return said.split(" ", 1)[0] in ("no", "none", "skip", "without", "later") or bool(NOTHING.search(said))


def plausible(step: Step, value: object, facts: Facts) -> str | None:
    """A value from a form or a payload; anybody can send those, so they are read like what is typed."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = str(value)
    if step.type == "number" and amount(text.replace(",", ".")) is None:
        return None
    return read(step, text, facts)
