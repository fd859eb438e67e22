"""A whole run of `nightdesk night` by rules: seconds, CPU, and the peak memory of each Python process.

With the demo company always; with the real export and mail when they are given.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Clock, Row, given, report
from tests.house.repo import ROOT

COMPANY = ROOT / "bot" / "embedded" / "company"
OWNER = "mira@fernhollow.example"
READER = "reader@example.org"
TARGET: Row = {"run": "target", "wall_s": 15, "python_mb": 300}


def main() -> None:
    to = given(__doc__)
    export, mail = to.file("slack_export_real.zip"), to.file("mail_real.mbox.gz")
    boxes = [
        f"--{option}={OWNER}={COMPANY / 'mail' / OWNER / folder}"
        for option, folder in (("mail", "inbox"), ("sent", "sent"))
    ]
    rows = [_night("demo company", OWNER, [f"--slack-export={COMPANY / 'export'}", *boxes, "--date=2026-11-24"])]
    if export and mail:
        rows.append(_night("real export and mail", READER, [f"--slack-export={export}", f"--mail={READER}={mail}"]))
    report(to, "night", [*rows, TARGET])


def _night(name: str, who: str, options: Sequence[str]) -> Row:
    """Peaks are read from /proc while it runs: a process that lives less than the pause between two looks is not seen."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("NIGHTDESK_", "OPENAI_", "DATABASE_"))
    }
    with tempfile.TemporaryDirectory() as out, Clock() as clock:
        words = [sys.executable, "-m", "bot", "night", f"--person={who}", f"--out={out}", *options]
        process = subprocess.Popen(words, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            for pid in _family(process.pid):
                peaks[pid] = max(peaks.get(pid, 0), _peak_kb(pid))
            time.sleep(0.02)
    row: Row = {"run": name, "exit": process.returncode, "wall_s": clock.wall, "cpu_s": clock.cpu}
    children = sorted((kb for pid, kb in peaks.items() if pid != process.pid and kb), reverse=True)
    return row | {
        "python_mb": round(peaks.get(process.pid, 0) / 1024),
        "children_mb": "/".join(str(round(kb / 1024)) for kb in children),
    }


def _family(pid: int) -> list[int]:
    """A process and those it started, at any depth."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # the thread has just ended
            continue
        for child in children:
            found += _family(int(child))
    return found


def _peak_kb(pid: int) -> int:
    """The most that a Python process has held; 0 for another program or when it has just ended."""
    try:
        if "python" not in Path(f"/proc/{pid}/exe").readlink().name:
            return 0
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    main()
