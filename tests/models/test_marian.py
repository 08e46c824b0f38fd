"""The neural engine with real libraries and a Marian model made on the spot: random words, honest loading."""

import asyncio
import json
from pathlib import Path

import pytest
import sentencepiece
import transformers

from nlp.marian import Marian, Settings
from orchestrator.adapters.clock import SystemClock
from orchestrator.errors import EngineFailed
from orchestrator.understand import Chain, Link

CORPUS = [
    f"{who} {what} {which}"
    for who in ("the customer", "el cliente", "my order", "mi pedido", "a parcel", "un paquete", "someone", "alguien")
    for what in (
        "is looking for",
        "busca",
        "has lost",
        "ha perdido",
        "would like",
        "quisiera",
        "sends back",
        "devuelve",
    )
    for which in ("a red house", "una casa roja", "two blue shirts", "dos camisas azules", "the invoice", "la factura")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Marian model of two thin layers, its words learnt from a few sentences, its weights random."""
    found = tmp_path_factory.mktemp("marian")
    corpus = found / "corpus.txt"
    corpus.write_text("\n".join(CORPUS), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(found / "spm"), vocab_size=120, minloglevel=2, hard_vocab_limit=False
    )
    for name in ("source.spm", "target.spm"):
        (found / name).write_bytes((found / "spm.model").read_bytes())
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(found / "spm.model"))
    words = ["</s>", "<unk>", *(pieces.id_to_piece(n) for n in range(3, pieces.get_piece_size())), "<pad>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    (found / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
    tokenizer = transformers.MarianTokenizer(
        source_spm=str(found / "source.spm"),
        target_spm=str(found / "target.spm"),
        vocab=str(found / "vocab.json"),
        source_lang="es",
        target_lang="en",
    )
    pad = vocabulary["<pad>"]
    config = transformers.MarianConfig(
        vocab_size=len(words),
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        max_position_embeddings=512,
        pad_token_id=pad,
        eos_token_id=0,
        bos_token_id=0,
        decoder_start_token_id=pad,
        forced_eos_token_id=None,
    )
    model = found / "model"
    tokenizer.save_pretrained(model)
    transformers.MarianMTModel(config).save_pretrained(model)
    return model


async def test_it_loads_generates_and_is_deterministic(folder: Path) -> None:
    engine = Marian(Settings(models={"es-en": str(folder)}))
    texts = ["el cliente busca una casa roja", "la factura"]
    first = await engine.translate(texts, "es", "en")
    assert len(first) == 2
    assert all(text.strip() for text in first)
    assert await engine.translate(texts, "es", "en") == first
    assert len(engine.loaded) == 1
    await engine.close()


async def test_in_a_crowd_everybody_gets_their_own(folder: Path) -> None:
    engine = Marian(Settings(models={"es-en": str(folder)}))
    asked = [CORPUS[n * 7] for n in range(30)]
    alone = [(await engine.translate([text], "es", "en"))[0] for text in asked]
    together = await asyncio.gather(*(engine.translate([text], "es", "en") for text in asked))
    assert [text for (text,) in together] == alone
    await engine.close()


async def test_a_text_longer_than_the_model_is_refused_not_cut(folder: Path) -> None:
    engine = Marian(Settings(models={"es-en": str(folder)}))
    with pytest.raises(EngineFailed, match="the model takes"):
        await engine.translate(["una casa roja " * 400], "es", "en")
    await engine.close()


async def test_tokens_a_model_loses_come_back_through_the_chain(folder: Path) -> None:
    engine = Marian(Settings(models={"es-en": str(folder)}))
    chain = Chain([Link(translator=engine, timeout=30.0)], clock=SystemClock())
    rendered = await chain.translate(["el cliente busca #A-99812 una casa roja"], "es", "en", within=30)
    assert rendered.outcome == "ok"
    assert rendered.texts[0] is not None
    assert rendered.texts[0].count("#A-99812") == 1
    await chain.close()


async def test_a_broken_folder_is_a_failure(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    engine = Marian(Settings(models={"es-en": str(tmp_path)}))
    with pytest.raises(EngineFailed, match="failed"):
        await engine.translate(["hola"], "es", "en")
    await engine.close()
