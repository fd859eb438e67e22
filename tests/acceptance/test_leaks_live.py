"""Two days and nights that differ in the words of one scope: nobody who may not read that scope can tell them apart.

Live: Slack, IMAP, the queue, a model, and every sink there is: calls, commands, drafts, requests, rows, jobs, pages, tabs,
logs and metrics. `test_leaks` asks the same of a night over files and of retrieval, in a larger company.

A model that obeys tries to tell everybody everything; of one that hashes each field is a function of the whole request;
one that is believed says the same through every gate, so that what flows into a request flows on into drafts, memories,
tasks, digests and answers. Its second world speaks of other things in the same shape: there even counts must not differ.
"""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, Literal

import psycopg
import pytest

from bot import hometab, observe, posting
from bot.embedded.postgres import Server
from bot.mail import draftsbox
from bot.mail.account import Account
from bot.store import people, queue, runs
from bot.web import pages
from graphs import answer
from tests.servers.model import model_serving
from tests.servers.postgres import new_database
from tests.servers.verbs import filed, strange, taken_out
from tests.servers.worlds import (
    ADA,
    BEN,
    COUNTS,
    DEALS,
    DM_ADA,
    DM_BEN,
    DM_CLEO,
    GUESTS,
    PLANS,
    PUBLIC,
    THREE,
    Other,
    Town,
    World,
    believed,
    differing,
    lived,
    record_jobs,
    renamed,
    turned,
)

Persona = Literal["obey", "hash", "believed"]
SCOPES = (
    f"account:{ADA}", f"account:{BEN}",
    *(f"channel:{one}" for one in (DM_ADA, DM_BEN, DM_CLEO, PLANS, DEALS, THREE, PUBLIC, GUESTS)),
)  # fmt: skip
IN_SHAPE = (f"account:{ADA}", f"account:{BEN}", *(f"channel:{one}" for one in (PLANS, DEALS, THREE)))
"""What is spoken of there is spoken of nowhere else, so that other names for it find as much and as little."""

log = logging.getLogger("bot.posting")


class Worlds:
    """Days and nights, each lived once for each persona, changed scope and defect; two at a time, in processes of their own."""

    def __init__(self, postgres: Server, template: str) -> None:
        self._kept: dict[Life, Future[World]] = {}
        self._pool = ProcessPoolExecutor(2, get_context("fork"), _begin, (postgres, template))

    def pair(self, persona: Persona, other: Other, seeds: tuple[str, ...] = ()) -> tuple[World, World]:
        """As it is, and with other words in one scope."""
        one, two = (self._lived(Life(persona, changed, seeds)) for changed in (None, other))
        return one.result(), two.result()

    def _lived(self, life: "Life") -> "Future[World]":
        if life not in self._kept:
            self._kept[life] = self._pool.submit(_live, life)
        return self._kept[life]

    def close(self) -> None:
        self._pool.shutdown()


@dataclass(frozen=True)
class Life:
    """One day and night, with what of it is not as it should be."""

    persona: Persona
    other: Other | None
    seeds: tuple[str, ...] = ()


_at: list[tuple[Server, str]] = []


def _begin(postgres: Server, template: str) -> None:
    _at.append((postgres, template))


def _live(life: Life) -> World:
    played: Literal["obey", "hash", "plain"] = "plain" if life.persona == "believed" else life.persona
    with (
        pytest.MonkeyPatch.context() as patch,
        new_database(*_at[0]) as database,
        model_serving(played) as model,
    ):
        record_jobs(database)

        def sow(made: Town) -> None:
            heard = Overheard(made)
            for seed in life.seeds:
                (SEEDS | {RULE: in_the_rule})[seed](heard, patch)

        return lived(database, believed(model) if life.persona == "believed" else model, life.other, sow)


@pytest.fixture(scope="module")
def worlds(postgres: Server, template: str) -> Iterator[Worlds]:
    made = Worlds(postgres, template)
    yield made
    made.close()


