"""What `nightdesk check-model` prints."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot import app, settings
from bot.grading import Grades, Role, grade
from bot.settings import RoleSettings
from graphs.errors import NeedsPerson
from graphs.thinking import PATIENCE

WORD_FOR = {
    "drafts": "good enough for all of it, drafts included",
    "digest only": "good enough to find and list things, and not for words in somebody's name",
    "unfit": "rules do better than this",
}


def run(at: Path | None, wanted: str, as_json: bool) -> None:
    """Grades the model of each role, or of one. Raises `NeedsPerson` where there is no model to grade."""
    configured = settings.load(at)
    found = roles({"sleep": configured.sleep, "live": configured.live}, wanted)
    if not found:
        name = (wanted or "sleep").upper()
        raise NeedsPerson(f"There is no model to check: set NIGHTDESK_{name}_MODEL, its _BASE_URL and _API_KEY.")
    grades = [_graded(role, held) for role, held in found]
    if as_json:
        said = json.dumps([plain(one, configured.currency) for one in grades], ensure_ascii=False)
    else:
        said = "\n".join(line for one in grades for line in told(one, configured.currency))
    sys.stdout.write(said + "\n")


def roles(configured: Mapping[Role, RoleSettings | None], wanted: str) -> list[tuple[Role, RoleSettings]]:
    """Those with a model, or the one that is wanted if it has one."""
    return [(role, held) for role, held in configured.items() if held is not None and wanted in ("", role)]


def _graded(role: Role, held: RoleSettings) -> Grades:
    model = app.model(held, PATIENCE)
    assert model is not None
    try:
        with _progress(f"grading {held.model}") as told:
            return grade(model, role, told)
    finally:
        model.chat.close()


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int], None]]:
    """A line on stderr that counts, in a terminal only."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console

    with Console(stderr=True).status(title) as status:
        yield lambda done: status.update(f"{title}: {done} of 30")


def told(grades: Grades, currency: str) -> list[str]:
    """The verdict, each case that failed, and what to expect of the bill."""
    lines = [f"{grades.role}, {grades.model}: {grades.verdict} ({WORD_FOR[grades.verdict]})", f"  {grades.why}"]
    lines += [f"  - {one.case.name}: {one.fault}" for one in grades.graded if one.fault]
    day = "A person's night" if grades.role == "sleep" else "Ten answers"
    money = f"about {grades.cost:.4f} {currency}" if grades.cost else "no price set"
    return [*lines, f"  {grades.seconds:.1f} s a case. {day}: about {grades.tokens:,} tokens, {money}."]


def plain(grades: Grades, currency: str) -> dict[str, Any]:
    """The same for a program."""
    return {
        "role": grades.role,
        "model": grades.model,
        "verdict": grades.verdict,
        "why": grades.why,
        "passed": grades.passed,
        "cases": [
            {"name": one.case.name, "step": one.case.step, "skill": one.case.skill, "passed": not one.fault,
             "fault": one.fault, "seconds": round(one.seconds, 2)}
            for one in grades.graded
        ],
        "seconds": round(grades.seconds, 2),
        "person_night": {"tokens": grades.tokens, "cost": float(grades.cost), "currency": currency},
    }  # fmt: skip
