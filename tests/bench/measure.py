"""What every bench shares: arguments, a throw-away store, clocks of our processes and of the server, a table and a file."""

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bot.embedded.postgres import OWNER, running
from bot.store.db import Store, open_pool
from bot.store.migrate import migrate
from tests.servers.postgres import APP_ROLE, SECRET

Row = dict[str, Any]
TICKS = 100  # of /proc/*/stat in a second, on every Linux there is


@dataclass(frozen=True)
class Given:
    """The command line of a bench."""

    data: Path | None
    out: Path | None

    def file(self, name: str) -> Path | None:
        """A file of the data folder; None, and said, when it is not there."""
        path = self.data / name if self.data else None
        if path is not None and path.exists():
            return path
        say(f"{name} is missing: give the folder that holds it with --data.")
        return None


def given(title: str | None) -> Given:
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--data", type=Path, help="folder with the real data; parts without their data are left out")
    parser.add_argument("--out", type=Path, help="folder for the figures as JSON")
    read = parser.parse_args()
    return Given(read.data, read.out)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report(to: Given, name: str, rows: Sequence[Row]) -> None:
    """Rows as a table, columns as they come; and into `name`.json."""
    if not rows:
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [columns, *([_shown(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[n]) for line in cells) for n in range(len(columns))]
    say(f"\n{name}")
    for line in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    if to.out is not None:
        to.out.mkdir(parents=True, exist_ok=True)
        (to.out / f"{name}.json").write_text(json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n")


def _shown(cell: object) -> str:
    if cell is None:
        return "-"
    return f"{cell:.2f}".rstrip("0").rstrip(".") if isinstance(cell, float) else str(cell)


# --- a store of one's own -------------------------------------------------------------------------


@dataclass(frozen=True)
class Fresh:
    """A store that nobody else uses, and its database as the owner."""

    store: Store
    owner: str
    postmaster: int

    def server_cpu(self) -> float:
        """CPU seconds of the server so far: its living processes, and those it has reaped. Zero where there is no /proc."""
        return cpu(self.postmaster)


def cpu(pid: int) -> float:
    """CPU seconds so far of a process, its living children, and those it has reaped. Zero where there is no /proc."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(words[1]) == pid:
            total += int(words[11]) + int(words[12])
        elif stat.parent.name == str(pid):
            total += sum(int(word) for word in words[11:15])
    return total / TICKS


@contextmanager
def fresh() -> Iterator[Fresh]:
    with (
        tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root,
        running(Path(root), durable=False) as server,
    ):
        migrate(server.dsn(OWNER), APP_ROLE, SECRET)
        pool = open_pool(server.dsn(APP_ROLE), 4)
        postmaster = int((server.home.data / "postmaster.pid").read_text().split()[0])
        try:
            yield Fresh(Store(pool, SECRET), server.dsn(OWNER), postmaster)
        finally:
            pool.close()


# --- clocks ---------------------------------------------------------------------------------------


@dataclass
class Clock:
    """Seconds of a `with` block: on the wall, of our processes (children when they have ended), of the server."""

    server: Fresh | None = None
    wall: float = 0.0
    cpu: float = 0.0
    server_cpu: float = 0.0
    _begun: tuple[float, float, float] = field(default=(0.0, 0.0, 0.0))

    def __enter__(self) -> Self:
        self._begun = self._now()
        return self

    def __exit__(self, *error: object) -> None:
        self.wall, self.cpu, self.server_cpu = (b - a for a, b in zip(self._begun, self._now(), strict=True))

    def _now(self) -> tuple[float, float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        server = self.server.server_cpu() if self.server else 0.0
        return time.perf_counter(), sum(u.ru_utime + u.ru_stime for u in used), server
