"""Imports go one way."""

import subprocess
import sys
from pathlib import Path

from tests.house.repo import ROOT


def test_every_import_keeps_the_contracts_of_pyproject() -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([lint_imports, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_folder_of_code_is_a_package_because_contracts_are_blind_to_others() -> None:
    folders = {path.parent for top in ("bot", "graphs") for path in (ROOT / top).rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
