"""An app's policy: rules compiled and checked at start, so that no turn meets a rule that can't work."""

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Self

from orchestrator.config import Hours, PolicySettings, Rule
from orchestrator.decide.defaults import DEFAULTS
from orchestrator.decide.expression import FUNCTIONS, Path, position, reads
from orchestrator.decide.expressions import cel
from orchestrator.decide.facts import OPEN
from orchestrator.decide.hours import OpenState, compile_hours, opens
from orchestrator.decide.samples import ANGRY, CALM, NEUTRAL
from orchestrator.errors import Key, Misconfigured
from orchestrator.ledger import Ledger
from orchestrator.types import Priority, RuleCheck

BY_BOT = frozenset({"bot", "slots", "customer", "conversation"})
"""The facts a bot's answer can change."""
UNKNOWN_FUNCTION = re.compile(r"Undefined variable or function: '([^']*)'")


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`reads` are the facts its condition names, dotted and in parts. `priority` None leaves it to the bot's wish.

    `after_bot`: it reads what a bot's answer can change. `about_bot`: it looks at what the bot did, and so says
    something only after the bot has run. `heeds_wishes`: it acts on the bot's asking for a person, whose wishes then
    count where it has none. `known` is what came of it before, by the values it read: None where kinds may vary.
    """

    name: str
    then: Literal["handoff", "bot"]
    bot: str
    team: str
    priority: Priority | None
    reason: str
    program: cel.Program
    reads: tuple[tuple[str, Path], ...]
    after_bot: bool
    about_bot: bool
    heeds_wishes: bool
    known: dict[tuple[Any, ...], RuleCheck] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """`needs` are the facts the rules read: each root with its members, None when one rule takes the root whole.

    `roots` are the roots alone.
    """

    version: str
    rules: tuple[CompiledRule, ...]
    team: str
    teams: frozenset[str]
    while_waiting: Literal["hold", "bot"]
    hours: Hours | None
    needs: tuple[tuple[str, tuple[str, ...] | None], ...]
    roots: frozenset[str]

    @classmethod
    def compile(cls, settings: PolicySettings, *, bots: Collection[str], teams: Collection[str]) -> Self:
        """Raises Misconfigured, naming every rule that can't work, what is wrong and where in its condition."""
        ledger = Ledger()
        misnamed(settings, bots, teams, ledger)
        rules = []
        for rule in in_order(settings):
            with ledger.below(*place(settings, rule), "when"):
                rules.append(compile_rule(rule))
        if settings.hours is not None:
            with ledger.below("hours"):
                compile_hours(settings.hours)
        ledger.close()
        return cls(
            version=settings.version,
            rules=tuple(rules),
            team=settings.team,
            teams=frozenset(teams),
            while_waiting=settings.while_waiting,
            hours=settings.hours,
            needs=tuple(needed(rules).items()),
            roots=frozenset(needed(rules)),
        )

    def reads(self, root: str, member: str) -> bool:
        """Whether any rule reads this fact, for facts that cost something to find out."""
        return any(name == root and (members is None or member in members) for name, members in self.needs)

    def opens(self, now: datetime) -> OpenState:
        return opens(self.hours, now)


def in_order(settings: PolicySettings) -> Sequence[Rule]:
    """The app's rules, then the defaults it did not replace; those switched off left out."""
    own = {rule.name for rule in settings.rules}
    defaults = [rule for rule in DEFAULTS if rule.name not in own] if settings.defaults else []
    return [rule for rule in (*settings.rules, *defaults) if rule.enabled]


def needed(rules: Sequence[CompiledRule]) -> dict[str, tuple[str, ...] | None]:
    paths = [path for rule in rules for _, path in rule.reads]
    whole = {path[0] for path in paths if len(path) == 1}
    return {
        root: None if root in whole else tuple({path[1] for path in paths if path[0] == root})
        for root in dict.fromkeys(path[0] for path in paths)
    }


def place(settings: PolicySettings, rule: Rule) -> Key:
    """Where a rule stands; () for a built-in one."""
    return next((("rules", number) for number, each in enumerate(settings.rules) if each is rule), ())


def misnamed(settings: PolicySettings, bots: Collection[str], teams: Collection[str], ledger: Ledger) -> None:
    """Note what is wrong with the names in the policy."""
    ledger.known("team", settings.team, teams, "team")
    seen = set[str]()
    for number, rule in enumerate(settings.rules):
        here = ("rules", number)
        if rule.name in seen:
            ledger.note(f"there are two rules {rule.name!r}; rename one", *here, "name")
        seen.add(rule.name)
        ledger.known("team", rule.team, teams, *here, "team")
        if rule.then == "bot" and not rule.bot:
            ledger.note(f"rule {rule.name!r}: then = 'bot' needs bot = '…'; {choices('', bots)}", *here)
        elif rule.bot and rule.then != "bot":
            ledger.note(f"rule {rule.name!r}: this has no effect without then = 'bot'", *here, "bot")
        else:
            ledger.known("bot", rule.bot, bots, *here, "bot")


