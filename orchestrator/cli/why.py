"""A turn's trace in a few lines, for `parley chat --why`."""

from collections.abc import Iterator

from orchestrator.types import Decision, Trace


def explained(trace: Trace) -> Iterator[str]:
    yield f"{trace.outcome} in {trace.ms:g} ms"
    if trace.stages:
        yield "understood: " + " · ".join(
            f"{run.stage} {run.engine or run.outcome} {run.ms:g} ms{'' if run.outcome == 'ok' else f' ({run.outcome})'}"
            for run in trace.stages
        )
    for decision in trace.decisions:
        yield decided(decision)
    for call in trace.bots:
        yield f"bot {call.bot}: {call.outcome} in {call.ms:g} ms{f' ({call.detail})' if call.detail else ''}"
    for loss in trace.losses:
        yield f"shown differently: {loss.what} became {loss.became}"
    for note in trace.notes:
        yield f"note: {note}"


def decided(decision: Decision) -> str:
    """The route, the rule behind it, and what that rule saw."""
    target = decision.bot if decision.route == "bot" else ""
    if decision.handoff is not None:
        target = f"team {decision.handoff.team}, {decision.handoff.priority}"
    held = [check for check in decision.checks if check.held]
    rules = "; ".join(
        f"{check.rule} held ({', '.join(f'{name} = {value!r}' for name, value in check.values.items())})"
        for check in held
    )
    if not rules and decision.checks:
        rules = f"none of {len(decision.checks)} rules held"
    return f"decided: {decision.route} {target}".rstrip() + (f", {rules}" if rules else "")
