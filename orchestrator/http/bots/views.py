"""Bots as /v1 and the desk show them. No secret and nothing sealed is in any of these."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.codec import AnyAction
from orchestrator.engine import Breaker
from orchestrator.roster.office import File, Standing
from orchestrator.types import Arm, BotVersion, Capabilities, Grade, Serves, Trial

T = TypeVar("T")
Health = Literal["ok", "failing", "resting", "on_trial", "off", "broken"]


class View(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class Page(View, Generic[T]):
    """A whole list; `next` is always null: there is no more."""

    data: list[T]
    next: str | None = None


class BotView(View):
    name: str
    kind: str
    language: str = Field(description='"" when it answers in the customer\'s language.')
    default: bool = Field(description="Whether it answers unless a rule or channel says otherwise.")
    deadline: float
    fallback: str
    health: Health = Field(
        description="failing: its last call failed; resting: its circuit is open; on_trial: the next call decides; "
        "off: it is not enabled; broken: it can't be made."
    )
    failures: int = Field(description="Failures in a row.")
    registered: bool = Field(description="Whether it was registered, and is no part of the configuration.")
    enabled: bool
    version: int = Field(description="The version that answers; 0 for bots of the configuration.")
    level: int | None = Field(description="Conformance level of that version; null when it was never checked.")
    trouble: str = Field(description="Why it can't be made; empty when it can.")
    serves: Serves | None = None
    trial: Trial | None = None


class VersionView(View):
    version: int
    kind: str
    settings: Mapping[str, Any] = Field(description="Without what is secret.")
    capabilities: Capabilities
    note: str
    author: str
    created_at: datetime
    grade: Grade | None


class FiguresView(View):
    version: int
    arm: Arm
    turns: int
    failed: float = Field(description="Share of turns, as the next two.")
    handoffs: float
    misunderstood: float
    mean_ms: float
    p50: float
    p95: float
    sentiment: float | None
    same: float | None = Field(description="Share of shadow answers that were what the customer got.")


class HourView(View):
    at: datetime
    figures: Sequence[FiguresView]


class NoteView(View):
    version: int
    kind: Literal["error", "shadow"]
    conversation_id: str
    turn_id: str
    at: datetime
    outcome: str
    ms: float
    detail: str
    same: bool
    actions: Sequence[AnyAction]


class BotFile(BotView):
    settings: Mapping[str, Any] = Field(description="Of the version that answers, without what is secret.")
    versions: Sequence[VersionView]
    errors: Sequence[NoteView]
    figures: Sequence[FiguresView] = Field(description="Since the trial began, or of the last 24 hours.")


class Checked(View):
    level: int
    suite: str
    checks: Sequence[Mapping[str, Any]]


def shown(standing: Standing, default: str) -> dict[str, Any]:
    entry, running, version = standing.entry, standing.running, standing.version
    settings = running.settings if running else None
    return {
        "name": standing.name,
        "kind": version.kind if version else settings.kind if settings else "",
        "language": running.bot.language if running else "",
        "default": standing.name == default,
        "deadline": settings.deadline if settings else 0.0,
        "fallback": settings.fallback if settings else "",
        "health": health(standing),
        "failures": running.breaker.failures if running else 0,
        "registered": entry is not None,
        "enabled": entry.enabled if entry else True,
        "version": entry.active if entry else 0,
        "level": version.grade.level if version and version.grade else None,
        "trouble": standing.trouble,
        "serves": entry.serves if entry else None,
        "trial": entry.trial if entry else None,
    }


def version_shown(version: BotVersion) -> VersionView:
    return VersionView(
        version=version.version,
        kind=version.kind,
        settings=version.shown,
        capabilities=version.capabilities,
        note=version.note,
        author=version.author,
        created_at=version.created_at,
        grade=version.grade,
    )


def file_shown(file: File, default: str) -> BotFile:
    standing = file.standing
    return BotFile(
        **shown(standing, default),
        settings=standing.version.shown if standing.version else {},
        versions=[version_shown(one) for one in file.versions],
        errors=[NoteView.model_validate(one) for one in file.errors],
        figures=[FiguresView.model_validate(one) for one in file.figures],
    )


def health(standing: Standing) -> Health:
    if standing.trouble:
        return "broken"
    if standing.running is None or (standing.entry is not None and not standing.entry.enabled):
        return "off"
    return circuit(standing.running.breaker)


def circuit(breaker: Breaker) -> Literal["ok", "failing", "resting", "on_trial"]:
    match breaker.state:
        case "open":
            return "resting"
        case "half-open":
            return "on_trial"
        case _:
            return "failing" if breaker.failures else "ok"
