"""Rules are refused at start when they can't work, with the rule, what is wrong and where."""

import pytest

from orchestrator.config import Hours, PolicySettings, Rule
from orchestrator.decide import Policy
from orchestrator.decide.defaults import DEFAULTS
from orchestrator.decide.expression import reads
from orchestrator.errors import Misconfigured

BOTS = ("guide", "italian")
TEAMS = ("support", "vip")


def policy(*rules: Rule, **settings: object) -> Policy:
    return Policy.compile(PolicySettings(rules=rules, **settings), bots=BOTS, teams=TEAMS)


def refusal(*rules: Rule, **settings: object) -> str:
    with pytest.raises(Misconfigured) as caught:
        policy(*rules, **settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("wish >", ["does not compile", "column 7", "end of the expression"]),
        ("wish > 0.5 &&\n  && bot.failed", ["does not compile", "line 2, column 3"]),
        ("", ["does not compile"]),
        ("(" * 500 + "true" + ")" * 500, ["does not compile"]),
        ("wihs > 0.5", ["unknown name", "column 1", "'wihs'", "did you mean 'wish'?"]),
        ("true || bot.fialed", ["unknown name", "column 9", "'bot.fialed'", "did you mean 'failed'?"]),
        ("intent.name == 'a'\n && bot.nope", ["line 2, column 5", "'bot.nope'"]),
        ("has(hours.opne)", ["unknown name", "'hours.opne'"]),
        ("signals.exists(s, s == other)", ["unknown name", "'other'"]),
        ("signals.exists(s, s == 'a') && s == 'b'", ["unknown name", "column 32", "'s'"]),
        ("wish", ["must be true or false", "float"]),
        ("bot.failed ? 'yes' : 'no'", ["must be true or false", "str"]),
        ("wish && bot.failed", ["different kinds"]),
        ("sentiment.score * 2 < -1.0", ["different kinds"]),
        ("true || shout(text)", ["unknown function", "column 9", "'shout'"]),
        ("text.startWith('x')", ["unknown function", "column 6", "did you mean 'startsWith'?"]),
        ("size(wish) > 1", ["can't be evaluated", "'size'", "arguments"]),
        (".wish > 0.5", ["can't be evaluated", "'.wish'"]),
        ("text.matches('(')", ["can't be evaluated", "regex"]),
        ("Thing{a: 1} == wish", ["unknown name", "'Thing'"]),
    ],
)
def test_a_condition_that_can_not_work_is_refused(when: str, said: list[str]) -> None:
    message = refusal(Rule(name="mine", when=when))
    assert "rule 'mine'" in message
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(name="a", when="true", team="suport"), ["no team 'suport'", "did you mean 'support'?"]),
        (Rule(name="a", when="true", then="bot"), ["needs bot", "guide, italian"]),
        (Rule(name="a", when="true", then="bot", bot="italien"), ["no bot 'italien'", "did you mean 'italian'?"]),
        (Rule(name="a", when="true", bot="guide"), ["no effect"]),
    ],
)
def test_names_that_do_not_exist_are_refused(rule: Rule, said: list[str]) -> None:
    message = refusal(rule)
    for words in said:
        assert words in message


def test_every_problem_is_told_at_once() -> None:
    message = refusal(
        Rule(name="a", when="wish >"), Rule(name="a", when="wish"), Rule(name="b", when="nope"), team="nobody"
    )
    for words in ("'nobody'", "two rules 'a'", "'a' does not compile", "must be true or false", "'nope'"):
        assert words in message


def test_hours_are_checked_at_start() -> None:
    assert "Mars/Base" in refusal(hours=Hours(timezone="Mars/Base"))


def test_a_rule_that_is_off_is_not_compiled() -> None:
    assert [rule.name for rule in policy(Rule(name="later", when="not yet written", enabled=False)).rules] == [
        rule.name for rule in DEFAULTS
    ]


def test_own_rules_come_first_and_replace_defaults_of_the_same_name() -> None:
    names = [rule.name for rule in policy(Rule(name="bot-failure", when="false"), Rule(name="vip", when="true")).rules]
    assert names == ["bot-failure", "vip", "explicit-wish", "bot-request", "misunderstood", "falling-sentiment"]


def test_a_default_can_be_switched_off() -> None:
    names = [rule.name for rule in policy(Rule(name="explicit-wish", when="false", enabled=False)).rules]
    assert names == ["bot-request", "bot-failure", "misunderstood", "falling-sentiment"]


def test_without_defaults_there_are_only_own_rules() -> None:
    assert [rule.name for rule in policy(Rule(name="vip", when="true"), defaults=False).rules] == ["vip"]


@pytest.mark.parametrize(
    "when",
    [
        "customer.plan == 'gold'",
        "has(customer.plan) && customer.plan == 'gold'",
        "customer['tier'] in ['vip', 'gold']",
        "customer.tier > 3",
        "slots.order.total > 100.0 && int(slots.age) > 18",
        "cart.items.exists(item, item.sku == 'X1')",
        "cart.items[0].price > 10.0",
        "cart.total / double(conversation.turns) > 5.0",
        "context.utm.source == 'ad'",
        "'caps' in signals && !signals.exists(s, s == 'thanks')",
        "text.matches('(?i)lawyer') // a comment about nothing",
        "page.url.startsWith('https://shop.example/checkout')",
        "type(slots.age) == int && slots.age > 3",
        "desk.agents > 0 && hours.open && desk.waiting < 10",
        "bot.priority == 'urgent' || language != 'en'",
        'text.contains("it\'s bot.nope")',
        "r'\\d' == text || '''nope''' == text",
    ],
)
def test_conditions_that_work(when: str) -> None:
    assert policy(Rule(name="mine", when=when)).rules[0].name == "mine"


def test_a_policy_knows_what_its_rules_read() -> None:
    rules = policy(Rule(name="busy", when="desk.waiting > 5 && size(slots) > 0"))
    assert rules.reads("desk", "waiting")
    assert rules.reads("slots", "anything")
    assert not rules.reads("desk", "agents")
    assert not rules.reads("cart", "total")


@pytest.mark.parametrize(
    ("when", "paths"),
    [
        ("wish > 0.5 && bot.failed", [("wish",), ("bot", "failed")]),
        ("customer['full name'] == \"customer.nope\"", [("customer", "full name")]),
        ("cart.items.filter(i, i.sku == slots.sku).size() > 1", [("cart", "items"), ("slots", "sku")]),
        ("signals.all(a, signals.exists(b, a == b)) || wish > 1.0", [("signals",), ("signals",), ("wish",)]),
        ("has(slots.a.b) // slots.c", [("slots", "a", "b")]),
        ("slots[text] == 1e3", [("slots",), ("text",)]),
        ("type(slots.age) == int", [("slots", "age")]),
    ],
)
def test_what_an_expression_reads(when: str, paths: list[tuple[str, ...]]) -> None:
    assert [read.path for read in reads(when)] == paths
