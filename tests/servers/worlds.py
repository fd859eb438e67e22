"""A small company that lives for a day and a night on Slack, IMAP and a model, with every sink written down.

Two such worlds that differ in the words of one scope show who can tell them apart. A gate that cuts whatever a model says
would hide a leak behind it: so one of the models says what every gate lets through.
"""

import codecs
import io
import json
import logging
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from bot import backfill, observe, receive, rounds, workspace
from bot.desk import Desk
from bot.embedded.imap import MailServer, mail_server
from bot.embedded.slack import BOT_TOKEN, Channel, Sandbox, User, Workspace, running
from bot.embedded.slack_values import Json
from bot.embedded.slack_workspace import BOT
from bot.slack import events
from bot.slack.client import Slack
from bot.slack.limits import problems
from bot.store import accounts, nights, people
from bot.store.queue import LIVE, STAGES
from bot.web import pages
from bot.web.pages import Asked
from bot.web.stage import Night, Stage
from graphs.access import Reader, Scope, person_reads
from graphs.domain import Preferences
from tests.servers.company import desk_over, helpful, keys, mail, tables, work
from tests.servers.cut import Link, linked
from tests.servers.model import ModelServer, word_of
from tests.servers.payers import Paying, paying
from tests.servers.postgres import Database
from tests.servers.slack import Clock

US = f"<@{BOT.id}>"
ADA, BEN = "ada@night.example", "ben@night.example"
PASSWORD = "a-canary-of-a-password"
DAY = datetime(2026, 11, 17, 9, tzinfo=UTC)
"""A Tuesday. The company's clock stays behind the machine's, by which the queue goes."""
NIGHT = DAY.replace(day=18, hour=1)
WAKE = DAY.replace(day=18, hour=8)

PUBLIC, GUESTS, PLANS, DEALS = "C0GENERAL", "C0SHOP", "G0PLANS", "G0DEALS"
THREE = "G0THREE"
DM_ADA, DM_BEN, DM_CLEO = "D0ADA", "D0BEN", "D0CLEO"


def company() -> Workspace:
    """Ada, Ben and Dan work there; Cleo is a guest in #shop. Nightdesk is everywhere."""
    users = [
        User(id=f"U0{name.upper()}", name=name, real_name=f"{name.title()} Lind", display_name=name.title(),
             email=f"{name}@night.example", tz="UTC", is_restricted=name == "cleo")
        for name in ("ada", "ben", "cleo", "dan")
    ]  # fmt: skip
    members = ("U0ADA", "U0BEN", "U0DAN")
    channels = [
        Channel(id=PUBLIC, name="general", members=(*members, BOT.id), creator="U0ADA", is_general=True),
        Channel(id=GUESTS, name="shop", members=("U0ADA", "U0BEN", "U0CLEO", BOT.id), creator="U0ADA"),
        Channel(id=PLANS, name="plans", kind="private", members=("U0ADA", "U0BEN", BOT.id), creator="U0ADA"),
        Channel(id=DEALS, name="deals", kind="private", members=("U0ADA", "U0DAN", BOT.id), creator="U0ADA"),
        Channel(id=THREE, name="mpdm-ada--ben--dan-1", kind="mpim", members=(*members, BOT.id), creator="U0ADA"),
    ]
    return Workspace(users, channels)


# --- what is said ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """Somebody says something. `below`: in the thread of the line of that number."""

    who: str
    where: str
    text: str
    below: int | None = None


