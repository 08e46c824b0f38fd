"""One pipeline of `transformers`, loaded when first needed, run in a thread of its own and never on the event loop.

transformers 4 and 5 know "text-classification" and "zero-shot-classification". torch is no part of any extra: what
is right depends on the machine, and a plain install takes 3 GB (docs/intents.md).
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from orchestrator.errors import EngineFailed

Task = Literal["text-classification", "zero-shot-classification"]
# A model takes 512 tokens at most, and a long message tells its feeling early.
LONGEST = 1000
MOST_WAITING = 64
NO_TORCH = (
    "{what} is not installed; run 'pip install parley[transformers]' and get torch as pytorch.org says "
    "(without a graphics card: from its CPU index, 200 MB instead of 3 GB)"
)


class Pipeline:
    """`model` is a name on the hub or a folder. Nothing is downloaded unless `download` says so."""

    def __init__(self, task: Task, model: str, *, download: bool) -> None:
        self.task: Task = task
        self.model = model
        self.download = download
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="transformers")
        self.loaded: Future[Any] | None = None
        self.waiting = 0

    def start(self) -> None:
        """Begin to load: a turn that comes before the model is there waits for it, up to its deadline."""
        if self.loaded is None:
            self.loaded = self.pool.submit(self.load)

    def load(self) -> Any:
        try:
            import torch
        except ImportError:
            raise EngineFailed(NO_TORCH.format(what="torch")) from None
        try:
            import transformers
        except ImportError:
            raise EngineFailed(NO_TORCH.format(what="transformers")) from None
        torch.set_num_threads(1)
        try:
            options = {"local_files_only": not self.download}
            tokenizer = transformers.AutoTokenizer.from_pretrained(self.model, **options)
            network = transformers.AutoModelForSequenceClassification.from_pretrained(self.model, **options)
            return transformers.pipeline(self.task, model=network, tokenizer=tokenizer, device="cpu")
        except Exception as error:
            # What a broken folder raises is anything from OSError to KeyError.
            raise EngineFailed(f"the model {self.model!r} can't be loaded: {type(error).__name__}: {error}") from error

    async def ask(self, text: str, **options: Any) -> Any:
        """What the pipeline answers for one text. Raises EngineFailed."""
        self.start()
        return await self.run(lambda: self.answer(text[:LONGEST], options))

    def answer(self, text: str, options: dict[str, Any]) -> Any:
        assert self.loaded is not None
        try:
            return self.loaded.result()(text, truncation=True, **options)
        except EngineFailed:
            raise
        except Exception as error:
            raise EngineFailed(f"the model {self.model!r} failed: {type(error).__name__}") from error

    async def run(self, work: Callable[[], Any]) -> Any:
        if self.waiting >= MOST_WAITING:
            raise EngineFailed(f"the model {self.model!r} has more to do than it can")
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.pool, work)
        finally:
            self.waiting -= 1

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


def named(model: str | Path) -> str:
    return str(model).rstrip("/").rpartition("/")[2]


def ranked(answer: Any) -> Sequence[tuple[str, float]]:
    """(label, score) pairs, likeliest first, of either task's answer."""
    if isinstance(answer, dict):
        return list(zip(answer["labels"], map(float, answer["scores"]), strict=True))
    while answer and isinstance(answer[0], list):
        answer = answer[0]
    return sorted(((str(one["label"]), float(one["score"])) for one in answer), key=lambda pair: -pair[1])
