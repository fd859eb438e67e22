"""How findings are shown: to people as they are made, to scripts as one JSON value."""

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.doctor import examine
from bot.doctor.finding import Finding, Level

STYLES: dict[Level, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}
WIDTH = 110


def run(at: Path | None, as_json: bool) -> bool:
    """False when something must be changed."""
    console = Console(width=min(Console().width, WIDTH) if sys.stdout.isatty() else WIDTH, highlight=False)
    found: list[Finding] = []
    for one in examine(at):
        if not as_json:
            _show(console, one, is_first=not found or found[-1].area != one.area)
        found.append(one)
    levels = [one.level for one in found]
    fine = "fail" not in levels
    if as_json:
        lines = [{"area": one.area, "level": one.level, "what": one.what, "mend": one.mend} for one in found]
        console.file.write(json.dumps({"ok": fine, "findings": lines}, ensure_ascii=False) + "\n")
    else:
        console.print()
        console.print(_verdict(levels.count("fail"), levels.count("warn")))
    return fine


def _show(console: Console, one: Finding, is_first: bool) -> None:
    if is_first:
        console.print(Text(f"\n{one.area.capitalize()}", style="bold"))
    for number, (text, style) in enumerate(((one.what, ""), (one.mend, "dim"))):
        mark = Text(f"  {one.level:<5}" if not number else "     → ", style=STYLES[one.level] if not number else style)
        for line in Text(text, style=style).wrap(console, console.width - 7) if text else ():
            console.print(mark + line)
            mark = Text("       ")


def _verdict(failed: int, warned: int) -> Text:
    if failed:
        what = f"{failed} thing{'s' if failed > 1 else ''} must be changed before the desk can work as it should."
        return Text(what, style="bold red")
    rest = f"; {warned} warning{'s' if warned > 1 else ''} to look at when there is time" if warned else ""
    return Text(f"Everything that must work does{rest}.", style="bold green")
