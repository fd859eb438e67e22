"""Companies for tests: a small one written to disk, the demo company, a desk over a throw-away database, and what came of it."""

import asyncio
import base64
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from bot import app, home, imports, jobs, nightfiles, settings, workers
from bot.desk import Desk, Model, begin_owner
from bot.embedded import postgres
from bot.store import people
from bot.store.queue import LIVE, STAGES
from graphs.thinking import Patience, thinker
from tests.servers.export_files import channel, make_export, said, user
from tests.servers.model import ModelServer
from tests.servers.postgres import SECRET, Database

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "bot" / "embedded" / "company"
MIRA = "mira@fernhollow.example"
TOM = "tom@fernhollow.example"
DEMO_DAY = date(2026, 11, 24)

ADA = "ada@tulip.example"
BOB = "bob@tulip.example"
DAY = date(2026, 11, 24)
"""The morning after the small company's last day, a Tuesday."""

TOKENS = 1_000_000
IMPATIENT = Patience(retries=0, longest_wait=0.0, in_a_row=3, left_alone=120.0)


# --- what is imported -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Sources:
    """A Slack export and mail on disk, as an import takes them."""

    export: Path | None
    mails: tuple[imports.MailPath, ...] = ()

    def options(self) -> list[str]:
        """The same on a command line."""
        words = [] if self.export is None else ["--slack-export", str(self.export)]
        for one in self.mails:
            words += ["--mail" if one.mailbox == "inbox" else "--sent", f"{one.address}={one.path}"]
        return words

    def copied(self, root: Path) -> "Sources":
        """A copy below `root` that a test may change."""
        root.mkdir(parents=True, exist_ok=True)
        export = None
        if self.export is not None:
            export = Path(shutil.copytree(self.export, root / "export"))
        mails = []
        for one in self.mails:
            target = root / "mail" / one.address / one.mailbox
            shutil.copytree(one.path, target) if one.path.is_dir() else _copy_file(one.path, target)
            mails.append(replace(one, path=target))
        return Sources(export, tuple(mails))


