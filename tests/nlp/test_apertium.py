"""Real Apertium, and what happens when its processes die, hang or were never installed."""

import asyncio
import csv
import os
import signal
from pathlib import Path

import pytest
import uvloop

from nlp.apertium import Apertium, Settings, usable
from nlp.apertium.modes import discover, pair_of, read_mode, shortest_path
from nlp.apertium.stream import escape, tidy, unescape
from orchestrator.errors import EngineFailed
from orchestrator.understand.guard import mask, restore
from tests.support.apertium import apertium

SENTENCES = list(
    csv.DictReader(
        (Path(__file__).parent / "data" / "sentiment.tsv").read_text(encoding="utf-8").splitlines(),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def pids(engine: Apertium, pair: tuple[str, str]) -> list[int]:
    running = engine.pipelines[pair].running
    assert running is not None
    return [process.pid for process in (await running).processes]


async def test_translates_and_keeps_case_and_marks() -> None:
    async with apertium() as engine:
        assert await engine.translate(["Hola.", "una casa roja", "¿Dónde está la casa?"], "es", "en") == [
            "Hello.",
            "a red house",
            "Where it is the house?",
        ]
        assert await engine.translate(["Where is the red house?"], "en", "es") == ["¿Dónde es la casa roja?"]


@pytest.mark.parametrize(
    ("source", "text"), [("it", "la casa rossa"), ("fr", "la maison rouge"), ("pt", "a casa vermelha")]
)
async def test_chains_pairs(source: str, text: str) -> None:
    async with apertium() as engine:
        assert len(engine.path(source, "en")) == 2
        assert await engine.translate([text], source, "en") == ["the red house"]
        assert not engine.pairs("nl", "en")
        with pytest.raises(EngineFailed, match="from 'nl' to 'en'"):
            await engine.translate(["huis"], "nl", "en")


async def test_unknown_words_have_no_marks_and_stars_stay() -> None:
    async with apertium() as engine:
        [said] = await engine.translate(["el xuvow es *rojo* y #verde @casa"], "es", "en")
        assert "xuvow" in said
        assert "*xuvow" not in said
        assert "*red*" in said


@pytest.mark.parametrize(
    "text",
    [
        "[a] {b} <c> ^d$ /e/ \\f @g ~h",
        "a\nb\r\n\tc   d",
        "⟦0⟧ ⟦1⟧",
        "[[x]]",
        "\\[",
        "a\0b",
        "\ud800",
        "😡 <= >= $0$",
        "..[]",
    ],
)
async def test_any_character_passes(text: str) -> None:
    async with apertium() as engine:
        [said] = await engine.translate([f"xuvow {text} wovux"], "es", "en")
        assert said.startswith("xuvow")
        assert said.endswith("wovux")
        assert await engine.translate(["hola"], "es", "en") == ["hello"]


def test_the_stream_format_is_undone() -> None:
    for text in ("[a] ^b$ /c/ \\ {d} <e> @f", "x\n\ny  z", ".[]", "plain"):
        assert unescape(escape(text)) == text


@pytest.mark.parametrize(
    ("source", "said", "target", "tidied"),
    [
        ("Where?", "dónde?", "es", "¿Dónde?"),
        ("Stop! Now?", "Para! Ahora?", "es", "¡Para! ¿Ahora?"),
        ("¿Dónde?", "¿Where?", "en", "Where?"),
        (" una casa ", "A  house", "en", " a house "),
        ("yo", "I", "en", "I"),
        ("a  b", "c  d", "en", "c  d"),
    ],
)
def test_tidies_what_generators_leave(source: str, said: str, target: str, tidied: str) -> None:
    assert tidy(source, said, target) == tidied


async def test_every_token_survives() -> None:
    """Which shape tokens have was chosen by this measure; docs/adr/0006."""
    texts = [row["text"] for row in SENTENCES if row["lang"] in ("es", "it", "fr", "pt")]
    sources = [row["lang"] for row in SENTENCES if row["lang"] in ("es", "it", "fr", "pt")]
    async with apertium() as engine:
        lost = 0
        for number, (text, source) in enumerate(zip(texts, sources, strict=True)):
            words = text.split()
            at = number % (len(words) + 1)
            masked = mask(" ".join([*words[:at], f"#A-{number}", "y", "19,99 €", *words[at:]]))
            [said] = await engine.translate([masked.text], source, "en")
            lost += restore(said, masked) is None
        assert lost == 0


@pytest.mark.parametrize("stage", [0, 4, -1])
async def test_a_dead_stage_is_started_again(stage: int) -> None:
    async with apertium() as engine:
        await engine.translate(["hola"], "es", "en")
        before = await pids(engine, ("es", "en"))
        reader = (await engine.pipelines["es", "en"].running).reader  # type: ignore[misc]
        os.kill(before[stage], signal.SIGKILL)
        async with asyncio.timeout(15):
            await asyncio.wait([reader])
        assert await engine.translate(["una casa roja"], "es", "en") == ["a red house"]
        assert not any(alive(pid) for pid in before)


async def test_a_hung_stage_fails_who_waits_and_is_started_again() -> None:
    async with apertium(Settings(hang_seconds=0.3)) as engine:
        await engine.translate(["hola"], "es", "en")
        before = await pids(engine, ("es", "en"))
        os.kill(before[3], signal.SIGSTOP)
        waiting = await asyncio.gather(
            *(engine.translate([f"la casa {n}"], "es", "en") for n in range(5)), return_exceptions=True
        )
        assert all(isinstance(one, EngineFailed) for one in waiting)
        assert await engine.translate(["una casa roja"], "es", "en") == ["a red house"]
        assert not any(alive(pid) for pid in before)


async def test_close_ends_every_process() -> None:
    async with apertium() as engine:
        await engine.translate(["hola"], "es", "en")
        running = await pids(engine, ("es", "en"))
        await engine.close()
        assert not any(alive(pid) for pid in running)


async def test_who_asked_first_may_leave_while_it_starts() -> None:
    async with apertium() as engine:
        first = asyncio.create_task(engine.translate(["hola"], "es", "en"))
        second = asyncio.create_task(engine.translate(["una casa roja"], "es", "en"))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == ["a red house"]


async def test_who_leaves_does_not_shift_the_answers_of_others() -> None:
    async with apertium() as engine:
        await engine.translate(["hola"], "es", "en")
        asked = [asyncio.create_task(engine.translate([f"la casa ⟦{n}⟧"], "es", "en")) for n in range(200)]
        await asyncio.sleep(0)
        for task in asked[::2]:
            task.cancel()
        assert await asyncio.gather(*asked[1::2]) == [[f"the house ⟦{n}⟧"] for n in range(1, 200, 2)]


def test_under_uvloop_too() -> None:
    async def main() -> list[str]:
        async with apertium() as engine:
            asked = [engine.translate([f"la casa ⟦{n}⟧"], "es", "en") for n in range(50)]
            return [said for answer in await asyncio.gather(*asked) for said in answer]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == [f"the house ⟦{n}⟧" for n in range(50)]


async def test_without_pairs_it_says_so(tmp_path: Path) -> None:
    settings = Settings(modes=tmp_path)
    assert "apertium-eng-spa" in (usable(settings) or "")
    assert not Apertium(settings).pairs("es", "en")
    assert usable(Settings()) is None


async def test_only_the_pairs_asked_for_are_used() -> None:
    async with apertium(Settings(pairs=("es-en",))) as engine:
        assert engine.pairs("es", "en")
        assert not engine.pairs("en", "es")
        assert not engine.pairs("it", "en")


def test_modes_are_read_and_refused(tmp_path: Path) -> None:
    good = "lt-proc 'DATA' | apertium-tagger -g $2 'DATA' | cg-proc 'DATA' | lt-proc $1 'DATA'".replace(
        "DATA", str(tmp_path)
    )
    (tmp_path / "spa-eng.mode").write_text(good)
    (tmp_path / "eng-spa.mode").write_text("lt-proc 'x' | rm -rf")
    (tmp_path / "ita-spa.mode").write_text("lt-proc '/no/such/file'")
    (tmp_path / "fra-spa.mode").write_text("lt-proc 'unclosed")
    (tmp_path / "spa-eng_US.mode").write_text(good)
    (tmp_path / "eco-es-fr.mode").write_text(good)
    modes = discover(tmp_path, lambda program: None if program == "cg-proc" else f"/usr/bin/{program}")
    assert list(modes) == [("es", "en")]
    folder = str(tmp_path)
    assert modes["es", "en"].commands == (
        ("lt-proc", "-z", folder),
        ("apertium-tagger", "-z", "-g", folder),
        ("lt-proc", "-z", "-n", folder),
    )
    assert read_mode(tmp_path / "spa-eng.mode", lambda program: None) is None
    assert pair_of("spa-eng_US") is None


def test_the_shortest_way_is_taken() -> None:
    modes = {
        pair: None for pair in [("it", "es"), ("es", "en"), ("it", "fr"), ("fr", "de"), ("de", "en"), ("es", "it")]
    }
    assert shortest_path(modes, "it", "en", 3) == (("it", "es"), ("es", "en"))  # type: ignore[arg-type]
    assert shortest_path(modes, "it", "en", 1) == ()  # type: ignore[arg-type]
    assert shortest_path(modes, "en", "it", 3) == ()  # type: ignore[arg-type]
