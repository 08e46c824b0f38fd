"""The neural engine without its libraries: what it says, and what it never does. With them: tests/models."""

import importlib.util
from typing import Any

import pytest

from nlp.marian import Marian, Settings, create
from orchestrator.adapters.clock import SystemClock
from orchestrator.errors import EngineFailed, Misconfigured

WITHOUT_TORCH = importlib.util.find_spec("torch") is None


def made(**more: Any) -> Marian:
    return Marian(Settings(**more))


def test_pairs_are_those_of_the_models() -> None:
    marian = made(models={"es-en": "a"})
    assert marian.pairs("es", "en")
    assert not marian.pairs("en", "es")
    many = made(multilingual="b", codes={"eu": "eus_Latn"})
    assert many.pairs("eu", "nl")
    assert not many.pairs("xx", "nl")


async def test_a_missing_library_or_model_is_a_failure_that_says_the_way_out() -> None:
    marian = made(models={"es-en": "no/such-model"})
    wanted = "pip install parley.transformers" if WITHOUT_TORCH else "no/such-model"
    with pytest.raises(EngineFailed, match=wanted):
        await marian.translate(["hola"], "es", "en")
    await marian.close()


@pytest.mark.parametrize("settings", [{}, {"models": {"es-en": "/no/such/folder"}}, {"multilingual": "./nowhere"}])
def test_what_cant_work_is_said_at_the_start(settings: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="marian"):
        create(Settings(**settings), clock=SystemClock(), http=None, files=None)  # type: ignore[arg-type]
