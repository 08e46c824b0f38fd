"""pydantic's complaints in the words of whoever wrote the file: real keys, what was expected, and never a value."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from orchestrator.errors import Key, Problem

TABLE, LIST = "should be a table", "should be a list"
WORDS = {
    "model_type": TABLE,
    "model_attributes_type": TABLE,
    "dataclass_type": TABLE,
    "dict_type": TABLE,
    "mapping_type": TABLE,
    "tuple_type": LIST,
    "list_type": LIST,
    "string_type": "should be text in quotes",
    "path_type": "should be a path in quotes",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
}
SHAPES = {
    r"^[a-z]{2,3}$": "should be a language's code of two or three small letters, such as 'en' or 'pt'",
    r"^([a-z]{2,3}|\*)-([a-z]{2,3}|\*)$": "should be two languages' codes, such as 'es-en', or '*' for any of them",
    r"^#[0-9a-fA-F]{6}$": "should be a colour, such as '#0b6e69'",
}
"""Of patterns that many keys have. What another one wants, the description of its key says."""
NAMES = "names are made of small letters, digits, '-' and '_', begin with a letter or digit and have 63 at most"
MOST_KNOWN = 25


def problems(error: ValidationError, model: Any, raw: Any, also: Collection[str] = ()) -> list[Problem]:
    """One for each place. `also` are keys that may stand beside those of the model."""
    told: dict[Key, list[str]] = {}
    for found in innermost(error.errors(include_input=False, include_url=False), raw):
        key = real(found, raw)
        if found["type"] == "too_short" and any(other[: len(key)] == key for other in told):
            continue  # It was long enough: what is wrong with its items is told already.
        words = worded(found, key, model, also)
        if words not in told.setdefault(key, []):
            told[key].append(words)
    return [
        Problem(" or ".join([first, *(each.removeprefix("should be ") for each in rest)]), key)
        for key, (first, *rest) in told.items()
    ]


def innermost(found: Sequence[ErrorDetails], raw: Any) -> Iterator[ErrorDetails]:
    """Of what every branch of a union says, what the branch says that the author meant: the one that got further."""
    keys = [real(each, raw) for each in found]
    for each, key in zip(found, keys, strict=True):
        in_union = len(each["loc"]) > len(key)
        if not (in_union and any(len(other) > len(key) and other[: len(key)] == key for other in keys)):
            yield each


def real(found: ErrorDetails, raw: Any) -> Key:
    """Where it stands. pydantic's own steps (a branch of a union, "[key]", a validator) are in no file."""
    key: list[str | int] = []
    for step in found["loc"]:
        if holds(raw, step):
            raw = raw[step]
        elif not (found["type"] == "missing" and step == found["loc"][-1]):
            continue
        key.append(step)
    return tuple(key)


def holds(raw: Any, step: str | int) -> bool:
    if isinstance(raw, Mapping):
        return step in raw
    return isinstance(raw, list | tuple) and isinstance(step, int) and step < len(raw)


def worded(found: ErrorDetails, key: Key, model: Any, also: Collection[str]) -> str:
    kind = found["type"]
    if kind == "extra_forbidden":
        return unknown(str(key[-1]), {*known(model, key[:-1]), *(also if len(key) == 1 else ())})
    if found["loc"][-1:] == ("[key]",):
        return NAMES
    if kind == "missing":
        return f"is missing{about(model, key)}"
    if kind == "literal_error":
        return f"should be {found['ctx']['expected']}"
    if kind == "string_pattern_mismatch":
        pattern = found["ctx"]["pattern"]
        return SHAPES.get(pattern) or f"should match {pattern}{about(model, key)}"
    if kind == "too_short":
        return f"should have {found['ctx']['min_length']} or more"
    return WORDS.get(kind) or found["msg"].removeprefix("Value error, ").removeprefix("Input ")


def unknown(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, names, n=1)
    if near:
        return f"there is no such key; did you mean {near[0]!r}?"
    listed = f"; known: {', '.join(sorted(names))}" if 0 < len(names) <= MOST_KNOWN else ""
    return f"there is no such key{listed}"


def about(model: Any, key: Key) -> str:
    """What a key that is missing would say."""
    for each in at(model, key[:-1]):
        if isinstance(each, type) and issubclass(each, BaseModel) and (field := each.model_fields.get(str(key[-1]))):
            return f": {field.description}" if field.description else ""
    return ""


def known(model: Any, key: Key) -> set[str]:
    """The keys there are at this place."""
    return {name for each in at(model, key) for name in members(each)}


def at(model: Any, key: Key) -> list[Any]:
    """What may stand at this place, each branch of a union by itself."""
    here = list(branches(model))
    for step in key:
        here = [branch for each in here for inner in inside(each, step) for branch in branches(inner)]
    return here


def branches(annotation: Any) -> Iterator[Any]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from branches(args[0])
    elif origin in (Union, UnionType):
        for each in args:
            yield from branches(each)
    else:
        yield annotation


def members(annotation: Any) -> Mapping[str, Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
    if isinstance(annotation, type) and is_dataclass(annotation):
        return {field.name: field.type for field in fields(annotation)}
    return {}


def inside(annotation: Any, step: str | int) -> list[Any]:
    args = get_args(annotation)
    if isinstance(step, int):
        return list(args[:1])
    if len(args) == 2:
        return [args[1]]
    inner = members(annotation).get(step)
    return [inner] if inner is not None else []
