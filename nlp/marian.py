"""Translation by neural models on this machine: Marian (opus-mt) by pair, or NLLB for many, through `transformers`.

The extra `parley[transformers]`, and torch beside it. transformers 5 has no pipeline for it: the models generate here.
Models load when first needed, in a thread of their own, and translate there, one call after the other: two would only
share the same cores. Nothing is downloaded unless `download` says so.
"""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Translator
from orchestrator.remote import listed

MOST_WAITING = 32
MOST_TEXTS = 16
NO_TORCH = (
    "{what} is not installed; run 'pip install parley[transformers]' and get torch as pytorch.org says "
    "(without a graphics card: from its CPU index, 200 MB instead of 3 GB)"
)
# FLORES-200 codes (github.com/facebookresearch/flores) of the languages most asked for.
NLLB = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "ca": "cat_Latn", "cs": "ces_Latn", "da": "dan_Latn", "de": "deu_Latn",
    "el": "ell_Grek", "en": "eng_Latn", "es": "spa_Latn", "fi": "fin_Latn", "fr": "fra_Latn", "he": "heb_Hebr",
    "hu": "hun_Latn", "id": "ind_Latn", "it": "ita_Latn", "ja": "jpn_Jpan", "ko": "kor_Hang", "nl": "nld_Latn",
    "no": "nob_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ro": "ron_Latn", "ru": "rus_Cyrl", "sv": "swe_Latn",
    "tr": "tur_Latn", "uk": "ukr_Cyrl", "vi": "vie_Latn", "zh": "zho_Hans",
}  # fmt: skip


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    models: dict[str, str] = Field(
        default_factory=dict,
        description="A folder or hub name for each pair, such as {es-en = 'Helsinki-NLP/opus-mt-es-en'}.",
    )
    multilingual: str = Field("", description="One NLLB model for every other pair: a folder or hub name.")
    codes: dict[str, str] = Field(default_factory=dict, description="More of NLLB's codes, such as {eu = 'eus_Latn'}.")
    beams: int = Field(1, ge=1, le=8, description="Beams: 1 is the quickest, 4 a little better.")
    threads: int = Field(1, ge=1, le=64, description="Cores one translation uses.")
    download: bool = Field(False, description="Whether a model may be fetched from the hub when it is missing.")


@dataclass(frozen=True, slots=True)
class Loaded:
    tokenizer: Any
    network: Any


class Marian:
    """A Translator."""

    name = "marian"
    third_party = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.codes: Mapping[str, str] = {**NLLB, **settings.codes}
        self.loaded: dict[str, Loaded] = {}
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="marian")
        self.waiting = 0

    async def open(self) -> None:
        """Models load when they are first needed."""

    async def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.loaded.clear()

    def pairs(self, source: str, target: str) -> bool:
        known = bool(self.settings.multilingual) and source in self.codes and target in self.codes
        return f"{source}-{target}" in self.settings.models or known

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        if self.waiting >= MOST_WAITING:
            raise EngineFailed("has more to do than it can")
        self.waiting += 1
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.pool, self.translated, list(texts), source, target)
        finally:
            self.waiting -= 1

    def translated(self, texts: list[str], source: str, target: str) -> Sequence[str]:
        """In the thread. Raises EngineFailed, whatever the library raised."""
        model = self.settings.models.get(f"{source}-{target}") or self.settings.multilingual
        try:
            loaded = self.loaded.get(model) or self.load(model)
            said: list[str] = []
            for at in range(0, len(texts), MOST_TEXTS):
                said += self.generated(loaded, texts[at : at + MOST_TEXTS], source, target)
        except EngineFailed:
            raise
        except Exception as error:
            # What a broken folder, or a text too odd for a model, raises is anything from OSError to IndexError.
            raise EngineFailed(f"the model {model!r} failed ({type(error).__name__})") from error
        return listed(said, len(texts))

    def load(self, model: str) -> Loaded:
        try:
            import torch
        except ImportError:
            raise EngineFailed(NO_TORCH.format(what="torch")) from None
        try:
            import transformers
        except ImportError:
            raise EngineFailed(NO_TORCH.format(what="transformers")) from None
        torch.set_num_threads(self.settings.threads)
        options = {"local_files_only": not self.settings.download}
        tokenizer = transformers.AutoTokenizer.from_pretrained(model, **options)
        network = transformers.AutoModelForSeq2SeqLM.from_pretrained(model, **options)
        self.loaded[model] = Loaded(tokenizer, network.eval())
        return self.loaded[model]

    def generated(self, loaded: Loaded, texts: list[str], source: str, target: str) -> list[str]:
        import torch

        tokenizer, network = loaded.tokenizer, loaded.network
        forced: dict[str, int] = {}
        if f"{source}-{target}" not in self.settings.models:
            tokenizer.src_lang = self.codes[source]
            forced = {"forced_bos_token_id": tokenizer.convert_tokens_to_ids(self.codes[target])}
        longest = min(getattr(tokenizer, "model_max_length", 512), 512)
        batch = tokenizer(texts, return_tensors="pt", padding=True, truncation=False)
        tokens = batch["input_ids"].shape[1]
        if tokens > longest:
            raise EngineFailed(f"a text has {tokens} tokens, the model takes {longest}")
        with torch.inference_mode():
            found = network.generate(
                **batch, **forced, num_beams=self.settings.beams, do_sample=False, max_new_tokens=2 * tokens + 20
            )
        return [str(text) for text in tokenizer.batch_decode(found, skip_special_tokens=True)]


def usable(settings: Settings) -> str | None:
    """Why this engine can't be used as configured; None when it can. Says nothing about torch, which loads late."""
    if not settings.models and not settings.multilingual:
        return "marian needs models, such as models = {es-en = '/models/opus-mt-es-en'}, or a multilingual one"
    for model in [*settings.models.values(), settings.multilingual]:
        if model.startswith(("/", "./", "../")) and not Path(model).is_dir():
            return f"marian: there is no folder {model!r}"
    return None


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured without models, or with a folder that is not there."""
    if reason := usable(settings):
        raise Misconfigured(reason, key=("models",))
    return Marian(settings)
