"""Finding plugins by entry point, and turning an app's settings into what the engine runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from orchestrator import texts
from orchestrator.codec import problems
from orchestrator.config import AppSettings, BotSettings, ChannelSettings, NlpSettings, TranslatorSettings
from orchestrator.decide.rules import Policy
from orchestrator.engine import App, Breaker, Channel, RunningBot
from orchestrator.errors import Misconfigured
from orchestrator.ports import Bot, Clock, Connector, Files, Http, Recorder, Stage, Translator
from orchestrator.understand import Chain, Link, Memory, Understander

NONE = "none"


class Plugin(Protocol):
    """What an entry point names: a module with these two."""

    Settings: type[BaseModel]

    def create(self, settings: BaseModel, *, clock: Clock, http: Http, files: Files) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every plugin is made with. `base` is the folder that relative paths of the configuration start from."""

    clock: Clock
    http: Http
    files: Files
    recorder: Recorder
    base: Path


def found(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"parley.{group}")}


def plugin(group: str, name: str, where: str) -> Plugin:
    """Raises Misconfigured when no installed package offers it, or it can't be imported."""
    points = found(group)
    if name not in points:
        raise Misconfigured(f"{where}: there is no {group} plugin {name!r}; installed: {', '.join(sorted(points))}")
    try:
        return cast(Plugin, points[name].load())
    except ImportError as error:
        raise Misconfigured(f"{where}: plugin {name!r} can't be imported: {error}") from error


def make(workshop: Workshop, group: str, name: str, raw: Mapping[str, Any], where: str) -> Any:
    """Validate the plugin's own settings and create it. Raises Misconfigured, naming the key and never its value."""
    module = plugin(group, name, where)
    try:
        settings = module.Settings.model_validate(dict(raw))
    except ValidationError as error:
        raise Misconfigured(problems(where, error)) from None
    return module.create(
        anchored(settings, workshop.base), clock=workshop.clock, http=workshop.http, files=workshop.files
    )


def anchored(settings: BaseModel, base: Path) -> BaseModel:
    """Relative paths in a plugin's settings start at the configuration's folder."""
    moved: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Path) and value.parts:
            moved[name] = base / value
        elif isinstance(value, tuple) and value and all(isinstance(item, Path) for item in value):
            moved[name] = tuple(base / item for item in value)
    return settings.model_copy(update=moved) if moved else settings


def build_apps(apps: Mapping[str, AppSettings], workshop: Workshop) -> dict[str, App]:
    """Raises Misconfigured. Channel ids are unique over all apps: they are part of public addresses."""
    seen: dict[str, str] = {}
    for app_id, settings in apps.items():
        for channel_id in settings.channels:
            if channel_id in seen:
                raise Misconfigured(f"apps {seen[channel_id]!r} and {app_id!r} both have a channel {channel_id!r}")
            seen[channel_id] = app_id
    return {app_id: build_app(app_id, settings, workshop) for app_id, settings in apps.items()}


def build_app(app_id: str, settings: AppSettings, workshop: Workshop) -> App:
    where = f"apps.{app_id}"
    texts.check(settings.texts)
    return App(
        id=app_id,
        settings=settings,
        channels={
            name: Channel(id=name, settings=each, connector=connector(name, each, workshop, f"{where}.channels.{name}"))
            for name, each in settings.channels.items()
        },
        bots={name: running(name, each, workshop, f"{where}.bots.{name}") for name, each in settings.bots.items()},
        policy=Policy.compile(settings.policy, bots=settings.bots, teams=settings.teams),
        understander=understander(settings, workshop, f"{where}.nlp"),
    )


def own(settings: BaseModel) -> dict[str, Any]:
    """The keys that Parley does not know: the plugin's."""
    return dict(settings.model_extra or {})


def connector(name: str, settings: ChannelSettings, workshop: Workshop, where: str) -> Connector:
    return cast(Connector, make(workshop, "connectors", settings.kind, own(settings), where))


def running(name: str, settings: BotSettings, workshop: Workshop, where: str) -> RunningBot:
    bot = cast(Bot, make(workshop, "bots", settings.kind, own(settings), where))
    breaker = Breaker(workshop.clock, failures=settings.breaker_failures, seconds=settings.breaker_seconds)
    return RunningBot(name=name, settings=settings, bot=bot, breaker=breaker)


def understander(settings: AppSettings, workshop: Workshop, where: str) -> Understander:
    nlp = settings.nlp
    return Understander(
        stages=stages(nlp, workshop, where) if nlp.enabled else [],
        chain=chain(settings, workshop, where),
        languages=settings.languages,
        clock=workshop.clock,
        recorder=workshop.recorder,
        pivot=settings.pivot,
        deadline=nlp.deadline,
    )


def stages(nlp: NlpSettings, workshop: Workshop, where: str) -> list[Stage]:
    names = (*nlp.language, *nlp.sentiment, *nlp.intent, *nlp.wish)
    return [
        cast(Stage, make(workshop, "nlp", name, nlp.stages.get(name, {}), f"{where}.stages.{name}"))
        for name in dict.fromkeys(names)
    ]


def chain(settings: AppSettings, workshop: Workshop, where: str) -> Chain:
    links = [
        Link(
            translator=cast(
                Translator, make(workshop, "nlp", each.engine, own(each), f"{where}.translators.{each.engine}")
            ),
            timeout=each.timeout,
        )
        for each in translators(settings.nlp)
    ]
    memory = Memory([workshop.base / path for path in settings.nlp.memory])
    return Chain(links, clock=workshop.clock, memory=memory)


def translators(nlp: NlpSettings) -> Sequence[TranslatorSettings]:
    """The engines of the chain, in order. "auto": those that need nothing but this machine, and are usable on it."""
    if not nlp.enabled or nlp.translators == NONE:
        return ()
    if nlp.translators != "auto":
        return cast(Sequence[TranslatorSettings], nlp.translators)
    return [TranslatorSettings(engine="apertium")]
