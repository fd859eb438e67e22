"""A desk that lives for a day and a whole night, seen from outside: it connects to what is configured and nothing else,
asks a mail server for no more than it may, and its secrets stay with it.

strace shows every address it and its children connect to, and every program they start with its words and environment.
Canaries are the tokens, the model's key and the mailbox's password themselves.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import app, backfill, settings, workspace
from bot.embedded import postgres
from bot.embedded.slack import APP_TOKEN, BOT_TOKEN, Sandbox, running
from bot.embedded.slack_workspace import BOT
from bot.slack.limits import problems
from bot.store import accounts, nights, people
from graphs.domain import Preferences
from tests.servers.company import ROOT, Nightdesk, everything, helpful, mail, model_settings, new_home
from tests.servers.cut import Link, linked
from tests.servers.dovecot import MAILDIR, PASSWORD, Dovecot, Profile
from tests.servers.model import ModelServer, model_serving
from tests.servers.nightshift import need_strace
from tests.servers.postgres import Database
from tests.servers.slack import small_company, until
from tests.servers.verbs import filed, strange, taken_out

PATIENCE = 90.0
ADA = "ada@night.example"
KEY, SIGNING = "sk-canary-0f1e2d3c4b5a", "canary-signing-9a8b7c6d"
WORDS = "Kestrel gets eleven percent"
SECRETS = (BOT_TOKEN, APP_TOKEN, KEY, SIGNING, PASSWORD)
HOSTILE = {
    "LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "x",
    "LANGSMITH_ENDPOINT": "http://127.0.0.2:9", "OPENAI_PROXY": "http://127.0.0.5:9", "OPENAI_LOG": "debug",
}  # fmt: skip


# --- what strace shows ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Traced:
    """What a process and all its children did."""

    connects: frozenset[str]  # ADDRESS:PORT, or the path of a local socket
    programs: tuple[str, ...]  # as strace writes them, words and environment; the first is the process itself


STRACE = ("strace", "-D", "-f", "-q", "-v", "-s", "100000", "-e", "trace=connect,execve", "-e", "signal=none", "-o")
_INET = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_INET6 = re.compile(r'sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"')
_UNIX = re.compile(r'sun_path=@?"([^"]*)"')


def read_trace(at: Path) -> Traced:
    lines = at.read_text(errors="replace").splitlines()
    connects: set[str] = set()
    for line in lines:
        if " connect(" in line:
            found = _INET.search(line) or _INET6.search(line)
            local = _UNIX.search(line)
            connects.add(f"{found[2]}:{found[1]}" if found else local[1] if local else line)
    return Traced(frozenset(connects), tuple(line for line in lines if " execve(" in line and "ENOENT" not in line))


def strangers(seen: Traced, ports: Sequence[int], folders: Sequence[Path]) -> set[str]:
    """What was connected to beside these ports of this machine and the sockets in these folders."""
    ours = {f"127.0.0.1:{port}" for port in ports}
    # The cache of names that the C library asks is this machine's own.
    places = (*map(str, folders), "/var/run/nscd/", "/run/nscd/")
    return {one for one in seen.connects if one not in ours and not one.startswith(places)}


def told_to_children(seen: Traced, secrets: Sequence[str]) -> list[str]:
    """Secrets among the words and the environment of programs that the process started."""
    return sorted({one for one in secrets for line in seen.programs[1:] if one in line})


@dataclass
class Process:
    """A traced process; what it says goes into files, which its tracer and its children may hold open."""

    log: Path
    popen: "subprocess.Popen[str]"

    def ended(self, told: str = "") -> str:
        """All that it said, once it has ended well and its tracer has written everything."""
        self.popen.communicate(told, timeout=PATIENCE)
        end = re.compile(rf"^{self.popen.pid} +\+\+\+ exited", re.MULTILINE)
        until(lambda: end.search(self.log.read_text(errors="replace")), PATIENCE)
        said = self.said()
        assert self.popen.returncode == 0, said
        return said

    def said(self) -> str:
        return self.log.with_suffix(".out").read_text()


@contextmanager
def traced(words: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator[Process]:
    with log.with_suffix(".out").open("w") as out:
        process = subprocess.Popen(
            [*STRACE, str(log), *words], cwd=ROOT, env=dict(environ), text=True,
            stdin=subprocess.PIPE, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        yield Process(log, process)
    finally:
        process.kill()
        process.wait()


# --- a day of a desk ------------------------------------------------------------------------------


@dataclass
class Day:
    """Everything that a desk left behind, and what was seen of it."""

    ports: tuple[int, ...]
    folders: tuple[Path, ...]
    home: Path
    logs: Path
    link: Link
    seen: list[Traced] = field(default_factory=list)
    said: str = ""  # all output, logs at DEBUG
    processes: str = ""  # words of all processes while it lived
    stored: str = ""
    drafts: list[str] = field(default_factory=list)


def on_slack(sandbox: Sandbox, model: ModelServer) -> dict[str, str]:
    return {
        **model_settings(model), "OPENAI_API_KEY": KEY, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING, "SLACK_API_BASE_URL": sandbox.base_url, "NIGHTDESK_LOG": "debug json", **HOSTILE,
    }  # fmt: skip


@pytest.fixture(scope="module")
def day(dovecots: Callable[[Profile], Dovecot], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A mailbox is connected; the desk reads it, sleeps a night, files a draft, brings the digest, answers a mention, meets
    a model that refuses its key, and ends.
    """
    need_strace()
    dovecot = dovecots(MAILDIR)
    asks = f"Hi Ada,\n\n{WORDS}, can you confirm it?\n\nWade\n"
    sent = mail("Wade <wade@kestrel.example>", f"Ada <{ADA}>", "Dock 4", asks, datetime.now(UTC) - timedelta(hours=2))
    dovecot.user(ADA, [sent.replace(b"\n", b"\r\n")])
    with (
        new_home() as home, model_serving() as model, running(small_company(), check=problems) as slack,
        linked(dovecot.port) as link,
    ):  # fmt: skip
        ports = tuple(int(url.rsplit(":", 1)[1].split("/")[0]) for url in (slack.base_url, model.base_url))
        made = Day((*ports, link.port), (home,), home, tmp_path_factory.mktemp("traces"), link)
        helpful(model)
        told = on_slack(slack, model)
        environ = Nightdesk(home, told)._environment()
        command = [sys.executable, "-m", "bot", "--home", str(home)]
        _connect(made, command, environ, link.port)
        _settle(settings.load(home, told), home)
        _live(made, command, environ, slack, model)
        made.drafts = [one.as_string() for one in dovecot.mails(ADA, "Drafts")]
        with postgres.running(home / "postgres") as server:
            made.stored = everything(Database("", "", "", server.dsn(postgres.ADMIN)))
        yield made


