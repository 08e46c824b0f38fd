"""The embedding: its tokenizer, its graph against plain arithmetic, one computation per message, and broken models."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from nlp.embedding.encoder import MIDDLE, Encoder
from nlp.embedding.graph import build
from nlp.embedding.make import make
from nlp.embedding.place import GRAPH, MANIFEST, find, models_folder, verify
from nlp.embedding.weights import Weights
from nlp.embedding.wordpiece import MOST_TOKENS, WordPiece, words
from orchestrator.errors import EngineFailed
from tests.support.minilm import VOCABULARY, random_model, reference, tensors, write_safetensors, write_vocabulary

IDS = {word: number for number, word in enumerate(VOCABULARY)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "random"
    random_model(folder)
    return folder


@pytest.fixture
def encoder(model: Path) -> Iterator[Encoder]:
    made = Encoder(model)
    yield made
    made.pool.shutdown()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my ORDER?", ["where", "is", "my", "order", "?"]),
        ("Àé  ñ\tü", ["ae", "n", "u"]),
        ("don't", ["don", "'", "t"]),
        ("订单 ok", ["订", "单", "ok"]),
        ("a\u200bb\x00c", ["abc"]),
        ("5$^2", ["5", "$", "^", "2"]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert list(words(text)) == expected


def test_pieces_are_the_longest_there_are() -> None:
    tokens = WordPiece(IDS)
    assert tokens.ids("ships shipping zebra") == [2, IDS["ship"], IDS["##s"], IDS["shipping"], 1, 3]
    assert tokens.ids("") == [2, 3]
    assert len(tokens.ids("where " * 5000)) == MOST_TOKENS
    assert tokens.ids("x" * 500) == [2, 1, 3]


def test_a_vocabulary_without_its_special_tokens_is_refused() -> None:
    with pytest.raises(EngineFailed, match=r"lacks '\[CLS\]'"):
        WordPiece({"[UNK]": 0, "[SEP]": 1})


def test_the_graph_computes_what_the_paper_says() -> None:
    found = tensors()
    session = onnxruntime.InferenceSession(build(found).SerializeToString(), providers=["CPUExecutionProvider"])
    ids = [2, 8, 5, 6, 7, 3]
    last, middle = session.run(None, {"ids": np.array([ids], dtype=np.int64)})
    for mine, theirs in zip((last[0], middle[0]), reference(found, ids), strict=True):
        assert float(mine @ theirs) > 0.99999


def test_what_is_quantised_stays_near(model: Path, encoder: Encoder) -> None:
    vector = encoder.embed_now("where is my order")
    last, middle = reference(tensors(), encoder.tokens.ids("where is my order"))
    assert vector[:384] @ last > 0.98
    assert vector[384:] @ middle > 0.98 * MIDDLE
    assert onnx.load(str(model / GRAPH)).graph.input[0].name == "ids"


async def test_one_message_is_embedded_once(encoder: Encoder) -> None:
    runs = []
    real = encoder.embed_now
    encoder.embed_now = lambda text: runs.append(text) or real(text)  # type: ignore[method-assign,func-returns-value]
    first, *others = await asyncio.gather(*(encoder.embed("where is my order") for _ in range(20)))
    assert runs == ["where is my order"]
    assert all(other is first for other in others)


async def test_nobody_gets_anothers_vector(encoder: Encoder) -> None:
    texts = [f"{one} {other}" for one in VOCABULARY[4:18] for other in VOCABULARY[4:18]]
    found = await asyncio.gather(*(encoder.embed(text) for text in texts))
    for text, vector in zip(texts, found, strict=True):
        assert np.array_equal(vector, encoder.embed_now(text))


async def test_one_that_gives_up_takes_nothing_from_the_others(encoder: Encoder) -> None:
    tasks = [asyncio.ensure_future(encoder.embed("i want a refund")) for _ in range(2)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    assert (await tasks[1]).shape == (768,)


async def test_more_than_can_be_done_is_refused_at_once(encoder: Encoder) -> None:
    encoder.waiting = 10_000
    with pytest.raises(EngineFailed, match="more to do than it can"):
        await encoder.embed("how much")


async def test_a_failure_is_not_remembered(encoder: Encoder) -> None:
    real = encoder.session
    encoder.session = None
    with pytest.raises(AttributeError):
        await encoder.embed("great")
    encoder.session = real
    assert (await encoder.embed("great")).shape == (768,)


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    kept = random_model(tmp_path / "models" / "random")
    verify(kept)
    with (kept.folder / GRAPH).open("r+b") as file:
        file.seek(1000)
        file.write(b"damaged")
    with pytest.raises(EngineFailed, match=r"model\.onnx"):
        verify(kept)
    (kept.folder / MANIFEST).write_text("{}")
    assert find(kept.folder) is None
    with pytest.raises(EngineFailed, match="parley models fetch"):
        Encoder(kept.folder)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    write_vocabulary(tmp_path / "vocab.txt")
    write_safetensors(tmp_path / "model.safetensors", {"embeddings.word": np.zeros((2, 2), dtype=np.float32)})
    with pytest.raises(EngineFailed, match="is not the file it should be"):
        make(tmp_path / "model.safetensors", tmp_path / "vocab.txt", tmp_path / "model", source="here")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("data", [b"", b"\xff" * 8, b"\x05\0\0\0\0\0\0\0{nojs"])
def test_broken_weights_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w.safetensors").write_bytes(data)
    with pytest.raises(EngineFailed, match="can't be read"):
        Weights(tmp_path / "w.safetensors")


def test_where_models_are_kept() -> None:
    assert models_folder({"PARLEY_MODELS": "/somewhere"}) == Path("/somewhere")
    assert models_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/parley/models")


async def test_what_was_begun_is_what_is_waited_for(encoder: Encoder) -> None:
    encoder.begin("where is my order")
    begun = encoder.future("where is my order")
    assert (await encoder.embed("where is my order") == encoder.embed_now("where is my order")).all()
    assert encoder.future("where is my order") is begun


async def test_beginning_never_raises(encoder: Encoder) -> None:
    encoder.waiting = 10_000
    encoder.begin("where is my order")
    with pytest.raises(EngineFailed, match="more to do"):
        await encoder.embed("where is my order")
    encoder.waiting = 0
