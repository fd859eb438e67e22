"""What machines can check about the way this is written."""

import subprocess
import sys

import pytest

from tests.house.repo import ROOT

CHECKS = {
    "ruff": ["ruff", "check", "bot", "graphs", "tests", "infra"],
    "mypy": ["mypy"],
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.timeout(600)  # mypy without a cache reads langchain first
def test_nothing_is_left_to_say_for(check: str) -> None:
    words = [sys.executable, "-m", *CHECKS[check]]
    found = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
