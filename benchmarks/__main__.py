"""`make bench`: what Parley costs, as ratios against a baseline measured in the same run.

python -m benchmarks [throughput latency ack nlp history idle crowd conversations widgets cluster] [--quick]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import cluster, embedded, scale

NAMES = ("throughput", "latency", "ack", "nlp", "history", "idle", "crowd", "conversations", "widgets", "cluster")


def report(measure: str, value: str, goal: str) -> None:
    sys.stdout.write(f"{measure:52} {value:22} {goal}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="which measurements; all by default")
    parser.add_argument("--quick", action="store_true", help="a tenth of the turns, one round: for a first look")
    given = parser.parse_args()
    if unknown := set(given.what) - set(NAMES):
        parser.error(f"there is no measurement {sorted(unknown)[0]!r}; known: {', '.join(NAMES)}")
    wanted = given.what or NAMES
    turns, rounds = (2_000, 1) if given.quick else (20_000, 5)
    sys.stdout.write(f"{embedded.machine()}\n\n")
    report("measure", "value", "goal")
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name:
        folder = Path(name)
        runs = {
            "throughput": lambda: embedded.throughput(folder, report, rounds, turns),
            "latency": lambda: embedded.latency(folder, report, turns // 10),
            "ack": lambda: embedded.acknowledgement(folder, report, turns // 10),
            "nlp": lambda: embedded.understanding(folder, report, turns // 4),
            "history": lambda: embedded.history(folder, report),
            "idle": lambda: embedded.idle(folder, report),
            "crowd": lambda: scale.crowd(folder, report, rounds, turns // 4),
            "conversations": lambda: scale.conversations(folder, report),
            "widgets": lambda: scale.widgets(folder, report),
            "cluster": lambda: cluster.measure(folder / "cluster", report, rounds, turns, quick=given.quick),
        }
        for name in wanted:
            (folder / name).mkdir()
            runs[name]()


if __name__ == "__main__":
    main()
