"""Where throw-away files lie: in memory, where there is room for them.

A new database is 600 small files. Where a disk takes half a millisecond of CPU for each, they were a third of what a test cost.
"""

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # Linux makes it half as large as the memory is, containers often 64 MB
ENOUGH = 4 << 30  # bytes, for all processes of a run together; they need a fifth of it


def use_memory() -> None:
    """Lets this process and all that it starts put what is temporary there, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and is_roomy(MEMORY):
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def is_roomy(place: Path) -> bool:
    """Some containers let nothing be executed there, which tests do."""
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    return os.access(place, os.W_OK) and not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= ENOUGH
