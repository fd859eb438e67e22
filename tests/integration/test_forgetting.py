"""Somebody goes, or wants none of their messages used, or text has become old: nothing holds its words any more."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from bot import backfill, forgetting, rounds, takeout
from bot.embedded.model import Body
from bot.slack import blocks_home
from bot.store import forgetting as kept
from bot.store.seal import unseal
from tests.servers.company import dump, everything, helpful, mail
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import ADA, BEN, DAY, DM_ADA, DM_BEN, NIGHT, PLANS, PUBLIC, US, Town, town

WORD = "hollyhock"
OTHER = "marigold"
NAMES = ("ada lind", ADA, WORD)
PASSWORD = "a-canary-of-a-password"


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, helpful(model_server)) as made:
        yield made


def live(here: Town) -> None:
    """Ada and Ben say, ask, remember, hand over and get mail; then it is night."""
    pattern, said = here.model.script[0]
    assert callable(said)

    def speaks(body: Body) -> str:
        first = re.search(r'n="1"[^>]*>(.*?)</passage>', str(body["messages"][-1]["content"]), re.DOTALL)
        told = said(body)
        of = WORD if first is not None and WORD in first[1] else OTHER
        return told if told[:1] == "{" else f"The {of} label costs 14 euro [1]."

    here.model.script[0] = (pattern, speaks)
    for who, word, dm in (("ada", WORD, DM_ADA), ("ben", OTHER, DM_BEN)):
        friend = "U0BEN" if who == "ada" else "U0ADA"
        here.say(who, PUBLIC, f"We decided that the {word} label costs 14 euro.")
        here.say(who, PUBLIC, f"<@{friend}> can you review the {word} by Wednesday?")
        here.say(who, PLANS, f"<@{friend}> could you call the printer about the {word} boxes today?")
        here.say(who, dm, f"remember that the {word} costs us 4.10")
        here.say(who, dm, f"What does the {word} label cost?")
        here.say(who, PUBLIC, f"{US} overnight: compare what is known about the {word}")
    here.say("dan", PUBLIC, f"{US} which label costs 14 euro?")
    for owner, word in ((ADA, WORD), (BEN, OTHER)):
        ask = f"Hi,\n\ncan you send me the {word} offer by Friday?\n\nIna\n"
        here.mail.fill(owner, "INBOX", [(mail("Ina <ina@kite.example>", owner, f"{word} offer", ask, DAY), DAY)])
    here.sleep()


def erase(here: Town, who: str = "ada") -> int:
    count = forgetting.erase(here.desk, here.person(who))
    here.work()
    return count


def holding(words: str, held: str) -> list[str]:
    return [line[:300] for line in held.splitlines() if words in line.lower()]


def test_erased_is_gone_from_every_table_and_from_what_we_said_and_others_keep_what_is_theirs(
    here: Town, database: Database
) -> None:
    live(here)
    shown = json.dumps([here.ours(at) for at in (PUBLIC, PLANS, DM_ADA)])
    before = dump(database)
    assert WORD in shown and len(holding(WORD, everything(database))) > 30
    assert erase(here) == 6
    held = everything(database) + opened(here, database)
    assert {name: found for name in NAMES if (found := holding(name, held))} == {}
    standing = [one for at in (PUBLIC, PLANS, DM_ADA) for one in here.ours(at)]
    assert [one for one in standing if WORD in json.dumps(one)] == [] and WORD not in json.dumps(here.slack.home("ada"))
    assert "This was erased." in json.dumps(standing)
    after = dump(database)
    lost = {table: [row for row in before[table] if row not in after[table] and not is_hers(row)] for table in SAID}
    assert {table: rows for table, rows in lost.items() if rows} == {}
    assert all(OTHER in everything_of(after, table) for table in ("message", "task", "draft", "digest", "memory"))


SAID = (
    "message",
    "memory",
    "learned_context",
    "change_log",
    "task",
    "draft",
    "errand",
    "choice",
    "feedback",
    "account",
)
"""Where words of people stand, each by itself."""


def is_hers(row: str) -> bool:
    return re.search(rf"{WORD}|u0ada|ada@night|\bada\b", row.lower()) is not None


def everything_of(found: dict[str, list[str]], table: str) -> str:
    return "\n".join(found[table])


def opened(here: Town, database: Database) -> str:
    """What is sealed in events, and whatever bytes hold in clear."""
    with psycopg.connect(database.admin) as admin:
        events = admin.execute("select key, payload from nightdesk.slack_event where payload is not null").fetchall()
        mails = admin.execute("select mail from nightdesk.draft").fetchall()
    told = [unseal(here.desk.keys.seals, f"slack_event/{key}", bytes(sealed)).decode() for key, sealed in events]
    return "\n".join([*told, *(bytes(raw).decode("utf-8", "replace") for (raw,) in mails)])


def test_what_was_erased_does_not_come_back_by_history_the_directory_or_a_mailbox(
    here: Town, database: Database
) -> None:
    live(here)
    here.slack.say("ada", PUBLIC, f"A last word of the {WORD}, which nobody has read yet.")
    here.hear()
    erase(here)
    here.slack.say("ada", PUBLIC, f"And one more of the {WORD}.")
    here.hear()
    backfill.workspace(here.desk)
    for room in (PUBLIC, PLANS):
        backfill.channel(here.desk, room)
    here.work()
    here.sleep(NIGHT + timedelta(days=1))
    held = everything(database) + opened(here, database)
    assert {name: found for name in NAMES if (found := holding(name, held))} == {}
    with here.desk.store.directory() as tx:
        assert kept.was_erased(tx, ADA) and not kept.was_erased(tx, BEN)
        assert kept.welcome(tx, "U0ADA") and not kept.welcome(tx, "U0ADA")
    backfill.workspace(here.desk)
    assert here.person("ada").person.name == "Ada Lind"


def test_erasing_again_after_a_crash_goes_on_where_it_was(here: Town, database: Database) -> None:
    live(here)
    known = here.person("ada")
    with here.desk.store.as_person(known.id) as tx:
        kept.be_silent(tx, known.id, erased=True)
        assert kept.unsay_some(tx, known.id, 2) == 2
    assert erase(here) == 4
    assert holding(WORD, everything(database)) == []


def test_nobody_erases_or_silences_somebody_else(here: Town) -> None:
    ada, ben = here.person("ada"), here.person("ben")
    for act in (kept.erase, kept.be_silent, kept.be_heard, lambda tx, who: kept.unsay_some(tx, who, 1), kept.held_of):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), here.desk.store.as_person(ben.id) as tx:
            act(tx, ada.id)


# --- "don't use my messages" ------------------------------------------------------------------------


def test_who_is_left_out_is_forgotten_where_they_spoke_and_heard_where_they_speak_to_us(
    here: Town, database: Database
) -> None:
    live(here)
    here.slack.open_home("ada")
    here.hear()
    here.work()
    here.slack.press_home("ada", blocks_home.USED)
    here.hear()
    here.work()
    said = [
        row["text"] for row in here.rows("select text from nightdesk.message where author_key = 'U0ADA' and text <> ''")
    ]
    assert said and all("@Nightdesk" in text or "remember" in text or "?" in text for text in said)
    here.say("ada", PUBLIC, "The petunia is sold out.")
    assert "petunia" not in everything(database)
    here.say("ada", DM_ADA, f"What does the {OTHER} label cost?")
    assert OTHER in here.ours(DM_ADA)[-1]["text"]
    home = json.dumps(here.slack.home("ada"))
    assert "None of your messages are used" in home
    forgetting.use_again(here.desk, here.person("ada").id)
    here.say("ada", PUBLIC, "The petunia is in stock.")
    assert "petunia is in stock" in everything(database) and "sold out" not in everything(database)


# --- what is held -----------------------------------------------------------------------------------


def test_an_export_holds_what_is_theirs_and_nothing_of_others(here: Town, tmp_path: Path) -> None:
    live(here)
    assert takeout.export(here.desk, here.person("ada"), tmp_path / "out") > 30
    held = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    kinds = "said message task draft digest errand noted outbox spend account address person".split()
    assert {f"{kind}.jsonl" for kind in kinds} <= held.keys()
    assert all(WORD in held[f"{kind}.jsonl"] for kind in ("said", "message", "draft", "errand", "noted"))
    assert all(json.loads(line) for name, text in held.items() if name.endswith(".jsonl") for line in text.splitlines())
    assert PASSWORD not in "".join(held.values()) and "secret" not in held["account.jsonl"]
    theirs = held["message.jsonl"] + held["said.jsonl"] + held["errand.jsonl"] + held["draft.jsonl"]
    assert OTHER not in theirs and f"{OTHER} offer" not in "".join(held.values())
    assert "said.jsonl, 6 lines: what you wrote in Slack" in held["index.txt"]
    takeout.export(here.desk, here.person("ada"), tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes()[:2] == b"PK"


# --- what is old ------------------------------------------------------------------------------------


def test_old_text_goes_unless_it_is_cited_and_takes_along_what_was_made_of_it(here: Town, database: Database) -> None:
    live(here)
    here.say("dan", PUBLIC, "The petunia is sold out.")
    here.at(NIGHT + timedelta(days=89))
    rounds.tidy(here.desk)
    here.work()
    assert "petunia" in everything(database)
    here.at(NIGHT + timedelta(days=92))
    rounds.tidy(here.desk)
    here.work()
    held = everything(database)
    assert "petunia" not in held
    cited = here.rows("select text from nightdesk.message where text like '%%can you review the hollyhock%%'")
    assert cited and here.rows("select id from nightdesk.task where state = 'open'")
    assert here.rows("select * from nightdesk.digest") == []
    assert "label costs 14 euro" in json.dumps(here.ours(PUBLIC)), "what stands in Slack stays there"
    backfill.channel(here.desk, PUBLIC)
    assert "petunia" not in everything(database)


def test_without_an_end_text_is_kept(here: Town, database: Database) -> None:
    here.say("dan", PUBLIC, "The petunia is sold out.")
    here.at(NIGHT + timedelta(days=900))
    forgetting.expire(replace(here.desk, retention=None))
    assert "petunia" in everything(database)
