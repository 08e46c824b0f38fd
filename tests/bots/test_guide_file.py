"""What a guide's file may hold, and how an author is told what is wrong: file, line and key."""

from pathlib import Path
from textwrap import dedent

import pytest

from bots import guide
from bots.guide.check import check, load
from orchestrator.errors import Misconfigured
from orchestrator.lines import Lines
from tests.bots.conftest import SHOP

FINE = """\
[guide]
currency = "EUR"
variables = ["loyalty.points"]

[values]
days = 30

[[greeting]]
text = "Hello {profile.name|there}, you have {loyalty.points} points"
quick_replies = ["intent:returns", "flow:order", { title = "Shop", to = "faq:shop" }]

[[intent]]
name = "returns"
title = "Returns"
examples = ["Can I return it?", "How do I send it back?"]
answer = "Within {values.days} days."

[[intent]]
name = "cart"
examples = ["What is in my cart?"]
[[intent.answer]]
when = "cart.items and cart.total >= 10"
carousel = { each = "cart.items", title = "{item.name}", subtitle = "{item.total:money}" }
[[intent.answer]]
when = "not cart.items"
text = "It is empty."
buttons = [{ title = "Shop", to = "https://shop.example/?from={page.url}" }]

[[faq]]
name = "shop"
question = "Where is the shop?"
answer = ["Here:", { location = { latitude = 52.0, longitude = 4.0 } }]

[[flow]]
name = "order"
title = "My order"
[[flow.step]]
slot = "number"
ask = "Which number?"
pattern = '\\d{4}'
[[flow.step]]
slot = "speed"
ask = "How fast?"
type = "choice"
choices = [{ title = "Fast", value = "fast" }, { title = "Slow", value = "slow" }]
[flow.lookup]
table = "orders"
slot = "number"
as = "order"
[[flow.done]]
text = "It is {order.status}, {slots.speed}."

[table.orders.1234]
status = "sent"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "guide.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_fine_guide_has_no_problems(tmp_path: Path) -> None:
    assert check(write(tmp_path, FINE)) == []
    assert load(write(tmp_path, FINE)).flow[0].step[1].slot == "speed"


def test_the_demo_shop_has_no_problems() -> None:
    assert guide.check(SHOP / "guide.toml") == []


def test_the_documented_guide_has_no_problems(tmp_path: Path) -> None:
    page = (SHOP.parents[1] / "docs" / "guide-bot.md").read_text(encoding="utf-8")
    samples = [
        sample.split("```")[0] for sample in page.split("```toml\n")[1:] if "guide.toml\n" in sample.split("```")[0]
    ]
    assert check(write(tmp_path, samples[-1])) == []
    assert "[[flow.done]]" in samples[-1]


def test_an_empty_guide_is_fine(tmp_path: Path) -> None:
    assert check(write(tmp_path, "")) == []


BROKEN: list[tuple[str, str, str, str]] = [
    # what stood there, what stands there now, where it is reported, what is said
    ('currency = "EUR"', 'currncy = "EUR"', "guide.currncy", "no such key"),
    ('currency = "EUR"', 'currency = "euro"', "guide.currency", "match pattern"),
    ('examples = ["Can I return it?", "How do I send it back?"]', "examples = []", "intent.0.examples", "at least 1"),
    ('name = "cart"', 'name = "returns"', "intent.1.name", "another intent 'returns'"),
    ('name = "cart"', 'name = "The Cart"', "intent.1.name", "match pattern"),
    ('["What is in my cart?"]', '["x", "Can I return it"]', "intent.1.examples.1", "example of intent 'returns' too"),
    ('answer = "Within {values.days} days."', "", "intent.0.name", "neither 'answer', 'flow' nor 'handoff'"),
    ("{values.days}", "{values.dayz}", "intent.0.answer.0.text", "did you mean 'values.days'?"),
    ("{values.days}", "{values.days", "intent.0.answer.0.text", "single '{'"),
    ("{values.days}", "{values.days:euros}", "intent.0.answer.0.text", "unknown format 'euros'"),
    ("{values.days}", "{__import__('os')}", "intent.0.answer.0.text", "no variable"),
    ("{values.days}", "{values.__class__}", "intent.0.answer.0.text", "no variable 'values.__class__'"),
    ("{values.days}", "{order.status}", "intent.0.answer.0.text", "no variable 'order.status'"),
    ("{values.days}", "{item.name}", "intent.0.answer.0.text", "only where 'each' goes over a list"),
    ("{item.name}", "{item.nme}", "intent.1.answer.0.carousel.title", "did you mean 'item.name'?"),
    ("{loyalty.points}", "{loyalty.pints}", "greeting.0.text", "did you mean 'loyalty.points'?"),
    ('"intent:returns", "flow', '"intent:retuns", "flow', "greeting.0.quick_replies.0.to", "did you mean 'returns'?"),
    ('"intent:returns", "flow', '"intent:cart", "flow', "greeting.0.quick_replies.0.to", "no title"),
    ('"intent:returns", "flow', '"returns", "flow', "greeting.0.quick_replies.0.to", "no reference"),
    ('"flow:order",', '"flow:orders",', "greeting.0.quick_replies.1.to", "no flow 'orders'"),
    ('"flow:order",', '"flow:order:numbr=1",', "greeting.0.quick_replies.1.to", "no slot 'numbr'"),
    ('to = "faq:shop" }', 'to = "https://x.example" }', "greeting.0.quick_replies.2.to", "only a button"),
    ("cart.total >= 10", "cart.totl >= 10", "intent.1.answer.0.when", "did you mean 'cart.total'?"),
    ("cart.total >= 10", "cart.total => 10", "intent.1.answer.0.when", "not understood"),
    ("cart.total >= 10", "or cart.total", "intent.1.answer.0.when", "not understood"),
    ('each = "cart.items"', 'each = "cart.item"', "intent.1.answer.0.carousel.each", "no list 'cart.item'"),
    ('text = "It is empty."', "", "intent.1.answer.1", "says nothing"),
    ("latitude = 52.0", "latitude = 520.0", "faq.0.answer.1.location.latitude", "less than or equal to 90"),
    ("'\\d{4}'", "'(\\d{4}'", "flow.0.step.0.pattern", "not a regular expression"),
    ("pattern = '\\d{4}'", "becomes = 'x'", "flow.0.step.0.becomes", "needs a 'pattern'"),
    ('slot = "speed"', 'slot = "number"', "flow.0.step.1.slot", "asks for 'number' twice"),
    ('type = "choice"', 'type = "colour"', "flow.0.step.1.type", "Input should be"),
    ('type = "choice"', "", "flow.0.step.1.type", "'choice' has 'choices'"),
    ('ask = "How fast?"', 'ask = "How fast?"\noptional = true', "flow.0.step.1.optional", "needs 'skip'"),
    ('table = "orders"', 'table = "oders"', "flow.0.lookup.table", "did you mean 'orders'?"),
    ('"orders"\nslot = "number"', '"orders"\nslot = "nummer"', "flow.0.lookup.slot", "did you mean 'number'?"),
    ("{order.status}", "{order.state}", "flow.0.done.0.text", "did you mean 'order.status'?"),
    ("{slots.speed}", "{slots.sped}", "flow.0.done.0.text", "did you mean 'slots.speed'?"),
]


@pytest.mark.parametrize(("before", "after", "key", "complaint"), BROKEN, ids=[f"{row[2]}-{row[3]}" for row in BROKEN])
def test_problems_are_told_with_line_and_key(tmp_path: Path, before: str, after: str, key: str, complaint: str) -> None:
    assert before in FINE
    path = write(tmp_path, FINE.replace(before, after, 1))
    told = [line for line in check(path) if f": {key}: " in line]
    assert told, check(path)
    assert any(complaint in line for line in told), told
    line = int(told[0].removeprefix(f"{path}:").split(":")[0])
    first = FINE[: FINE.index(before)].count("\n") + 1
    # What is missing is reported where the thing it is missing from begins.
    assert first - 6 <= line <= first + after.count("\n"), told[0]
    assert line == first or not after or "\n" in before + after or key.count(".") < 3, told[0]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, FINE.replace("{values.days}", "{values.a}").replace("{order.status}", "{order.b}"))
    assert len(check(path)) == 2


def test_invalid_toml_names_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, FINE.replace("[values]", "[values"))
    with pytest.raises(Misconfigured, match=r"guide\.toml.*not valid TOML.*line 5"):
        load(path)
    assert len(check(path)) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.toml.*No such file.*'file'"):
        load(tmp_path / "nowhere.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guide.toml"
    path.write_bytes(b'name = "\xff\xfe"')
    with pytest.raises(Misconfigured, match="not UTF-8"):
        load(path)


def test_lines_survive_strings_comments_and_arrays() -> None:
    source = dedent(
        '''\
        top = 1 # [not.a.table]
        [a.b]
        text = """
        [[intent]]
        key = "not this one"
        """
        list = [
          "one, with # and ]",  # comment ]
          { x = 1, y = [2, 3] },
          \'three\',
        ]
        [[item]]
        name = "first"
        "quoted key" = 1
        [[item]]
        name = "second"
        [item.inner]
        deep = true
        [[item.many]]
        n = 1
        [[item.many]]
        n = 2
        '''
    )
    lines = Lines(source)
    expected = {
        ("top",): 1,
        ("a", "b"): 2,
        ("a", "b", "text"): 3,
        ("a", "b", "list"): 7,
        ("a", "b", "list", 0): 8,
        ("a", "b", "list", 1): 9,
        ("a", "b", "list", 2): 10,
        ("a", "b", "list", 1, "x"): 9,
        ("item", 0): 12,
        ("item", 0, "name"): 13,
        ("item", 0, "quoted key"): 14,
        ("item", 1, "name"): 16,
        ("item", 1, "inner", "deep"): 18,
        ("item", 1, "many", 0, "n"): 20,
        ("item", 1, "many", 1, "n"): 22,
        ("item", 1, "function-before[x]", "name"): 16,
        ("nothing",): 1,
    }
    assert {place: lines.line(place) for place in expected} == expected
