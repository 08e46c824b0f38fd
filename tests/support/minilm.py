"""A model of MiniLM's shape with random weights: everything but its understanding can be tested with it, in seconds."""

import json
import struct
from pathlib import Path

import numpy as np

from nlp.embedding.graph import HEADS, LAYERS, MIDDLE, WIDTH
from nlp.embedding.make import assemble
from nlp.embedding.place import Kept

INNER = 1536
WORDS = (
    *("where", "is", "my", "order", "the", "a", "to", "i", "want", "shipping", "refund", "return", "person", "agent"),
    *("help", "how", "much", "cost", "of", "and", "not", "good", "bad", "great"),
)
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, "ship", "##ping", "##s", "?", "!", ",", "."]


def tensors(seed: int = 7) -> dict[str, np.ndarray]:
    dice = np.random.default_rng(seed)

    def made(*shape: int, scale: float = 0.05) -> np.ndarray:
        return (dice.standard_normal(shape) * scale).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": made(len(VOCABULARY), WIDTH, scale=1.0),
        "embeddings.position_embeddings.weight": made(512, WIDTH),
        "embeddings.token_type_embeddings.weight": made(2, WIDTH),
        **normal("embeddings.LayerNorm", made),
    }
    for number in range(LAYERS):
        prefix = f"encoder.layer.{number}"
        for part in ("query", "key", "value"):
            found |= dense(f"{prefix}.attention.self.{part}", made, WIDTH, WIDTH)
        found |= dense(f"{prefix}.attention.output.dense", made, WIDTH, WIDTH)
        found |= normal(f"{prefix}.attention.output.LayerNorm", made)
        found |= dense(f"{prefix}.intermediate.dense", made, WIDTH, INNER)
        found |= dense(f"{prefix}.output.dense", made, INNER, WIDTH)
        found |= normal(f"{prefix}.output.LayerNorm", made)
    return found


def dense(name: str, made, inside: int, outside: int) -> dict[str, np.ndarray]:  # type: ignore[no-untyped-def]
    return {f"{name}.weight": made(outside, inside), f"{name}.bias": made(outside)}


def normal(name: str, made) -> dict[str, np.ndarray]:  # type: ignore[no-untyped-def]
    return {f"{name}.weight": 1 + made(WIDTH), f"{name}.bias": made(WIDTH)}


def write_safetensors(path: Path, found: dict[str, np.ndarray]) -> None:
    header, offset = {}, 0
    for name, value in found.items():
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [offset, offset + value.nbytes]}
        offset += value.nbytes
    head = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(head)) + head)
        for value in found.values():
            file.write(value.tobytes())


def write_vocabulary(path: Path) -> None:
    path.write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")


def random_model(folder: Path) -> Kept:
    source = folder.parent / "source"
    source.mkdir(parents=True)
    write_safetensors(source / "model.safetensors", tensors())
    write_vocabulary(source / "vocab.txt")
    return assemble(source / "model.safetensors", source / "vocab.txt", folder, source="random numbers")


def reference(found: dict[str, np.ndarray], ids: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """BERT as in the paper (Devlin et al. 2018), plainly: the last layer's mean and the middle one's, of length 1."""
    at = found["embeddings.word_embeddings.weight"][ids] + found["embeddings.position_embeddings.weight"][: len(ids)]
    at = normed(at + found["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm", found)
    means = []
    for number in range(LAYERS):
        at = layer(at, f"encoder.layer.{number}", found)
        means.append(at.mean(axis=0))
    last, middle = means[-1], means[MIDDLE - 1]
    return last / np.linalg.norm(last), middle / np.linalg.norm(middle)


def layer(at: np.ndarray, prefix: str, found: dict[str, np.ndarray]) -> np.ndarray:
    def full(value: np.ndarray, name: str) -> np.ndarray:
        return value @ found[f"{prefix}.{name}.weight"].T + found[f"{prefix}.{name}.bias"]

    size = WIDTH // HEADS
    mixed = []
    query, key, value = (full(at, f"attention.self.{part}") for part in ("query", "key", "value"))
    for head in range(HEADS):
        own = slice(head * size, (head + 1) * size)
        raised = np.exp(query[:, own] @ key[:, own].T / np.sqrt(size))
        mixed.append(raised / raised.sum(axis=1, keepdims=True) @ value[:, own])
    out = full(np.concatenate(mixed, axis=1), "attention.output.dense")
    at = normed(at + out, f"{prefix}.attention.output.LayerNorm", found)
    inner = full(at, "intermediate.dense")
    bent = inner * np.vectorize(phi)(inner)
    return normed(at + full(bent, "output.dense"), f"{prefix}.output.LayerNorm", found)


def phi(value: float) -> float:
    from math import erf, sqrt

    return (1 + erf(value / sqrt(2))) / 2


def normed(value: np.ndarray, name: str, found: dict[str, np.ndarray]) -> np.ndarray:
    centred = value - value.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return scaled * found[f"{name}.weight"] + found[f"{name}.bias"]
