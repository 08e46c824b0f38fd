"""docs/policy.md names every fact, rule and notice there is."""

import re
from pathlib import Path

from orchestrator.config import PolicySettings, Rule
from orchestrator.decide import Policy
from orchestrator.decide.defaults import DEFAULTS
from orchestrator.decide.facts import OPEN
from orchestrator.decide.samples import NEUTRAL
from orchestrator.texts import PLACEHOLDERS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_every_fact_is_documented() -> None:
    for root, value in NEUTRAL.items():
        names = [f"{root}.{member}" for member in value] if isinstance(value, dict) else [root]
        for name in [*names, *([f"{root}.…"] if root in OPEN else [])]:
            assert f"`{name}`" in PAGE


def test_every_default_rule_is_documented_as_it_is() -> None:
    for rule in DEFAULTS:
        assert f"| `{rule.name}` | `{rule.when.replace('||', chr(92) + '|' + chr(92) + '|')}` |" in PAGE


def test_every_notice_is_documented_with_its_placeholders() -> None:
    for name, placeholders in PLACEHOLDERS.items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert re.findall(r"`\{(\w+)\}`", row) == list(placeholders)


def test_the_examples_of_conditions_compile() -> None:
    examples = re.findall(r"^when = \"(.*)\"", PAGE, re.MULTILINE)
    examples += ["has(customer.plan) && customer.plan == 'gold'", "cart.items.exists(item, item.sku == 'X1')"]
    rules = tuple(Rule(name=f"example {n}", when=when) for n, when in enumerate(examples))
    assert Policy.compile(PolicySettings(rules=rules), bots=("guide",), teams=("support",))
    assert len(rules) >= 5
