"""Reading a guide's file, and refusing what can't work: every problem with its line and key."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from bots.guide import template
from bots.guide.file import Flow, Found, Guide, Lookup, Piece, Target, sections, walk
from bots.guide.names import ITEMS, known_paths
from orchestrator.errors import Key as Place
from orchestrator.errors import Misconfigured
from orchestrator.lines import Lines

Problem = tuple[Place, str]


def load(path: Path) -> Guide:
    """Raises Misconfigured, naming file, line and key of everything that is wrong."""
    try:
        source = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise Misconfigured(f"guide {str(path)!r}: {error.strerror}; set 'file' to where it is") from error
    except UnicodeDecodeError as error:
        raise Misconfigured(f"guide {str(path)!r} is not UTF-8 (byte {error.start})") from error
    try:
        raw = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"guide {str(path)!r} is not valid TOML: {error}") from error
    try:
        guide = Guide.model_validate(raw)
        problems = list(check_references(guide))
    except ValidationError as error:
        problems = list(misshapen(error))
    if problems:
        raise Misconfigured(explain(path, source, problems))
    return guide


def check(path: Path) -> list[str]:
    """What is wrong with a guide, one line each; nothing when it is fine."""
    try:
        load(path)
    except Misconfigured as error:
        return [line.strip() for line in str(error).splitlines() if not line.endswith("can't be used:")]
    return []


def explain(path: Path, source: str, problems: Sequence[Problem]) -> str:
    lines = Lines(source)
    told = sorted({(lines.line(place), key(place), what) for place, what in problems})
    return f"guide {str(path)!r} can't be used:\n" + "\n".join(
        f"  {path}:{at}: {name}: {what}" for at, name, what in told
    )


def misshapen(error: ValidationError) -> Iterator[Problem]:
    """What pydantic found, in an author's words. A list that lost its bad element is not also called too short."""
    found = error.errors(include_url=False, include_input=False)
    places = [tuple(each["loc"]) for each in found]
    for each, place in zip(found, places, strict=True):
        if each["type"] == "too_short" and any(other[: len(place)] == place != other for other in places):
            continue
        told = {"extra_forbidden": "there is no such key here", "missing": "this key is missing"}
        yield place, told.get(each["type"], each["msg"].removeprefix("Value error, "))


def key(place: Place) -> str:
    """How an author would name it; what only a validator knows ("tuple[...]", "function-before") is left out."""
    return (
        ".".join(str(step) for step in place if isinstance(step, int) or step.replace("-", "_").isidentifier())
        or "file"
    )


def check_references(guide: Guide) -> Iterator[Problem]:
    yield from twice(guide)
    yield from same_examples(guide)
    yield from empty_answers(guide)
    yield from untitled(guide)
    for index, flow in enumerate(guide.flow):
        yield from check_flow(guide, flow, ("flow", index))
    for found in walk(guide):
        yield from check_found(guide, found)
    for index, intent in enumerate(guide.intent):
        if intent.flow and intent.flow not in {flow.name for flow in guide.flow}:
            yield ("intent", index, "flow"), unknown("flow", intent.flow, [flow.name for flow in guide.flow])


def twice(guide: Guide) -> Iterator[Problem]:
    for kind in ("intent", "faq", "flow"):
        seen = Counter[str]()
        for index, each in enumerate(getattr(guide, kind)):
            seen[each.name] += 1
            if seen[each.name] > 1:
                yield (kind, index, "name"), f"there is another {kind} {each.name!r}"
    seen = Counter[str]()
    for index, product in enumerate(guide.product):
        seen[product.sku] += 1
        if seen[product.sku] > 1:
            yield ("product", index, "sku"), f"there is another product {product.sku!r}"


def same_examples(guide: Guide) -> Iterator[Problem]:
    """One sentence under two names: no bot could tell which is meant."""
    owners: dict[str, str] = {}
    for index, intent in enumerate(guide.intent):
        for number, example in enumerate(intent.examples):
            owner = owners.setdefault(" ".join(example.casefold().split()).rstrip("?!."), intent.name)
            if owner != intent.name:
                yield ("intent", index, "examples", number), f"{example!r} is an example of intent {owner!r} too"


def empty_answers(guide: Guide) -> Iterator[Problem]:
    for index, intent in enumerate(guide.intent):
        if not (intent.answer or intent.flow or intent.handoff):
            yield ("intent", index, "name"), f"intent {intent.name!r} has neither 'answer', 'flow' nor 'handoff'"
    for place, answer in answers(guide):
        for number, piece in enumerate(answer):
            if problem := empty(piece):
                yield (*place, number), problem


def answers(guide: Guide) -> Iterator[tuple[Place, Sequence[Piece]]]:
    for name in ("greeting", "returned", "attachment", "fallback"):
        yield (name,), getattr(guide, name)
    for kind, part in (("intent", "answer"), ("faq", "answer"), ("flow", "done")):
        for index, each in enumerate(getattr(guide, kind)):
            yield (kind, index, part), getattr(each, part)


