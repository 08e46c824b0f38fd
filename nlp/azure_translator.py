"""Translation by Azure Translator, its text API 3.0 (learn.microsoft.com/azure/ai-services/translator)."""

from collections.abc import Sequence
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from orchestrator.errors import EngineFailed, Misconfigured
from orchestrator.ports import Clock, Files, Http, Translator
from orchestrator.remote import Remote, batches, listed, marked_up, plain

GLOBAL = "https://api.cognitive.microsofttranslator.com"
# "Request limits for Translator": 1,000 elements and 50,000 characters, markup included.
MOST_TEXTS = 200
MOST_CHARACTERS = 20_000
KEPT = '<span class="notranslate">'
CODES = {"zh": "zh-Hans", "no": "nb", "sr": "sr-Latn"}


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    api_key: SecretStr = Field(SecretStr(""), description="Key of the resource, as env:NAME.")
    region: str = Field("", description="Region of the resource, such as 'westeurope'; not for global ones.")
    url: str = Field(GLOBAL, description="Another endpoint, such as https://api-eur.cognitive.microsofttranslator.com.")
    category: str = Field("", description="Custom Translator's category.")
    codes: dict[str, str] = Field(
        default_factory=dict, description="Other codes for languages, such as {pt = 'pt-pt', zh = 'zh-Hant'}."
    )


class AzureTranslator:
    """A Translator. All texts of a message travel in one request. Pairs it does not know it refuses (400)."""

    name = "azure-translator"
    third_party = True

    def __init__(self, settings: Settings, *, clock: Clock, http: Http) -> None:
        self.settings = settings
        self.url = settings.url.rstrip("/")
        region = {"Ocp-Apim-Subscription-Region": settings.region} if settings.region else {}
        key = settings.api_key.get_secret_value()
        headers = {"Ocp-Apim-Subscription-Key": key, **region}
        self.remote = Remote(name=self.name, http=http, clock=clock, headers=headers)

    async def open(self) -> None:
        """The first call opens the connection."""

    async def close(self) -> None:
        """Nothing is left open."""

    def pairs(self, source: str, target: str) -> bool:
        return True

    async def translate(self, texts: Sequence[str], source: str, target: str) -> Sequence[str]:
        said: list[str] = []
        for batch in batches(texts, most=MOST_TEXTS, longest=MOST_CHARACTERS):
            said += await self.batch(batch, self.code(source), self.code(target))
        return said

    def code(self, language: str) -> str:
        return self.settings.codes.get(language) or CODES.get(language, language)

    async def batch(self, texts: list[str], source: str, target: str) -> Sequence[str]:
        category = {"category": self.settings.category} if self.settings.category else {}
        query = urlencode({"api-version": "3.0", "from": source, "to": target, "textType": "html", **category})
        body = [{"Text": marked_up(text, KEPT, "</span>")} for text in texts]
        answer = await self.remote.post(f"{self.url}/translate?{query}", body)
        try:
            found = [one["translations"][0]["text"] for one in answer]
        except (TypeError, KeyError, IndexError):
            raise EngineFailed("answered something else than translations") from None
        return [plain(text, "span") for text in listed(found, len(texts))]


def usable(settings: Settings) -> str | None:
    return None if settings.api_key.get_secret_value() else "azure-translator needs an api_key, such as env:AZURE_KEY"


def create(settings: Settings, *, clock: Clock, http: Http, files: Files) -> Translator:
    """Raises Misconfigured without a key."""
    if reason := usable(settings):
        raise Misconfigured(reason, key=("api_key",))
    return AzureTranslator(settings, clock=clock, http=http)
