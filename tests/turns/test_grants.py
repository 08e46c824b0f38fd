"""A bot sees only the profile fields it is granted, and so does each bot that the turn is passed to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import bots
from tests.support.house import house

PROFILE = {"name": "Ann", "email": "ann@mail.example", "tier": "gold"}


@pytest.fixture(autouse=True)
def fresh_bots() -> Iterator[None]:
    bots.reset()
    yield
    bots.reset()


def python(name: str, **more: object) -> dict[str, object]:
    return {"kind": "python", "bot": f"tests.support.bots:{name}", **more}


GRANTS: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, PROFILE),
    ({"profile": ["name", "unknown"]}, {"name": "Ann"}),
    ({"profile": []}, {}),
    ({"profile": ["*"]}, PROFILE),
]


@pytest.mark.parametrize(("given", "seen"), GRANTS)
async def test_what_is_granted_is_seen(tmp_path: Path, given: dict[str, object], seen: dict[str, object]) -> None:
    async with house(tmp_path, bots={"echo": python("echo", **given)}) as parley:
        await parley.hear("hello", profile=PROFILE)
        await parley.settled()
    assert [dict(turn.profile) for turn in bots.seen] == [seen]


async def test_passing_a_turn_on_shows_the_other_bot_no_more_than_it_may_see(tmp_path: Path) -> None:
    mine = {"passes": python("passes"), "echo": python("echo", profile=["tier"])}
    async with house(tmp_path, bot="passes", bots=mine) as parley:
        await parley.hear("hello", profile=PROFILE)
        await parley.settled()
    assert [dict(turn.profile) for turn in bots.seen] == [{"tier": "gold"}]
