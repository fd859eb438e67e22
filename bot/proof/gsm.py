"""GSM-Symbolic as the user supplies it: JSON lines with `question` and `answer`. One question to a context."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.proof.cases import Case, Question


def read_gsm(file: Path, most: int) -> tuple[list[Case], int]:
    """The first `most` cases, and how many rows before them had no context to sleep over. Raises `ValueError`."""
    cases: list[Case] = []
    left_out = 0
    for number, row in enumerate(_rows(file), 1):
        if len(cases) == most:
            break
        case = _case(row, number)
        cases += [case] if case else []
        left_out += case is None
    return cases, left_out


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not isinstance(row, dict) or not {"question", "answer"} <= row.keys():
                raise ValueError(f"{file.name}:{number} has no `question` and `answer`")
            yield row


def _case(row: dict[str, Any], number: int) -> Case | None:
    """None where the question is all there is."""
    context, question = split(str(row["question"]))
    if "stateful_gsm_symbolic_context" in row:  # the paper's own files come split
        context, question = row["stateful_gsm_symbolic_context"], row["stateful_gsm_symbolic_question"]
    if not context:
        return None
    answer = str(row["answer"]).rpartition("####")[2].strip().strip("$.").replace(",", "")
    float(answer)
    return Case(f"gsm-{number}", context, (Question("gsm", question.strip(), answer),))


def split(text: str) -> tuple[str, str]:
    """(context, question): as in the paper the question is what follows the last full stop; a decimal point is none."""
    parts = re.split(r"(?<=\.)\s+", text.strip())
    return " ".join(parts[:-1]), parts[-1]