def empty(piece: Piece) -> str:
    shown = (piece.text, piece.list_, piece.carousel, piece.picture, piece.location)
    if not any((*shown, piece.handoff, piece.pass_to, piece.profile)):
        return "this piece says nothing: give it a 'text', 'list', 'carousel', 'picture', 'location' or 'handoff'"
    if (piece.quick_replies or piece.buttons) and not piece.text and not piece.carousel:
        return "quick replies and buttons need a 'text' to stand under"
    return ""


def check_flow(guide: Guide, flow: Flow, place: Place) -> Iterator[Problem]:
    slots = [step.slot for step in flow.step]
    for index, step in enumerate(flow.step):
        here = (*place, "step", index)
        if slots.index(step.slot) != index:
            yield (*here, "slot"), f"this flow asks for {step.slot!r} twice"
        if (step.type == "choice") != bool(step.choices):
            yield (*here, "type"), "a step of type 'choice' has 'choices', and no other step has"
        if step.becomes and not step.pattern:
            yield (*here, "becomes"), "needs a 'pattern' whose match it writes down"
        if step.optional and not step.skip:
            yield (*here, "optional"), "an optional step needs 'skip', the quick reply that passes over it"
        if flow.form and not step.label and step.type != "picture":
            yield (*here, "slot"), "a step of a flow with a 'form' needs a 'label'"
    if flow.fetch and flow.lookup and flow.fetch.name == flow.lookup.name:
        yield (*place, "fetch", "as"), f"what is looked up is called {flow.fetch.name!r} too"
    if flow.lookup:
        yield from check_lookup(guide, flow.lookup, slots, (*place, "lookup"))


def check_lookup(guide: Guide, lookup: Lookup, slots: Sequence[str], place: Place) -> Iterator[Problem]:
    tables = [*guide.table, "products"]
    if lookup.table not in tables:
        yield (*place, "table"), unknown("table", lookup.table, tables)
    if lookup.slot not in slots:
        yield (*place, "slot"), unknown("slot", lookup.slot, slots)


def check_found(guide: Guide, found: Found) -> Iterator[Problem]:
    checks: dict[str, Callable[[Guide, Found], Iterator[str]]] = {
        "words": template_problems,
        "filled": template_problems,
        "when": condition_problems,
        "to": reference_problems,
        "each": list_problems,
    }
    try:
        for problem in checks[found.kind](guide, found):
            yield found.place, problem
    except ValueError as error:
        yield found.place, str(error)


def template_problems(guide: Guide, found: Found) -> Iterator[str]:
    for hole in template.holes(found.text):
        yield from path_problems(guide, found, hole.path)


def condition_problems(guide: Guide, found: Found) -> Iterator[str]:
    for path in template.paths(found.text):
        yield from path_problems(guide, found, path)


def path_problems(guide: Guide, found: Found, path: str) -> Iterator[str]:
    """Open roots (profile, context, and what `variables` announces) take any name below them."""
    known = known_paths(guide, found)
    root = path.partition(".")[0]
    if path not in known and f"{root}.*" not in known:
        if root == "item" and not found.each:
            yield f"{path!r} has a meaning only where 'each' goes over a list"
        else:
            yield unknown("variable", path, sorted(known))


def list_problems(guide: Guide, found: Found) -> Iterator[str]:
    announced = [name for name in guide.guide.variables if "." in name]
    if found.text not in ITEMS and found.text not in announced and not found.text.startswith("context."):
        yield unknown("list", found.text, [*ITEMS, *announced])


def reference_problems(guide: Guide, found: Found) -> Iterator[str]:
    kind, colon, rest = found.text.partition(":")
    if kind in ("https", "http", "mailto", "tel") or found.text.startswith("/"):
        yield from template_problems(guide, found)
        if "buttons" not in found.place:
            yield "only a button can open an address"
        return
    name, _, filled = rest.partition(":")
    known = names(guide, kind)
    if not colon or known is None:
        yield f"{found.text!r} is no reference; 'intent:shipping', 'faq:name', 'flow:receipt' and 'https://…' are"
    elif name not in known:
        yield unknown(kind, name, known)
    elif filled:
        yield from template_problems(guide, found)
        slot = filled.partition("=")[0]
        slots = [step.slot for flow in guide.flow if flow.name == name for step in flow.step]
        if slot not in slots:
            yield unknown("slot", slot, slots)


def names(guide: Guide, kind: str) -> list[str] | None:
    match kind:
        case "intent":
            return [each.name for each in guide.intent]
        case "faq":
            return [each.name for each in guide.faq]
        case "flow":
            return [each.name for each in guide.flow]
        case _:
            return None


def untitled(guide: Guide) -> Iterator[Problem]:
    """A quick reply without a title takes that of what it leads to."""
    bare = {f"intent:{each.name}" for each in guide.intent if not each.title}
    bare |= {f"flow:{each.name}" for each in guide.flow if not each.title}
    for place, section in sections(guide):
        if isinstance(section, Target) and not section.title:
            reference = ":".join(section.to.split(":")[:2])
            if reference in bare or reference.startswith(("http", "mailto", "tel", "/")):
                yield (*place, "to"), f"{reference!r} has no title to show; give it one, or this quick reply"


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1, 0.6)
    listed = ", ".join(known) if len(known) <= 12 else ""
    hint = f"did you mean {near[0]!r}?" if near else f"there is {listed}" if listed else "see docs/guide-bot.md"
    return f"there is no {kind} {name!r}; {hint}"