def _copy_file(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def demo() -> Sources:
    """The demo company with its two mailboxes."""
    mailboxes: tuple[imports.Mailbox, ...] = ("inbox", "sent")
    mails = [imports.MailPath(who, DEMO / "mail" / who / box, box) for who in (MIRA, TOM) for box in mailboxes]
    return Sources(DEMO / "export", tuple(mails))


def mail(sender: str, to: str, subject: str, text: str, at: datetime, **headers: str) -> bytes:
    """A plain mail; `headers` with `_` for `-`. Its Message-ID follows from sender, subject and time."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = at
    made["Message-ID"] = f"<{abs(hash_of(sender, subject, at.isoformat()))}@{sender.rpartition('@')[2].strip('>')}>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def hash_of(*parts: str) -> int:
    """The same in every process, unlike `hash`."""
    import hashlib

    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6], "big")


def write_mails(folder: Path, mails: Sequence[bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, raw in enumerate(mails):
        (folder / f"{number:03d}.eml").write_bytes(raw)
    return folder


def ts(day: int, hour: int, minute: int = 0, rest: int = 100) -> str:
    """A Slack ts in November 2026, UTC."""
    return (
        f"{int(datetime.fromisoformat(f'2026-11-{day:02d}T{hour:02d}:{minute:02d}:00+00:00').timestamp())}.{rest:06d}"
    )


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment in November 2026, UTC."""
    return datetime.fromisoformat(f"2026-11-{day:02d}T{hour:02d}:{minute:02d}:00+00:00")


def person(key: str, name: str, **more: Any) -> dict[str, Any]:
    """A user of the small company, whose domain no other resembles."""
    profile = {"display_name": name.lower(), "real_name": name, "email": f"{name.lower()}@tulip.example"}
    return {**user(key, name), "profile": profile, **more}


SMALL_USERS = (
    person("U1", "Ada", tz="Europe/Berlin"),
    person("U2", "Bob", tz="Europe/Berlin"),
    person("U3", "Cy", is_restricted=True),
    person("U4", "Dee", deleted=True),
)
SMALL_CHANNELS = (channel("C1", "general", members=["U1", "U2"]), channel("C2", "launch", members=["U1", "U2", "U3"]))
SMALL_GROUPS = (channel("G1", "deals", members=["U1"]),)
SMALL_DMS = ({"id": "D1", "members": ["U1", "U2"]},)
SMALL_MESSAGES: Mapping[str, Sequence[Any]] = {
    "general": [
        said("U2", ts(20, 9), "We decided to ship the blue valve on 7 December."),
        said("U1", ts(20, 9, 5), "Fine. I will send the packing list by Tuesday."),
        said("U2", ts(23, 10), "<@U1> can you review the label text by Wednesday?"),
    ],
    "launch": [said("U3", ts(23, 11), "The photos of the blue valve are uploaded.")],
    "deals": [said("U1", ts(23, 12), "Kestrel gets eleven percent off the blue valve, nobody else may know.")],
    "D1": [said("U2", ts(23, 13), "Ada, could you call the printer about the crimson boxes today?")],
}
WADE = "Wade Larrabee <wade@kestrel.example>"


def small_mails() -> list[bytes]:
    """Ada's inbox: one question, one newsletter, one private matter."""
    ask = "Hi Ada,\n\ncan you tell me when the blue valve ships, and to which dock?\n\nThanks\nWade\n"
    news = "All about gardens.\n"
    ill = "Liebe Ada,\n\nich bin schwanger und wollte es dir zuerst sagen. Zwillinge, Mutterschutz ab Januar.\n\nBob\n"
    return [
        mail(WADE, f"Ada <{ADA}>", "Blue valve", ask, at(23, 14)),
        mail(
            "News <news@garden.example>",
            ADA,
            "Garden weekly",
            news,
            at(23, 15),
            List_Unsubscribe="<https://x.example/u>",
        ),
        mail(f"Bob <{BOB}>", f"Ada <{ADA}>", "Persönlich und vertraulich", ill, at(23, 16)),
    ]


def small(
    root: Path, messages: Mapping[str, Sequence[Any]] | None = None, mails: Sequence[bytes] | None = None
) -> Sources:
    """A company of four with two public channels, a private one, a DM, and Ada's mailbox."""
    export = make_export(
        root, users=SMALL_USERS, channels=SMALL_CHANNELS, groups=SMALL_GROUPS, dms=SMALL_DMS,
        messages={**SMALL_MESSAGES, **(messages or {})},
    )  # fmt: skip
    inbox = write_mails(root / "inbox", small_mails() if mails is None else mails)
    sent = write_mails(
        root / "sent", [mail(f"Ada <{ADA}>", WADE, "Hello", "Hi Wade,\n\nnice to meet you.\n\nAda\n", at(12, 9))]
    )
    return Sources(export, (imports.MailPath(ADA, inbox, "inbox"), imports.MailPath(ADA, sent, "sent")))


# --- a desk over a throw-away database ------------------------------------------------------------


def keys() -> home.Keys:
    return home.Keys(SECRET, (b"the seal of throw-away databases",))


@contextmanager
def desk_over(
    database: Database, model: ModelServer | None = None, timeout: float = 20.0, **environ: str
) -> Iterator[Desk]:
    """The desk as `app` builds it, its model played by `model`, without pauses between tries."""
    if model is not None:
        environ |= model_settings(model)
    configured = settings.load(environ=environ)
    if configured.sleep is not None:
        configured = replace(configured, sleep=replace(configured.sleep, timeout=timeout))
    with app.desk(configured, app.Database(database.app, keys())) as desk:
        yield replace(desk, sleep_model=_impatient(desk.sleep_model), live_model=_impatient(desk.live_model))


def _impatient(model: Model | None) -> Model | None:
    if model is None:
        return None
    return replace(model, thinker=lambda chat, ledger: thinker(chat, ledger, _no_wait, time.monotonic, IMPATIENT))


def _no_wait(seconds: float) -> None:
    """Nothing: what is waited for is not under test."""


def model_settings(model: ModelServer) -> dict[str, str]:
    """Settings of both roles for `model`: a million tokens cost one each way."""
    return {
        "OPENAI_API_KEY": "sk-test",
        "NIGHTDESK_CAP_PERSON_NIGHT": "5",
        "NIGHTDESK_SLEEP_MODEL": "fake",
        "NIGHTDESK_SLEEP_BASE_URL": model.base_url,
        "NIGHTDESK_SLEEP_PRICE_IN": "1",
        "NIGHTDESK_SLEEP_PRICE_OUT": "1",
        "NIGHTDESK_LIVE_MODEL": "fake",
        "NIGHTDESK_LIVE_BASE_URL": model.base_url,
    }


def reaching(database: Database, folder: Path) -> dict[str, str]:
    """Settings of a process that works on `database`, with its keys in a ring that lies in `folder`."""
    ring, at = keys(), folder / "keys.json"
    held = [base64.b64encode(one).decode() for one in (ring.tokens, *ring.seals)]
    at.write_text(json.dumps({"tokens": held[0], "seals": held[1:]}))
    return {"DATABASE_URL": database.app, "NIGHTDESK_KEYS": str(at)}


def imported(desk: Desk, sources: Sources) -> imports.Imported:
    return imports.import_all(desk.store, sources.export, sources.mails, lambda what, count: None)


def known(desk: Desk, who: str) -> people.Known:
    with desk.store.directory() as tx:
        found = people.find(tx, who)
    assert found is not None, who
    return found


def sleep(desk: Desk, database: Database, who: Sequence[str] | str, day: date = DAY) -> None:
    """One night of each of `who`, by the same jobs as every night; they wake up at eight."""
    names = [who] if isinstance(who, str) else who
    nights = []
    for name in names:
        one = known(desk, name)
        now = datetime.fromisoformat(f"{day}T08:00:00+01:00")
        nights.append((one, day, now))
    app.sleep_now(desk, database.app, nights)


def work(desk: Desk, dsn: str, queues: Sequence[str] = (LIVE, *STAGES)) -> None:
    """Does what is enqueued, one job after the other and one stage after the other: then none looks whether it is its turn,
    to be put off for as long as a night is old by the test's clock. What is to be said in the end comes last."""

    async def all_of_it() -> None:
        queue = jobs.build(dsn, lambda: desk)
        async with queue.open_async():
            for stage in queues:
                await workers.drain(queue, desk, [stage], 1)
            if len(queues) > 1:
                await workers.drain(queue, desk, queues, 1)

    asyncio.run(all_of_it())


Files = dict[str, bytes]


def files(desk: Desk, who: str, folder: Path, day: date = DAY) -> Files:
    """What a person finds in the morning, by name."""
    now = datetime.fromisoformat(f"{day}T08:00:00+01:00")
    nightfiles.write_person(begin_owner(desk, known(desk, who).id), day, now, folder)
    return read_files(folder)


def read_files(folder: Path) -> Files:
    """Every file below `folder` but the report, which has times."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "report.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def value(found: Files, name: str) -> Any:
    return json.loads(found[name])


# --- what stands in the database ------------------------------------------------------------------

_NAMES = {
    "scope_id": "(select key from nightdesk.scope s where s.id = t.{})",
    "about": "(select key from nightdesk.scope s where s.id = t.{})",
    "person_id": "(select key from nightdesk.person p where p.id = t.{})",
    "owner_id": "(select key from nightdesk.person p where p.id = t.{})",
    "message_id": "(select s.key || '/' || m.key from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id where m.id = t.{})",
    "memory_id": "(select key from nightdesk.memory y where y.id = t.{})",
    "superseded_by": "(select key from nightdesk.memory y where y.id = t.{})",
    "newer": "(select key from nightdesk.memory y where y.id = t.{})",
    "older": "(select key from nightdesk.memory y where y.id = t.{})",
    "premise_id": "(select key from nightdesk.memory y where y.id = t.{})",
    "premise_scope": "(select key from nightdesk.scope s where s.id = t.{})",
}
_WHEN = {"replaced_at", "at", "view_sum", "newest", "memories", "seen"}
"""Moments of writing, and ids of memories. `turn.at` is when something was said; it follows from the message."""


COLUMNS = (
    "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum"
)


def tables(database: Database, guarded: bool = False) -> list[str]:
    """Our tables; `guarded`: those under row-level security."""
    query = (
        "select relname from pg_class where relnamespace = 'nightdesk'::regnamespace and relkind in ('r', 'p')"
        " and (not %s or relrowsecurity) order by 1"
    )
    with psycopg.connect(database.admin) as connection:
        return [row[0] for row in connection.execute(query, (guarded,))]


def dump(
    database: Database, leave_out: Sequence[str] = ("secret",), without: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """Every row of our tables as text, sorted, with names instead of ids and `without` the moments of writing and these.

    A column is left out everywhere by its name, in one table as `table.column`.
    """
    found = {}
    with psycopg.connect(database.admin) as connection:
        for table in (name for name in tables(database) if name not in leave_out):
            columns = [row[0] for row in connection.execute(COLUMNS, (f"nightdesk.{table}",))]
            kept = [one for one in columns if not {one, f"{table}.{one}"} & without and not _is_made(table, one)]
            shown = [_shown(table, column) for column in kept]
            query = sql.SQL("select row({})::text from nightdesk.{} t").format(
                sql.SQL(", ").join(shown), sql.Identifier(table)
            )
            found[table] = sorted(row[0] for row in connection.execute(query))
    return found


def _is_made(table: str, column: str) -> bool:
    return column in _WHEN or (column == "id" and table not in ("run", "task"))


def _shown(table: str, column: str) -> sql.Composable:
    if column in _NAMES:
        return sql.SQL(_NAMES[column].format(column))
    if column == "deleted_at":
        return sql.SQL("t.deleted_at is not null")
    return sql.SQL("t.{}").format(sql.Identifier(column))


def everything(database: Database) -> str:
    """All text of all tables of all programs, for finding words that should be nowhere."""
    with psycopg.connect(database.admin) as connection:
        names = connection.execute(
            "select format('%I.%I', nspname, relname) from pg_class join pg_namespace n on n.oid = relnamespace"
            " where relkind in ('r', 'p') and nspname in ('nightdesk', 'public') order by 1"
        ).fetchall()
        parts = []
        for (name,) in names:
            parts += [f"{name}: {row[0]}" for row in connection.execute(f"select t::text from {name} t".encode())]
    return "\n".join(parts)


# --- the command as a process ---------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Nightdesk:
    """The command as real processes, each in the same environment without anybody's settings."""

    home: Path | None = None
    environ: dict[str, str] = field(default_factory=dict)
    cwd: Path = ROOT

    def start(self, *words: str) -> "subprocess.Popen[str]":
        options = [] if self.home is None else ["--home", str(self.home)]
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *options, *words],
            cwd=self.cwd, env=self._environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *words: str, timeout: float = 120) -> Done:
        process = self.start(*words)
        out, err = process.communicate(timeout=timeout)
        return Done(process.returncode, out, err)

    def _environment(self) -> dict[str, str]:
        kept = {
            name: held
            for name, held in os.environ.items()
            if not name.startswith(("NIGHTDESK_", "OPENAI_", "DATABASE_", "SLACK_"))
        }
        return {**kept, "PYTHONPATH": str(ROOT), **self.environ}


