"""Finding plugins by entry point, and turning an app's settings into what the engine runs."""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, cast

from pydantic import BaseModel, ValidationError

from orchestrator import texts
from orchestrator.config import AppSettings, BotSettings, ChannelSettings, NlpSettings, TranslatorSettings
from orchestrator.config.explain import problems
from orchestrator.decide.hours import compile_hours
from orchestrator.decide.rules import Policy
from orchestrator.engine import App, Breaker, Channel, RunningBot
from orchestrator.errors import Misconfigured
from orchestrator.ledger import Ledger, nowhere, under
from orchestrator.ports import (
    Bot,
    Cache,
    Clock,
    Connector,
    Files,
    Http,
    Metered,
    Recorder,
    Stage,
    Translations,
    Translator,
)
from orchestrator.understand import Chain, Glossary, Link, Memory, Meter, Quota, Understander

NONE = "none"
ROLES = ("language", "sentiment", "intent", "wish")
KINDS = {"connectors": "kind of channel", "bots": "kind of bot", "nlp": "language engine"}


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
    cache: Cache | None = None
    translations: Translations | None = None


def found(group: str) -> Mapping[str, EntryPoint]:
    return offered(group, tuple(sys.path))


@cache
def offered(group: str, places: tuple[str, ...]) -> Mapping[str, EntryPoint]:
    """By the packages in `places`. Reading what they offer takes milliseconds, and each app asks dozens of times."""
    return MappingProxyType({point.name: point for point in entry_points(group=f"parley.{group}")})


def plugin(group: str, name: str) -> Plugin:
    """Raises Misconfigured when no installed package offers it, or it can't be imported."""
    points = found(group)
    if name not in points:
        raise Misconfigured(nowhere(KINDS[group], name, points))
    try:
        return cast(Plugin, points[name].load())
    except Exception as error:
        raise Misconfigured(f"plugin {name!r} can't be imported: {type(error).__name__}: {error}") from error


def make(workshop: Workshop, module: Plugin, raw: Mapping[str, Any], beside: Collection[str] = ()) -> Any:
    """Validate a plugin's own settings and create it. Raises Misconfigured, naming the key and never its value.

    `beside` are the keys of Parley's own that stand in the same table.
    """
    settings = anchored(validated(module, raw, beside), workshop.base)
    return module.create(settings, clock=workshop.clock, http=workshop.http, files=workshop.files)


def validated(module: Plugin, raw: Mapping[str, Any], beside: Collection[str] = ()) -> BaseModel:
    try:
        return module.Settings.model_validate(dict(raw))
    except ValidationError as error:
        raise Misconfigured(problems(error, module.Settings, raw, beside)) from None


def anchored(value: Any, base: Path) -> Any:
    """The same, with every relative path in it, however deep, starting at the configuration's folder."""
    match value:
        case Path():
            return base / value
        case BaseModel():
            fields = {name: getattr(value, name) for name in type(value).model_fields}
            changed = {name: anchored(field, base) for name, field in fields.items()}
            return value.model_copy(update={name: new for name, new in changed.items() if new is not fields[name]})
        case Mapping() if any(isinstance(item, Path | BaseModel) for item in value.values()):
            return {name: anchored(item, base) for name, item in value.items()}
        case tuple() | list() if any(isinstance(item, Path | BaseModel) for item in value):
            return type(value)(anchored(item, base) for item in value)
    return value


def build_apps(apps: Mapping[str, AppSettings], workshop: Workshop) -> dict[str, App]:
    """Raises Misconfigured with everything that is wrong in any of them."""
    ledger = Ledger()
    built, owners = {}, dict[str, str]()
    for app_id, settings in apps.items():
        for channel_id in settings.channels:
            # Channel ids are part of public addresses, which don't name the app.
            if owners.setdefault(channel_id, app_id) != app_id:
                what = f"app {owners[channel_id]!r} has a channel {channel_id!r} too; give one another name"
                ledger.note(what, "apps", app_id, "channels", channel_id)
        with ledger.below("apps", app_id):
            built[app_id] = build_app(app_id, settings, workshop)
    ledger.close()
    return built


