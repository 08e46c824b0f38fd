"""Translations in files for people and their tools: TOML, CSV and XLIFF 1.2 (OASIS, 2008).

An entry is a mapping of language to text. In CSV the first row names the languages; in XLIFF each trans-unit is one
text in two languages, and what its state calls unfinished is left out.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as Xml

from orchestrator.errors import Malformed

Format = Literal["toml", "csv", "xliff"]
Entry = Mapping[str, str]

SUFFIXES: Mapping[str, Format] = {".toml": "toml", ".csv": "csv", ".xlf": "xliff", ".xliff": "xliff"}
XLIFF = "urn:oasis:names:tc:xliff:document:1.2"
LANGUAGE = re.compile(r"[a-z]{2,3}")
UNFINISHED = re.compile(r"new|needs-.*")
LARGEST = 20_000_000


def format_of(path: Path) -> Format:
    """Raises Malformed."""
    if path.suffix.lower() not in SUFFIXES:
        raise Malformed(f"{str(path)!r}: name it .toml, .csv, .xlf or .xliff")
    return SUFFIXES[path.suffix.lower()]


def dump(entries: Sequence[Entry], kind: Format, *, source: str, languages: Sequence[str]) -> str:
    """What lacks a translation is there, empty, to be filled in; not in TOML, where every text counts."""
    match kind:
        case "toml":
            return toml(entries)
        case "csv":
            return table(entries, [source, *languages])
        case "xliff":
            return xliff(entries, source, languages)


def toml(entries: Iterable[Entry]) -> str:
    return "\n".join(
        "[[entry]]\n" + "".join(f"{code} = {quoted(text)}\n" for code, text in one.items()) for one in entries
    )


def quoted(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def table(entries: Iterable[Entry], languages: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(languages)
    writer.writerows([entry.get(code, "") for code in languages] for entry in entries)
    return out.getvalue()


def xliff(entries: Sequence[Entry], source: str, languages: Sequence[str]) -> str:
    root = Xml.Element("xliff", {"version": "1.2", "xmlns": XLIFF})
    for language in languages:
        attributes = {"original": "parley", "datatype": "plaintext", "source-language": source}
        body = Xml.SubElement(Xml.SubElement(root, "file", {**attributes, "target-language": language}), "body")
        for number, entry in enumerate(entries, 1):
            unit = Xml.SubElement(body, "trans-unit", {"id": str(number), "xml:space": "preserve"})
            Xml.SubElement(unit, "source").text = entry[source]
            state = {} if entry.get(language) else {"state": "needs-translation"}
            Xml.SubElement(unit, "target", state).text = entry.get(language, "")
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def load(text: str, kind: Format) -> list[dict[str, str]]:
    """Entries of two languages or more. Raises Malformed, naming the row or unit."""
    if len(text) > LARGEST:
        raise Malformed(f"a file of translations has at most {LARGEST} characters")
    match kind:
        case "toml":
            return from_toml(text)
        case "csv":
            return from_table(text)
        case "xliff":
            return from_xliff(text)


def from_toml(text: str) -> list[dict[str, str]]:
    import tomllib

    try:
        entries = tomllib.loads(text).get("entry", [])
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"not valid TOML: {error}") from None
    if not isinstance(entries, list):
        raise Malformed("write [[entry]], with two brackets")
    # One language alone is a text nobody has translated yet, as `export` writes it.
    done = [(number, entry) for number, entry in enumerate(entries, 1) if not isinstance(entry, dict) or len(entry) > 1]
    return [checked(entry, f"entry {number}") for number, entry in done]


def from_table(text: str) -> list[dict[str, str]]:
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = list(reader) if text.strip() else []
    except csv.Error as error:
        raise Malformed(f"line {reader.line_num}: {error}; is a quotation mark missing?") from None
    if not rows:
        raise Malformed("an empty file: the first row names the languages, such as en,es,it")
    codes = [code.strip().lower() for code in rows[0]]
    entries = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(codes):
            raise Malformed(f"row {number} has more cells than there are languages")
        entry = {code: cell for code, cell in zip(codes, row, strict=False) if cell.strip()}
        if len(entry) > 1:
            entries.append(checked(entry, f"row {number}"))
    return entries


def from_xliff(text: str) -> list[dict[str, str]]:
    if "<!DOCTYPE" in text.upper():
        raise Malformed("XLIFF with a DOCTYPE is not read")
    try:
        root = Xml.fromstring(text.encode())
    except Xml.ParseError as error:
        raise Malformed(f"not valid XML: {error}") from None
    if local(root) != "xliff" or not root.get("version", "").startswith("1."):
        raise Malformed("this is no XLIFF 1.2; tools call it 'XLIFF 1.2' or '.xlf'")
    entries = []
    for file in (one for one in root if local(one) == "file"):
        pair = (code_of(file.get("source-language")), code_of(file.get("target-language")))
        for unit in (one for one in file.iter() if local(one) == "trans-unit"):
            if entry := of_unit(unit, *pair):
                entries.append(checked(entry, f"trans-unit {unit.get('id', '')!r}"))
    return entries


def of_unit(unit: Xml.Element, source: str, target: str) -> dict[str, str]:
    found = {local(one): one for one in unit if local(one) in ("source", "target")}
    if "target" not in found or "source" not in found or UNFINISHED.fullmatch(found["target"].get("state", "")):
        return {}
    said, answer = spoken(found["source"]), spoken(found["target"])
    return {source: said, target: answer} if answer.strip() else {}


def spoken(element: Xml.Element) -> str:
    """The text, with what tools put in place of a placeholder."""
    pieces = [element.text or ""]
    for inline in element:
        pieces += [inline.get("equiv-text") or spoken(inline), inline.tail or ""]
    return "".join(pieces)


def local(element: Xml.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def code_of(tag: str | None) -> str:
    """es-ES is es here."""
    return (tag or "").replace("_", "-").split("-")[0].lower()


def checked(entry: object, where: str) -> dict[str, str]:
    if not isinstance(entry, dict) or len(entry) < 2:
        raise Malformed(f"{where}: each entry needs two languages or more")
    for code, text in entry.items():
        if not LANGUAGE.fullmatch(code):
            raise Malformed(f"{where}: {code!r} is no language; use codes such as en")
        if not isinstance(text, str) or not text.strip():
            raise Malformed(f"{where}: {code!r} needs a text")
    return entry
