"""`parley translate …`: reviewed translations of what bots say, in files for people and their tools."""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.options import DEFAULT_CONFIG, AppName, ConfigPath, chosen_app, configured
from orchestrator.cli.table import table
from orchestrator.config import AppSettings
from orchestrator.errors import Malformed, Misconfigured
from orchestrator.registry import anchored, own, plugin, validated
from orchestrator.understand import Memory
from orchestrator.understand.exchange import Entry, dump, format_of, load, toml
from orchestrator.understand.guard import mask
from orchestrator.understand.memory import check_slots, key_of

app = typer.Typer(
    help="Reviewed translations of what the bots say: what is missing, out to translators, and back in.",
    no_args_is_help=True,
)
Languages = Annotated[list[str], typer.Option("--language", "-l", help="Only this one; may be given several times.")]
File = Annotated[Path, typer.Argument(help="A .toml, .csv, .xlf or .xliff file.")]
Texts = Annotated[list[Path], typer.Option("--texts", help="More texts, one a line, for bots that can't be asked.")]


@dataclass(frozen=True, slots=True)
class Canned:
    """One text a bot says, in the bot's language."""

    bot: str
    language: str
    text: str


@app.command("missing")
def missing(
    language: Languages = [],  # noqa: B006 - typer's way of saying "several"
    texts: Texts = [],  # noqa: B006
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 when something is missing.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Show which texts have no reviewed translation into which of the app's languages."""
    with configured(config) as (settings, base):
        shop = settings.apps[chosen_app(settings, app_name)]
        memory = Memory([base / path for path in shop.nlp.memory])
        said = canned(shop, base, texts)
        rows = [
            (code, one.bot, one.text) for code in wanted(shop, language) for one in said if lacks(memory, one, code)
        ]
    table(("language", "bot", "text"), rows, f"all {len(said)} texts are translated")
    if rows and fail:
        raise typer.Exit(1)


@app.command("export")
def export(
    file: File,
    language: Languages = [],  # noqa: B006
    texts: Texts = [],  # noqa: B006
    only_missing: Annotated[bool, typer.Option("--missing", help="Only what lacks a translation.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write what the bots say, with the translations there are, for translators to go on with."""
    kind = format_of(file)
    with configured(config) as (settings, base):
        shop = settings.apps[chosen_app(settings, app_name)]
        memory = Memory([base / path for path in shop.nlp.memory])
        said = canned(shop, base, texts)
        targets = wanted(shop, language)
    sources = {one.language for one in said} or {shop.pivot}
    if len(sources) > 1:
        raise Misconfigured(f"the bots speak {', '.join(sorted(sources))}; export those of one language at a time")
    [source] = sources
    targets = [code for code in targets if code != source]
    chosen = [one for one in said if not only_missing or any(lacks(memory, one, code) for code in targets)]
    entries = [entry_of(memory, one, targets) for one in chosen]
    write(file, dump(entries, kind, source=source, languages=targets))
    typer.echo(f"{file}: {len(entries)} texts in {source}, into {', '.join(targets)}")


@app.command("import")
def import_file(
    file: File,
    into: Annotated[Path | None, typer.Option(help="Memory file to add to.", show_default="the app's first")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Also change translations that are there.")] = False,
    app_name: AppName = "",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Add translations to the app's memory. Nothing is written when anything in the file can't be used."""
    kind = format_of(file)
    with configured(config) as (settings, base):
        shop = settings.apps[chosen_app(settings, app_name)]
        target = into or first_memory(shop, base)
    entries = load(read(file), kind)
    for number, entry in enumerate(entries, 1):
        check_slots(entry, f"{file}, number {number}")
    old = load(read(target), "toml") if target.exists() else []
    added, changed, kept = merged(old, entries, replace=replace)
    if changed:
        write(target, comments(read(target)) + toml([*old, *added]))
    elif added:
        before = read(target).rstrip("\n") + "\n\n" if target.exists() else ""
        write(target, before + toml(added))
    typer.echo(f"{target}: {len(added)} added, {changed} changed, {kept} that differ were kept")
    if kept:
        typer.echo("--replace changes those too", err=True)
    known = {*shop.languages, shop.pivot}
    for code in sorted({code for entry in entries for code in entry} - known):
        typer.echo(f"{code!r} is none of the app's languages ({', '.join(sorted(known))}): never used", err=True)


def canned(shop: AppSettings, base: Path, more: Iterable[Path] = ()) -> list[Canned]:
    """What the bots are known to say, each text once, and the greetings of channels."""
    found: dict[str, Canned] = {}
    for name, settings in shop.bots.items():
        module: Any = plugin("bots", settings.kind)
        if hasattr(module, "canned"):
            made = anchored(validated(module, own(settings), type(settings).model_fields), base)
            language, texts = module.canned(made)
            for text in texts:
                found.setdefault(text, Canned(name, language, text))
    for path in more:
        for line in filter(None, map(str.strip, read(path).splitlines())):
            found.setdefault(line, Canned(path.name, shop.pivot, line))
    return [one for one in found.values() if mask(one.text).has_words]


def wanted(shop: AppSettings, languages: Sequence[str]) -> list[str]:
    """Raises Misconfigured for one the app does not have."""
    if unknown := [code for code in languages if code not in shop.languages]:
        raise Misconfigured(f"--language: the app has no {unknown[0]!r}; known: {', '.join(shop.languages)}")
    return list(languages or shop.languages)


def lacks(memory: Memory, one: Canned, language: str) -> bool:
    return language != one.language and memory.template(one.text, one.language, language) is None


def entry_of(memory: Memory, one: Canned, targets: Sequence[str]) -> Entry:
    found = {code: memory.template(one.text, one.language, code) for code in targets}
    return {one.language: one.text, **{code: text for code, text in found.items() if text}}


def merged(
    old: Sequence[dict[str, str]], new: Sequence[Entry], *, replace: bool
) -> tuple[list[dict[str, str]], int, int]:
    """What to add; how many of `new` changed something in `old`, in place; how many differ and were kept."""
    by_text: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for held in old:
        for code, text in held.items():
            by_text[code, key_of(text)].append(held)
    added: list[dict[str, str]] = []
    changed = kept = 0
    for entry in map(dict, new):
        source, text = next(iter(entry.items()))
        # One text may stand in several entries: one for each file of translations that came in.
        there = by_text[source, key_of(text)]
        holders = {code: held for held in reversed(there) for code in held}
        fresh = {code: said for code, said in entry.items() if code not in holders}
        differing = {code: said for code, said in entry.items() if code in holders and holders[code][code] != said}
        differing.pop(source, None)
        if differing and replace:
            for code, said in differing.items():
                holders[code][code] = said
            there[0].update(fresh)
            changed += 1
            continue
        kept += bool(differing)
        if fresh:
            added.append({source: text, **fresh})
            there.append(added[-1])
    return added, changed, kept


def first_memory(shop: AppSettings, base: Path) -> Path:
    if not shop.nlp.memory:
        raise Misconfigured("the app has no translation memory; set nlp.memory, or name a file with --into")
    return base / shop.nlp.memory[0]


def read(path: Path) -> str:
    """Raises Malformed."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Malformed(f"{str(path)!r} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Malformed(f"{str(path)!r} is not UTF-8") from None


def write(path: Path, text: str) -> None:
    """All or nothing: a crash leaves the old file. Raises Malformed."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise Malformed(f"{str(path)!r} can't be written: {error.strerror}") from None


def comments(text: str) -> str:
    """What stands before the first entry."""
    head = text.split("[[entry]]", 1)[0].strip()
    return f"{head}\n\n" if head else ""
