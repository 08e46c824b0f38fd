"""Registered bots as rows, and back."""

from typing import Any

from orchestrator import codec
from orchestrator.adapters.sql.rows import Row, micros, moment
from orchestrator.copies import replace
from orchestrator.types import BotCount, BotEntry, BotNote, BotVersion

NOTE = "id, app_id, bot, version, kind, conversation_id, turn_id, at, outcome, ms, detail, same, actions"
MOST_NOTES = 200
"""Kept of each kind for a bot."""


def entry_row(entry: BotEntry) -> tuple[str, str, int, str]:
    return entry.app_id, entry.name, entry.revision, codec.bot_entry.dump(entry).decode()


def to_entry(row: Row) -> BotEntry:
    """From revision and entry: the revision of the row counts."""
    return replace(codec.bot_entry.load(row[1]), revision=row[0])


def version_row(version: BotVersion) -> tuple[str, str, int, str, str, str]:
    """What is sealed stands in a column of its own: nothing that prints a record prints it."""
    bare = replace(version, sealed="", grade=None)
    grade = codec.grade.dump(version.grade).decode() if version.grade else ""
    return (
        version.app_id,
        version.name,
        version.version,
        codec.bot_version.dump(bare).decode(),
        version.sealed,
        grade,
    )


def to_version(row: Row) -> BotVersion:
    """From record, sealed, grade."""
    return replace(codec.bot_version.load(row[0]), sealed=row[1], grade=codec.grade.load(row[2]) if row[2] else None)


def count_row(one: BotCount) -> tuple[Any, ...]:
    return one.app_id, one.bot, one.version, one.arm, micros(one.hour), one.what, one.count, one.total


def to_count(row: Row) -> BotCount:
    return BotCount(
        app_id=row[0],
        bot=row[1],
        version=row[2],
        arm=row[3],
        hour=moment(row[4]),
        what=row[5],
        count=row[6],
        total=row[7],
    )


def note_row(note: BotNote) -> tuple[Any, ...]:
    return (
        note.id,
        note.app_id,
        note.bot,
        note.version,
        note.kind,
        note.conversation_id,
        note.turn_id,
        micros(note.at),
        note.outcome,
        note.ms,
        note.detail,
        int(note.same),
        codec.actions.dump(note.actions).decode(),
    )


def to_note(row: Row) -> BotNote:
    return BotNote(
        id=row[0],
        app_id=row[1],
        bot=row[2],
        version=row[3],
        kind=row[4],
        conversation_id=row[5],
        turn_id=row[6],
        at=moment(row[7]),
        outcome=row[8],
        ms=row[9],
        detail=row[10],
        same=bool(row[11]),
        actions=codec.actions.load(row[12]),
    )


def summed(counts: "tuple[BotCount, ...]") -> list[tuple[Any, ...]]:
    """One row for each key: a statement may touch a row only once."""
    sums: dict[tuple[Any, ...], tuple[int, float]] = {}
    for one in counts:
        *place, count, total = count_row(one)
        before = sums.get(tuple(place), (0, 0.0))
        sums[tuple(place)] = (before[0] + count, before[1] + total)
    return [(*place, *both) for place, both in sorted(sums.items())]
