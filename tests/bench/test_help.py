"""CPU of `nightdesk --help`, beside that of an interpreter that does nothing."""

import resource
import subprocess
import sys

import pytest

from tests.house.repo import ROOT

pytestmark = pytest.mark.bench


def test_how_much_cpu_help_takes(capsys: pytest.CaptureFixture[str]) -> None:
    empty, help_ = _cpu("-c", "pass"), _cpu("-m", "bot", "--help")
    with capsys.disabled():
        print(f"\nnightdesk --help: {help_:.2f} s CPU, an empty interpreter {empty:.2f} s")


def _cpu(*words: str) -> float:
    """Least CPU seconds of five runs."""
    found = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)