EVERYDAY: tuple[tuple[Persona, Other], ...] = (
    ("believed", Other(f"channel:{DEALS}", renamed)),
    ("obey", Other(f"account:{BEN}", turned)),
)
PERSONAS: tuple[Persona, ...] = ("obey", "hash", "believed")
AT_NIGHT = [
    one
    for one in (
        *((persona, Other(scope, turned)) for persona in PERSONAS for scope in SCOPES),
        *(("believed", Other(scope, renamed)) for scope in IN_SHAPE),
    )
    if one not in EVERYDAY
]


def check(worlds: Worlds, persona: Persona, other: Other) -> None:
    one, two = worlds.pair(persona, other)
    assert any(one.sinks.get(name) != held for name, held in two.sinks.items()), "the worlds do not differ"
    assert differing(one, two, other.scope) == []


def name(value: object) -> str:
    return f"{value.scope} {value.words.__name__}" if isinstance(value, Other) else str(value)


@pytest.mark.parametrize(("persona", "other"), EVERYDAY, ids=name)
def test_nobody_outside_of_a_scope_can_tell_what_is_said_in_it(worlds: Worlds, persona: Persona, other: Other) -> None:
    check(worlds, persona, other)


@pytest.mark.night
@pytest.mark.parametrize(("persona", "other"), AT_NIGHT, ids=name)
def test_nobody_outside_of_any_scope_can_tell_what_is_said_in_it(
    worlds: Worlds, persona: Persona, other: Other
) -> None:
    check(worlds, persona, other)


# --- what is asked of mail servers ----------------------------------------------------------------


@pytest.mark.parametrize(("persona", "other"), EVERYDAY, ids=name)
def test_a_whole_night_asks_a_mail_server_for_reads_and_new_drafts_alone(
    worlds: Worlds, persona: Persona, other: Other
) -> None:
    for world in worlds.pair(persona, other):
        for owner in (ADA, BEN):
            commands = world.sinks[f"IMAP commands of {owner}"]
            assert isinstance(commands, list) and strange(commands) == taken_out(commands) == []
            assert len(filed(commands)) == (2 if persona == "believed" else 0)


# --- seeded defects -------------------------------------------------------------------------------


@dataclass
class Overheard:
    """A word of the private channel, as a part of the program has it that reads with rights that are not its own."""

    made: Town
    held: str = ""

    def word(self, sink: str) -> str:
        """The word with the name of the sink that it leaks into; '' before it was said."""
        if not self.held:
            with self.made.desk.store.directory() as tx:
                scope = people.scope_of_channel(tx, DEALS)
            assert scope is not None
            with self.made.desk.store.as_scope(scope) as tx:
                rows = tx.connection.execute("select text from nightdesk.message order by sent_at limit 1").fetchall()
            found = re.search(r"(\w+) gets", rows[0]["text"]) if rows else None
            self.held = found[1].casefold() if found else ""
        return f"{mark(sink)}{self.held}" if self.held else ""


def mark(sink: str) -> str:
    return sink.replace(" ", "").casefold()


