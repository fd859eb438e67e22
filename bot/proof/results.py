"""What a run leaves in its folder, and how to read it again: run.json, cells.jsonl, sleep.jsonl, figures.jsonl."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.proof.arms import Cell, Played, Slept
from bot.proof.figures import Figure, Layout
from graphs.domain import Value

ValueT = TypeVar("ValueT", bound=Value)


class Run(Value):
    """What was asked of which model. `cases` were wanted; how many are whole is in the figures."""

    model: str
    questions_from: str  # "office", or the name of a file
    seed: int
    cases: int
    levels: tuple[int, ...]
    arms: tuple[str, ...]
    verbosities: tuple[int, ...]
    sharing: tuple[int, ...]
    steps: int
    temperature: float
    calls: int
    prompt: int
    cached: int  # a part of prompt
    completion: int
    uncounted: int  # calls whose tokens the server did not count
    stopped: str = ""  # why the run ended early

    @property
    def layout(self) -> Layout:
        return Layout(self.arms, self.verbosities, self.sharing)


@dataclass(frozen=True)
class Results:
    run: Run
    played: tuple[Played, ...]
    figures: tuple[Figure, ...]


def write(folder: Path, results: Results) -> None:
    (folder / "run.json").write_text(results.run.model_dump_json(indent=1) + "\n", encoding="utf-8")
    _lines(folder / "cells.jsonl", (cell for one in results.played for cell in one.cells))
    _lines(folder / "sleep.jsonl", (slept for one in results.played for slept in one.slept))
    _lines(folder / "figures.jsonl", results.figures)


def read(folder: Path) -> Results:
    """Raises `OSError` or `ValueError` where there is no run, or something else."""
    cells, slept = _values(folder / "cells.jsonl", Cell), _values(folder / "sleep.jsonl", Slept)
    cases = dict.fromkeys(cell.case for cell in cells)
    played = [
        Played(
            cells=tuple(cell for cell in cells if cell.case == case),
            slept=tuple(one for one in slept if one.case == case),
        )
        for case in cases
    ]
    run = Run.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
    return Results(run, tuple(played), tuple(_values(folder / "figures.jsonl", Figure)))


def _lines(file: Path, values: Iterable[Value]) -> None:
    file.write_text("".join(f"{value.model_dump_json()}\n" for value in values), encoding="utf-8")


def _values(file: Path, kind: type[ValueT]) -> Sequence[ValueT]:
    return [kind.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
