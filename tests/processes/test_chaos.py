"""Everything that breaks, for half a minute; `make chaos` does it for as long as one likes."""

import pytest

from tests.chaos.record import Plan
from tests.chaos.run import run

pytestmark = pytest.mark.processes


@pytest.mark.timeout(240)
async def test_whatever_breaks_everything_is_answered_once_in_order_and_seen_by_all() -> None:
    record = await run(Plan(seed=7, seconds=22, conversations=12, widgets=2, webs=2, workers=2))
    assert not record.violations, record.as_text()
    assert record.counts["messages accepted"] > 50
    assert sum(count for kind, count in record.counts.items() if kind.startswith("havoc")) >= 3
    assert record.proved["no bot speaks while an agent has the conversation"]
    assert record.proved["a widget knows all of its conversation"] == 2