def compile_rule(rule: Rule) -> CompiledRule:
    """Raises Misconfigured."""
    try:
        program = cel.compile(rule.when)
    except ValueError as error:
        raise Misconfigured(f"rule {rule.name!r} does not compile: {syntax(rule.when, str(error))}") from None
    found = reads(rule.when)
    for read in found:
        check_known(rule, read.path, read.at)
    for name in program.functions():
        check_function(rule, name)
    paths = tuple(dict.fromkeys(read.path for read in found))
    for sample in (CALM, ANGRY):
        check_sample(rule, program, sample, lenient=any(path[0] in OPEN for path in paths))
    return CompiledRule(
        name=rule.name,
        then=rule.then,
        bot=rule.bot,
        team=rule.team,
        priority=rule.priority if "priority" in rule.model_fields_set else None,
        reason=rule.reason,
        program=program,
        reads=tuple((".".join(path), path) for path in paths),
        after_bot=any(path[0] in BY_BOT for path in paths),
        about_bot=any(path[0] == "bot" for path in paths),
        heeds_wishes=("bot", "asked") in paths,
        known=None if any(path[0] in OPEN for path in paths) else {},
    )


def check_known(rule: Rule, path: Path, at: int) -> None:
    """Raises Misconfigured when no fact has this name."""
    root = path[0]
    where = f"rule {rule.name!r} reads an unknown name at {position(rule.when, at)}:"
    if root not in NEUTRAL:
        raise Misconfigured(f"{where} {root!r}; {choices(root, NEUTRAL)}")
    members = NEUTRAL[root]
    if root in OPEN or not isinstance(members, dict) or len(path) < 2 or path[1] in members:
        return
    raise Misconfigured(f"{where} '{root}.{path[1]}'; {choices(path[1], members)}")


def check_function(rule: Rule, name: str) -> None:
    """Raises Misconfigured for a call of what there is not. Operators have names that are no words."""
    if name.isidentifier() and not name.startswith("_") and name not in FUNCTIONS:
        at = re.search(rf"\b{name}\s*\(", rule.when)
        raise Misconfigured(
            f"rule {rule.name!r} calls an unknown function at {position(rule.when, at.start() if at else 0)}:"
            f" {name!r}; {choices(name, FUNCTIONS)}"
        )


def check_sample(rule: Rule, program: cel.Program, sample: dict[str, Any], *, lenient: bool) -> None:
    """Try the rule. A key absent here may be there in a real turn; a wrong kind or function is always wrong."""
    try:
        result = program.execute(sample)
    except TypeError:
        if lenient:
            return
        raise Misconfigured(
            f"rule {rule.name!r} compares or combines values of different kinds in {rule.when!r};"
            " see the kinds of the facts in docs/policy.md (numbers: 2 and 2.0 don't mix in arithmetic)"
        ) from None
    except RuntimeError as error:
        if found := UNKNOWN_FUNCTION.search(str(error)):
            raise Misconfigured(
                f"rule {rule.name!r} can't be evaluated: there is no {found[1]!r}, or not for these arguments"
            ) from None
        if "regex" in str(error) or "Internal" in str(error):
            raise Misconfigured(f"rule {rule.name!r} can't be evaluated: {first_line(str(error))}") from None
        return
    except Exception:
        return
    if not isinstance(result, bool):
        raise Misconfigured(
            f"rule {rule.name!r} must be true or false, but {rule.when!r} yields {type(result).__name__} {result!r:.40}"
        )


def syntax(source: str, message: str) -> str:
    """The parser's first complaint, with its place: `line 1, column 7: mismatched input …`."""
    found = re.search(r"ERROR: <input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)", message)
    if found is None:
        return first_line(message)
    line, column, what = int(found[1]), found[2], found[3]
    what = re.sub(r" expecting \{.*", "", what).replace("'<EOF>'", "end of the expression")
    place = f"line {line}, column {column}" if "\n" in source else f"column {column}"
    return f"{place}: {what[:160]}"


def first_line(message: str) -> str:
    return message.splitlines()[0][:160] if message else "no reason given"


def choices(wrong: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(wrong, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"known: {', '.join(sorted(known)) or 'none'}"
