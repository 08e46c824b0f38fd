"""Real Apertium for tests. `make test` installs it; without it tests fail and say what to install."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nlp.apertium import Apertium, Settings, usable

PACKAGES = "apertium apertium-eng-spa apertium-spa-ita apertium-fr-es apertium-es-pt"


@asynccontextmanager
async def apertium(settings: Settings | None = None) -> AsyncIterator[Apertium]:
    engine = Apertium(settings or Settings())
    if settings is None:
        missing = [pair for pair in ("es-en", "en-es", "it-en", "fr-en", "pt-en") if not engine.pairs(*pair.split("-"))]
        assert not missing, (
            f"Apertium can't translate {missing}: run 'apt-get install {PACKAGES}' ({usable(Settings())})"
        )
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()
