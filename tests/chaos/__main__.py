"""make chaos ARGS="--seed 7 --minutes 10": many processes on one PostgreSQL and one Redis, and all of it breaks.

Customers, widgets and agents talk while workers, web processes, Redis and PostgreSQL are killed, paused and started
again, the platform delivers twice, late and out of order, and the bot is slow, fails, and answers twice. Then it is
proved from the outside that every message was answered once, in order, and that whoever looked on saw all of it. Each
violation is named with its seed, conversation, messages and times; the same seed draws the same choices, though never
the same moments.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

from tests.chaos.record import Plan
from tests.chaos.run import run


def main() -> int:
    parser = argparse.ArgumentParser(
        "make chaos", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=None, help="by default the time; the report says which")
    parser.add_argument("--minutes", type=float, default=5.0, help="of traffic and havoc (default: %(default)g)")
    parser.add_argument(
        "--conversations", type=int, default=40, help="customers on the webhook channel (default: %(default)d)"
    )
    parser.add_argument(
        "--rate", type=float, default=60.0, help="events a second of all of them together (default: %(default)g)"
    )
    parser.add_argument("--widgets", type=int, default=5, help="open widgets (default: %(default)d)")
    parser.add_argument("--webs", type=int, default=2, help="web processes (default: %(default)d)")
    parser.add_argument("--workers", type=int, default=3, help="worker processes (default: %(default)d)")
    parser.add_argument("--report", type=Path, default=Path("chaos"), help="FOLDER for the report, and logs if need be")
    given = parser.parse_args()
    if (
        min(given.conversations, given.webs, given.workers) < 1
        or given.widgets < 0
        or min(given.minutes, given.rate) <= 0
    ):
        parser.error("at least one conversation, web process and worker, and some time are needed")
    plan = Plan(
        seed=int(time.time()) if given.seed is None else given.seed,
        seconds=given.minutes * 60,
        conversations=given.conversations,
        rate=given.rate,
        widgets=given.widgets,
        webs=given.webs,
        workers=given.workers,
    )
    record = asyncio.run(run(plan))
    given.report.mkdir(parents=True, exist_ok=True)
    (given.report / "report.txt").write_text(record.as_text() + "\n", encoding="utf-8")
    (given.report / "report.json").write_text(record.as_json() + "\n", encoding="utf-8")
    for name, log in record.processes.items():
        (given.report / f"{name}.log").write_text(log, encoding="utf-8")
    sys.stdout.write(f"{record.as_text()}\nwritten to {given.report}/\n")
    return 1 if record.violations else 0


if __name__ == "__main__":
    sys.exit(main())
