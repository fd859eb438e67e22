"""Two worlds by day: rows that somebody may not read change neither which answer made ahead they are offered nor its order."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from bot import asking, audience, gathering
from bot.desk import Desk
from bot.store import memory, messages, people, prepared
from graphs.domain import Fact, Message, Prepared, Read, SlackSource
from tests.servers.company import ADA, BOB, DAY, desk_over, imported, known, small, ts
from tests.servers.model import ModelServer
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
SHIPS, PACKS, LABEL, PHOTOS, SECRET = ts(20, 9), ts(20, 9, 5), ts(23, 10), ts(23, 11), ts(23, 12)
QUESTIONS = (
    "When does the blue valve ship?", "What's the ship date of our blue valve?", "When comes the packing list?",
    "Who uploaded the photos of the blue valve?", "What follows for the blue valve and the packing list?",
    "Which discount does Kestrel get off the blue valve?",
)  # fmt: skip
ASKED = [(BOB, "dm"), (BOB, "general"), (BOB, "launch"), ("U3", "launch"), ("U3", "dm"), (ADA, "general")]
"""Who asks where: none of these readers may all read #deals or Ada's desk."""


@pytest.fixture
def desk(database: Database, model_server: ModelServer, tmp_path: Path) -> Iterator[Desk]:
    """The small company in which the public channels have answers made ahead, and something follows in #general."""
    model_server.persona = "hash"
    with desk_over(database, model_server, timeout=5.0) as desk:
        imported(desk, small(tmp_path))
        keep(desk, "channel:C1", "When does the blue valve ship?", SHIPS)
        keep(desk, "channel:C1", "When is the packing list sent?", PACKS)
        keep(desk, "channel:C2", "Where are the photos of the blue valve?", PHOTOS)
        conclude(desk, "channel:C1", "The packing list comes before the blue valve ships.", SHIPS, PACKS)
        yield desk


def scope_of(desk: Desk, key: str) -> int:
    with desk.store.directory() as tx:
        return next(place.id for place in people.places(tx).values() if place.key == key)


def said(desk: Desk, key: str, at: str) -> Message:
    """A message of a channel, read by its channel."""
    with desk.store.as_scope(scope_of(desk, key)) as tx:
        [found] = messages.by_sources(tx, [SlackSource(channel=key.partition(":")[2], ts=at)]).values()
    return found


def keep(desk: Desk, scope: str, question: str, cited: str, channel: str = "") -> bool:
    here, message = scope_of(desk, scope), said(desk, channel or scope, cited)
    made = Prepared(
        id=0, scope="", question=question, also=("What is it about the blue valve?",), answer=f"{message.text.text} [1].",
        citations=(message.source,), reason="asked", score=0.9, night=DAY, at=NOW, expires=NOW + timedelta(days=14),
    )  # fmt: skip
    with desk.store.as_person(known(desk, ADA).id) as tx:
        newest = prepared.newest(tx)
    with desk.store.as_scope(here) as tx:
        read = [Read(message=message.id, revision=message.revision, cited=True)]
        return prepared.keep(tx, here, made, read, newest)


def conclude(desk: Desk, scope: str, text: str, *cited: str) -> int | None:
    """Two statements that messages of one channel make, and what follows from them."""
    here = scope_of(desk, scope)
    with desk.store.as_scope(here) as tx:
        facts = [memory.put_fact(tx, here, _fact(said(desk, scope, at)), DAY) for at in cited]
        return memory.conclude(tx, here, text, memory.by_id(tx, facts), 0.9, DAY)


def _fact(message: Message) -> Fact:
    text = message.text.text
    return Fact(
        kind="fact", text=text, quote=text, message=message.id, source=message.source, said_by=message.author.key,
        said_at=message.sent_at,
    )  # fmt: skip


def say(desk: Desk, database: Database, at: str, text: str) -> None:
    """Something more is said in #deals."""
    with psycopg.connect(database.admin) as admin:
        admin.execute(
            b"""insert into nightdesk.message (scope_id, key, medium, thread, author_key, author_name, author_kind, sent_at,
            text, facts, hash) select id, %(ts)s, 'slack', %(ts)s, 'U1', 'Ada', 'member', %(at)s, %(text)s, '{}', ''
            from nightdesk.scope where key = 'channel:G1'""",
            {"ts": at, "at": datetime.fromtimestamp(float(at), UTC), "text": text},
        )
    with desk.store.as_scope(scope_of(desk, "channel:G1")) as tx:
        tx.all("index_scope")