def build_app(app_id: str, settings: AppSettings, workshop: Workshop) -> App:
    """Raises Misconfigured with everything that is wrong, with keys as seen from the app."""
    ledger = Ledger()
    check_names(settings, ledger)
    channels, bots = {}, {}
    for name, channel in settings.channels.items():
        with ledger.below("channels", name):
            channels[name] = Channel(id=name, settings=channel, connector=connector(channel, workshop))
        if channel.hours is not None:
            with ledger.below("channels", name, "hours"):
                compile_hours(channel.hours)
    for name, bot in settings.bots.items():
        with ledger.below("bots", name):
            bots[name] = running(name, bot, workshop, app_id)
    check_panels(bots, ledger)
    with ledger.below("policy"):
        policy = Policy.compile(settings.policy, bots=settings.bots, teams=settings.teams)
    with ledger.below("nlp"):
        understanding = understander(app_id, settings, workshop)
    with ledger.below():
        texts.check(settings.texts)
    ledger.close()
    return App(id=app_id, settings=settings, channels=channels, bots=bots, policy=policy, understander=understanding)


def check_names(settings: AppSettings, ledger: Ledger) -> None:
    """Names of bots and languages that lead nowhere."""
    ledger.known("bot", settings.bot, settings.bots, "bot")
    for name, channel in settings.channels.items():
        ledger.known("bot", channel.bot, settings.bots, "channels", name, "bot")
        ledger.known("language", channel.language, settings.languages, "channels", name, "language")
    for name, bot in settings.bots.items():
        ledger.known("bot", bot.fallback, settings.bots, "bots", name, "fallback")
        if bot.fallback == name:
            ledger.note("a bot can't stand in for itself", "bots", name, "fallback")


def check_panels(bots: Mapping[str, RunningBot], ledger: Ledger) -> None:
    """Members that there are not, or that would ask others in turn."""
    for name, running in bots.items():
        if running.panel is not None:
            for number, member in enumerate(running.panel.members):
                ledger.known("bot", member, bots, "bots", name, "members", number)
                if member in bots and bots[member].panel is not None:
                    ledger.note("a bot that asks others can't be one of those", "bots", name, "members", number)


def own(settings: BaseModel) -> dict[str, Any]:
    """The keys that Parley does not know: the plugin's."""
    return dict(settings.model_extra or {})


def connector(settings: ChannelSettings, workshop: Workshop) -> Connector:
    with under("kind"):
        module = plugin("connectors", settings.kind)
    return cast(Connector, make(workshop, module, own(settings), ChannelSettings.model_fields))


def running(name: str, settings: BotSettings, workshop: Workshop, app_id: str) -> RunningBot:
    with under("kind"):
        module = plugin("bots", settings.kind)
    bot = cast(Bot, make(workshop, module, own(settings), BotSettings.model_fields))
    if isinstance(bot, Metered):
        bot.metered(Meter(app_id, workshop.clock, workshop.translations), name)
    breaker = Breaker(workshop.clock, failures=settings.breaker_failures, seconds=settings.breaker_seconds)
    return RunningBot(name=name, settings=settings, bot=bot, breaker=breaker)


def understander(app_id: str, settings: AppSettings, workshop: Workshop) -> Understander:
    """Raises Misconfigured with everything that is wrong, with keys as seen from `nlp`."""
    nlp = settings.nlp
    ledger = Ledger()
    for name in nlp.stages:
        ledger.known(KINDS["nlp"], name, found("nlp"), "stages", name)
    absent: list[str] = []
    made = stages(nlp, workshop, ledger, absent) if nlp.enabled else []
    links = chain(nlp, workshop, ledger)
    with ledger.below("memory"):
        memory = Memory([workshop.base / path for path in nlp.memory])
    with ledger.below("glossary"):
        glossary = Glossary([workshop.base / path for path in nlp.glossary])
    ledger.close()
    translating = Chain(
        links,
        clock=workshop.clock,
        memory=memory,
        glossary=glossary,
        cache=workshop.cache,
        meter=Meter(app_id, workshop.clock, workshop.translations),
        recorder=workshop.recorder,
        scope=app_id,
        private=nlp.private,
    )
    return Understander(
        stages=made,
        chain=translating,
        languages=settings.languages,
        clock=workshop.clock,
        recorder=workshop.recorder,
        pivot=settings.pivot,
        deadline=nlp.deadline,
        absent=absent,
    )


