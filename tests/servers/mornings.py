"""The small company awake: its desk on a sandbox of Slack, nights by the usual jobs, mornings and presses step by step."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import cards, hometab, morning, posting, presses, receive, settling, workspace
from bot.desk import Desk
from bot.embedded.postgres import Server
from bot.embedded.slack import BOT_TOKEN, Channel, Sandbox, User, Workspace, running
from bot.embedded.slack_values import Json
from bot.embedded.slack_workspace import BOT
from bot.slack.client import Slack
from bot.slack.limits import problems
from bot.store import outbox, people
from bot.store.people import Known
from tests.servers.company import DAY, ROOT, desk_over, helpful, imported, known, sleep, small
from tests.servers.model import ModelServer, model_serving
from tests.servers.postgres import Database, new_database
from tests.servers.slack import Clock, Seen, bolt

WAKE = datetime.fromisoformat(f"{DAY}T08:00:00+01:00")
"""When Ada wakes up on the small company's morning."""


def tulip() -> Workspace:
    """The small company's Slack, as its export shows it; nothing was said there yet."""
    users = [
        User(
            id=key, name=name.lower(), real_name=name, display_name=name.lower(), email=f"{name.lower()}@tulip.example"
        )
        for key, name in (("U1", "Ada"), ("U2", "Bob"))
    ]
    channels = [Channel(id="C1", name="general", members=("U1", "U2", BOT.id), creator="U1")]
    return Workspace(users, channels, team="T1", seed="tulip")


@dataclass
class Morning:
    """Ada's desk, and what stands in her Slack."""

    desk: Desk
    slack: Sandbox
    clock: Clock
    app: Seen
    database: Database
    ada: Known
    heard: int = 0

    # --- time ---------------------------------------------------------------------------------------

    def at(self, moment: datetime) -> None:
        self.clock.now = moment.timestamp()

    def sleep(self, who: Sequence[str] | str = "U1", day: date = DAY) -> None:
        sleep(self.desk, self.database, who, day)

    # --- what the desk does -------------------------------------------------------------------------

    def wake(self, day: date = DAY, who: Known | None = None) -> None:
        """The morning job, and what it enqueues."""
        morning.deliver(self.desk, (who or self.ada).id, day.isoformat())
        self.post()

    def post(self) -> None:
        """What waits in the outbox, as its jobs would."""
        with self.desk.store.directory() as tx:
            waiting = outbox.pending(tx)
        for row in waiting:
            posting.deliver(self.desk, row["scope_id"], row["key"])

    def hear(self) -> list[int]:
        """Commits what Slack told since the last time; the presses among it."""
        assert self.slack.settle()
        bodies = list(self.app.bodies)
        for body in bodies[self.heard :]:
            kind: Any = "events" if "event" in body else "command" if "command" in body else "interactive"
            receive.accept(self.desk, body, kind)
        self.heard = len(bodies)
        return self.waiting_presses()

    def waiting_presses(self) -> list[int]:
        with psycopg.connect(self.database.admin) as connection:
            rows = connection.execute(
                "select id from nightdesk.slack_event where handled_at is null and key like 'press/%' order by id"
            )
            return [row[0] for row in rows]

    def handle(self) -> None:
        """What people pressed is handled, said, and shown."""
        for event in self.hear():
            presses.handle(self.desk, event)
        self.post()
        hometab.publish(self.desk, self.ada.id)

    def settle(self) -> None:
        settling.settle(self.desk, self.ada.id)
        self.post()

    # --- what Ada does ------------------------------------------------------------------------------

    def press(self, action: str, choice: str | None = None, ts: str = "", user: str = "U1") -> None:
        """Presses what a message of the DM shows and lets the desk do what follows."""
        self.clock.tick(1)
        self.slack.press(user, self.dm, ts or self.card["ts"], action, selected_option=choice)
        self.handle()

    def press_home(self, action: str, choice: Any = None, value: object = None) -> None:
        self.clock.tick(1)
        self.slack.press_home("U1", action, value, selected_option=choice)
        self.handle()

    def command(self, words: str) -> str:
        """What `/nightdesk` answers in the DM."""
        self.clock.tick(1)
        self.slack.command("U1", "C1", "/nightdesk", words)
        self.handle()
        return shown(self.said[-1])

    # --- what stands there --------------------------------------------------------------------------

    @property
    def dm(self) -> str:
        with self.desk.store.directory() as tx:
            return people.slack_side(tx, self.ada.id).dm

    @property
    def said(self) -> list[Json]:
        """Everything of ours in Ada's DM that is no reply, oldest first."""
        messages: list[Json] = self.slack.messages(self.dm) if self.dm else []
        return sorted((m for m in messages if "thread_ts" not in m or m["thread_ts"] == m["ts"]), key=lambda m: m["ts"])

    @property
    def card(self) -> Json:
        """The one digest of the small company's morning."""
        return self.card_of(DAY)

    def card_of(self, day: date) -> Json:
        with self.desk.store.as_person(self.ada.id) as tx:
            standing = outbox.get(tx, cards.key_of("U1", day))
        assert standing is not None
        [found] = [message for message in self.said if message["ts"] == standing.ts]
        return found

    @property
    def replies(self) -> list[Json]:
        return [m for m in self.slack.thread(self.dm, self.card["ts"]) if m["ts"] != self.card["ts"]]

    @property
    def text(self) -> str:
        """The card as Ada reads it."""
        return shown(self.card)

    @property
    def home(self) -> str:
        view = self.slack.home("U1")
        return text_of(view["blocks"]) if view else ""

    def posts(self) -> int:
        """How often something new was posted to Ada's DM, accepted by Slack or not known to be."""
        return sum(call.method == "chat.postMessage" for call in self.slack.log)