LINES = (
    Line("ben", PUBLIC, "We decided to ship the blue valve on 7 December."),
    Line("ben", PUBLIC, "<@U0ADA> can you review the label text by Wednesday?"),
    Line("cleo", GUESTS, "<@U0ADA> the photos of the blue valve are uploaded, could you look at them by Friday?"),
    Line("ben", PLANS, "<@U0ADA> could you call the printer about the crimson boxes today?"),
    Line("dan", DEALS, "<@U0ADA> Kestrel gets eleven percent off the blue valve, can you confirm the price by Monday?"),
    Line("ada", THREE, "<@U0DAN> we move the stand to hall 9, can you book the carpet of the blue valve?"),
    Line("ada", DM_ADA, "When does the blue valve ship, and who asked me for the label?"),
    Line("ben", DM_BEN, "Which price does Kestrel get for the blue valve?"),
    Line("dan", PUBLIC, f"{US} when does the blue valve ship?"),
    Line("ben", PUBLIC, "And which price, which discount?", below=8),
    Line("cleo", GUESTS, f"{US} which discount does Kestrel get for the blue valve?"),
    Line("ben", PLANS, f"{US} what is with the crimson boxes and the blue valve?"),
    Line("dan", DEALS, f"{US} which discount does Kestrel get?"),
    Line("dan", THREE, f"{US} in which hall is the stand of the blue valve?"),
    Line("ada", PUBLIC, f"{US} overnight: compare what is known about the blue valve"),
    Line("ada", DEALS, f"{US} overnight: list what Kestrel wants of the blue valve"),
    Line("ben", PLANS, f"{US} overnight: collect what is said of the crimson boxes"),
    Line("ada", DM_ADA, "remember that the blue valve costs us 4.10"),
    Line("cleo", DM_CLEO, "What does the blue valve cost, and which discount is there?"),
)  # fmt: skip
ERRANDS = {"compare what is known": PUBLIC, "list what Kestrel": DEALS, "collect what is said": PLANS}


def mails(owner: str) -> list[bytes]:
    """Mails that deserve an answer, and one that does not."""
    name = owner.partition("@")[0].title()
    ask = f"Hi {name},\n\ncan you tell me when the blue valve ships, and to which dock?\n\nThanks\nWade\n"
    list_ = f"Hello {name},\n\ncould you send me the packing list of the blue valve by Wednesday?\n\nInes\n"
    return [
        mail("Wade <wade@kestrel.example>", f"{name} <{owner}>", "Blue valve", ask, DAY - timedelta(hours=3)),
        mail("Ines <ines@harbour.example>", f"{name} <{owner}>", "Dock 4", list_, DAY - timedelta(hours=2)),
        mail("News <news@garden.example>", owner, "Garden weekly", "All about gardens.\n", DAY - timedelta(hours=1),
             List_Unsubscribe="<https://x.example/u>"),
    ]  # fmt: skip


_KEPT = re.compile(r"(<[^>]*>|\bovernight:|\bremember that\b)")
_THINGS = re.compile(r"(?i)\b(?:boxes|carpet|crimson|dock|eleven|hall|kestrel|label|packing|photos|stand)\b|\d+")


def turned(text: str) -> str:
    """Other words and numbers of the same length; what Slack marks up stays, and what we take for a command."""
    return "".join(part if _KEPT.fullmatch(part) else _other(part) for part in _KEPT.split(text))


def renamed(text: str) -> str:
    """Other things and numbers, of which the same is said: who counts calls, mails and tasks counts as many."""
    return "".join(
        part if _KEPT.fullmatch(part) else _THINGS.sub(lambda thing: _other(thing[0]), part)
        for part in _KEPT.split(text)
    )


def _other(text: str) -> str:
    return codecs.encode(text, "rot13").translate(str.maketrans("0123456789", "1234567890"))


@dataclass(frozen=True)
class Other:
    """What is other in the second of two worlds."""

    scope: str
    words: Callable[[str], str] = turned

    @property
    def keeps_shape(self) -> bool:
        return self.words is renamed


# --- a model that everybody believes --------------------------------------------------------------


def believed(server: ModelServer) -> ModelServer:
    """Lets `server` say what passes the gates, and in each sentence of it a word that is a function of the whole request."""
    helpful(server)
    [(pattern, answer)] = server.script
    assert callable(answer)
    server.script[:] = [(pattern, lambda body: _with_word(answer(body), word_of(body)))]
    return server


_SPOKEN = ("text", "what", "body", "question", "why")


