"""Who answers, and why."""

from typing import Any

import pytest

from orchestrator import decide
from orchestrator.config import PolicySettings, Rule
from orchestrator.decide import BotOutcome, Policy
from orchestrator.types import Aggregates, Controller, Conversation, Decision, HandoffOrder, HandoffRef, Understanding
from tests.support.talk import conversation, understood

WAITING = HandoffRef(id="h", state="offered", team="support", priority="normal")


def policy(*rules: Rule, **settings: Any) -> Policy:
    return Policy.compile(
        PolicySettings(rules=rules, **settings), bots=("guide", "italian", "spare"), teams=("support", "vip")
    )


def route(
    rules: Policy, talk: Conversation | None = None, heard: Understanding | None = None, **facts: Any
) -> Decision:
    talk = talk or conversation()
    return decide.route(rules, decide.facts(talk, heard, **{"profile": {}, **facts}), talk)


@pytest.mark.parametrize(
    ("sums", "heard", "bot", "rule"),
    [
        (Aggregates(), understood(wish=0.9), None, "explicit-wish"),
        (Aggregates(), understood(wish=0.4), None, ""),
        (Aggregates(), None, BotOutcome(name="guide", asked=True), "bot-request"),
        (Aggregates(), None, BotOutcome(name="guide", failed=True), "bot-failure"),
        (Aggregates(misunderstood=2), None, BotOutcome(name="guide"), "misunderstood"),
        (Aggregates(misunderstood=1), None, BotOutcome(name="guide"), ""),
        (Aggregates(misunderstood=5), None, None, ""),
        (Aggregates(customer_messages=2, lows=2, sentiment=-0.4), understood(-0.6), None, "falling-sentiment"),
        (Aggregates(customer_messages=2, lows=1, sentiment=-0.4), understood(-0.6), None, ""),
        (
            Aggregates(customer_messages=3, lows=1, sentiment=-0.3, trend=-0.4),
            understood(-0.9),
            None,
            "falling-sentiment",
        ),
        (Aggregates(customer_messages=1, lows=1, sentiment=-0.4, trend=-0.4), understood(-0.9), None, ""),
    ],
)
def test_the_default_rules(sums: Aggregates, heard: Understanding | None, bot: BotOutcome | None, rule: str) -> None:
    decision = route(policy(), conversation(aggregates=sums), heard, bot=bot)
    assert decision.rule == rule
    assert decision.route == ("handoff" if rule else "bot")
    assert (decision.handoff is not None) == bool(rule)


def test_the_first_rule_that_holds_decides_and_those_before_it_are_on_record() -> None:
    rules = policy(
        Rule(name="rich", when="cart.total > 500.0"),
        Rule(
            name="vip",
            when="customer.tier == 'vip' && sentiment.lows > 0",
            team="vip",
            priority="urgent",
            reason="VIP.",
        ),
        Rule(name="any", when="true"),
        version="7",
    )
    decision = route(rules, conversation(aggregates=Aggregates(lows=1)), profile={"tier": "vip"})
    assert decision.handoff == HandoffOrder(team="vip", priority="urgent", reason="VIP.")
    assert [(check.rule, check.held, dict(check.values)) for check in decision.checks] == [
        ("rich", False, {"cart.total": 0.0}),
        ("vip", True, {"customer.tier": "vip", "sentiment.lows": 1}),
    ]
    assert decision.policy_version == "7"


def test_an_agent_who_has_the_conversation_keeps_it() -> None:
    talk = conversation(controller=Controller(kind="desk", name="ana"), handoff=WAITING)
    assert route(policy(), talk, understood(wish=1.0)).route == "desk"


def test_a_customer_who_waits_goes_on_waiting() -> None:
    talk = conversation(controller=Controller(kind="desk"), handoff=WAITING)
    assert route(policy(), talk, understood(wish=1.0)).route == "queue"


def test_while_waiting_the_bot_may_answer_but_nobody_is_asked_twice() -> None:
    talk = conversation(handoff=WAITING)
    rules = policy(Rule(name="italian", when="language == 'it'", then="bot", bot="italian"), while_waiting="bot")
    decision = route(rules, talk, understood(wish=1.0), bot=None)
    assert (decision.route, decision.bot, decision.handoff) == ("bot", "guide", None)
    assert [check.rule for check in decision.checks] == ["italian"]


def test_handoff_open_may_be_told() -> None:
    rules = policy(while_waiting="bot")
    talk = conversation()
    facts = decide.facts(talk, understood(wish=1.0), profile={})
    assert decide.route(rules, facts, talk, handoff_open=True).route == "bot"
    assert decide.route(rules, facts, talk, handoff_open=False).route == "handoff"


def test_a_rule_chooses_the_bot_and_does_not_hide_what_that_bot_does() -> None:
    rules = policy(Rule(name="italian", when="language == 'it'", then="bot", bot="italian", reason="Speaks it."))
    talk = conversation(language=conversation().language.__class__(code="it"))
    before = route(rules, talk)
    assert (before.route, before.bot, before.rule, before.reason) == ("bot", "italian", "italian", "Speaks it.")
    after = route(rules, talk, bot=BotOutcome(name="italian", failed=True))
    assert (after.route, after.rule) == ("handoff", "bot-failure")


