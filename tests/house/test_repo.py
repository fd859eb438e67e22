"""What lies in the repository, and what no file of it says."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.repo import ROOT, modules, tracked

TOP = {"pyproject.toml", "bot", "graphs", "tests", "infra", "README.md"}
TOOLS = {".ci", ".github", ".gitignore", "LICENSE", "Makefile"}
"""What programs look for at the top."""

NEVER = {
    "a machine's path": r"(?<![\w.:/])/(?:home|Users|work|opt)/\w|(?<![\w./])/root\b|(?<![\w./])/tmp/\w",
    "a package registry": r"pypi\.org|pythonhosted\.org|artifactory|jfrog|://[^\s/]*(?:pypi|mirror|registry|nexus)[^\s/]*/",
    "who or what wrote it": r"(?i)\b(?:claude|anthropic|copilot|codex|cursor\.sh)\b|co-authored-by|(?:written|generated|made) (?:by|with) "
    r"(?:an? )?(?:ai\b|llm|language model|agent|assistant)",
}
LATER = r"(?:\b|_)(?:v\d+|new|old|utils?|helpers?|misc|common|manager|base)$"
WORDS_OF_NO_MEANING = re.compile(r"(?:Manager|Helper|Utils?|Factory|Base|Impl|V\d)$")
MOST_LINES = 450
"""Three hundred is what to aim at."""


def test_the_top_holds_what_it_may() -> None:
    assert {path.parts[0] for path in tracked()} - TOP - TOOLS == set()


@pytest.mark.parametrize("what", NEVER)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(NEVER[what])
    found = [f"{path}:{number}: {hit}" for path, number, hit in _hits(pattern)]
    assert found == []


def _hits(pattern: re.Pattern[str]) -> Iterator[tuple[Path, int, str]]:
    for path in tracked():
        raw = (ROOT / path).read_bytes()
        if (ROOT / path) == Path(__file__) or b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode(errors="replace").splitlines(), 1):
            if hit := pattern.search(line):
                yield path, number, hit.group()


def test_no_module_is_named_after_nothing_and_none_stands_beside_its_successor() -> None:
    code = [path for path in tracked() if path.suffix == ".py"]
    assert [str(path) for path in code if re.search(LATER, path.stem)] == []


def test_no_class_is_named_after_its_own_kind() -> None:
    names = [
        f"{path}: {node.name}"
        for path, tree in modules("bot", "graphs")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and WORDS_OF_NO_MEANING.search(node.name)
    ]
    assert names == []


def test_at_most_three_broad_excepts_stand_in_the_whole_program() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in modules("bot", "graphs")
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert len(broad) <= 3, broad


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path, tree in modules("bot", "graphs", "tests") if tree.body and ast.get_docstring(tree) is None]
    assert silent == []


def test_what_is_only_in_the_lock_is_locked_by_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-uv.txt"):
        wanted = re.split(r"\n(?=\w)", (ROOT / "infra" / name).read_text())
        assert [one.split()[0] for one in wanted if "--hash=sha256:" not in one] == []