def _with_word(answer: str, word: str) -> str:
    def spoken(value: Any) -> Any:
        if isinstance(value, list):
            return [spoken(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {name: f"{word} {held}" if name in _SPOKEN and held else spoken(held) for name, held in value.items()}

    return json.dumps(spoken(json.loads(answer))) if answer.startswith("{") else f"{word} says so [1]."


# --- the company at work --------------------------------------------------------------------------


@dataclass
class Town:
    """The desk and everything around it."""

    desk: Paying
    slack: Sandbox
    clock: Clock
    mail: MailServer
    links: dict[str, Link]  # by address: what was asked of the mail server
    database: Database
    model: ModelServer
    requests: list[tuple[str, Json]] = field(default_factory=list)  # (place or person it was made for, body)
    heard: list[Json] = field(default_factory=list)
    taken: int = 0

    # --- time and work ------------------------------------------------------------------------------

    def at(self, moment: datetime) -> None:
        self.clock.now = moment.timestamp()

    def hear(self) -> None:
        """Commits what Slack told since the last time."""
        told, self.heard[:] = list(self.heard), []
        for body in told:
            receive.accept(self.desk, body, events.sort_of(body))

    def work(self, queues: Sequence[str] = (LIVE, *STAGES)) -> None:
        work(self.desk, self.database.app, queues)

    def say(self, who: str, where: str, text: str, thread: str | None = None) -> str:
        """Says something, and everything is done that follows from it."""
        self.clock.tick(60)
        ts = self.slack.say(who, where, text, thread_ts=thread)
        self.hear()
        self.work((LIVE,))
        self.attribute(f"channel:{where}")
        return ts

    def press(self, who: str, where: str, ts: str, action: str, choice: str | None = None) -> None:
        self.clock.tick(1)
        self.slack.press(who, where, ts, action, selected_option=choice)
        self.hear()
        self.work()
        self.attribute(f"person:{self.slack.company.user(who).id}")

    def sleep(self, night: datetime = NIGHT) -> None:
        """The hour of the night, and then that of waking."""
        for moment in (night, night + (WAKE - NIGHT)):
            self.at(moment)
            for look in (rounds.mailboxes, rounds.look, rounds.leftovers):
                look(self.desk)
            self.work()
        self.attribute("")

    def attribute(self, whose: str) -> None:
        """Who the requests since the last time were made for; '': as each of them says."""
        for seen in self.model.requests[self.taken :]:
            self.requests += [(one, seen.body) for one in ([whose] if whose else self._named(seen.body))]
        self.taken = len(self.model.requests)

    def _named(self, body: Json) -> list[str]:
        """On whose account a request is; but the result of an errand is read where it was asked for."""
        asked, ways = str(body["messages"][1]["content"]), (str, turned, renamed)
        if "<errand>" not in asked:
            return self.desk.whose(body)
        return [f"channel:{at}" for words, at in ERRANDS.items() if any(way(words) in asked for way in ways)]

    # --- what stands there --------------------------------------------------------------------------

    def person(self, who: str) -> people.Known:
        with self.desk.store.directory() as tx:
            found = people.find(tx, self.slack.company.user(who).id)
        assert found is not None
        return found

    def ours(self, where: str) -> list[Json]:
        """What we said in a conversation, in threads too, oldest first."""
        with self.slack.company.lock:
            posts = self.slack.company.room(where).posts.values()
            return sorted((one for one in posts if one.get("user") == BOT.id), key=lambda one: one["ts"])

    def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.database.admin, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), values).fetchall()


@contextmanager
def town(
    database: Database, model: ModelServer, words: Callable[[str, bytes], bytes] = lambda owner, raw: raw
) -> Iterator[Town]:
    """The company in the morning of its day; mailboxes are connected and read. `words` may change a mail."""
    clock = Clock(DAY.timestamp())
    with ExitStack() as open_:
        made = open_.enter_context(desk_over(database, model, NIGHTDESK_CAP_PERSON_NIGHT="50"))
        sandbox = open_.enter_context(running(company(), clock, check=problems))
        server = open_.enter_context(mail_server({ADA: PASSWORD, BEN: PASSWORD}))
        links = {owner: open_.enter_context(linked(server.port)) for owner in (ADA, BEN)}
        for owner in (ADA, BEN):
            server.fill(owner, "INBOX", [(words(owner, raw), DAY - timedelta(hours=3)) for raw in mails(owner)])
        desk = replace(
            paying(made), slack=Slack(BOT_TOKEN, sandbox.base_url), now=lambda: datetime.fromtimestamp(clock.now, UTC),
            quarantine=timedelta(0),
        )  # fmt: skip
        found = Town(desk, sandbox, clock, server, links, database, model)
        sandbox.company.on_event.append(lambda body: found.heard.append(json.loads(json.dumps(body))))
        _hear_presses(found)
        _settle_in(found)
        yield found


