"""Starting where one can't, or not yet: one line that says why, code 1, and nothing spoiled."""

import re
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.process import Ran, Served, free_port, parley, write_config
from tests.support.shop import shop

pytestmark = pytest.mark.processes

ECHO = {"bot": "echo", "bots": {"echo": {"kind": "python", "bot": "tests.support.bots:echo"}}}


def config(folder: Path, port: int | None = None, **sections: Any) -> Path:
    quiet = {"nlp": {"enabled": False, "translators": "none"}, "channels": {"web": {"kind": "webchat"}}}
    return write_config(folder, free_port() if port is None else port, {**ECHO, **quiet}, laid=False, **sections)


def refusal(ran: Ran) -> str:
    """The one line that says why."""
    assert ran.code == 1
    assert "Traceback" not in ran.err
    lines = [line for line in ran.err.splitlines() if line.startswith("parley: ")]
    assert len(lines) == 1, ran.err
    return lines[0]


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal(await parley("serve", "-c", config(tmp_path, port)))
        assert f"127.0.0.1:{port}" in said
        assert "--port" in said
        said = refusal(await parley("demo", "--port", str(port), "--data", tmp_path / "demo"))
        assert "--port" in said


async def test_an_address_that_is_not_this_machines(tmp_path: Path) -> None:
    assert "192.0.2.1" in refusal(await parley("serve", "-c", config(tmp_path), "--host", "192.0.2.1"))
    assert "no-such-host.invalid" in refusal(
        await parley("serve", "-c", config(tmp_path), "--host", "no-such-host.invalid")
    )


async def made(folder: Path) -> tuple[Path, Path]:
    """A configuration and its database, as a first run leaves them."""
    path = config(folder)
    assert (await parley("keys", "list", "-c", path)).code == 0
    return path, folder / "parley.db"


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path, database = await made(tmp_path)
    with closing(sqlite3.connect(database)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()
    before = database.read_bytes()
    said = refusal(await parley("serve", "-c", path))
    assert "'9999'" in said
    assert "newer Parley" in said
    assert database.read_bytes() == before


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = config(tmp_path)
    with closing(sqlite3.connect(tmp_path / "parley.db")) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()
    assert "another program" in refusal(await parley("serve", "-c", path))


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = config(tmp_path)
    (tmp_path / "parley.db").write_bytes(b"This is a letter, not a database. " * 100)
    assert "not an SQLite database" in refusal(await parley("serve", "-c", path))


async def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = config(tmp_path, store={"url": "sqlite:///file/parley.db", "media": "media"})
    assert "file" in refusal(await parley("serve", "-c", path))


async def test_one_server_serves_a_database(tmp_path: Path) -> None:
    """Two would each deliver what the other is delivering: the second is refused, until the first has ended anyhow."""
    async with shop(tmp_path) as here:
        ran = await parley("serve", "-c", here.config, "--port", "0")
        said = refusal(ran)
        assert "another Parley" in said
        assert here.served.process is not None
        assert f"process {here.served.process.pid}" in said
        assert (await here.hear("still there")).status == 200
        await here.platform.until(taken=1)
        await here.served.kill()
        port = free_port()
        second = Served(here.config, port, "serve", "-c", str(here.config), "--port", str(port))
        await second.start()
        assert await second.stop() == 0


async def test_agents_and_keys_are_managed_while_a_server_runs(tmp_path: Path) -> None:
    async with shop(tmp_path) as here:
        added = await parley(
            "desk", "add-agent", "Ada@Shop.Example", "-c", here.config, PARLEY_PASSWORD="one two three four"
        )
        assert added.code == 0, added.err
        origin = {"Origin": here.served.url}
        credentials = {"email": "ada@shop.example", "password": "one two three four"}
        async with here.http.post(f"{here.served.url}/desk/api/login", json=credentials, headers=origin) as answer:
            assert answer.status == 200
        assert (await here.get("/desk/api/me")).status == 200
        changed = await parley(
            "desk", "password", "ada@shop.example", "--password-stdin", "-c", here.config, given="five six seven\n"
        )
        assert changed.code == 0, changed.err
        assert (await here.get("/desk/api/me")).status == 401
        credentials["password"] = "five six seven"
        async with here.http.post(f"{here.served.url}/desk/api/login", json=credentials, headers=origin) as answer:
            assert answer.status == 200
        assert (await parley("desk", "disable", "ada@shop.example", "-c", here.config)).code == 0
        assert (await here.get("/desk/api/me")).status == 401

        key = (await parley("keys", "add", "reports", "-c", here.config)).out.strip()
        assert (await here.get("/v1/conversations", Authorization=f"Bearer {key}")).status == 200
        listed = (await parley("keys", "list", "-c", here.config)).out
        assert key not in listed
        number = re.findall(r"^(\S+) +pk_", listed, re.MULTILINE)[0]
        assert (await parley("keys", "revoke", number, "-c", here.config)).code == 0
        assert (await here.get("/v1/conversations", Authorization=f"Bearer {key}")).status == 401
