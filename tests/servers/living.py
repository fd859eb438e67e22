"""A desk that lives on the sandbox's Slack: what is said there is accepted and answered in this process, step by step."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot import choosing, live, posting, receive, workspace
from bot.desk import Desk
from bot.embedded.slack import BOT_TOKEN, Sandbox, running
from bot.embedded.slack_workspace import BOT, Workspace
from bot.slack.client import Slack
from bot.slack.limits import problems
from bot.store import inbox, memory, messages, outbox, people
from graphs.domain import Fact, Message, SlackSource
from graphs.life import source_key
from graphs.rules.relation import Relation
from tests.servers.company import desk_over
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.slack import Clock, Seen, bolt, small_company

US = f"<@{BOT.id}>"
PRESSES = b"select id from nightdesk.slack_event where kind = 'block_actions' and handled_at is null order by id"
QUARANTINE = timedelta(seconds=120)
NIGHT = date(2026, 11, 19)


@dataclass
class Living:
    """The desk, the workspace, and an app that hears for it."""

    desk: Desk
    slack: Sandbox
    clock: Clock
    app: Seen
    accepted: int = 0

    def hear(self) -> None:
        """Commits what Slack has told since the last time."""
        assert self.slack.settle()
        bodies = list(self.app.bodies)
        for body in bodies[self.accepted :]:
            receive.accept(
                self.desk, body, "events" if "event" in body else "command" if "command" in body else "interactive"
            )
        self.accepted = len(bodies)

    def ask(self, user: str, channel: str, text: str, thread: str | None = None) -> str:
        """Says something and lets the desk answer it, if it wants to. Returns its ts."""
        ts = self.say(user, channel, text, thread)
        self.answer(channel, ts)
        return ts

    def say(self, user: str, channel: str, text: str, thread: str | None = None) -> str:
        self.clock.tick(1)
        ts = self.slack.say(user, channel, text, thread_ts=thread)
        self.hear()
        receive.ingest(self.desk, self.place(channel))
        self.clock.tick(1)
        return ts

    def answer(self, channel: str, ts: str) -> None:
        self.hear()
        live.reply(self.desk, self.place(channel), ts)
        self.deliver()

    def press(self, user: str, channel: str, ts: str, action: str) -> None:
        """Presses below a message of ours, and lets that be handled."""
        self.slack.press(user, channel, ts, action)
        self.hear()
        with self.desk.store.directory() as tx:
            waiting = [row["id"] for row in tx.connection.execute(PRESSES).fetchall()]
        for event in waiting:
            choosing.pressed(self.desk, event)
            with self.desk.store.directory() as tx:
                inbox.handled(tx, event)
        self.deliver()

    def deliver(self) -> None:
        """What waits in the outbox, as its jobs would."""
        with self.desk.store.directory() as tx:
            waiting = outbox.pending(tx)
        for row in waiting:
            posting.deliver(self.desk, row["scope_id"], row["key"])

    def place(self, channel: str) -> str:
        return str(self.slack.company.room(channel).channel.id)

    def relate(self, channel: str, later: str, earlier: str, relation: Relation) -> None:
        """Lets a night have noted two messages, each as one statement, and how the later one stands to the earlier."""
        place = self.place(channel)
        with self.desk.store.directory() as tx:
            scope = people.scope_of_channel(tx, place)
        assert scope is not None
        with self.desk.store.as_scope(scope) as tx:
            sources = [SlackSource(channel=place, ts=ts) for ts in (later, earlier)]
            found = messages.by_sources(tx, sources)
            one, other = (memory.put_fact(tx, scope, _whole(found[source_key(s)]), NIGHT) for s in sources)
            memory.relate(tx, scope, (one, other), relation, NIGHT)

    def replies(self, channel: str, ts: str) -> list[dict[str, Any]]:
        """What we said in the thread of a message, as it stands."""
        return [one for one in self.slack.thread(channel, ts) if one.get("user") == BOT.id and one["ts"] != ts]

    def text(self, channel: str, ts: str) -> str:
        """The one reply that stands there."""
        [one] = self.replies(channel, ts)
        return shown(one)


def _whole(message: Message) -> Fact:
    words, by, at = message.text.text, message.author.key, message.sent_at
    return Fact(kind="fact", text=words, quote=words, message=message.id, source=message.source, said_by=by, said_at=at)


def shown(message: Mapping[str, Any]) -> str:
    """What a reader sees of a message: its text, or the section that stands for it."""
    sections = [block["text"]["text"] for block in message.get("blocks", []) if block["type"] == "section"]
    return "\n".join(sections) or str(message["text"])


@contextmanager
def living(database: Database, model: ModelServer | None = None, company: Workspace | None = None) -> Iterator[Living]:
    """A desk over `database` on a sandbox of its own; its clock is the sandbox's."""
    clock = Clock()
    with (
        desk_over(database, model) as made,
        running(company or small_company(), clock, check=problems) as sandbox,
        bolt(sandbox) as app,
    ):
        desk = replace(
            made,
            slack=Slack(BOT_TOKEN, sandbox.base_url),
            now=lambda: datetime.fromtimestamp(clock.now, UTC),
            quarantine=QUARANTINE,
        )
        workspace.connect(desk)
        yield Living(desk, sandbox, clock, app)