def _connect(made: Day, command: Sequence[str], environ: Mapping[str, str], port: int) -> None:
    words = ["connect", ADA, "--host", "127.0.0.1", "--port", str(port), "--security", "plain", "--password-stdin"]
    with traced([*command, *words], environ, made.logs / "connect") as process:
        made.said += process.ended(f"{PASSWORD}\n")
    made.seen.append(read_trace(process.log))


def _settle(configured: settings.Settings, home: Path) -> None:
    """Ada has used the desk for a week, her drafts go into her mailbox, and where she lives this night is due."""
    with app.database(configured, home) as held, app.desk(configured, held) as desk:
        workspace.connect(desk)
        backfill.workspace(desk)
        with desk.store.directory() as tx:
            nights.meet(tx, "U0ADA", desk.now() - timedelta(days=7))
            found = people.find(tx, "U0ADA")
            assert found is not None
            noon = f"Etc/GMT{desk.now().hour - 12:+d}"  # to the east of Greenwich these count down
            chosen = Preferences(zone=noon, working_days=tuple(range(7)), shadow=False)
            people.set_preferences(tx, found.id, chosen)


def _live(made: Day, command: Sequence[str], environ: Mapping[str, str], slack: Sandbox, model: ModelServer) -> None:
    with traced([*command, "serve"], environ, made.logs / "serve") as process:
        until(lambda: slack.connections, PATIENCE)
        until(lambda: filed(made.link.commands) and slack.messages(slack.dm("ada")), PATIENCE)
        slack.say("ben", "general", f"{WORDS} off the blue valve.")
        ts = slack.say("ada", "general", f"<@{BOT.id}> what does Kestrel get off the blue valve?")
        until(lambda: _answered(slack, ts), PATIENCE)
        model.fails("status", 3, status=401, message=f"Incorrect API key provided: {KEY}. You asked: {WORDS}")
        other = slack.say("ada", "general", f"<@{BOT.id}> and what else does Kestrel get off the blue valve?")
        until(lambda: _answered(slack, other), PATIENCE)
        made.processes = "\n".join(_words_of_processes())
        process.popen.send_signal(signal.SIGTERM)
        made.said += process.ended()
    made.seen.append(read_trace(process.log))


