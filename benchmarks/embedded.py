"""The embedded default against the reference floor: throughput, latency, acknowledgement, memory, start."""

import base64
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import kit, setup
from benchmarks.servers import cpu_seconds, memory_mb, pause

ROOT = Path(__file__).resolve().parents[1]
SECRET = "whsec_" + base64.b64encode(b"a key for measuring, nothing else").decode()

Report = Callable[[str, str, str], None]


def webhook_bot(port: int, deadline: float = 30.0) -> dict[str, object]:
    return {"kind": "webhook", "url": f"http://127.0.0.1:{port}/", "deadline": deadline, "secret": SECRET}


def throughput(folder: Path, report: Report, rounds: int, turns: int) -> None:
    """Turns a second on one core at 32 connections, Parley and the floor in turns, ratio within each round."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder)
        floor = setup.floor(stack, folder, bot)
        ours = setup.parley(stack, folder / "parley", bot=webhook_bot(bot))
        for target in (floor, ours):
            load(target, turns // 4)
        pairs = [(load(floor, turns), load(ours, turns)) for _ in range(rounds)]
    ratios = [mine["turns_per_s"] / base["turns_per_s"] for base, mine in pairs]
    middle = [statistics.median(pair[side]["turns_per_s"] for pair in pairs) for side in (0, 1)]
    cpu = [statistics.median(pair[side]["server_cpu_us_per_turn"] for pair in pairs) for side in (0, 1)]
    report("turns/s against the floor, NLP off", f"{statistics.median(ratios):.2f} ×", "≥ 0.6, stretch 0.8")
    report("  turns/s, floor / Parley", f"{middle[0]:.0f} / {middle[1]:.0f}", "")
    report("  server CPU µs a turn, floor / Parley", f"{cpu[0]:.0f} / {cpu[1]:.0f}", "")


def load(target: setup.Target, turns: int, *options: str) -> dict[str, Any]:
    given = ("--turns", str(turns), "--conns", "32", *options)
    return kit.drive(target.url, *given, callback_port=target.callback_port, pid=target.pid, body=target.body)


def latency(folder: Path, report: Report, turns: int) -> None:
    """One turn at a time: what Parley adds to the bot's own time."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder)
        floor = setup.floor(stack, folder, bot)
        ours = setup.parley(stack, folder / "parley", bot=webhook_bot(bot))
        results = [load(target, turns, "--conns", "1") for target in (floor, ours)]
    for name, key, goal in (("p50", "p50_ms", "≤ 3 ms added"), ("p99", "p99_ms", "≤ 15 ms added")):
        report(f"latency at low load {name}, floor / Parley", f"{results[0][key]:.2f} / {results[1][key]:.2f} ms", goal)


def acknowledgement(folder: Path, report: Report, turns: int) -> None:
    """How long a platform waits for its 200 while the bot hangs for 30 s. Replies are not waited for."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder, "--delay-ms", "30000")
        ours = setup.parley(stack, folder / "parley", bot=webhook_bot(bot))
        # The driver keeps a connection busy until the reply comes, which here it does not: one for every message.
        options = ("--rate", "100", "--conversations", str(turns), "--timeout", "3", "--drain", "0", "--no-fail")
        result = load(ours, turns, *options, "--conns", str(turns))
    report("acknowledgement p99, bot hanging 30 s", f"{result['ack_p99_ms']:.1f} ms", "≤ 50 ms")


def understanding(folder: Path, report: Report, turns: int) -> None:
    """NLP on, without translation: what is left of the throughput."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder)
        off = setup.parley(stack, folder / "off", bot=webhook_bot(bot))
        # Without rules: who says the same five times over is handed to a person, and waits for an answer.
        on = setup.parley(stack, folder / "on", bot=webhook_bot(bot), nlp=True, app={"policy": {"defaults": False}})
        for target in (off, on):
            load(target, turns // 4)
        text = ("--text-prefix", "where is my order, it was promised for today ")
        results = [load(target, turns, *text) for target in (off, on)]
    report(
        "turns/s NLP off / on",
        f"{results[0]['turns_per_s']:.0f} / {results[1]['turns_per_s']:.0f}",
        "≥ 90 % of what the NLP time allows",
    )
    cpu = [result["server_cpu_us_per_turn"] for result in results]
    report("  NLP CPU µs a turn", f"{cpu[1] - cpu[0]:.0f}", "")


def history(folder: Path, report: Report) -> None:
    """Turn cost in one conversation as it grows."""
    with ExitStack() as stack:
        bot = setup.echo_bot(stack, folder)
        ours = setup.parley(stack, folder / "parley", bot=webhook_bot(bot))
        one = ("--conversations", "1", "--conns", "1")
        costs = []
        for fill in (300, 2_000, 12_000):
            kit_load(ours, fill, one)
            costs.append(kit_load(ours, 400, one)["server_cpu_us_per_turn"])
    shown = " / ".join(f"{cost:.0f}" for cost in costs)
    report("CPU µs a turn after 0.6 k / 5 k / 30 k messages", shown, "± 10 %")


def kit_load(target: setup.Target, turns: int, options: tuple[str, ...]) -> dict[str, Any]:
    return kit.drive(
        target.url,
        "--turns",
        str(turns),
        *options,
        callback_port=target.callback_port,
        pid=target.pid,
        body=target.body,
    )


def idle(folder: Path, report: Report) -> None:
    """Memory without models, and start to ready (warm: a database that exists)."""
    bot: dict[str, object] = {"kind": "python", "bot": "benchmarks.echo:reply", "path": str(ROOT)}
    starts = []
    for _ in range(3):
        began = time.monotonic()
        with ExitStack() as stack:
            ours = setup.parley(stack, folder / "idle", bot=bot)
            starts.append(time.monotonic() - began)
            pause(0.5)
            memory, cpu = memory_mb(ours.pid), cpu_seconds(ours.pid)
    report("start to ready, warm", f"{min(starts):.2f} s", "≤ 2 s")
    report("memory idle, no models", f"{memory:.0f} MB", "≤ 120 MB")
    report("  CPU for a start", f"{cpu:.2f} s", "")


def machine() -> str:
    model = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout
    name = next((line.partition(":")[2].strip() for line in model.splitlines() if line.startswith("Model name")), "?")
    return f"{name}, Python {sys.version.split()[0]}, server on one core, load on another"
