"""Reading many messages with the engines under test, in one language, as a turn would read them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from nlp import apertium
from nlp.embedding import default_folder, find
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from orchestrator.cli.nlp.evaluator import Setting
from orchestrator.cli.nlp.listening import run, understanding
from orchestrator.ports import Translator
from orchestrator.types import Understanding, Utterance

LANGUAGE = Setting(
    name="text-language",
    default="en",
    help="Language of the messages; any but English is read by way of Apertium.",
)
PIVOT = "en"


def defaults(names: Sequence[str], needing_model: str) -> Callable[[str], list[str]]:
    """The engines named, or those an app has by default on this machine."""

    def chosen(given: str) -> list[str]:
        if given != "auto":
            return [name for name in given.split(",") if name]
        return [name for name in names if name != needing_model or find(default_folder())]

    return chosen


ENGINES: Mapping[str, Callable[[str], list[str]]] = {
    "wish": defaults(("phrases", "wishes"), "wishes"),
    "sentiment": defaults(("vader", "lexicon", "mood"), "mood"),
}


def understood(texts: Sequence[str], engines: Sequence[tuple[str, str]], language: str) -> list[Understanding]:
    async def work() -> list[Understanding]:
        languages = tuple(dict.fromkeys((language, PIVOT)))
        async with understanding(engines, languages, translators=translators(language)) as understander:
            return [await understander.read(said(text, language)) for text in texts]

    return run(work)


def translated(read: Sequence[Understanding], language: str) -> dict[str, float]:
    """The share of messages that reached English: without Apertium's pair it is 0, and the fallbacks are measured."""
    return {} if language == PIVOT else {"translated": round(sum(bool(one.pivot) for one in read) / len(read), 4)}


def said(text: str, language: str) -> Utterance:
    """Pinned: the language is given here, and found elsewhere."""
    return replace(Utterance(text=text), prior=language, pinned=True)


def translators(language: str) -> list[Translator]:
    if language == PIVOT:
        return []
    clock = SystemClock()
    made = apertium.create(
        apertium.Settings(), clock=clock, http=HttpClient(), files=LocalFiles(default_folder(), clock)
    )
    return [made]
