"""Translation by DeepL, its API v2 (developers.deepl.com): the key in a header, tokens as XML elements it ignores."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Translator
from orchestrator.remote import Remote, batches, listed, marked_up, plain

FREE, PRO = "https://api-free.deepl.com", "https://api.deepl.com"
# developers.deepl.com/api-reference/translate: at most 50 texts and 128 KiB a request.
MOST_TEXTS = 50
MOST_CHARACTERS = 20_000
QUOTA_EXCEEDED = 456

# developers.deepl.com/docs/getting-started/supported-languages; targets that have variants name one.
NAMES = "ar bg cs da de el en es et fi fr he hu id it ja ko lt lv nl no pl pt ro ru sk sl sv th tr uk vi zh"
LANGUAGES = frozenset(NAMES.split())
SOURCES = {"no": "NB"}
TARGETS = {"en": "EN-US", "pt": "PT-PT", "zh": "ZH-HANS", "no": "NB"}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    api_key: SecretStr = Field(SecretStr(""), description="Key, as env:NAME. Keys of the free API end in ':fx'.")
    url: str = Field("", description="Another address, such as a regional one. Default: by the kind of key.")
    formality: Literal["", "prefer_more", "prefer_less"] = Field("", description="How customers are addressed.")
    targets: dict[str, str] = Field(
        default_factory=dict, description="Variants of target languages, such as {en = 'EN-GB', pt = 'PT-BR'}."
    )


class DeepL:
    """A Translator. All texts of a message travel in one request."""

    name = "deepl"
    third_party = True

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        key = settings.api_key.get_secret_value()
        self.url = (settings.url or (FREE if key.endswith(":fx") else PRO)).rstrip("/")
        self.remote = Remote(
            name=self.name,
            http=http,
            clock=clock,
            headers={"Authorization": f"DeepL-Auth-Key {key}"},
            spent=frozenset({QUOTA_EXCEEDED}),
        )

    async def open(self) -> None:
        """The first call opens the connection."""

    async def close(self) -> None:
        """Nothing is left open."""

    def pairs(self, source: str, target: str) -> bool:
        return source in LANGUAGES and target in LANGUAGES

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        said: list[str] = []
        for batch in batches(texts, most=MOST_TEXTS, longest=MOST_CHARACTERS):
            said += await self.batch(batch, source, target)
        return said

    async def batch(self, texts: list[str], source: str, target: str) -> Sequence[str]:
        formality = self.settings.formality
        body = {
            "text": [marked_up(text, "<x>", "</x>") for text in texts],
            "source_lang": SOURCES.get(source, source.upper()),
            "target_lang": self.settings.targets.get(target) or TARGETS.get(target, target.upper()),
            "tag_handling": "xml",
            "tag_handling_version": "v2",
            "ignore_tags": ["x"],
            **({"formality": formality} if formality else {}),
        }
        answer = await self.remote.post(f"{self.url}/v2/translate", body)
        try:
            found = [one["text"] for one in answer["translations"]]
        except (TypeError, KeyError):
            raise EngineFailed("answered something else than translations") from None
        return [plain(text, "x") for text in listed(found, len(texts))]


def usable(settings: Settings) -> str | None:
    return None if settings.api_key.get_secret_value() else "deepl needs an api_key, such as env:DEEPL_KEY"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured without a key."""
    if reason := usable(settings):
        raise Misconfigured(reason, key=("api_key",))
    return DeepL(settings, clock=clock, http=http)