@contextmanager
def new_home(like: Path | None = None) -> Iterator[Path]:
    """A folder for a home, empty or a copy; a server that a killed process left in it is ended.

    Its path is short, as sockets want it.
    """
    with tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as root:
        path = Path(root)
        if like is not None:
            shutil.copytree(like, path, dirs_exist_ok=True)
        yield path
        if (path / "postgres" / "data" / "postmaster.pid").exists():
            with postgres.running(path / "postgres"):
                pass


@contextmanager
def home_in_use(like: Path) -> Iterator[Path]:
    """A copy of a home, whose server is up: each command finds it so."""
    with new_home(like) as path, postgres.running(path / "postgres"):
        yield path


@pytest.fixture(scope="session")
def laid() -> Iterator[Path]:
    """A home as a first command leaves it. It takes a second and a half to make, and no time to copy."""
    with new_home() as path:
        with app.database(settings.load(path, {}), path, durable=False):
            pass
        yield path


# --- a model that reads ---------------------------------------------------------------------------


def helpful(server: ModelServer) -> ModelServer:
    """Lets `server` keep what it reads: a note for each message, a line and a task from the first, a plain reply."""
    server.says(_help)
    return server


_FENCED = re.compile(r"<(?:m|message|note)\b([^>]*)>\n?(.*?)\n?</(?:m|message|note)>", re.DOTALL)


