"""Everything the demo shop's bot can say has been translated by people, and the memory finds it again."""

import re
import tomllib
from pathlib import Path

import pytest

from bots import guide
from bots.guide.bot import GuideBot
from bots.guide.texts import texts
from orchestrator.types import Carousel, Choice, Form, ListPicker, Part, QuickReplies, Say, Text
from orchestrator.understand.memory import Memory
from tests.bots.conftest import SHOP
from tests.support.guide import PAGE, Chat

LANGUAGES = ("es", "it", "nl")
SLOT = re.compile(r"\{(\w+)\}")
ENTRIES: list[dict[str, str]] = tomllib.loads((SHOP / "translations.toml").read_text(encoding="utf-8"))["entry"]


def test_every_text_of_the_guide_is_translated() -> None:
    known = {entry["en"] for entry in ENTRIES}
    assert [text for text in texts(SHOP / "guide.toml") if text not in known] == []


def test_nothing_is_translated_that_nobody_says() -> None:
    """An entry whose text was changed in the guide would only look as if it were in use."""
    said = set(texts(SHOP / "guide.toml"))
    values = {
        *(option["label"] for option in PAGE["shipping_options"]),
        *(option["days"] for option in PAGE["shipping_options"]),
        *(str(row["day"]) for row in GuideBot(SHOP / "guide.toml").guide.table["orders"].values() if "day" in row),
    }
    assert [entry["en"] for entry in ENTRIES if entry["en"] not in said | values] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=[entry["en"][:40] for entry in ENTRIES])
def test_an_entry_is_whole(entry: dict[str, str]) -> None:
    assert set(entry) == {"en", *LANGUAGES}
    for language in LANGUAGES:
        assert sorted(SLOT.findall(entry[language])) == sorted(SLOT.findall(entry["en"])), language
        assert entry[language].strip() == entry[language] != ""
        assert entry["en"].endswith("?") == entry[language].endswith("?"), language
        assert entry["en"].endswith(":") == entry[language].endswith(":"), language


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_really_said_is_found_in_the_memory(shop: GuideBot, language: str) -> None:
    memory, chat = Memory([SHOP / "translations.toml"]), Chat(shop, profile={"name": "Ann"})
    said: list[str] = []
    for line in ("", "how much is shipping?", "what's in my cart", "what do you recommend", "how big is the kettle"):
        await chat.says(*([line] if line else []))
        said.extend(text for action in chat.actions if isinstance(action, Say) for text in shown(action.parts))
    for line in ("where is my order PD-1002", "i need the receipt", "ann@mail.example", "my mug broke", "PD-1001"):
        await chat.says(line)
        said.extend(text for action in chat.actions if isinstance(action, Say) for text in shown(action.parts))
    # Names that are the same everywhere, and what has no letters, need no translation.
    missing = [text for text in said if memory.find(text, "en", language) is None and re.search(r"[a-z]{4}", text)]
    assert len(said) > 60
    assert missing == []


def shown(parts: tuple[Part, ...]) -> list[str]:
    found: list[str] = []
    for part in parts:
        match part:
            case Text(text=text):
                found.append(text)
            case QuickReplies(text=text, choices=choices) | ListPicker(text=text, choices=choices):
                found.extend((text, *(word for choice in choices for word in told(choice))))
            case Carousel(cards=cards):
                found.extend(word for card in cards for word in (card.title, card.subtitle, card.alt))
                found.extend(button.title for card in cards for button in card.buttons)
            case Form(title=title, submit=submit, fields=fields):
                found.extend((title, submit, *(field.label for field in fields)))
            case _:
                pass
    return [text for text in found if text]


def told(choice: Choice) -> tuple[str, str]:
    return choice.title, choice.description


def test_a_value_in_a_text_is_translated_too() -> None:
    memory = Memory([SHOP / "translations.toml"])
    text = "Order PD-1002 is on its way and should be with you on Friday."
    assert memory.find(text, "en", "es") == "El pedido PD-1002 está en camino y debería llegarte el viernes."


def test_variables_become_slots_and_defaults_are_said_out(tmp_path: Path) -> None:
    path = tmp_path / "guide.toml"
    path.write_text(
        """
        [[greeting]]
        text = '''
        Hello {profile.name|there}!
        {page.title}
        Total: {cart.total:money}'''
        """
    )
    found = guide.texts(path)
    first = found.index("Hello {profile_name}!")
    assert found[first : first + 3] == ["Hello {profile_name}!", "Hello there!", "Total: {cart_total}"]
    assert "{page_title}" not in found, "a bare value is translated by itself"
    assert "Please choose one of these:" in found, "what a guide says without being told to is listed as well"