def _hear_presses(found: Town) -> None:
    """Presses come beside the events, as through the socket."""
    from concurrent.futures import Future

    def hand_over(kind: str, payload: Json, answers: bool) -> "Future[Json | None]":
        found.heard.append(json.loads(json.dumps(payload)))
        done: Future[Json | None] = Future()
        done.set_result({})
        return done

    found.slack.hand_over = hand_over  # type: ignore[method-assign]


def _settle_in(found: Town) -> None:
    desk = found.desk
    workspace.connect(desk)
    backfill.workspace(desk)
    for room in list(found.slack.company.rooms):
        workspace.refresh_channel(desk, room)
    for who in ("ada", "ben", "dan"):
        found.slack.dm(who)
        with desk.store.directory() as tx:
            people.set_preferences(tx, found.person(who).id, Preferences(zone="UTC", shadow=False))
            nights.meet(tx, found.slack.company.user(who).id, desk.now())
    found.slack.dm("cleo")
    for owner, link in found.links.items():
        connect(desk, owner, link.port)
    found.work()


def connect(desk: Desk, owner: str, port: int) -> int:
    """Connects a mailbox; its scope."""
    with desk.store.directory() as tx:
        scope = people.put_account(tx, owner)
        people.finish_people(tx)
    with desk.store.as_scope(scope) as tx:
        accounts.connect(tx, keys().seals, scope, accounts.Server("127.0.0.1", owner, port, "plain"), PASSWORD)
    return scope


# --- a world --------------------------------------------------------------------------------------


@dataclass
class World:
    """Every sink by name with who reads it, and who may read each scope."""

    sinks: dict[str, object] = field(default_factory=dict)
    read_by: dict[str, frozenset[str]] = field(default_factory=dict)
    readers: dict[str, frozenset[str]] = field(default_factory=dict)
    keeps_shape: bool = True

    def put(self, name: str, content: object, readers: frozenset[str]) -> None:
        self.sinks[name] = content
        self.read_by[name] = readers


COUNTS = "counts of the metrics"
"""The operator may know how much there is to do. Where as much is said of other things, they count the same."""


def differing(one: World, other: World, scope: str) -> list[str]:
    """Sinks that differ although not all of their readers may read `scope`. What nobody of the company reads is the operator's."""
    readers = one.readers[scope]
    compared = (one.sinks.keys() | other.sinks.keys()) - (set() if other.keeps_shape else {COUNTS})
    return sorted(
        name
        for name in compared
        if one.sinks.get(name) != other.sinks.get(name) and not _may_differ(_read_by(one, other, name), readers)
    )


def _read_by(one: World, other: World, name: str) -> frozenset[str]:
    return one.read_by.get(name, frozenset()) | other.read_by.get(name, frozenset())


def _may_differ(read_by: frozenset[str], readers: frozenset[str]) -> bool:
    return bool(read_by) and read_by <= readers


Spoil = Callable[[Town], object]


def lived(
    database: Database, model: ModelServer, other: Other | None, spoil: Spoil | None = None, dusk: Spoil | None = None
) -> World:
    """A day and a night of the company, `other` telling which scope says other words. `spoil` puts a defect into it; `dusk`
    is what happens between the day and the night."""

    def words(owner: str, raw: bytes) -> bytes:
        return other_mail(raw, other.words) if other is not None and other.scope == f"account:{owner}" else raw

    with _watched() as told, town(database, model, words) as made:
        if spoil is not None:
            spoil(made)
        said: list[str] = []
        for line in LINES:
            thread = None if line.below is None else said[line.below]
            is_other = other is not None and other.scope == f"channel:{line.where}"
            text = other.words(line.text) if other is not None and is_other else line.text
            said.append(made.say(line.who, line.where, text, thread))
        if dusk is not None:
            dusk(made)
        made.sleep()
        press_around(made)
        world = written_down(made, told.getvalue())
    world.keeps_shape = other is None or other.keeps_shape
    return world


