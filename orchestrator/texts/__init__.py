"""What the system tells customers: notices, written by people in the languages of the TOML files beside this one."""

import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

from orchestrator.ledger import Ledger

LANGUAGES = ("en", "es", "it", "nl", "de", "fr", "pt")

PLACEHOLDERS: Mapping[str, tuple[str, ...]] = {
    "handoff_offered": ("position",),
    "handoff_offered_closed": ("opens",),
    "nobody_online": ("position",),
    "agent_joined": ("name",),
    "agent_left": ("name",),
    "returned_to_bot": (),
    "continued": (),
    "resolved": (),
    "offer_expired": (),
    "transferred": ("team",),
    "bot_failed": (),
    "throttled": (),
    "unsupported": (),
    "form_begins": (),
    "form_optional": (),
    "form_text": (),
    "form_email": (),
    "form_phone": (),
    "form_number": (),
    "form_date": (),
    "form_select": (),
    "form_first": (),
    "form_resumed": (),
    "form_cancelled": (),
    "form_sent": (),
    "form_gone": (),
}
"""Every notice with what may stand in braces in it. The variant `unknown` is for when that is not known."""

HOLE = re.compile(r"\{(\w*)\}")

Overrides = Mapping[str, Mapping[str, str]]


def notice(
    name: str, overrides: Overrides | None = None, /, *, languages: Collection[str] = (), **values: object
) -> dict[str, str]:
    """The notice by language: all there are, or those of `languages`; English is always among them.

    `overrides` are the app's own wordings by notice and language (`AppSettings.texts`). A datetime becomes a date in
    the words of the language, in the time zone it carries. Raises KeyError for a notice there is not.
    """
    placeholders = PLACEHOLDERS[name]
    own = (overrides or {}).get(name, {})
    spoken = dict.fromkeys((*LANGUAGES, *own))
    wanted = [code for code in spoken if not languages or code in languages or code == "en"]
    wordings = {code: worded(name, code, own.get(code, ""), placeholders, values) for code in wanted}
    return {code: text for code, text in wordings.items() if text}


def worded(name: str, code: str, own: str, placeholders: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """ "" when the language has only the app's own wording, and that needs something that is not known."""
    told = {key: said(values[key], code) for key in placeholders if values.get(key)}
    complete = len(told) == len(placeholders)
    if own and (complete or not HOLE.search(own)):
        return filled(own, told)
    if code not in LANGUAGES:
        return ""
    variants: Mapping[str, str] = catalogue(code)[name]
    if not complete:
        return variants["unknown"]
    return filled(variants["first"] if told.get("position") == "1" else variants["text"], told)


def filled(text: str, told: Mapping[str, str]) -> str:
    """One pass, by name only: nothing in a value is ever read as a placeholder."""
    return HOLE.sub(lambda hole: told.get(hole[1], hole[0]), text)


def said(value: object, code: str) -> str:
    return date(value, code) if isinstance(value, datetime) else str(value)


def date(value: datetime, code: str) -> str:
    """Such as "on Monday 5 January at 09:00"."""
    words = catalogue(code if code in LANGUAGES else "en")["dates"]
    return filled(
        words["when"],
        {
            "weekday": words["weekdays"][value.weekday()],
            "day": words.get("first_day", "1") if value.day == 1 else str(value.day),
            "month": words["months"][value.month - 1],
            "time": value.strftime("%H:%M"),
        },
    )


@cache
def catalogue(code: str) -> dict[str, Any]:
    return tomllib.loads(files("orchestrator.texts").joinpath(f"{code}.toml").read_text(encoding="utf-8"))


def check(overrides: Overrides) -> None:
    """Raises Misconfigured for a notice there is not, or braces around a word it does not know."""
    ledger = Ledger()
    for name, wordings in overrides.items():
        ledger.known("notice", name, PLACEHOLDERS, "texts", name)
        for code, text in wordings.items() if name in PLACEHOLDERS else ():
            unknown = [hole for hole in HOLE.findall(text) if hole not in PLACEHOLDERS[name]]
            if not text.strip():
                ledger.note("is empty; leave it out to keep the built-in wording", "texts", name, code)
            elif unknown:
                known = ", ".join(f"{{{key}}}" for key in PLACEHOLDERS[name]) or "none"
                ledger.note(f"{{{unknown[0]}}} is not filled in here; known: {known}", "texts", name, code)
    ledger.close()
