"""The measuring kit this is compared with: a load driver, an echo bot and the reference floor.

It is not part of the project: PARLEY_BENCH_KIT names its folder (default: ../shared/bench beside the checkout).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.servers import LOAD_CORE

FOLDER = Path(os.environ.get("PARLEY_BENCH_KIT", Path(__file__).resolve().parents[2] / "shared" / "bench"))


def file(name: str) -> str:
    path = FOLDER / name
    if not path.exists():
        sys.exit(f"the measuring kit has no {name!r} in {str(FOLDER)!r}; set PARLEY_BENCH_KIT to its folder")
    return str(path)


def drive(url: str, *options: str, callback_port: int, pid: int, body: str = "") -> dict[str, Any]:
    """Run the driver in callback mode and give what it measured. Says so when replies were lost or doubled."""
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, file("driver.py"), "--url", url, "--mode", "callback"]
    command += ["--callback-port", str(callback_port), "--pid", str(pid), "--json", *options]
    if body:
        command += ["--body", body]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        sys.exit(f"the driver failed:\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
    result: dict[str, Any] = json.loads(lines[-1])
    wrong = {key: result[key] for key in ("lost", "dup_replies", "order_viol", "alien", "http_errors") if result[key]}
    if wrong:
        sys.stderr.write(f"WRONG REPLIES: {wrong}\n")
    return result
