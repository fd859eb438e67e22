"""The search index follows single messages, and is what an index made from nothing would be."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot import filing
from bot.store import messages, people
from bot.store.db import Store, Tx, open_pool
from graphs.domain import (
    Address,
    Channel,
    MailFacts,
    MailSource,
    Message,
    Party,
    Quoted,
    SlackFacts,
    SlackSource,
    account_scope,
    channel_scope,
)
from tests.servers.postgres import SECRET, Database
from tests.servers.receiver import rows

BEGIN = datetime(2026, 11, 2, 8, tzinfo=UTC)
WORDS = "valve ships friday dock label printer crimson invoice holiday train".split()


@pytest.fixture
def scope(database: Database) -> Iterator[tuple[Store, int]]:
    pool = open_pool(database.app, 2)
    store = Store(pool, SECRET)
    with store.directory() as tx:
        made = people.put_channel(tx, Channel(id="C1", name="one"))
    yield store, made
    pool.close()


def _message(number: int, at: datetime, text: str, thread: str = "") -> Message:
    ts = f"{int(at.timestamp())}.{number:06d}"
    return Message(
        scope=channel_scope("C1"), source=SlackSource(channel="C1", ts=ts), thread=thread or ts,
        author=Party(key="U1", name="Ada"), sent_at=at + timedelta(microseconds=number), text=Quoted(text=text),
        slack=SlackFacts(raw=text),
    )  # fmt: skip


def _ts(message: Message) -> str:
    assert isinstance(message.source, SlackSource)
    return message.source.ts


def _put(tx: Tx, scope: int, *found: Message) -> None:
    messages.put_slack(tx, scope, [messages.slack_row(scope, one, "en") for one in found])


class Talk:
    """People talking at random: in bursts, with gaps near an hour, in threads, with edits and deletions."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.said: list[Message] = []

    def act(self, tx: Tx, scope: int) -> None:
        match self.dice.choice(["say", "say", "say", "reply", "reply", "edit", "delete", "empty", "leave thread"]):
            case "say":
                minutes = self.dice.choice([1, 20, 59, 60, 61, 90, 240])
                near = self.dice.choice(self.said).sent_at if self.said and self.dice.random() < 0.7 else BEGIN
                at = (near + timedelta(minutes=minutes * self.dice.choice([-1, 1]))).replace(microsecond=0)
                self._add(tx, scope, _message(len(self.said), at, self._words()))
            case "reply" if self.said:
                root = self.dice.choice(self.said)
                at = (root.sent_at + timedelta(minutes=self.dice.choice([1, 70, 3000]))).replace(microsecond=0)
                self._add(tx, scope, _message(len(self.said), at, self._words(), root.thread))
            case "edit" if self.said:
                old = self.dice.choice(self.said)
                _put(tx, scope, old.model_copy(update={"text": Quoted(text=self._words()), "edited_at": old.sent_at}))
            case "empty" if self.said:
                _put(tx, scope, self.dice.choice(self.said).model_copy(update={"text": Quoted(text="")}))
            case "delete" if self.said:
                tx.many("delete_one", [{"scope": scope, "key": _ts(self.dice.choice(self.said))}])
            case "leave thread" if self.said:
                one = self.dice.choice(self.said)
                _put(tx, scope, one.model_copy(update={"thread": _ts(one)}))

    def _add(self, tx: Tx, scope: int, message: Message) -> None:
        self.said.append(message)
        _put(tx, scope, message)

    def _words(self) -> str:
        return " ".join(self.dice.choices(WORDS, k=self.dice.randint(1, 5)))


def _index(database: Database) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    turns = rows(
        database,
        "select m.key, t.session, t.length from nightdesk.turn t join nightdesk.message m on m.id = t.message_id order by 1",
    )
    postings = rows(
        database,
        "select m.key, p.term, p.tf from nightdesk.posting p join nightdesk.message m on m.id = p.message_id order by 1, 2, 3",
    )
    return [tuple(row.values()) for row in turns], [tuple(row.values()) for row in postings]


def _expected(database: Database) -> dict[str, str]:
    """Sessions as the rule has them, in other words than the schema's."""
    found = rows(
        database,
        "select key, thread, sent_at, sent_at::text as shown from nightdesk.message where deleted_at is null and text <> '' order by sent_at, id",
    )
    size = Counter(row["thread"] for row in found)
    sessions, last, name = {}, None, ""
    for row in found:
        if size[row["thread"]] > 1:
            sessions[row["key"]] = "t:" + row["thread"]
            continue
        if last is None or row["sent_at"] - last > timedelta(hours=1):
            name = "r:" + row["shown"]
        sessions[row["key"]], last = name, row["sent_at"]
    return sessions