def other_mail(raw: bytes, words: Callable[[str], str]) -> bytes:
    """The same headers but for the subject."""
    head, _, body = raw.decode().partition("\n\n")
    subject = re.sub(r"(?m)^Subject: (.*)$", lambda found: f"Subject: {words(found[1])}", head)
    return f"{subject}\n\n{words(body)}".encode()


@contextmanager
def _watched() -> Iterator[io.StringIO]:
    """Fresh metrics, and logs at DEBUG as the product writes them."""
    told = io.StringIO()
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = list(root.handlers), root.level
    observe._metrics.cache_clear()
    observe.start_logs(logging.DEBUG, "json", told)
    for name in logging.root.manager.loggerDict:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield told
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        threading.excepthook = hook
        logging.captureWarnings(False)


PRESSED = ("digest.done", "digest.preview", "home.pause")


def press_around(made: Town) -> None:
    """Each person presses the first of some buttons below the digest, if one came."""
    for minutes, who in enumerate(("ada", "ben", "dan")):
        made.at(WAKE + timedelta(minutes=minutes))  # however much somebody else had to press
        dm = made.slack.dm(who)
        ts = next((one["ts"] for one in made.ours(dm) if one.get("thread_ts", one["ts"]) == one["ts"]), "")
        for action in PRESSED if ts else ():
            shown = buttons(made.slack.company.message(dm, ts) or {})
            if found := [one for one in shown if one.startswith(action)]:
                made.press(who, dm, ts, found[0])


def buttons(message: Json) -> list[str]:
    """Action ids of the buttons of a message."""
    return re.findall(r'"action_id": "([^"]+)"', json.dumps(message.get("blocks") or []))


# --- every sink -----------------------------------------------------------------------------------


def written_down(made: Town, logs: str) -> World:
    world = World(readers=readers_of_scopes(made.desk))
    names = _names(made)
    _slack_calls(world, made, names)
    _mail(world, made, names)
    _requests(world, made, names)
    _rows(world, made, names)
    _pages(world, made, names)
    world.put("logs", _logs(logs, names), frozenset())
    series = _metrics()
    world.put("metrics", sorted(one for one in series if not _AHEAD.fullmatch(one)), frozenset())
    world.put(COUNTS, series, frozenset())
    return world


def readers_of_scopes(desk: Desk) -> dict[str, frozenset[str]]:
    """Who may read each scope, by the pure rule. Bots are left out: a channel's bot was let in by its people."""
    with desk.store.directory() as tx:
        directory, places = people.everybody(tx), people.places(tx)
    found = {}
    for place in places.values():
        scope = Scope(
            place.key, place.kind, place.channel and place.channel.kind, owner=place.owner,  # type: ignore[arg-type]
            members=frozenset(place.channel.members if place.channel else ()),
        )  # fmt: skip
        found[place.key] = frozenset(
            k.person.key
            for k in directory
            if k.person.role != "bot"
            and person_reads(Reader(k.person.key, k.person.role, k.person.active, k.slack_id is not None), scope)
        )
    return found


Names = Mapping[str, str]


def _names(made: Town) -> Names:
    """What we said is known by its place in its conversation: how much was said elsewhere moves every later ts."""
    found: dict[str, str] = {}
    with made.slack.company.lock:
        rooms = [(key, sorted(room.posts)) for key, room in made.slack.company.rooms.items()]
        for key, times in rooms:
            ours = [ts for ts in times if made.slack.company.rooms[key].posts[ts].get("user") == BOT.id]
            found |= {ts: f"{key}/{n}" for n, ts in enumerate(ours)}
        for user, whispers in made.slack.company.whispers.items():
            found |= {one["ts"]: f"{user}/{n}" for n, one in enumerate(whispers)}
    return found


_TS = re.compile(r"(\d{10})[.-]?(\d{6})")
"""As Slack writes it, as a link does, and as our page does."""


_GIVEN = re.compile(r'"block_id": "[0-9a-f]+"')
"""What Slack calls a block that has no name, from how many there were before."""


def _plain(content: object, names: Names) -> str:
    told = _GIVEN.sub('"block_id": ""', json.dumps(content, sort_keys=True, default=str))
    return _TS.sub(lambda found: names.get(f"{found[1]}.{found[2]}", found[0]), told)


