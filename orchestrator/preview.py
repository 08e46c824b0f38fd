"""How a message would come out on each channel, without an account on any: for the terminal, the desk and the docs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator import fit, registry, texts
from orchestrator.errors import Misconfigured
from orchestrator.fit import gsm
from orchestrator.types import Form, Limits, Loss, Part, Shaped, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`segments`: text messages that are paid for, where the channel counts them, else 0."""

    kind: str
    limits: Limits
    parts: tuple[Part, ...]
    losses: tuple[Loss, ...] = ()
    segments: int = 0


def installed() -> dict[str, Limits]:
    """What each kind of channel can show whose connector says so: its module has `limits`. By name."""
    return {name: limits for name in sorted(registry.found("connectors")) if (limits := limits_of(name)) is not None}


def limits_of(kind: str) -> Limits | None:
    """None also for a plugin that is broken: that is not what is asked about here."""
    try:
        found = getattr(registry.plugin("connectors", kind), "limits", None)
    except Misconfigured:
        return None
    return found if isinstance(found, Limits) else None


def previews(
    parts: Sequence[Part], channels: Mapping[str, Limits], *, language: str = "en", base_url: str = ""
) -> list[Preview]:
    """One for each channel, in order."""
    return [preview(kind, limits, parts, language, base_url) for kind, limits in channels.items()]


def preview(kind: str, limits: Limits, parts: Sequence[Part], language: str, base_url: str) -> Preview:
    asked = fit.to_ask(parts, limits)
    kept = [place for place in range(len(parts)) if place != asked]
    shaped = [fit.shape(tuple(parts[place] for place in kept), limits, base_url=base_url)]
    losses = [replace(loss, part=kept[loss.part]) for loss in shaped[0].losses]
    if asked is not None and isinstance(form := parts[asked], Form):
        losses.append(Loss(part=asked, what="form", became="questions"))
        shaped.append(fit.shape((first_question(form, language),), limits))
    shown = tuple(part for each in shaped for part in parts_of(each))
    return Preview(
        kind=kind,
        limits=limits,
        parts=shown,
        losses=tuple(dict.fromkeys(losses)),
        segments=sum(map(segments, shown)) if limits.unit == "gsm7" else 0,
    )


def first_question(form: Form, language: str) -> Part:
    def said(name: str) -> str:
        wordings = texts.notice(name)
        return wordings.get(language, wordings["en"])

    return fit.question(form, 0, [said("form_begins")], optional=said("form_optional"), begins=True)


def parts_of(shaped: Shaped) -> Iterator[Part]:
    for rendering in shaped.renderings:
        yield from rendering.parts


def segments(part: Part) -> int:
    return gsm.segments(part.text) if isinstance(part, Text) else 1