def test_without_a_rule_the_bot_of_the_conversation_goes_on() -> None:
    assert route(policy()).bot == "guide"
    assert route(policy(), conversation(bot="spare")).bot == "spare"
    assert route(policy(), conversation(bot="")).bot == "guide"


def test_a_rule_about_a_failure_may_choose_another_bot_but_never_the_same_again() -> None:
    rules = policy(Rule(name="spare", when="bot.failed", then="bot", bot="spare"))
    assert route(rules, bot=BotOutcome(name="guide", failed=True)).bot == "spare"
    assert route(rules, bot=BotOutcome(name="spare", failed=True)).rule == "bot-failure"


def test_the_bots_wishes_count_where_the_rule_has_none() -> None:
    asked = BotOutcome(name="guide", asked=True, reason="Refund over 500.", team="vip", priority="urgent")
    assert route(policy(), bot=asked).handoff == HandoffOrder(
        team="vip", priority="urgent", reason="The bot asked for a person. Refund over 500."
    )
    firm = policy(Rule(name="bot-request", when="bot.asked", team="support", priority="low", reason="No."))
    assert route(firm, bot=asked).handoff == HandoffOrder(team="support", priority="low", reason="No. Refund over 500.")


def test_a_team_the_app_does_not_have_is_not_believed() -> None:
    asked = BotOutcome(name="guide", asked=True, team="nasa")
    decision = route(policy(team="vip"), bot=asked)
    assert decision.handoff is not None
    assert (decision.handoff.team, decision.handoff.priority) == ("vip", "normal")


def test_a_rule_that_can_not_be_evaluated_does_not_hold_and_says_why() -> None:
    rules = policy(
        Rule(name="absent", when="customer.plan == 'gold'"),
        Rule(name="range", when="slots.list[3] == 1"),
        Rule(name="zero", when="slots.n / slots.zero > 1"),
        Rule(name="kind", when="slots.n"),
        Rule(name="last", when="slots.n == 5"),
    )
    decision = route(rules, conversation(slots={"list": [], "n": 5, "zero": 0}))
    errors = {check.rule: check.error for check in decision.checks}
    assert "there is no 'plan'; guard it with has()" in errors["absent"]
    assert "IndexError" in errors["range"]
    assert "ZeroDivisionError" in errors["zero"]
    assert "yields int" in errors["kind"]
    assert decision.rule == "last"


def test_a_value_that_cel_has_no_kind_for_spoils_only_the_rules_that_read_it() -> None:
    rules = policy(Rule(name="odd", when="slots.odd == 1"), Rule(name="fine", when="language == 'en'"))
    decision = route(rules, conversation(slots={"odd": "\ud800"}))
    assert [(check.rule, check.held, bool(check.error)) for check in decision.checks] == [
        ("odd", False, True),
        ("fine", True, False),
    ]


def test_values_on_record_are_short() -> None:
    rules = policy(Rule(name="long", when="text.contains('x') && size(signals) > 1 && size(slots) >= 0"))
    decision = route(rules, heard=understood(pivot="word " * 1000, signals=("caps", "thanks")))
    values = decision.checks[0].values
    assert len(values["text"]) == 80
    assert values["text"].endswith("…")
    assert values["signals"] == '["caps", "thanks"]'
    assert "text" not in decision.checks[1].values


@pytest.mark.parametrize(
    ("context", "total", "count", "url"),
    [
        ({}, 0.0, 0, ""),
        (
            {"cart": {"total": 12, "items": [{"sku": 1}]}, "page": {"url": "https://a.example/"}},
            12.0,
            1,
            "https://a.example/",
        ),
        ({"cart": {"total": "12.50", "items": "no"}, "page": "https://b.example/"}, 12.5, 0, "https://b.example/"),
        ({"cart": {"total": True, "items": None}, "url": "https://c.example/"}, 0.0, 0, "https://c.example/"),
        ({"cart": [1], "page": 3}, 0.0, 0, ""),
    ],
)
def test_any_context_gives_facts_of_the_documented_kinds(context: Any, total: float, count: int, url: str) -> None:
    facts = decide.facts(conversation(context=context), profile={})
    assert (facts["cart"]["total"], facts["cart"]["count"], facts["page"]["url"]) == (total, count, url)
    assert isinstance(facts["cart"]["total"], float)


def test_only_true_verifies_a_customer_and_nothing_known_is_nothing() -> None:
    facts = decide.facts(conversation(), profile={"verified": "yes", "tier": None, "plan": "gold"})
    assert facts["customer"] == {
        "name": "", "email": "", "language": "", "tier": "", "plan": "gold", "verified": False
    }  # fmt: skip
    assert decide.facts(conversation(), profile={"verified": True})["customer"]["verified"] is True