def _slack_calls(world: World, made: Town, names: Names) -> None:
    """Calls by who sees what they do, in their order; pieces of one stream count as one."""
    calls: dict[str, list[Json]] = defaultdict(list)
    streams: dict[str, Json] = {}
    for one in made.slack.log:
        said = dict(one.arguments)
        where = str(said.get("channel") or said.get("channel_id") or "")
        user = str(said.get("user_id") or said.get("user") or said.get("users") or "") if not where else ""
        if one.method in ("chat.appendStream", "chat.stopStream"):
            begun = streams[said["ts"]]
            begun["markdown_text"] += said.pop("markdown_text", None) or ""
            begun |= {name: held for name, held in said.items() if name in ("blocks", "metadata")}
            continue
        if one.method == "chat.startStream":
            streams[one.answer["ts"]] = said
        calls[f"channel:{where}" if where else f"person:{user}"].append({"method": one.method, "said": said})
    for whose, found in calls.items():
        readers = world.readers.get(whose) or _in_room(made, whose.partition(":")[2])
        world.put(f"Slack calls for {whose}", [_plain(one, names) for one in found], readers)


def _in_room(made: Town, channel: str) -> frozenset[str]:
    """Who is in a conversation of which we store nothing, a DM in which nobody spoke to us."""
    room = made.slack.company.rooms.get(channel)
    return frozenset(room.channel.members) - {BOT.id} if room is not None else frozenset()


def _mail(world: World, made: Town, names: Names) -> None:
    for owner, link in made.links.items():
        readers = world.readers[f"account:{owner}"]
        world.put(f"IMAP commands of {owner}", list(link.commands), readers)
        drafts = [one.raw.decode("utf-8", "replace") for one in made.mail.mails(owner, "Drafts")]
        world.put(f"Drafts of {owner}", [_plain(one, names) for one in drafts], readers)


def _requests(world: World, made: Town, names: Names) -> None:
    asked: dict[str, list[str]] = defaultdict(list)
    for whose, body in made.requests:
        asked[whose].append(_plain(body, names))
    for whose, bodies in asked.items():
        world.put(f"requests for {whose}", sorted(bodies), world.readers[whose])


_REAL_TIME = frozenset(
    "wanted_at received_at handled_at replaced_at at begun_at attempts seconds payload secret hash_ created_at since "
    "port uidvalidity home view_sum newest".split()
)
"""What the machine's clock, a nonce or a mail server says; `home` is a hash under a key, `view_sum` and `newest` tell of ids."""


def _rows(world: World, made: Town, names: Names) -> None:
    """What stands in the database, scope by scope; rows of no scope are everybody's."""
    scopes = {row["id"]: row["key"] for row in made.rows("select id, key from nightdesk.scope")}
    persons = {row["id"]: row["key"] for row in made.rows("select id, key from nightdesk.person")}
    messages = {
        row["id"]: f"{scopes[row['scope_id']]}/{row['key']}"
        for row in made.rows("select id, scope_id, key from nightdesk.message")
    }
    memories = {row["id"]: row["key"] for row in made.rows("select id, key from nightdesk.memory")}
    by_column: dict[str, Mapping[int, str]] = {
        "scope_id": scopes, "about": scopes, "person_id": persons, "owner_id": persons, "message_id": messages,
        "memory_id": memories, "superseded_by": memories,
    }  # fmt: skip
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table in tables(made.database):
        if table in ("secret", "posting", "spend"):
            continue
        for row in made.rows(f"select to_jsonb(t) as row from nightdesk.{table} t"):
            held = {name: value for name, value in row["row"].items() if name not in _REAL_TIME}
            held = {n: by_column[n].get(v, v) if n in by_column and v is not None else v for n, v in held.items()}
            held.pop("id", None) if isinstance(held.get("id"), int) else None
            if table == "slack_event":
                held.pop("key")  # Slack numbers events as they come, of all conversations
            place = f"channel:{held['channel']}" if table in ("slack_event", "slack_cursor") else ""
            found[table, str(held.pop("scope_id", place))].append(_line(held, names, messages, memories))
    for (table, key), lines in found.items():
        world.put(f"rows of {table} in {key or 'no scope'}", sorted(lines), world.readers.get(key, frozenset()))
    _jobs(world, made, names, scopes, persons)


