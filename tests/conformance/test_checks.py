"""Every check passes a bot that behaves, and fails one that is broken in just that way."""

from pathlib import Path

import pytest

from orchestrator import conformance
from orchestrator.conformance import CHECKS, Report
from orchestrator.conformance.target import Conditions, Target, subject

SHOP = Path(__file__).parents[2] / "examples" / "shop" / "guide.toml"


def python(name: str) -> Target:
    return Target(name=name, kind="python", raw={"bot": f"tests.support.misbehaving:{name}"}, deadline=1.0)


async def looked(target: Target, given: Conditions | None = None, level: int = 3) -> Report:
    async with subject(target, given) as found:
        return await conformance.run(found, level)


async def verdict(target: Target, check: str, given: Conditions | None = None) -> conformance.Verdict:
    (wanted,) = (one for one in CHECKS if one.name == check)
    async with subject(target, given) as found:
        return await conformance.examine(found, wanted)


async def test_a_bot_that_behaves_reaches_the_top() -> None:
    report = await looked(python("good"))
    assert [one.detail for one in report.failed()] == []
    assert report.level == 3
    assert [one.check for one in report.skipped] == ["signature"]


async def test_the_guide_reaches_the_top() -> None:
    report = await looked(Target(name="guide", kind="guide", raw={"file": str(SHOP)}))
    assert [one.detail for one in report.failed()] == []
    assert report.level == 3


BROKEN = [
    ("greets", "silent_at_the_door", "IndexError"),
    ("greets", "endless", "50 are the most"),
    ("plain", "mute", "said nothing to 'Hello'"),
    ("rich", "deaf_to_taps", "said nothing when it was tapped"),
    ("rich", "tapped", "offered 'Opening hours'"),
    ("deadline", "slow", "no answer within 1.0 s"),
    ("deadline", "stubborn", "called off"),
    ("unknown-fields", "strict", "ValueError"),
    ("hostile", "gullible", "with only emoji"),
    ("hostile", "trusting", "context of the wrong kinds"),
    ("duplicates", "counting", "did another thing when the same turn came again"),
    ("two-customers", "mixing", "read"),
    ("two-customers", "blocking", "its async code blocks"),
    ("restart", "Forgetful", "lost its place"),
    ("parts", "wordless", "with image"),
    ("channels", "untitled", "a choice without a title"),
    ("channels", "pictorial", "without an alt text"),
    ("languages", "monolingual", "wrote 'es'"),
    ("languages", "mislabelled", "ISO 639-1"),
    ("hand-back", "clinging", "asked for a person again"),
    ("hand-back", "speechless_after", "said nothing in the turn after"),
]


@pytest.mark.parametrize(("check", "bot", "complaint"), BROKEN, ids=[f"{row[0]}-{row[1]}" for row in BROKEN])
async def test_a_bot_broken_in_that_way_fails(check: str, bot: str, complaint: str) -> None:
    found = await verdict(python(bot), check)
    assert found.outcome == "failed", found.detail
    assert complaint in found.detail
    assert found.fix
    assert found.link == f"docs/conformance.md#{check}"


async def test_wording_may_differ_where_the_bot_says_so() -> None:
    assert (await verdict(python("Chatty"), "duplicates")).outcome == "passed"
    honest = await verdict(python("counting"), "duplicates", Conditions(varies=True))
    assert honest.outcome == "passed", "a flag for bots that don't know it themselves"


async def test_a_failure_of_level_1_is_level_0() -> None:
    report = await looked(python("mute"), level=1)
    assert report.level == 0
    assert [one.check for one in report.failed()] == ["plain", "rich"]


async def test_a_failure_of_level_2_leaves_level_1() -> None:
    assert (await looked(python("counting"))).level == 1


def test_every_check_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")
    for check in CHECKS:
        assert f'<a id="{check.name}"></a>' in text, check.name
