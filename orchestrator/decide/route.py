"""Who answers, and why. Called before the bot (what it may do is neutral then) and again with what it did."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.decide.expression import Path
from orchestrator.decide.expressions import cel
from orchestrator.decide.facts import PRIORITIES, Facts
from orchestrator.decide.rules import CompiledRule, Policy
from orchestrator.types import Conversation, Decision, HandoffOrder, Priority, Route, RuleCheck

LONGEST_VALUE = 80
LONGEST_REASON = 500
ABSENT = object()
SCALARS = frozenset({bool, int, float, type(None)})
SHORT = SCALARS | {str}
MOST_KNOWN = 1024
"""Outcomes kept of each rule."""


def route(policy: Policy, facts: Facts, conversation: Conversation, handoff_open: bool | None = None) -> Decision:
    """The first rule that holds decides. A person who has the case keeps it; one who is asked for is not asked twice.

    `handoff_open` (default: whether the conversation has a handoff) leaves out the rules that hand off. A rule that
    can't be evaluated does not hold. Every rule looked at is in `checks`, with the values it read.
    """
    controller = conversation.controller
    if controller.kind == "desk" and controller.name:
        return plain(policy, conversation, "desk", "An agent has the conversation.")
    waiting = controller.kind == "desk" or (conversation.handoff is not None if handoff_open is None else handoff_open)
    if waiting and policy.while_waiting == "hold":
        return plain(policy, conversation, "queue", "The customer waits for a person.")
    checks: list[RuleCheck] = []
    context: cel.Context | None = None
    for rule in applicable(policy, facts, waiting):
        values = tuple(lookup(facts, path) for _, path in rule.reads)
        check = remembered(rule, values)
        if check is None:
            context = context or prepared(policy, facts)
            check = considered(rule, values, context)
            remember(rule, values, check)
        checks.append(check)
        if check.held:
            return decided(policy, rule, facts, conversation, tuple(checks))
    return Decision(route="bot", bot=current_bot(conversation), checks=tuple(checks), policy_version=policy.version)


def plain(policy: Policy, conversation: Conversation, way: Route, reason: str) -> Decision:
    return Decision(route=way, reason=reason, bot=conversation.bot, policy_version=policy.version)


def applicable(policy: Policy, facts: Facts, waiting: bool) -> Iterator[CompiledRule]:
    """After the bot has run, a rule that merely chose it has done its work: only rules about what it did, or that
    hand off, are left, so that "Italian goes to the Italian bot" never hides "that bot failed". Rules that read
    nothing a bot can change did not hold before it, and do not now."""
    ran = facts["bot"]["name"]
    for rule in policy.rules:
        if rule.then == "handoff":
            if not waiting and (not ran or rule.after_bot):
                yield rule
        elif not ran or (rule.about_bot and rule.bot != ran):
            yield rule


def prepared(policy: Policy, facts: Facts) -> cel.Context:
    """Only what the policy's rules read: turning facts into CEL values costs more than evaluating all the rules.

    A value CEL has no kind for is left out; a rule that reads it then can't be evaluated, the others can.
    """
    picked = {root: facts[root] if members is None else part(facts[root], members) for root, members in policy.needs}
    try:
        return cel.Context(picked)
    except Exception:
        context = cel.Context()
        for root, value in picked.items():
            with contextlib.suppress(Exception):
                context.add_variable(root, value)
        return context


def part(value: Any, members: Sequence[str]) -> Any:
    return {name: value[name] for name in members if name in value} if isinstance(value, dict) else value


def remembered(rule: CompiledRule, values: tuple[Any, ...]) -> RuleCheck | None:
    """What came of the rule when it last read these values: most turns are like many before them."""
    if rule.known is None:
        return None
    try:
        return rule.known.get(values)
    except TypeError:  # a list or an object among them
        return None


def remember(rule: CompiledRule, values: tuple[Any, ...], check: RuleCheck) -> None:
    if rule.known is None or any(type(value) not in SHORT for value in values):
        return
    if any(isinstance(value, str) and len(value) > LONGEST_VALUE for value in values):
        return
    if len(rule.known) >= MOST_KNOWN:
        rule.known.clear()
    rule.known[values] = check


def considered(rule: CompiledRule, found: tuple[Any, ...], context: cel.Context) -> RuleCheck:
    """`found` are the values of the facts it reads."""
    pairs = zip(rule.reads, found, strict=True)
    values = {name: shown(value) for (name, _), value in pairs if value is not ABSENT}
    try:
        result = rule.program.execute(context)
    except Exception as error:
        return RuleCheck(rule=rule.name, held=False, values=values, error=explained(error))
    if not isinstance(result, bool):
        return RuleCheck(rule=rule.name, held=False, values=values, error=f"yields {type(result).__name__}, not a bool")
    return RuleCheck(rule=rule.name, held=result, values=values)


def explained(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"there is no {error}; guard it with has()"
    return f"{type(error).__name__}: {error}".split(". ")[0][:160]


def lookup(facts: Facts, path: Path) -> Any:
    value: Any = facts
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def shown(value: Any) -> Any:
    """The value as the trace keeps it: short, and JSON."""
    if type(value) in SCALARS:
        return value
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"


def decided(
    policy: Policy, rule: CompiledRule, facts: Facts, conversation: Conversation, checks: tuple[RuleCheck, ...]
) -> Decision:
    if rule.then == "bot":
        return Decision(
            route="bot",
            bot=rule.bot,
            rule=rule.name,
            reason=rule.reason,
            checks=checks,
            policy_version=policy.version,
        )
    order = HandoffOrder(team=team(policy, rule, facts), priority=priority(rule, facts), reason=reason(rule, facts))
    return Decision(
        route="handoff",
        bot=current_bot(conversation),
        rule=rule.name,
        reason=order.reason,
        handoff=order,
        checks=checks,
        policy_version=policy.version,
    )


def wished(rule: CompiledRule, facts: Facts, name: str) -> str:
    """What the bot wished for, when it is the bot's asking that the rule acts on."""
    return str(facts["bot"][name]) if facts["bot"]["asked"] and rule.heeds_wishes else ""


def team(policy: Policy, rule: CompiledRule, facts: Facts) -> str:
    """The rule's; else the bot's wish, if there is such a team; else the policy's."""
    wish = wished(rule, facts, "team")
    return rule.team or (wish if wish in policy.teams else "") or policy.team


def priority(rule: CompiledRule, facts: Facts) -> Priority:
    if rule.priority:
        return rule.priority
    wish = wished(rule, facts, "priority")
    return next((known for known in PRIORITIES if known == wish), "normal")


def reason(rule: CompiledRule, facts: Facts) -> str:
    said = wished(rule, facts, "reason")
    told = rule.reason or f"Rule {rule.name!r} held."
    return f"{told} {said}"[:LONGEST_REASON] if said else told


def current_bot(conversation: Conversation) -> str:
    controller = conversation.controller
    return conversation.bot or (controller.name if controller.kind == "bot" else "")