def _line(held: Json, names: Names, messages: Mapping[int, str], memories: Mapping[int, str]) -> str:
    """Ids that a night hands out as it goes are named by what they are of."""
    text = _plain(held, names)
    text = re.sub(r'"message": (\d+)', lambda one: f'"message": "{messages.get(int(one[1]), one[1])}"', text)
    text = re.sub(r'"prepared_id": \d+', '"prepared_id": ""', text)
    return re.sub(r'"(memories|seen)": \[[\d, ]*\]', r'"\1": []', text)


def _jobs(world: World, made: Town, names: Names, scopes: Mapping[int, str], persons: Mapping[int, str]) -> None:
    """Arguments of every job that there ever was."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in made.rows("select task_name, args, lock, queueing_lock from public.every_job order by n"):
        args = row["args"]
        whose = scopes.get(args.get("scope"), "") or (
            f"person:{persons[args['person']]}" if "person" in args else f"channel:{args['channel']}" if args.get("channel") else ""
        )  # fmt: skip
        if "event" not in args:
            found[whose].append(_plain(row, names))
    for whose, lines in found.items():
        world.put(f"jobs of {whose or 'no scope'}", sorted(lines), world.readers.get(whose, frozenset()))


def record_jobs(database: Database) -> None:
    """From now on every job is written down as it is enqueued."""
    with psycopg.connect(database.admin) as connection:
        connection.execute(
            """create table public.every_job (n serial, task_name text, args jsonb, lock text, queueing_lock text);
            grant all on public.every_job to public; grant all on sequence public.every_job_n_seq to public;
            create function public.write_down() returns trigger language plpgsql as $$ begin
              insert into public.every_job (task_name, args, lock, queueing_lock)
              values (new.task_name, new.args, new.lock, new.queueing_lock); return null; end $$;
            create trigger write_down after insert on procrastinate_jobs for each row execute function public.write_down()"""
        )


def _pages(world: World, made: Town, names: Names) -> None:
    """The local page through each person's eyes."""
    stage = Stage(
        made.slack, made.mail, {"ada": ADA, "ben": BEN}, made.desk, made.desk.now, Night(lambda tell: None), "",
        mailed=lambda: None,
    )  # fmt: skip
    for handle in ("ada", "ben", "cleo", "dan"):
        viewer = stage.viewer(handle)
        assert viewer is not None
        seen = [pages.home(stage, viewer), pages.night(stage, viewer)]
        seen += [pages.channel(stage, viewer, room.id, Asked()) for room in made.slack.channels_of(handle)]
        if handle in stage.mailboxes:
            seen += [pages.mail(stage, viewer, folder, Asked()) for folder in ("INBOX", "Drafts")]
        world.put(f"pages of {handle}", [_plain(one, names) for one in seen], frozenset({viewer.id}))
        world.put(
            f"App Home of {handle}",
            _plain((made.slack.home(handle) or {}).get("blocks"), names),
            frozenset({viewer.id}),
        )


_UNSTEADY = ("time", "seconds", "pid", "job", "line", "after")


def _logs(told: str, names: Names) -> list[str]:
    lines = [json.loads(line) for line in told.splitlines()]
    return sorted(_plain({n: v for n, v in line.items() if n not in _UNSTEADY}, names) for line in lines)


_AHEAD = re.compile(
    r'\w+\{(?=.*step="prepare")(?:\w+="(?:prepare|settled|released|prompt|cached|completion|\+Inf|[\d.e-]+)",?)+\}'
)
"""Every label is a word of ours or a bound, so that a series of a step says how often it was done, and that there is one says
that it was done at all. Other words may be worth an answer made ahead or not: where their shape is not kept it tells as little
as the other counts do. Where it is kept these are among COUNTS; with any other word in a label it is among the metrics."""

_CLOCKED = ("_seconds", "_time", "_created")


def _metrics() -> dict[str, float]:
    """Every series, and its value unless that is of a clock; rounded, because a sum of money hangs on the order it came in."""
    from prometheus_client import generate_latest

    told = generate_latest(observe.registry()).decode().splitlines()
    found = (line.rpartition(" ") for line in told if line.startswith("nightdesk_"))
    return {name: 0.0 if any(word in name for word in _CLOCKED) else round(float(value), 9) for name, _, value in found}