Seen = dict[tuple[str, str, str], tuple[object, ...]]


def seen(desk: Desk, model: ModelServer, asked: list[tuple[str, str]]) -> Seen:
    """What each asker is told, what the model is shown for it, what is offered in which order, and how much is held back."""
    found: Seen = {}
    for who, where in asked:
        here = audience.place(desk, who, where)
        assert here.begin is not None
        for question in QUESTIONS:
            begun, used = len(model.requests), asking.Used()
            answer = asking.answer(desk, here, asking.Asked(question), LATER, used)
            with here.begin() as tx:
                hits = [one.id for one in messages.recall(tx, question, "en", 20, LATER)]
                wanted = gathering.Wanted(question, (), here.scope, LATER, ahead=True)
                gathered = gathering.gather(tx, wanted, messages.by_id(tx, hits))
                standing = prepared.sound_of(tx, people.readable(tx), LATER)
            found[who, where, question] = (
                answer.model_dump_json(), [one.body for one in model.requests[begun:]], sorted(used.ahead.values(), key=str),
                [one.question for one in gathered.prepared], [one.text for one in gathered.conclusions],
                len(gathered.withheld), [(one.scope, one.question) for one in standing],
            )  # fmt: skip
    return found


def hide(desk: Desk, database: Database) -> None:
    """What only Ada may read: the same questions answered, something said, something that follows."""
    late = ts(24, 8)
    say(desk, database, late, "The blue valve ships on 14 December, and the packing list comes with the photos.")
    for question in QUESTIONS[:4]:
        assert keep(desk, "channel:G1", question, late)
    assert keep(desk, "person:U1", QUESTIONS[0], SECRET, channel="channel:G1")
    assert conclude(desk, "channel:G1", "So the blue valve and the packing list are late for Kestrel.", SECRET, late)


def test_what_was_made_ahead_elsewhere_moves_nothing_for_who_may_not_read_it_and_is_offered_to_who_may(
    desk: Desk, database: Database, model_server: ModelServer
) -> None:
    others, ada = seen(desk, model_server, ASKED), seen(desk, model_server, [(ADA, "dm")])
    assert any(one[3] for one in others.values()) and any(one[4] for one in others.values())
    hide(desk, database)
    assert seen(desk, model_server, ASKED) == others
    now = seen(desk, model_server, [(ADA, "dm")])
    assert all(now[key] != ada[key] for key in ada)
    assert any("Kestrel" in text for one in now.values() for text in one[4])  # type: ignore[attr-defined]


def test_the_two_worlds_see_a_rule_that_lets_everybody_read_what_was_prepared(
    desk: Desk, database: Database, model_server: ModelServer
) -> None:
    with psycopg.connect(database.owner) as owner:
        owner.execute(b"alter policy read on nightdesk.prepared using (true)")
    others = seen(desk, model_server, ASKED[:1])
    hide(desk, database)
    assert seen(desk, model_server, ASKED[:1]) != others


WORDS = "blue valve ship packing list photo Kestrel dock discount label Tuesday December seven eleven late printer box".split()


@pytest.mark.night
@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_said_prepared_and_concluded_elsewhere_moves_nothing(
    desk: Desk, database: Database, model_server: ModelServer, seed: int
) -> None:
    chance, others = random.Random(seed), seen(desk, model_server, ASKED)
    for step in range(12):
        at = [ts(24, 1 + step % 8, 2 * step + n, 100 + step) for n in range(2)]
        for one in at:
            say(desk, database, one, f"The {' '.join(chance.choices(WORDS, k=chance.randint(3, 14)))}.")
        keep(
            desk,
            "channel:G1",
            chance.choice([*QUESTIONS, " ".join(chance.choices(WORDS, k=5)) + "?"]),
            chance.choice(at),
        )
        conclude(desk, "channel:G1", f"So {' '.join(chance.choices(WORDS, k=6))}.", *at)
        if step % 4 == 3:
            assert seen(desk, model_server, ASKED) == others, (seed, step)
