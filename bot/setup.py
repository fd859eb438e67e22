"""`nightdesk init`: asks for what the desk needs, and writes `nightdesk.toml` and the Slack manifest into the home.

It may be run again: what is set stays unless something else is said. A secret is never shown, not even its length.
"""

import json
import re
import sys
import tempfile
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.prompt import Prompt
from rich.text import Text

from bot import settings
from bot.slack.manifest import manifest
from graphs.errors import NeedsPerson

MANIFEST = "slack-manifest.json"
APPS = "https://api.slack.com/apps?new_app=1"
NOTHING = "-"
"""What is typed to take a value away."""


@dataclass(frozen=True)
class Question:
    """One setting. `fits` says what is wrong with an answer, or ''."""

    name: str
    ask: str
    secret: bool = False
    usual: str = ""
    fits: Callable[[str], str] = lambda value: ""


Answers = Callable[[Question, bool], str]
"""The answer to a question, '' for "as it is"; the flag says whether something is set already."""


def _begins(*heads: str) -> Callable[[str], str]:
    return lambda value: "" if value.startswith(heads) else f"It begins with {' or '.join(heads)}."


def _is_zone(value: str) -> str:
    return "" if value in zoneinfo.available_timezones() else "It is a name such as Europe/Berlin."


def _zone_here() -> str:
    """This machine's zone, where it says so the usual way."""
    name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return name if name in zoneinfo.available_timezones() else ""


def _is_database(value: str) -> str:
    return (
        ""
        if urlsplit(value).scheme in ("postgresql", "postgres")
        else "It looks like postgresql://role:password@host/database."
    )


def _is_price(value: str) -> str:
    return "" if re.fullmatch(r"\d+(?:\.\d+)?", value) else "It is a number such as 0.15."


SLACK = (
    Question("SLACK_BOT_TOKEN", "Bot User OAuth Token (OAuth & Permissions)", secret=True, fits=_begins("xoxb-")),
    Question("SLACK_APP_TOKEN", "App-Level Token (Basic Information)", secret=True, fits=_begins("xapp-")),
)
DATABASE = (
    Question(
        "DATABASE_URL",
        "Your own PostgreSQL, as the application's role (Enter: an embedded one)",
        True,
        fits=_is_database,
    ),
    Question("DATABASE_OWNER_URL", "The same as its owner, for `nightdesk migrate` alone", True, fits=_is_database),
)
PEOPLE = (
    Question("NIGHTDESK_DOMAINS", "Mail domains that are inside, as in example.org"),
    Question("NIGHTDESK_ZONE", "Time zone of people whose zone nothing tells", usual=_zone_here(), fits=_is_zone),
)


def _model(role: str, whose: str) -> tuple[Question, ...]:
    name = f"NIGHTDESK_{role}_"
    return (
        Question(f"{name}MODEL", f"Model for {whose} (Enter: none, rules do it)"),
        Question(
            f"{name}BASE_URL",
            "Its endpoint, OpenAI-compatible",
            usual=settings.OPENAI,
            fits=_begins("https://", "http://"),
        ),
        Question(f"{name}API_KEY", "Its key", secret=True),
        Question(f"{name}PRICE_IN", "Price of a million tokens that it reads", usual="0", fits=_is_price),
        Question(f"{name}PRICE_OUT", "Price of a million tokens that it writes", usual="0", fits=_is_price),
    )


MODELS = {"SLEEP": _model("SLEEP", "the night"), "LIVE": _model("LIVE", "answers by day")}


def set_up(place: Path, answers: Answers, console: Console) -> Path:
    """Asks, and writes what was answered; returns the settings file. An answer that will not do raises `NeedsPerson` first."""
    _make_home(place)
    file = place / settings.FILE
    held, environ = settings.held(file)
    _greet(console, place, held, environ)
    known = held | environ
    (place / MANIFEST).write_text(json.dumps(manifest(_address(known)), indent=2) + "\n")
    write(file, dict(_asked(known, environ, answers, console, place)))
    console.print(Text(f"\nWritten to {file}, which nobody else may read.", style="green"))
    return file


def _address(known: Mapping[str, str]) -> str:
    """Where Slack posts to; '' over a socket. The public address alone may be there for connecting mailboxes."""
    over_http = "SLACK_SIGNING_SECRET" in known and "SLACK_APP_TOKEN" not in known
    return known.get("NIGHTDESK_PUBLIC_URL", "").rstrip("/") if over_http else ""


def _asked(
    known: Mapping[str, str], environ: Mapping[str, str], answers: Answers, console: Console, place: Path
) -> Iterator[tuple[str, str]]:
    """(setting, what to write), where '' takes it away; nothing for what stays."""

    def ask(questions: tuple[Question, ...]) -> Iterator[tuple[str, str]]:
        for question in questions:
            if question.name in environ:
                continue  # the environment goes before the file
            said = _answer(question, question.name in known, answers, console)
            if said:
                yield question.name, "" if said == NOTHING else said
            if question.name.endswith(("_MODEL", "DATABASE_URL")) and not _stands(question.name, said, known):
                return  # what follows is about a thing that is not there

    _explain_slack(console, place)
    yield from ask(SLACK)
    _head(console, "Database")
    yield from ask(DATABASE)
    _head(console, "Models", "Prompts go to the endpoint you name here and nowhere else.")
    for questions in MODELS.values():
        yield from ask(questions)
    _head(console, "People")
    yield from ask(PEOPLE)