def in_slack_calls(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    marked = posting.mark
    patch.setattr(posting, "mark", lambda key, hash_: {**marked(key, hash_), "seen": heard.word("Slack calls")})


def in_imap_commands(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    search = Account.search

    def talkative(account: Account, folder: str, words: Sequence[str]) -> list[int]:
        search(account, folder, ["TEXT", heard.word("IMAP commands") or "nothing"])
        return search(account, folder, words)

    patch.setattr(Account, "search", talkative)


def in_drafts(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    append = draftsbox.append

    def talkative(account: Account, mail: bytes) -> Any:
        return append(account, f"X-Seen: {heard.word('Drafts')}\r\n".encode() + mail)

    patch.setattr(draftsbox, "append", talkative)


def in_requests(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    question = answer.question
    patch.setattr(answer, "question", lambda *of: {"seen": heard.word("requests")} | question(*of))


def in_rows(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    end = runs.end
    patch.setattr(runs, "end", lambda tx, run, report: end(tx, run, {**report, "seen": heard.word("rows")}))


def in_jobs(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    defer = queue.defer
    patch.setattr(queue, "defer", lambda tx, job: defer(tx, replace(job, lock=f"{job.lock}/{heard.word('jobs')}")))


def in_pages(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    clock = pages._clock
    patch.setattr(pages, "_clock", lambda *of: f"{clock(*of)} {heard.word('pages')}")


def in_app_home(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    privacy = hometab.privacy
    patch.setattr(hometab, "privacy", lambda desk: [*privacy(desk), heard.word("App Home")])


def in_logs(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    deliver = posting.deliver

    def talkative(*of: Any) -> None:
        log.info("a message goes out", extra={"kind": heard.word("logs")})
        deliver(*of)

    patch.setattr(posting, "deliver", talkative)


def in_metrics(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    count = observe.count

    def talkative(counted: observe.Counted, amount: float = 1, **labels: str) -> None:
        count(counted, amount, **labels)
        if counted == "effects" and (word := heard.word("metrics")):
            count("effects", kind=word, outcome="done")

    patch.setattr(observe, "count", talkative)


def in_counts(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    count = observe.count

    def talkative(counted: observe.Counted, amount: float = 1, **labels: str) -> None:
        count(counted, amount, **labels)
        if counted == "mails_synced":
            count("messages_backfilled", sum(map(ord, heard.word("counts"))))

    patch.setattr(observe, "count", talkative)


SEEDS: dict[str, Callable[[Overheard, pytest.MonkeyPatch], None]] = {
    "Slack calls": in_slack_calls, "IMAP commands": in_imap_commands, "Drafts": in_drafts, "requests": in_requests,
    "rows": in_rows, "jobs": in_jobs, "pages": in_pages, "App Home": in_app_home, "logs": in_logs,
    "metrics": in_metrics, COUNTS: in_counts,
}  # fmt: skip
"""Each a defect of the program by which a word of a private channel gets into one kind of sink."""


def red(worlds: Worlds, seeds: tuple[str, ...]) -> set[str]:
    """Seeds whose sink differs, and by the word that the seed put there."""
    other = Other(f"channel:{DEALS}", renamed)
    one, two = worlds.pair("believed", other, seeds)
    found = {sink: str(two.sinks.get(sink)) for sink in differing(one, two, other.scope)}
    return {
        seed for seed in seeds for sink, held in found.items()
        if sink.startswith(seed) and (mark(seed) in held or seed == COUNTS)
    }  # fmt: skip


def test_every_sink_is_seen_to_leak_when_it_does(worlds: Worlds) -> None:
    assert red(worlds, tuple(SEEDS)) == SEEDS.keys()


@pytest.mark.night
@pytest.mark.parametrize("seed", SEEDS)
def test_each_sink_alone_is_seen_to_leak(worlds: Worlds, seed: str) -> None:
    assert red(worlds, (seed,)) == {seed}


def test_every_kind_of_sink_has_a_defect(worlds: Worlds) -> None:
    one, _ = worlds.pair(*EVERYDAY[0])
    assert [sink for sink in one.sinks if not sink.startswith(tuple(SEEDS))] == []
    empty = {seed for seed in SEEDS if not any(held for sink, held in one.sinks.items() if sink.startswith(seed))}
    assert empty == set()


RULE = "the rule"


def in_the_rule(heard: Overheard, patch: pytest.MonkeyPatch) -> None:
    """Everybody may read one private channel."""
    with psycopg.connect(heard.made.database.owner) as connection:
        row = connection.execute("select pg_get_functiondef('nightdesk.readable(text)'::regprocedure)").fetchone()
        assert row is not None
        begins = "$function$\n"
        wrong = f"{begins}  select id from scope where key = 'channel:{DEALS}' union\n"
        connection.execute(str(row[0]).replace(begins, wrong, 1).encode())


@pytest.mark.night
@pytest.mark.parametrize("persona", PERSONAS)
def test_requests_and_what_is_said_in_slack_tell_the_worlds_apart_when_the_rule_lets_everybody_in(
    worlds: Worlds, persona: Persona
) -> None:
    other = Other(f"channel:{DEALS}", turned)
    found = set(differing(*worlds.pair(persona, other, (RULE,)), other.scope))
    assert {f"requests for channel:{PUBLIC}", f"Slack calls for channel:{PUBLIC}"} <= found
