"""Server processes for the benchmarks: started on a core of their own, stopped by process id, their CPU time read."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SERVER_CORE, LOAD_CORE = 0, 1


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: list[str], *, port: int, core: int, env: Mapping[str, str] | None = None, log: Path, ready: str = ""
) -> Iterator[int]:
    """Start, wait until the port answers (and the path `ready` with 200), give the process id, stop."""
    with log.open("w") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        try:
            wait_for(port, process, log, ready)
            yield process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path, ready: str) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        try:
            if ready:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{ready}", timeout=1).close()
            else:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            pause(0.02)
        else:
            return
    sys.exit(f"a server did not start; its log ends:\n{log.read_text()[-2000:]}")


def pause(seconds: float) -> None:
    """A benchmark may wait; tests may not."""
    import select

    select.select([], [], [], seconds)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, in seconds (Linux /proc)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mb(pid: int) -> float:
    """Resident memory in MB (Linux /proc)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6
