"""The services of deep-translator that Parley offers: how each is made, what it is called, how much it takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

from nlp.deep_translator.wire import NO_KEY

Service = Literal["google", "libre", "mymemory", "deepl"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`longest` in characters, `address` in characters of the quoted text (0: the text travels in the body)."""

    make: Callable[[str, str, str, str], Any]
    codes: Callable[[], Mapping[str, str]]
    longest: int
    address: int = 0
    needs_url: bool = False
    needs_key: bool = False
    third_party: bool = True


def google(source: str, target: str, url: str, key: str) -> Any:
    from deep_translator import GoogleTranslator

    return pointed(GoogleTranslator(source=source, target=target), url)


def mymemory(source: str, target: str, url: str, key: str) -> Any:
    from deep_translator import MyMemoryTranslator

    return pointed(MyMemoryTranslator(source=source, target=target, **({"email": key} if key else {})), url)


def libre(source: str, target: str, url: str, key: str) -> Any:
    from deep_translator import LibreTranslator

    # The library's list of languages is years old: made with two it knows, then told the real ones.
    made = LibreTranslator(source="en", target="es", api_key=key or NO_KEY, custom_url=url)
    made.source, made.target = source, target
    return made


def deepl(source: str, target: str, url: str, key: str) -> Any:
    from deep_translator import DeeplTranslator

    # Keys of the free API end in ":fx" (developers.deepl.com/docs/getting-started/auth).
    return pointed(DeeplTranslator(source=source, target=target, api_key=key, use_free_api=key.endswith(":fx")), url)


def pointed(made: Any, url: str) -> Any:
    """A mirror or proxy of the service, when the configuration names one."""
    if url:
        made._base_url = url
    return made


@cache
def google_codes() -> Mapping[str, str]:
    from deep_translator.constants import GOOGLE_LANGUAGES_TO_CODES

    return {code: code for code in GOOGLE_LANGUAGES_TO_CODES.values()} | {"zh": "zh-CN", "he": "iw"}


@cache
def mymemory_codes() -> Mapping[str, str]:
    from deep_translator.constants import MY_MEMORY_LANGUAGES_TO_CODES

    codes: dict[str, str] = {"en": "en-GB", "es": "es-ES", "pt": "pt-PT", "zh": "zh-CN", "ar": "ar-SA", "no": "nb-NO"}
    for code in MY_MEMORY_LANGUAGES_TO_CODES.values():
        codes.setdefault(code.split("-")[0], code)
    return codes


@cache
def deepl_codes() -> Mapping[str, str]:
    from deep_translator.constants import DEEPL_LANGUAGE_TO_CODE

    return {code: code for code in DEEPL_LANGUAGE_TO_CODE.values()}


def libre_codes() -> Mapping[str, str]:
    """Asked of the server itself."""
    return {}


KINDS: Mapping[Service, Kind] = {
    "google": Kind(make=google, codes=google_codes, longest=4900, address=6000),
    "mymemory": Kind(make=mymemory, codes=mymemory_codes, longest=490, address=1500),
    "libre": Kind(make=libre, codes=libre_codes, longest=4900, needs_url=True, third_party=False),
    "deepl": Kind(make=deepl, codes=deepl_codes, longest=4900, needs_key=True),
}


def pieces(text: str, kind: Kind) -> list[str]:
    """The text in pieces the service takes, cut behind sentences or words, never inside a token."""
    rest, cut = text, []
    while not fits(rest, kind):
        at = longest_cut(rest, kind)
        cut.append(rest[:at])
        rest = rest[at:]
    return [*cut, rest]


def fits(text: str, kind: Kind) -> bool:
    return len(text) <= kind.longest and (not kind.address or len(quote(text)) <= kind.address)


def longest_cut(text: str, kind: Kind) -> int:
    low, high = 1, min(len(text), kind.longest)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle], kind) else (low, middle - 1)
    token = text.rfind("⟦", 0, low)
    if token > 0 and text.find("⟧", token) >= low:
        low = token
    for mark in (". ", "! ", "? ", "; ", ", ", " "):
        at = text.rfind(mark, low // 2, low)
        if at > 0:
            return at + len(mark)
    return low
