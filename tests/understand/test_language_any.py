"""Whatever customers write, telling its language never fails, and what is no language never switches one."""

import asyncio
import string
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nlp import langid
from orchestrator.adapters.clock import SystemClock
from orchestrator.adapters.metrics import Metrics
from orchestrator.decide.language import prior_of, remembered
from orchestrator.types import Spoken, Understanding, Utterance
from orchestrator.understand import Chain, Understander

APP = ("en", "es", "it", "nl", "de", "fr", "pt", "pl", "sv", "tr", "ru", "uk", "ar", "el", "zh", "ja")
EMOJI = "👍😡🙏❤️😂🎉🤷‍♀️👨‍👩‍👧🇪🇸✅"
MARKS = "!?.,;:-+*/=%&()'\""
CODES = st.from_regex(r"\A[A-Z]{2,5}-?[0-9]{3,10}\Z")
PRICES = st.from_regex(r"\A[$€£]?[0-9]{1,5}([.,][0-9]{2})?[%€]?\Z")
LINKS = st.from_regex(r"\Ahttps://[a-z]{3,12}\.example\.(com|es|it)/[a-z]{2,8}/[a-z0-9-]{1,20}\Z")
MACHINE = st.sampled_from(
    ('{"payload": "BUY_NOW"}', "<br/>", "{{first_name}}", "`npm install`", "```\nfor x in y: pass\n```", "%(date)s")
)
NOT_TELLING = st.lists(
    st.one_of(st.text(EMOJI, max_size=4), st.text(string.digits + MARKS, max_size=8), CODES, PRICES, LINKS) | MACHINE,
    max_size=4,
).map(" ".join)
ANYTHING = st.text(max_size=200) | st.text(st.characters(categories=("L", "M", "N", "P", "S", "Z", "C")), max_size=60)


Read = Callable[[Utterance], Understanding]


@pytest.fixture(scope="module")
def read() -> Iterator[Read]:
    """One loop for all of a module's examples: models load once."""
    with asyncio.Runner() as runner:
        understander = runner.run(opened())
        yield lambda said: runner.run(understander.read(said))
        runner.run(understander.close())


async def opened() -> Understander:
    clock = SystemClock()
    made = Understander(
        stages=[langid.Langid(langid.Settings())],
        chain=Chain(clock=clock),
        languages=APP,
        clock=clock,
        recorder=Metrics(),
        deadline=60.0,
    )
    await made.open()
    return made


@example(text="A\ud800", prior="", typed=True, doubts=0)
@given(text=ANYTHING, prior=st.sampled_from(("", *APP)), typed=st.booleans(), doubts=st.integers(0, 3))
@settings(max_examples=120, deadline=None)
def test_any_text_has_a_language_of_the_app(read: Read, text: str, prior: str, typed: bool, doubts: int) -> None:
    understood = read(Utterance(text=text, prior=prior, typed=typed, doubts=doubts))
    assert understood.language.code in APP
    assert 0.0 <= understood.language.confidence <= 1.0
    assert all(run.outcome in ("ok", "skipped") for run in understood.stages)
    if not typed and prior:
        assert understood.language.code == prior


@given(text=NOT_TELLING, prior=st.sampled_from(APP), doubts=st.integers(0, 3))
@settings(max_examples=120, deadline=None)
def test_emoji_numbers_links_and_code_never_switch(read: Read, text: str, prior: str, doubts: int) -> None:
    held = Spoken(code=prior, confidence=1.0, doubts=doubts)
    understood = read(Utterance(text=text, prior=prior_of(held), doubts=doubts))
    assert remembered(held, understood.language).code == prior


def test_what_was_told_comes_with_engine_score_and_time(read: Read) -> None:
    understood = read(Utterance(text="¿Dónde está mi pedido?", prior="en"))
    language, run = understood.language, understood.stages[0]
    assert (language.code, language.engine) == ("es", run.engine)
    assert language.engine.startswith("langid")
    assert language.confidence > 0.9
    assert 0 < run.ms < 1000
    assert "py3langid" in run.version
