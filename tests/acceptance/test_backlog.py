"""After a week of downtime: everything that waited is done, in quarantine with a reason, or deferred, and the digest says so.

The digest is on time; the rest is read on the following days, the newest first, nothing twice and never over the budget;
and who asks while the night is at it is answered. What waited is taken from Slack and from the mail server themselves.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from bot import consolidating, jobs, rounds, workers
from bot.embedded.slack_workspace import BOT
from bot.store import desk as kept
from graphs.digest_value import Digest
from tests.servers import company
from tests.servers.company import Sources, desk_over, files, imported, mail, sleep, small, ts, value
from tests.servers.export_files import said
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.slack import until
from tests.servers.worlds import ADA, DEALS, NIGHT, PLANS, PUBLIC, THREE, US, WAKE, Town, believed, town

WEEK = timedelta(days=6)
BACK, MORNING = NIGHT + WEEK, WAKE + WEEK
"""When somebody starts the desk again, in the night of a Tuesday, and when people wake up."""

ROOMS = {PUBLIC: ("ada", "ben", "dan"), PLANS: ("ada", "ben"), DEALS: ("ada", "dan"), THREE: ("ada", "ben", "dan")}


@dataclass(frozen=True)
class Size:
    """How much came in the week, how much of a place is read at once, and what that may cost in a night."""

    lines: int
    mails: int
    most_new: int
    cap: Decimal
    patience: float  # seconds

    def __str__(self) -> str:
        return f"{self.lines} lines"


SIZES = (
    Size(lines=2_000, mails=8, most_new=200, cap=Decimal("0.05"), patience=600),
    Size(lines=100_000, mails=40, most_new=consolidating.MOST_NEW, cap=Decimal(1), patience=3_000),
)


@pytest.fixture(params=SIZES, ids=str)
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Size:
    found: Size = request.param
    monkeypatch.setattr(consolidating, "MOST_NEW", found.most_new)
    return found


@pytest.fixture
def back(database: Database, model_server: ModelServer, size: Size) -> Iterator[Town]:
    """The desk was down for a week, in which nobody told it anything, and is started again."""
    with town(database, believed(model_server)) as made:
        made.desk = replace(made.desk, cap_person_night=size.cap)
        with nobody_hears(made):
            a_week_passes(made, size)
        made.at(BACK)
        yield made


@contextmanager
def nobody_hears(made: Town) -> Iterator[None]:
    listeners, made.slack.company.on_event[:] = list(made.slack.company.on_event), []
    yield
    made.slack.company.on_event[:] = listeners


def a_week_passes(made: Town, size: Size) -> None:
    rooms = list(ROOMS.items())
    step = WEEK.total_seconds() / (size.lines + 1)
    for n in range(size.lines):
        made.clock.tick(step)
        where, who = rooms[n % len(rooms)]
        asks = "<@U0ADA> can you look at it by Friday?" if n % 40 == 0 else "It is the one behind the hall."
        ts = made.slack.say(who[n % len(who)], where, f"Line {n:06} says that crate {n} stands in row {n % 97}. {asks}")
        if n % 50 == 7:
            made.slack.company.room(where).posts[ts]["ts"] = f"{ts}0"  # what no reader can make sense of
    for n in range(size.mails):
        at = BACK - timedelta(hours=2 * n + 1)
        text = f"Hi Ada,\n\ncan you tell me in which row crate {n} stands?\n\nThanks\nWade\n"
        made.mail.deliver(ADA, mail("Wade <wade@kestrel.example>", f"Ada <{ADA}>", f"Crate {n}", text, at), at)


# --- what waited, and what became of it -----------------------------------------------------------


def waited(made: Town) -> set[str]:
    """Whatever Slack and the mail servers hold that somebody else than us said, at this moment."""
    found = set()
    for key, room in made.slack.company.rooms.items():
        said = [one for one in room.posts.values() if one.get("user") != BOT.id and not one.get("subtype")]
        found |= {f"channel:{key}/{one['ts']}" for one in said}
    for owner in made.links:
        for one in made.mail.mails(owner):
            name = re.search(rb"(?im)^message-id: (\S+)", one.raw)
            assert name is not None
            found.add(f"account:{owner}/inbox/{name[1].decode()}")
    return found


STORED = b"""
select s.key || '/' || m.key as key, m.sent_at, s.key as scope, m.noted_revision = m.revision or m.text = '' as read
from nightdesk.message m join nightdesk.scope s on s.id = m.scope_id where m.deleted_at is null
"""
BROKEN = b"""
select s.key || '/' || q.key as key, reason from nightdesk.quarantine q join nightdesk.scope s on s.id = q.scope_id
"""


@dataclass(frozen=True)
class Account:
    """What became of everything, by key."""

    done: dict[str, datetime]
    deferred: dict[str, datetime]
    quarantined: dict[str, str]


def account(database: Database) -> Account:
    with psycopg.connect(database.admin, row_factory=dict_row) as connection:
        rows = connection.execute(STORED).fetchall()
        broken = connection.execute(BROKEN).fetchall()
    return Account(
        {row["key"]: row["sent_at"] for row in rows if row["read"]},
        {row["key"]: row["sent_at"] for row in rows if not row["read"]},
        {row["key"]: row["reason"] for row in broken},
    )


def after(database: Database, present: set[str]) -> Account:
    """The account of what was present; each thing stands in it once."""
    found = account(database)
    parts = [{key for key in part if key in present} for part in (found.done, found.deferred, found.quarantined)]
    assert set().union(*parts) == present and sum(map(len, parts)) == len(present)
    return found


# --- the desk at work -----------------------------------------------------------------------------


@contextmanager
def at_work(made: Town) -> Iterator[None]:
    """Workers as in `nightdesk serve`."""
    crew = workers.start(jobs.build(made.database.app, lambda: made.desk), made.desk)
    try:
        yield
    finally:
        assert crew.stop()


def hold(model: ModelServer, patience: float) -> tuple[Event, Event]:
    """Set when as many places are noted side by side as ever are; and what the model waits for before it answers those."""
    [(pattern, answer)] = model.script
    assert callable(answer)
    asked, go, places = Event(), Event(), set[str]()

    def late(body: dict[str, Any]) -> str:
        if form_of(body) == "Notes":
            places.add(body["messages"][1]["content"].partition(".")[0])
            if len(places) == workers.NIGHT_WIDTH:
                asked.set()
            go.wait(patience)
        return answer(body)

    model.script[:] = [(pattern, late)]
    return asked, go


def form_of(body: dict[str, Any]) -> str:
    return str(body.get("response_format", {}).get("json_schema", {}).get("name", ""))


def lines_noted(model: ModelServer) -> list[int]:
    """Numbers of the lines that the model was asked to note something of, as often as it was."""
    asked = [seen.text for seen in model.requests if form_of(seen.body) == "Notes"]
    return [int(number) for text in asked for number in re.findall(r"Line (\d{6}) says", text)]


def states(made: Town) -> set[str]:
    return {row["state"] for row in made.rows("select state from nightdesk.night")}


def in_hand(made: Town) -> set[int]:
    """Places that are being read."""
    query = "select id from procrastinate_jobs where status = 'doing' and task_name = 'consolidate'"
    return {row["id"] for row in made.rows(query)}


def jobs_left(made: Town) -> int:
    return len(made.rows("select from procrastinate_jobs where status in ('todo', 'doing')"))


def digest_of_ada(made: Town) -> Digest:
    person = made.person("ada")
    with made.desk.store.as_person(person.id) as tx:
        [scope] = [row["id"] for row in made.rows("select id from nightdesk.scope where key = 'person:U0ADA'")]
        found = kept.digest(tx, scope, MORNING.date())
    assert found is not None
    return found


def in_dm(made: Town) -> list[dict[str, Any]]:
    return [one for one in made.ours(made.slack.dm("ada")) if one.get("thread_ts", one["ts"]) == one["ts"]]


def drain(made: Town, present: set[str]) -> int:
    """Days and nights until all of it is read; how many."""
    for day in range(1, 9):
        made.at(MORNING + timedelta(days=day - 1, hours=2))
        left = None
        while (now := len(after(made.database, present).deferred)) and now != left:
            left = now
            rounds.naps(made.desk)
            made.work()
        if not now:
            return day
        made.sleep(BACK + timedelta(days=day))
    raise AssertionError("the backlog does not drain")


def a_night_and_a_question(made: Town, model: ModelServer, patience: float) -> None:
    """The night that begins when the desk is back, and somebody who asks while it is at it and waits for the answer."""
    asked, go = hold(model, patience)
    with at_work(made):
        for look in (rounds.mailboxes, rounds.look):
            look(made.desk)
        until(asked.is_set, patience)
        reading = in_hand(made)
        ts = made.slack.say("dan", PUBLIC, f"{US} in which row does crate 3 stand?")
        made.hear()
        until(lambda: any(one.get("thread_ts") == ts for one in made.ours(PUBLIC)), patience)
        assert len(reading) == workers.NIGHT_WIDTH and reading <= in_hand(made)  # nothing had to make way for it
        go.set()
        until(lambda: states(made) == {"slept"} and not jobs_left(made), patience, every=0.5)
        made.at(MORNING)
        rounds.look(made.desk)
        until(lambda: states(made) == {"delivered"}, patience)


def check_morning(made: Town, present: set[str], found: Account) -> None:
    """One digest on time, which tells of all that is not done."""
    [card] = in_dm(made)
    assert datetime.fromtimestamp(float(card["ts"]), UTC) - MORNING < timedelta(minutes=5)
    told = digest_of_ada(made).footer
    assert not any(re.match(r"\d\d:\d\d, ", note) for note in told.notes)
    skipped = {one.why: one.count for one in told.skipped}
    assert skipped["left for the next nights"] == len(found.deferred.keys() & present) > 0
    assert sum(skipped[why] for why in set(found.quarantined.values())) == len(found.quarantined) > 0


def check_newest_first(found: Account, present: set[str]) -> None:
    for room in ROOMS:
        read, left = (
            [at for key, at in part.items() if key.startswith(f"channel:{room}/") and key in present]
            for part in (found.done, found.deferred)
        )
        assert max(left) < min(read)


@pytest.mark.night
@pytest.mark.timeout(7_200)
def test_after_a_week_away_the_digest_is_on_time_and_the_backlog_drains_newest_first_and_nothing_is_lost(
    back: Town, model_server: ModelServer, size: Size
) -> None:
    present = waited(back)
    a_night_and_a_question(back, model_server, size.patience)
    found = after(back.database, present)
    check_morning(back, present, found)
    check_newest_first(found, present)
    drain(back, present)
    assert sorted(lines_noted(model_server)) == [n for n in range(size.lines) if n % 50 != 7]
    query = "select sum(money) as money from nightdesk.spend where state <> 'released' group by scope_id, night"
    assert 0 < max(row["money"] for row in back.rows(query)) <= size.cap


# --- every day: a few lines from files ------------------------------------------------------------


def in_files(sources: Sources) -> set[str]:
    """Keys of everything that an export and mailboxes hold; what has no ts is named by its place."""
    assert sources.export is not None
    found = set()
    for channel, folder in {"C1": "general", "C2": "launch", "G1": "deals", "D1": "D1"}.items():
        for file in (sources.export / folder).glob("*.json"):
            rows = enumerate(json.loads(file.read_text()))
            keys = [row.get("ts", f"{folder}/{file.name}[{place}]") for place, row in rows]
            found |= {f"channel:{channel}/{key}" for key in keys}
    for box in sources.mails:
        for file in box.path.glob("*.eml"):
            name = str(message_from_bytes(file.read_bytes())["Message-ID"])
            found.add(f"account:{box.address}/{box.mailbox}/{name}")
    return found


def test_of_all_that_files_hold_each_thing_is_done_put_aside_or_left_for_the_nights_to_come(
    database: Database, model_server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consolidating, "MOST_NEW", 4)
    lines = [said("U2", ts(23, 8, n), f"Line {n:06} says that crate {n} stands in row {n}.") for n in range(6)]
    sources = small(tmp_path, {"general": [*lines, {"type": "message", "text": "no ts"}]})
    present = in_files(sources)
    with desk_over(database, believed(model_server)) as desk:
        imported(desk, sources)
        for night in range(2):
            sleep(desk, database, company.ADA, company.DAY + timedelta(days=night))
            found = after(database, present)
            told = value(
                files(desk, company.ADA, tmp_path / f"{night}", company.DAY + timedelta(days=night)), "digest.json"
            )
            skipped = {one["why"]: one["count"] for one in told["footer"]["skipped"]}
            assert skipped.get("left for the next nights", 0) == len(found.deferred) == max(2 - 4 * night, 0)
            assert [skipped[why] for why in found.quarantined.values()] == [1]
    assert sorted(lines_noted(model_server)) == list(range(6))
