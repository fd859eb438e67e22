"""CPU of `nightdesk --help`, beside that of an interpreter that does nothing."""

import subprocess
import sys

from tests.bench.measure import Clock, Row, given, report
from tests.house.repo import ROOT

RUNS = 7
TARGET = 0.4  # CPU seconds


def main() -> None:
    to = given(__doc__)
    rows = [_least("python -c pass", "-c", "pass"), _least("nightdesk --help", "-m", "bot", "--help")]
    report(to, "help", [*rows, {"command": "target", "cpu_s": TARGET}])


def _least(command: str, *words: str) -> Row:
    """The least of some runs: what is more was somebody else's."""
    clocks = [Clock() for _ in range(RUNS)]
    for clock in clocks:
        with clock:
            subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
    return {"command": command, "cpu_s": min(c.cpu for c in clocks), "wall_s": min(c.wall for c in clocks)}


if __name__ == "__main__":
    main()
