"""Tests of large models: collected only where `make test` could get the model, or torch is installed."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from nlp.embedding.encoder import Encoder
from nlp.embedding.place import NAME, find

FOLDER = Path(sys.prefix) / "share" / "parley" / "models" / NAME


def without(*packages: str) -> str:
    missing = next((name for name in packages if not find_spec(name)), "")
    return missing and f"{missing} is not installed; 'make test TORCH=1' does that"


MISSING = {
    "test_minilm.py": "" if find(FOLDER) else f"{NAME} is not in {FOLDER}",
    "test_classifiers.py": without("torch", "transformers"),
    "test_marian.py": without("torch", "transformers", "sentencepiece"),
}
collect_ignore = [name for name, why in MISSING.items() if why]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, why in MISSING.items():
        if why:
            terminalreporter.write_line(f"tests/models/{name} is left out: {why}")


@pytest.fixture(scope="session")
def minilm() -> Encoder:
    return Encoder(FOLDER)