def _stands(name: str, said: str, known: Mapping[str, str]) -> bool:
    return said != NOTHING and bool(said or known.get(name))


def _answer(question: Question, is_set: bool, answers: Answers, console: Console) -> str:
    while True:
        said = answers(question, is_set).strip()
        wrong = question.fits(said) if said and said != NOTHING else ""
        if not wrong:
            return said
        if answers is not in_terminal:
            raise NeedsPerson(f"{question.name} will not do. {wrong}")
        console.print(Text(f"  That will not do. {wrong}", style="yellow"))


# --- who answers -----------------------------------------------------------------------------------


def in_terminal(question: Question, is_set: bool) -> str:
    """A person's answer; a secret is typed unseen."""
    keep = " (Enter keeps it, - takes it away)" if is_set else ""
    usual = question.usual if not is_set else ""
    return Prompt.ask(
        Text(f"  {question.ask}{keep}"), password=question.secret, default=usual, show_default=bool(usual)
    )


def from_file(text: str) -> Answers:
    """Answers that a script gives, lines as in nightdesk.toml. Raises `NeedsPerson` for what is none."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise NeedsPerson('The answers cannot be read: give lines such as NIGHTDESK_ZONE = "Europe/Berlin".') from err
    questions = {question.name for group in (SLACK, DATABASE, PEOPLE, *MODELS.values()) for question in group}
    for name in given:
        if name not in questions:
            raise NeedsPerson(f"init does not ask for {name}: write it into {settings.FILE} yourself.")
    return lambda question, is_set: str(given.get(question.name, ""))


def keep_all(question: Question, is_set: bool) -> str:
    """Changes nothing."""
    return ""


# --- what is shown ---------------------------------------------------------------------------------


def _greet(console: Console, place: Path, held: Mapping[str, str], environ: Mapping[str, str]) -> None:
    console.print(Text("Nightdesk: set-up", style="bold"))
    console.print(
        Text(f"Everything goes into {place}, at the end. Enter keeps what is set; you may run this again at any time.")
    )
    for names, where in ((held, f"in {settings.FILE}"), (environ, "in the environment")):
        if names:
            console.print(Text(f"Set {where}: {', '.join(sorted(names))}.", style="dim"))


def _head(console: Console, title: str, told: str = "") -> None:
    console.print(Text(f"\n{title}", style="bold"))
    if told:
        console.print(Text(f"  {told}"))


def _explain_slack(console: Console, place: Path) -> None:
    _head(console, "Slack")
    for line in (
        f"1. Open {APPS}, choose From a manifest and your workspace, and paste {place / MANIFEST} (JSON).",
        "2. Press Install to Workspace. OAuth & Permissions then shows the bot token (xoxb-…).",
        "3. Basic Information, App-Level Tokens: make one with the scope connections:write (xapp-…).",
        "Enter skips it: without Slack the desk works from exports.",
    ):
        console.print(Text(f"  {line}"))


# --- what is written -------------------------------------------------------------------------------


def _make_home(place: Path) -> None:
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as err:
        raise NeedsPerson(f"The home {place} cannot be made ({err.strerror}): choose another with --home.") from err


def write(file: Path, changes: Mapping[str, str]) -> None:
    """Puts settings into the file, '' takes one out; other lines and comments stay. Checked first, then replaced at once."""
    lines = file.read_text().splitlines() if file.exists() else []
    for name, value in changes.items():
        line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
        at = next((n for n, held in enumerate(lines) if re.match(rf'\s*"?{name}"?\s*=', held)), None)
        if at is None:
            lines += [line] if value else []
        else:
            lines[at : at + 1] = [line] if value else []
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".init-") as beside:  # as private as what it holds
        draft = Path(beside) / settings.FILE
        draft.touch(mode=0o600)
        draft.write_text("\n".join([*lines, ""]))
        settings.load(Path(beside), {})
        draft.replace(file)


def answering(yes: bool, answers: Path | None) -> Answers:
    """Who answers. Raises `NeedsPerson` where nobody is there to."""
    if answers is not None:
        try:
            return from_file(sys.stdin.read() if str(answers) == "-" else answers.read_text())
        except (OSError, UnicodeDecodeError) as err:
            raise NeedsPerson(f"The answers in {answers} cannot be read.") from err
    if yes:
        return keep_all
    if not sys.stdin.isatty():
        raise NeedsPerson(
            "init asks questions: run it in a terminal, or give --answers FILE (lines as in nightdesk.toml) or --yes."
        )
    return in_terminal