def _answered(slack: Sandbox, ts: str) -> bool:
    return any(one.get("user") == BOT.id for one in slack.thread("general", ts))


def _words_of_processes() -> Iterator[str]:
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield one.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue


def test_it_connects_to_what_is_configured_and_to_nothing_else(day: Day) -> None:
    for seen in day.seen:
        assert strangers(seen, day.ports, day.folders) == set()
    met = day.seen[1].connects
    assert {f"127.0.0.1:{port}" for port in day.ports} <= met and any(one.startswith(str(day.home)) for one in met)


def test_a_whole_night_asks_a_mail_server_for_reads_and_one_new_draft_alone(day: Day) -> None:
    assert len(day.drafts) == len(filed(day.link.commands)) == 1
    assert strange(day.link.commands) == taken_out(day.link.commands) == []


def test_no_secret_and_no_word_is_told_in_logs_output_arguments_or_to_children(day: Day) -> None:
    assert '"level": "debug"' in day.said or '"level": "info"' in day.said
    for secret in (*SECRETS, WORDS):
        assert secret not in day.said and secret not in day.processes
    for seen in day.seen:
        assert told_to_children(seen, SECRETS) == []
    assert sum("-m" in line or "postgres" in line for seen in day.seen for line in seen.programs[1:]) > 1


def test_no_secret_lies_in_any_table_job_checkpoint_or_file(day: Day) -> None:
    assert WORDS in day.stored  # the look would see it
    for secret in SECRETS:
        assert secret not in day.stored
    held = {at: at.read_bytes() for at in day.home.rglob("*") if at.is_file()}
    assert any(WORDS.encode() in raw for raw in held.values())
    assert [(at, one) for at, raw in held.items() for one in SECRETS if one.encode() in raw] == []


def test_who_has_the_database_and_a_key_that_was_turned_opens_nothing(day: Day) -> None:
    desk = Nightdesk(day.home)
    with _account(day) as (before, stolen):
        assert accounts.password(stolen, before) == PASSWORD
    assert desk.run("keys", "rotate").code == 0 and desk.run("keys", "rotate").code == 0
    with _account(day) as (after, ring):
        assert accounts.password(ring, after) == PASSWORD and not set(ring) & set(stolen)
        with pytest.raises(Exception, match="no key of the key ring"):
            accounts.password(stolen, after)


@contextmanager
def _account(day: Day) -> Iterator[tuple[accounts.Connected, Sequence[bytes]]]:
    configured = settings.load(day.home, {})
    with app.database(configured, day.home) as held, app.desk(configured, held) as desk:
        with desk.store.directory() as tx:
            scope = next(one.id for one in people.places(tx).values() if one.key == f"account:{ADA}")
        with desk.store.as_scope(scope) as tx:
            found = accounts.get(tx, scope)
        assert found is not None
        yield found, desk.keys.seals


LEAKY = """
import os, socket, subprocess, sys
subprocess.run(["true"])
subprocess.run(["true", os.environ["SLACK_APP_TOKEN"]], env={})
for family, where in ((socket.AF_INET, ("127.0.0.2", 9)), (socket.AF_INET6, ("::1", 53))):
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.connect(where)
"""


def test_a_program_that_looks_names_up_or_tells_children_its_secrets_is_seen(tmp_path: Path) -> None:
    """The seeded defect."""
    need_strace()
    log = tmp_path / "strace"
    environ = {"PATH": os.defpath, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    with traced([sys.executable, "-c", LEAKY], environ, log) as process:
        process.ended()
    seen = read_trace(log)
    assert strangers(seen, (9, 53), (tmp_path,)) == {"127.0.0.2:9", "::1:53"}
    assert told_to_children(seen, SECRETS) == sorted([BOT_TOKEN, APP_TOKEN])