def shown(message: Json) -> str:
    return text_of(message.get("blocks") or []) or str(message.get("text", ""))


def text_of(blocks: Sequence[Json]) -> str:
    """Blocks as a person reads them: one line each, buttons in brackets."""
    return "\n".join(line for block in blocks for line in _lines(block))


def _lines(block: Json) -> Iterator[str]:
    match block["type"]:
        case "header" | "section":
            right = _element(block["accessory"]) if "accessory" in block else ""
            yield block["text"]["text"] + (f"  {right}" if right else "")
        case "context":
            yield from (f"  {element['text']}" for element in block["elements"])
        case "actions":
            yield "  ".join(_element(element) for element in block["elements"])
        case "input":
            yield f"{block['label']['text']}: {_element(block['element'])}"
        case "divider":
            yield "—" * 12


def _element(element: Json) -> str:
    match element["type"]:
        case "button":
            return f"[{element['text']['text']}]"
        case "overflow":
            return "[⋯]"
        case "static_select":
            chosen = element.get("initial_option") or {"text": element["placeholder"]}
            return f"[{chosen['text']['text']} ▾]"
        case "checkboxes":
            on = [one["value"] for one in element.get("initial_options", [])]
            return " ".join(f"{'☑' if one['value'] in on else '☐'} {one['text']['text']}" for one in element["options"])
        case _:
            return f"[{element.get('initial_time') or element.get('initial_date') or ''}]"


@contextmanager
def awake(
    database: Database, root: Path | None, model: ModelServer | None = None, company: Callable[[Path], Any] = small
) -> Iterator[Morning]:
    """The small company's desk on a sandbox; it is the moment of Ada's wake-up, and nobody has slept yet.

    Without a `root` the database is a copy of one in which all of this and perhaps a night has happened.
    """
    clock = Clock(WAKE.timestamp())
    with (
        desk_over(database, model) as made,
        running(tulip(), clock, check=problems) as sandbox,
        bolt(sandbox) as app,
    ):
        if root is not None:
            imported(made, company(root))
        slack = Slack(BOT_TOKEN, sandbox.base_url)
        desk = replace(
            made, slack=slack, now=lambda: datetime.fromtimestamp(clock.now, UTC), quarantine=timedelta(seconds=120)
        )
        workspace.connect(desk)
        yield Morning(desk, sandbox, clock, app, database, known(desk, "U1"))


@pytest.fixture(scope="module")
def slept(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database in which Ada has slept and nobody has told her; each test wakes her in a copy."""
    with new_database(postgres, template) as database, model_serving("script") as model:
        with awake(database, tmp_path_factory.mktemp("company"), helpful(model)) as made:
            made.sleep()
        yield database.name


__all__ = ["DAY", "ROOT", "WAKE", "Morning", "awake", "shown", "slept", "text_of"]