def stages(nlp: NlpSettings, workshop: Workshop, ledger: Ledger, absent: list[str]) -> list[Stage]:
    """An engine nobody asked for by name is left out, and told of in `absent`, where it can't work on this machine."""
    made = []
    for role in ROLES:
        for number, name in enumerate(getattr(nlp, role)):
            with ledger.below():
                raw = nlp.stages.get(name, {})
                if role not in nlp.model_fields_set and (why := unusable(name, raw)) is not None:
                    absent.extend([f"{role}: without {name}: {why}"] if why else [])
                    continue
                made.append(stage(role, number, name, raw, workshop))
    return made


def unusable(engine: str, raw: Mapping[str, Any]) -> str | None:
    """Why an engine can't work on this machine, None when it can or does not say; "" when it is not worth telling."""
    module = plugin("nlp", engine)
    judge = getattr(module, "usable", None)
    if judge is None:
        return None
    with under("stages", engine):
        return cast(str | None, judge(validated(module, raw)))


def stage(role: str, number: int, name: str, raw: Mapping[str, Any], workshop: Workshop) -> Stage:
    with under(role, number):
        module = plugin("nlp", name)
    with under("stages", name):
        made = cast(Stage, make(workshop, module, raw))
    if made.name != role:
        what = made.name if made.name in ROLES else "translation"
        raise Misconfigured(f"the language engine {name!r} is for {what}, not for {role}", key=(role, number))
    return made


def chain(nlp: NlpSettings, workshop: Workshop, ledger: Ledger) -> list[Link]:
    """The engines in the order they are asked."""
    links: list[Link] = []
    chosen: Sequence[TranslatorSettings] = ()
    with ledger.below():
        chosen = translators(nlp)
    for number, each in enumerate(chosen):
        with ledger.below("translators", number):
            links.append(link(each, workshop))
    for number, name in enumerate(made.name for made in links):
        if name in [made.name for made in links[:number]]:
            what = f"two engines are called {name!r}; give one another 'name'"
            ledger.note(what, "translators", number, "name")
    return links


def link(settings: TranslatorSettings, workshop: Workshop) -> Link:
    return Link(
        translator=translator(settings, workshop),
        timeout=settings.timeout,
        quota=Quota(day=settings.daily_characters, month=settings.monthly_characters),
        only=settings.only,
        label=settings.name,
    )


def translator(settings: TranslatorSettings, workshop: Workshop) -> Translator:
    with under("engine"):
        module = plugin("nlp", settings.engine)
    made = make(workshop, module, own(settings), TranslatorSettings.model_fields)
    if not hasattr(made, "translate"):
        raise Misconfigured(f"the language engine {settings.engine!r} does not translate", key=("engine",))
    return cast(Translator, made)


def translators(nlp: NlpSettings) -> Sequence[TranslatorSettings]:
    """What the configuration names. "auto": Apertium where it is installed, then a LibreTranslate whose URL is set.

    A third party's free service is never chosen unasked: it would read what customers write.
    """
    if not nlp.enabled or nlp.translators == NONE:
        return ()
    if nlp.translators != "auto":
        return cast(Sequence[TranslatorSettings], nlp.translators)
    chosen = [TranslatorSettings(engine="apertium")] if usable("apertium", {}) else []
    if usable("libretranslate", raw := nlp.stages.get("libretranslate", {})):
        chosen.append(TranslatorSettings.model_validate({"engine": "libretranslate", **raw}))
    libre = nlp.stages.get("deep-translator", {})
    if libre.get("service") == "libre" and libre.get("url") and usable("deep-translator", libre):
        chosen.append(TranslatorSettings.model_validate({"engine": "deep-translator", **libre}))
    return chosen


def usable(engine: str, raw: Mapping[str, Any]) -> bool:
    """Whether an engine says that it can work on this machine."""
    module = plugin("nlp", engine)
    with under("stages", engine):
        settings = validated(module, raw)
    return cast(Any, module).usable(settings) is None