def _from_nothing(database: Database, store: Store, scope: int, others: int = 0) -> None:
    """`others`: changes of messages that are gone. With many changes the whole scope is gone through."""
    with psycopg.connect(database.admin) as admin:
        admin.execute("delete from nightdesk.turn")
        admin.execute("delete from nightdesk.posting")
        admin.execute(
            "insert into nightdesk.unindexed select scope_id, id, thread, sent_at from nightdesk.message on conflict do nothing"
        )
        gone = "insert into nightdesk.unindexed select %s, -n, '', now() from generate_series(1, %s) n"
        admin.execute(gone, (scope, others))
    with store.as_scope(scope) as tx:
        tx.all("index_scope")


@pytest.mark.parametrize("seed", range(6))
def test_whatever_changes_the_index_is_what_one_made_from_nothing_would_be(
    database: Database, scope: tuple[Store, int], seed: int
) -> None:
    store, here = scope
    talk = Talk(seed)
    for _ in range(40):
        with store.as_scope(here) as tx:
            for _ in range(talk.dice.randint(1, 6)):
                talk.act(tx, here)
            tx.all("index_scope")
        turns, _ = _index(database)
        assert {key: session for key, session, _ in turns} == _expected(database)
    followed = _index(database)
    for others in (0, 1000):
        _from_nothing(database, store, here, others)
        assert _index(database) == followed


@pytest.mark.night
@pytest.mark.parametrize("seed", range(100, 200))
def test_the_same_over_many_more_talks(database: Database, scope: tuple[Store, int], seed: int) -> None:
    test_whatever_changes_the_index_is_what_one_made_from_nothing_would_be(database, scope, seed)


def test_nothing_that_changed_costs_nothing_and_only_its_own_scope_is_touched(
    database: Database, scope: tuple[Store, int]
) -> None:
    store, here = scope
    with store.directory() as tx:
        there = people.put_channel(tx, Channel(id="C2", name="two"))
    with store.as_scope(there) as tx:
        _put(tx, there, _message(1, BEGIN, "elsewhere"))
    with store.as_scope(here) as tx:
        _put(tx, here, _message(1, BEGIN, "here"))
        assert tx.all("index_scope") == [{"count": 1}]
        assert tx.all("index_scope") == [{"count": 0}]
    assert rows(database, "select scope_id from nightdesk.turn") == [{"scope_id": here}]
    with store.as_scope(there) as tx:
        assert tx.all("index_scope") == [{"count": 1}]


def _mail(number: int, text: str, *answers: int) -> Message:
    names = tuple(f"<{one}@example.org>" for one in answers)
    facts = MailFacts(
        mailbox="inbox", message_id=f"<{number}@example.org>", references=names, subject=f"About {number}",
        sender=Address(address="bob@example.org"),
    )  # fmt: skip
    return Message(
        scope=account_scope("ada@example.org"),
        source=MailSource(account="ada@example.org", message_id=facts.message_id), thread="",
        author=Party(key="bob@example.org", name="Bob"), sent_at=BEGIN + timedelta(days=number),
        text=Quoted(text=text), mail=facts,
    )  # fmt: skip


def test_mails_stand_in_the_sessions_of_their_threads_also_when_threads_grow_together(
    database: Database, scope: tuple[Store, int]
) -> None:
    store, _ = scope
    with store.directory() as tx:
        account = people.put_account(tx, "ada@example.org")
        people.finish_people(tx)
    for found in [_mail(1, "valve"), _mail(2, "dock"), _mail(3, "")], [_mail(4, "friday", 1, 2)], [_mail(5, "x", 4)]:
        with store.as_scope(account) as tx:
            filing.put_mails(tx, account, found)
            tx.all("index_scope")
    threads = {row["key"]: row["thread"] for row in rows(database, "select key, thread from nightdesk.message")}
    assert len(set(threads.values())) == 2  # the empty mail alone, and the others
    followed = _index(database)
    said = {f"inbox/<{number}@example.org>" for number in (1, 2, 4, 5)}
    assert {key: session for key, session, _ in followed[0]} == {key: f"t:{threads[key]}" for key in said}
    with store.as_scope(account) as tx:
        tx.run("delete_one", scope=account, key="inbox/<4@example.org>")
        tx.all("index_scope")
    assert {key for key, _, _ in _index(database)[0]} == said - {"inbox/<4@example.org>"}
    _from_nothing(database, store, account)
    kept = [[row for row in part if row[0] != "inbox/<4@example.org>"] for part in followed]
    assert [sorted(part) for part in _index(database)] == [sorted(part) for part in kept]
