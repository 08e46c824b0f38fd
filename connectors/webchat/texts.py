"""The widget's own words: texts.toml, with the operator's wording on top."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

DEFAULT = "en"


@cache
def built_in() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(files("connectors.webchat").joinpath("texts.toml").read_text(encoding="utf-8"))


def languages(own: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    return tuple({**built_in(), **own})


def texts(language: str, own: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Every text in the language, as far as there is one; the rest in English."""
    return {**built_in()[DEFAULT], **own.get(DEFAULT, {}), **built_in().get(language, {}), **own.get(language, {})}


def chosen(wanted: str, offered: tuple[str, ...], own: Mapping[str, Mapping[str, str]]) -> str:
    """The first of `wanted` (locales, best first, comma-separated) that is offered and has texts."""
    known = [code for code in languages(own) if code in offered]
    for locale in wanted.split(",")[:10]:
        code = locale.split(";")[0].strip().replace("_", "-").partition("-")[0].lower()
        if code in known:
            return code
    return DEFAULT if DEFAULT in known or not known else known[0]
