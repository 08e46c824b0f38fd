"""`parley translate`: what is missing, out to translators in every format, and back in without losing anything."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from orchestrator.cli.main import app
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.understand import exchange
from orchestrator.understand.memory import Memory

CONFIG = """
[apps.shop]
bot = "guide"
languages = ["en", "es", "nl"]
[apps.shop.nlp]
translators = "none"
memory = ["memory.toml"]
[apps.shop.bots.guide]
kind = "guide"
file = "guide.toml"
"""
MEMORY = """# Read by Ada.

[[entry]]  # the greeting
en = "Hello there!"
es = "¡Hola!"

[[entry]]
en = "Your order {number} is here."
es = "Tu pedido {number} está aquí."
nl = "Je bestelling {number} is er."
"""

Parley = Callable[..., Result]


@pytest.fixture
def parley(tmp_path: Path) -> Parley:
    (tmp_path / "parley.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "guide.toml").write_text('[[greeting]]\ntext = "Hello there!"\n', encoding="utf-8")
    (tmp_path / "memory.toml").write_text(MEMORY, encoding="utf-8")
    (tmp_path / "more.txt").write_text("Your order {number} is here.\n\n👍\nGood bye.\n", encoding="utf-8")

    def run(*words: str) -> Result:
        more = [] if words[0] == "import" else ["--texts", str(tmp_path / "more.txt")]
        return CliRunner().invoke(app, ["translate", *words, *more, "--config", str(tmp_path / "parley.toml")])

    return run


def test_missing_names_language_bot_and_text(parley: Parley) -> None:
    found = parley("missing")
    assert found.exit_code == 0
    rows = [line.split("  ") for line in found.stdout.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert ["nl", "guide", "Hello there!"] in cells
    assert ["es", "more.txt", "Good bye."] in cells
    assert not any("Your order" in line or "👍" in line for line in found.stdout.splitlines())
    assert ["es", "guide", "Hello there!"] not in cells
    assert parley("missing", "--fail", "-l", "nl").exit_code == 1
    assert "no 'de'" in str(parley("missing", "-l", "de").exception)


@pytest.mark.parametrize("suffix", ["toml", "csv", "xlf"])
def test_out_to_translators_and_back_in(parley: Parley, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"out.{suffix}"
    assert parley("export", str(file)).exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert "Tu pedido {number} está aquí." in text
    if suffix == "toml":
        text = text.replace('en = "Good bye."', 'en = "Good bye."\nnl = "Tot <ziens> & \\"later\\"."')
    elif suffix == "csv":
        text = text.replace("Good bye.,,", 'Good bye.,,"Tot <ziens> & ""later""."')
    else:
        head, unit = text.rsplit("<source>Good bye.</source>", 1)
        done = unit.replace(
            '<target state="needs-translation" />', '<target>Tot &lt;ziens&gt; &amp; "later".</target>', 1
        )
        text = f"{head}<source>Good bye.</source>{done}"
    file.write_text(text, encoding="utf-8")
    # The guide's own texts lack translations: only what has two languages comes back.
    answered = parley("import", str(file))
    assert answered.exit_code == 0, answered.output
    memory = Memory([tmp_path / "memory.toml"])
    assert memory.find("good bye.", "en", "nl") == 'Tot <ziens> & "later".'
    assert memory.find("Your order #1 is here.", "en", "nl") == "Je bestelling #1 is er."
    kept = (tmp_path / "memory.toml").read_text(encoding="utf-8")
    assert kept.startswith(MEMORY.rstrip("\n")), "what people wrote, and their comments, stay"
    again = parley("import", str(file))
    assert "0 added, 0 changed, 0 that differ" in again.stdout
    assert (tmp_path / "memory.toml").read_text(encoding="utf-8") == kept


def test_what_differs_is_kept_unless_told(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("en;es;nl\nHello there!;¡Buenas!;Hallo daar!\n", encoding="utf-8-sig")
    assert "1 added, 0 changed, 1 that differ were kept" in parley("import", str(file)).stdout
    memory = Memory([tmp_path / "memory.toml"])
    assert (memory.find("Hello there!", "en", "es"), memory.find("Hello there!", "en", "nl")) == (
        "¡Hola!",
        "Hallo daar!",
    )
    assert "1 changed" in parley("import", str(file), "--replace").stdout
    memory = Memory([tmp_path / "memory.toml"])
    assert memory.find("Hello there!", "en", "es") == "¡Buenas!"
    assert (tmp_path / "memory.toml").read_text(encoding="utf-8").startswith("# Read by Ada.\n")


def test_the_same_file_twice_adds_nothing(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("en,nl\nHello there!,Hallo daar!\nGood bye.,Dag.\n", encoding="utf-8")
    assert "2 added, 0 changed" in parley("import", str(file)).stdout
    after = (tmp_path / "memory.toml").read_text(encoding="utf-8")
    assert "0 added, 0 changed, 0 that differ" in parley("import", str(file)).stdout
    assert (tmp_path / "memory.toml").read_text(encoding="utf-8") == after
    file.write_text("en,nl\nHello there!,Hoi!\n", encoding="utf-8")
    assert "0 added, 1 changed" in parley("import", str(file), "--replace").stdout
    assert Memory([tmp_path / "memory.toml"]).find("Hello there!", "en", "nl") == "Hoi!"


def test_a_language_the_app_does_not_have_is_told(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("en,sp\nGood bye.,Adiós.\n", encoding="utf-8")
    assert "'sp' is none of the app's languages (en, es, nl)" in parley("import", str(file)).stderr


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "en,es\nYour {number},Tu {numero}\n", "other {placeholders}"),
        ("a.csv", "en,español\na,b\n", "'español' is no language"),
        ("a.csv", "en,es\na,b,c\n", "row 2 has more cells"),
        ("a.csv", "", "an empty file"),
        ("a.csv", 'en,es\n"Hello,Hola\n', "is a quotation mark missing"),
        ("a.xlf", '<!DOCTYPE x [<!ENTITY a "b">]><xliff/>', "DOCTYPE"),
        ("a.xlf", "<xliff version='2.0'/>", "no XLIFF 1.2"),
        ("a.xlf", "<xliff", "not valid XML"),
        ("a.toml", "[[entry]]\nen = 5\nes = 'x'", "entry 1: 'en' needs a text"),
        ("a.toml", "[entry]\nen = 'x'", "two brackets"),
        ("a.po", "", "name it .toml, .csv"),
    ],
)
def test_a_file_that_cant_be_used_changes_nothing(
    parley: Parley, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    refused = parley("import", str(tmp_path / name))
    assert isinstance(refused.exception, Malformed | Misconfigured)
    assert message in str(refused.exception)
    assert (tmp_path / "memory.toml").read_text(encoding="utf-8") == MEMORY


def test_xliff_of_tools_is_read() -> None:
    text = """<?xml version="1.0"?>
    <xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
      <file source-language="en-GB" target-language="es-ES" datatype="plaintext" original="x">
      <body><group><trans-unit id="1" approved="yes"><source>Order
      <x id="1" equiv-text="{number}"/> is <g id="2">late</g></source>
      <target state="final">El pedido <x id="1" equiv-text="{number}"/> llega <g id="2">tarde</g></target></trans-unit>
      <trans-unit id="2"><source>Bye</source><target state="new">x</target></trans-unit>
      <trans-unit id="3"><source>Hi</source></trans-unit></group></body></file></xliff>"""
    [entry] = exchange.load(text, "xliff")
    assert " ".join(entry["en"].split()) == "Order {number} is late"
    assert entry["es"] == "El pedido {number} llega tarde"


@given(
    st.lists(
        st.text(st.characters(categories=["L", "P", "S", "Zs"]), min_size=1).filter(str.strip), min_size=2, max_size=5
    )
)
def test_every_format_gives_back_what_it_was_given(texts: list[str]) -> None:
    entries = [{"en": text, "es": f"{text}!"} for text in texts]
    for kind in ("toml", "csv", "xliff"):
        written = exchange.dump(entries, kind, source="en", languages=["es"])  # type: ignore[arg-type]
        assert exchange.load(written, kind) == entries  # type: ignore[arg-type]


def test_toml_is_toml() -> None:
    text = 'a "b" \\ \x7f \n é 👍'
    assert tomllib.loads(exchange.toml([{"en": text, "es": "x"}])) == {"entry": [{"en": text, "es": "x"}]}
