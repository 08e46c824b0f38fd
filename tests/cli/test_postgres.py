"""Commands on a PostgreSQL database: two lines of configuration more, and everything works as before."""

from pathlib import Path

import pytest

from tests.support.postgres import PASSWORD, asked, running
from tests.support.process import Served, free_port, parley, write_config

APP = {
    "bot": "echo",
    "nlp": {"enabled": False},
    "channels": {"web": {"kind": "webchat"}},
    "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}},
}


@pytest.mark.processes
async def test_a_server_and_the_commands_beside_it(tmp_path: Path) -> None:
    server, port = await running(), free_port()
    name = await server.empty()
    url = server.url(name, tcp=True)
    config = write_config(tmp_path, port, APP, store={"url": url, "media": str(tmp_path / "media")})
    checked = await parley("check", "--config", config)
    assert checked.code == 0, checked.err
    assert f"database {name} on 127.0.0.1:{server.port}" in checked.out
    added = await parley(
        "desk", "add-agent", "ada@shop.test", "--password-stdin", "--config", config, given="a long password\n"
    )
    assert added.code == 0, added.err
    served = Served(config, port)
    await served.start()
    try:
        key = await parley("keys", "add", "reporting", "--config", config)
        assert key.code == 0, key.err
    finally:
        assert await served.stop() == 0
    assert await asked(server.url(name), "SELECT email FROM agents") == [("ada@shop.test",)]
    assert await asked(server.url(name), "SELECT name FROM api_keys") == [("reporting",)]
    everything = served.tail() + "".join(one.out + one.err for one in (checked, added, key))
    assert PASSWORD not in everything
    assert PASSWORD.replace(" ", "%20") not in everything


@pytest.mark.processes
async def test_a_database_that_is_not_there_ends_the_start_with_a_code_and_a_line(tmp_path: Path) -> None:
    port = free_port()
    store = {"url": f"postgresql://parley:hunter2@127.0.0.1:{free_port()}/parley", "patience_seconds": 0.5}
    config = write_config(tmp_path, port, APP, store={**store, "media": str(tmp_path / "media")})
    ran = await parley("serve", "--config", config)
    assert ran.code != 0
    assert "database not reached, trying again" in ran.err
    assert "not reached in 0.5 seconds" in ran.err
    assert "hunter2" not in ran.out + ran.err


@pytest.mark.processes
async def test_the_address_may_come_from_the_environment(tmp_path: Path) -> None:
    server = await running()
    url = server.url(await server.empty(), tcp=True)
    config = write_config(tmp_path, free_port(), APP)
    added = await parley("keys", "add", "reporting", "--config", config, PARLEY_STORE__URL=url)
    assert added.code == 0, added.err
    assert await asked(url, "SELECT name FROM api_keys") == [("reporting",)]
