"""Intents by vectors alone: the kernel of many examples, what is counted without one, and keeping both."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlp.intents.model import ARRAYS, REACH, Dense, Head, Model, dense_scores, likeness, load, save
from nlp.intents.report import likenesses
from nlp.intents.train import KERNEL_MOST, SMOOTHNESS, Material, fit, kernel_share, ridge

WIDTH, EACH, NAMES = 24, 40, ("rings", "core", "far")


def vectors(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One intent surrounds another on all sides, so that no plane parts them; the third lies apart."""
    dice = np.random.default_rng(seed)
    found = dice.normal(size=(3 * EACH, WIDTH)).astype(np.float32)
    owners = np.repeat(np.arange(3), EACH)
    found[:, 0] = 6.0
    length = np.linalg.norm(found[:, 1:], axis=1, keepdims=True)
    found[:, 1:] *= np.array([6.0, 1.0, 1.0])[owners][:, None] / length
    found[owners == 2, 0] = -6.0
    return found, owners


def material(seed: int = 1) -> Material:
    found, owners = vectors(seed)
    return Material(NAMES, tuple(f"example {place}" for place in range(len(owners))), owners, found)


def right(head: Head, seed: int) -> float:
    found, owners = vectors(seed)
    told = [head.read(vector, "").scores[0][0] for vector in found]
    return float(np.mean([name == NAMES[owner] for name, owner in zip(told, owners, strict=True)]))


def test_the_same_words_are_alike_whatever_their_vectors_say() -> None:
    unlike = np.eye(3, dtype=np.float32)
    known = Material(("a", "b"), ("shipping price", "hello", "Shipping price?"), np.array([0, 0, 1]), unlike)
    assert likenesses(known) == [(0, 2, 1.0)]
    same = replace(known, vectors=np.ones((3, 3), dtype=np.float32))
    assert [pair[:2] for pair in likenesses(same)] == [(0, 2), (1, 2)]


def test_with_many_examples_the_kernel_tells_what_no_plane_parts() -> None:
    head = fit(material(), "default")
    assert head.dense is not None
    assert head.dense.kernel is not None
    assert right(head, 2) >= 0.95
    without = replace(head, dense=replace(head.dense, kernel=None))
    assert right(without, 2) < right(head, 2)


def test_weights_solve_the_ridge_regression() -> None:
    found, owners = vectors(3)
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    weights = ridge(unit, owners, 3)
    alike = np.exp(REACH * (unit.astype(float) @ unit.T.astype(float) - 1))
    meant = 2.0 * np.eye(3)[owners] - 1
    np.testing.assert_allclose((alike + SMOOTHNESS * np.eye(len(unit))) @ weights, meant, atol=0.01)
    np.testing.assert_allclose(likeness(unit @ unit.T), alike, atol=1e-5)


@pytest.mark.parametrize(("each", "share"), [(5, 0.0), (10, 0.0), (17, 0.92), (32, 2.0), (100, 2.0)])
def test_few_examples_an_intent_need_no_kernel(each: int, share: float) -> None:
    owners = np.repeat(np.arange(3), each)
    known = Material(NAMES, ("x",) * len(owners), owners, np.ones((len(owners), 2), dtype=np.float32))
    assert kernel_share(known, "default") == pytest.approx(share, abs=0.01)


def test_nor_have_too_many_one() -> None:
    count = KERNEL_MOST["default"] + 1
    known = Material(NAMES, ("x",) * count, np.zeros(count, dtype=np.int64), None)
    assert kernel_share(known, "default") == 0.0
    assert kernel_share(known, "accurate") > 0.0


def test_examples_around_count_where_there_is_no_kernel() -> None:
    """Twenty examples of one intent lie close by, and the very nearest one belongs to another."""
    crowd = np.tile(np.array([[1.0, 0.1]], dtype=np.float32), (20, 1))
    other = np.array([[1.0, 0.0]] + [[0.0, 1.0]] * 19, dtype=np.float32)
    examples = np.concatenate([crowd, other])
    dense = Dense(
        weights=np.zeros((2, 2), dtype=np.float32),
        offsets=np.zeros(2, dtype=np.float32),
        centroids=np.eye(2, dtype=np.float32),
        examples=examples / np.linalg.norm(examples, axis=1, keepdims=True),
        starts=np.array([0, 20]),
    )
    scores, _ = dense_scores(dense, np.array([1.0, 0.0], dtype=np.float32))
    assert scores[0] > scores[1]
    few = replace(dense, examples=dense.examples[[0, 20]], starts=np.array([0, 1]))
    scores, _ = dense_scores(few, np.array([1.0, 0.0], dtype=np.float32))
    assert scores[1] > scores[0]


def test_a_kernel_is_kept_and_an_older_version_without_one_still_read(tmp_path: Path) -> None:
    head = fit(material(), "default")
    assert head.dense is not None
    for kernel in (head.dense.kernel, None):
        path = tmp_path / "model.npz"
        path.write_bytes(
            save(Model(heads={"en": replace(head, dense=replace(head.dense, kernel=kernel))}, mode="default"))
        )
        dense = load(path).heads["en"].dense
        assert dense is not None
        assert all(np.array_equal(getattr(dense, name), getattr(head.dense, name)) for name in ARRAYS)
        assert (dense.kernel is None) is (kernel is None)
        if kernel is not None:
            np.testing.assert_array_equal(dense.kernel, kernel)