_LINES = re.compile(r"^(\d+) \w+(?: \d\d:\d\d)? (.*?)(?: / .*)?$", re.MULTILINE)


def _help(body: dict[str, Any]) -> str:
    form = body.get("response_format", {}).get("json_schema", {})
    found = [
        (html.unescape(about), html.unescape(text).strip())
        for about, text in _FENCED.findall(body["messages"][-1]["content"])
    ]
    said = [(number, text) for number, (_, text) in enumerate(found, 1) if text]
    match form.get("name"):
        case "Notes":
            read = [(int(n), html.unescape(text)[:200]) for n, text in _LINES.findall(body["messages"][-1]["content"])]
            notes: list[dict[str, Any]] = [
                {"n": n, "q": text, "t": text, "k": "decision" if "decided" in text else "fact"}
                for n, text in read
                if text
            ]
            return json.dumps({"notes": notes[:60]})
        case "Lines":
            lines: list[dict[str, Any]] = [
                {"text": text[:200], "notes": re.findall(r'id="([KN]\d+)"', about)} for about, text in found[:12]
            ]
            return json.dumps({"lines": lines})
        case "Items":
            items: list[dict[str, Any]] = [
                {"message": n, "evidence": [n], "kind": "owe", "who": "", "what": text.splitlines()[0][:120], "why": "",
                 "next_step": "Reply", "due": "", "sensitive": False}
                for n, text in said if "?" in text
            ]  # fmt: skip
            return json.dumps({"items": items[:40]})
        case "Written":
            reply: dict[str, Any] = {"verdict": "draft", "reason": "", "asks": [], "body": "Hello,\n\nyes, I will see to it.\n\nBest", "facts": [],
                     "assumptions": [], "question": "", "why": "it asks"}  # fmt: skip
            return json.dumps(reply)
        case "Questions":
            expected: list[dict[str, Any]] = [
                {"question": f"What about {html.unescape(text)[:90]}?", "also": [], "about": [key]}
                for key, text in re.findall(r'<item id="(A\d+)"[^>]*>\n(.*?)\n</item>', body["messages"][-1]["content"], re.DOTALL)
            ]  # fmt: skip
            return json.dumps({"questions": expected[:24]})
        case "Verdicts":
            return json.dumps({"same": [], "over": [], "against": []})
        case "Repairs" | "Proposals" as name:
            return json.dumps({{"Repairs": "repairs", "Proposals": "conclusions"}[name]: []})
        case "Review":
            return json.dumps({"settled": [], "same": []})
    return "It says so [1]." if said or found else "NOTHING"
