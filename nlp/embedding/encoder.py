"""One embedding per message: computed once, in a bounded pool of threads, for every stage that reads the message."""

import asyncio
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nlp.embedding.place import GRAPH, NAME, VOCABULARY, find, models_folder
from nlp.embedding.wordpiece import WordPiece, read_vocabulary
from orchestrator.errors import EngineFailed

T = TypeVar("T")
Vector = NDArray[np.float32]
"""768 numbers: 384 of the last layer, of length 1, then 384 of the third, of length `MIDDLE`."""

# What the third layer adds (it is nearer to the words): .005 on banking77, at no cost.
MIDDLE = 0.7
WIDTH = 768
# Of texts lately embedded: the stages of one turn read the same one within milliseconds.
KEPT = 128
# onnxruntime's kernel for both in one is slower than one after the other: 10 % of a sentence of 16 to 60 tokens.
SLOW = ("SkipLayerNormFusion",)
# Waiting for a thread; more would only be answered after their turn's deadline.
MOST_WAITING = 256
THREADS = max(1, min(2, os.cpu_count() or 1))


class Encoder:
    """Safe for threads and for several event loops. Made by `shared`; `embed_now` takes 2 to 4 ms for a sentence."""

    def __init__(self, folder: Path) -> None:
        kept = find(folder)
        if kept is None:
            raise EngineFailed(f"the model {NAME} is not in {str(folder)!r}; run 'parley models fetch'")
        self.digest = kept.digest
        self.tokens = WordPiece(read_vocabulary(folder / VOCABULARY))
        self.session = opened(folder / GRAPH)
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="embedding")
        self.lock = threading.Lock()
        self.found: OrderedDict[str, Future[Vector]] = OrderedDict()
        self.waiting = 0

    def embed_now(self, text: str) -> Vector:
        ids = np.array([self.tokens.ids(text)], dtype=np.int64)
        last, middle = self.session.run(None, {"ids": ids})
        return np.concatenate([last[0], MIDDLE * middle[0]])

    def embed_all(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Row by row: in a batch the 8-bit activations, and so the vectors, would depend on the neighbours."""
        rows = list(self.pool.map(self.embed_now, texts))
        return np.stack(rows) if rows else np.zeros((0, WIDTH), dtype=np.float32)

    async def embed(self, text: str) -> Vector:
        """Whoever asks for the same text meanwhile, or soon after, waits for the same work. Raises EngineFailed."""
        asked = self.future(text)
        return asked.result() if asked.done() else await asyncio.shield(asyncio.wrap_future(asked))

    def begin(self, text: str) -> None:
        """So that what comes before the embedding is asked for does not add to it. Never raises: `embed` will."""
        with suppress(EngineFailed):
            self.future(text)

    async def run(self, work: Callable[[], T]) -> T:
        """Something short that follows from an embedding, off the event loop."""
        return await asyncio.wrap_future(self.submit(work))

    def future(self, text: str) -> Future[Vector]:
        with self.lock:
            if (known := self.found.get(text)) is not None:
                self.found.move_to_end(text)
                return known
        made = self.submit(lambda: self.embed_now(text))
        with self.lock:
            self.found[text] = made
            if len(self.found) > KEPT:
                self.found.popitem(last=False)
        made.add_done_callback(lambda done: self.forget_failed(text, done))
        return made

    def submit(self, work: Callable[[], T]) -> Future[T]:
        with self.lock:
            if self.waiting >= MOST_WAITING:
                raise EngineFailed("the embedding has more to do than it can")
            self.waiting += 1
        made = self.pool.submit(work)
        made.add_done_callback(self.done)
        return made

    def done(self, _: Future[Any]) -> None:
        with self.lock:
            self.waiting -= 1

    def forget_failed(self, text: str, done: Future[Vector]) -> None:
        if done.cancelled() or done.exception():
            with self.lock:
                if self.found.get(text) is done:
                    del self.found[text]


def opened(graph: Path) -> Any:
    """One thread a run: turns run side by side, and sentences are too short to share among cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(
            str(graph), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(SLOW)
        )
    except Exception as error:
        raise EngineFailed(f"the model in {str(graph.parent)!r} can't be loaded: {type(error).__name__}") from error


def default_folder() -> Path:
    return models_folder() / NAME


ENCODERS: dict[tuple[Path, str], Encoder] = {}
LOCK = threading.Lock()


def shared(folder: Path | None = None) -> Encoder:
    """The process's one encoder for the model in this folder, loaded when first asked for. Raises EngineFailed."""
    folder = (folder or default_folder()).absolute()
    kept = find(folder)
    with LOCK:
        key = (folder, kept.digest if kept else "")
        if key not in ENCODERS:
            ENCODERS[key] = Encoder(folder)
        return ENCODERS[key]
