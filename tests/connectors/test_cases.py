"""Every connector's own table of captured and composed cases."""

from pathlib import Path

import pytest

from orchestrator.adapters.files import LocalFiles
from orchestrator.adapters.http_client import HttpClient
from tests.connectors.runner import Case, all_cases, build, run
from tests.support.clock import ManualClock
from tests.support.cloud import Cloud

WANTED = {"text", "media", "tap", "forged", "malformed", "duplicate", "throttled", "unreachable", "refused"}


@pytest.mark.parametrize("case", all_cases(), ids=str)
async def test_case(case: Case, cloud: Cloud, http: HttpClient, tmp_path: Path) -> None:
    await run(case, build(case, cloud, http, LocalFiles(tmp_path, ManualClock())), cloud)


@pytest.mark.parametrize("connector", sorted({case.connector for case in all_cases()}))
def test_every_connector_has_the_cases_that_hurt(connector: str) -> None:
    covered = {str(tag) for case in all_cases() if case.connector == connector for tag in case.data.get("tags", ())}
    assert covered >= WANTED
