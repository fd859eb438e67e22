"""An import is repeatable: twice is once, a kill costs nothing, edits and deletions take effect, and rights come out right."""

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import imports
from bot.desk import Desk, begin_owner
from bot.embedded import postgres as postgres_home
from bot.store import desk as kept
from bot.store import people
from bot.store.messages import by_id
from graphs.domain import Address, Draft, Receipt, SlackSource, UsedFact
from graphs.errors import NeedsPerson
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    WADE,
    Nightdesk,
    Sources,
    at,
    demo,
    desk_over,
    dump,
    everything,
    files,
    helpful,
    imported,
    known,
    mail,
    new_home,
    person,
    sleep,
    small,
    small_mails,
    ts,
    write_mails,
)
from tests.servers.export_files import channel, make_export, said
from tests.servers.model import ModelServer
from tests.servers.postgres import Database, new_database


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with desk_over(database) as desk:
        yield desk


def rows(database: Database, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.admin) as connection:
        return connection.execute(query.encode(), values).fetchall()


# --- twice is once --------------------------------------------------------------------------------


def test_importing_the_demo_company_twice_changes_nothing(desk: Desk, database: Database) -> None:
    first = imported(desk, demo())
    before = dump(database)
    assert imported(desk, demo()) == first
    assert dump(database) == before
    assert len(before["message"]) == first.slack + first.mail - len(first.broken)


def test_the_dump_sees_one_changed_word(desk: Desk, database: Database, tmp_path: Path) -> None:
    """The seeded defect: something in the second import is not what it was."""
    imported(desk, small(tmp_path))
    before = dump(database)
    with psycopg.connect(database.admin) as connection:
        connection.execute("update nightdesk.message set text = text || '!' where key = %s", (ts(23, 11),))
    assert dump(database) != before


def test_mail_first_and_slack_later_gives_the_same_as_slack_first(postgres: Any, template: str, tmp_path: Path) -> None:
    sources = small(tmp_path)
    found = []
    for order in ((Sources(None, sources.mails), sources), (Sources(sources.export), sources), (sources,)):
        with new_database(postgres, template) as database, desk_over(database) as desk:
            for one in order:
                imported(desk, one)
            found.append(dump(database))
    for other in found[1:]:
        assert {table: held for table, held in found[0].items() if held != other[table]} == {}


def test_an_address_in_other_letters_is_the_same_person(desk: Desk, tmp_path: Path) -> None:
    users = [person("U1", "Ada", profile={"email": "ADA@Tulip.Example", "real_name": "Ada"}), person("U2", "Bob")]
    inbox = write_mails(tmp_path / "inbox", small_mails())
    imported(desk, Sources(None, (imports.MailPath("Ada@TULIP.example", inbox, "inbox"),)))
    imported(desk, Sources(make_export(tmp_path, users=users, channels=[channel("C1", "general")])))
    ada = known(desk, ADA)
    assert (ada.slack_id, ada.person.key) == ("U1", "U1") and known(desk, "U1").id == ada.id
    with desk.store.directory() as tx:
        owners = {p.key: p.owner for p in people.places(tx).values() if p.kind in ("account", "person")}
    assert owners == {f"account:{ADA}": "U1", "person:U1": "U1", "person:U2": "U2"}


@pytest.mark.parametrize("seed", [1])
def test_an_import_that_is_killed_and_run_again_leaves_what_an_undisturbed_one_leaves(
    tmp_path: Path, seed: int
) -> None:
    sources = demo()
    with new_home() as whole, new_home() as broken:
        assert Nightdesk(whole).run("import", *sources.options()).code == 0
        desk = Nightdesk(broken)
        kill_when_rows_stand(broken, desk.start("import", *sources.options()), random.Random(seed).randint(20, 250))
        assert desk.run("import", *sources.options()).code == 0
        assert home_dump(broken) == home_dump(whole)


def kill_when_rows_stand(home: Path, process: "subprocess.Popen[str]", count: int) -> None:
    """Kills an import in the middle: when so many of its messages are committed, or when it ended before."""
    sockets = home / "postgres" / "run"
    dsn = f"postgresql://{postgres_home.ADMIN}@/{postgres_home.DATABASE}?host={sockets}&port=5432"
    while process.poll() is None:
        try:
            with psycopg.connect(dsn) as connection:
                row = connection.execute("select count(*) from nightdesk.message").fetchone()
        except psycopg.Error:
            row = None
        if row and row[0] >= count:
            break
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.kill()
    process.communicate()


def home_dump(home: Path) -> dict[str, list[str]]:
    with postgres_home.running(home / "postgres") as server:
        name = postgres_home.DATABASE
        return dump(Database(name, server.dsn(postgres_home.OWNER), "", server.dsn(postgres_home.ADMIN)))


# --- edits and deletions --------------------------------------------------------------------------


def edited(sources: Sources, folder: str, day: str, key: str, change: Any) -> None:
    """Changes one message of the export: to other words, or to nothing (None)."""
    assert sources.export is not None
    file = sources.export / folder / f"{day}.json"
    found = [row for row in json.loads(file.read_text()) if row["ts"] != key or change is not None]
    for row in found:
        if row["ts"] == key:
            row["text"] = change
            row["edited"] = {"user": row["user"], "ts": ts(23, 18)}
    file.write_text(json.dumps(found))


def test_an_edit_leaves_the_old_words_nowhere_and_drops_what_was_concluded_from_them(
    database: Database, model_server: ModelServer, tmp_path: Path
) -> None:
    sources = small(tmp_path)
    with desk_over(database, helpful(model_server)) as desk:
        imported(desk, sources)
        sleep(desk, database, ADA)
        kept = rows(database, "select quote from nightdesk.memory")
        assert any("7 December" in quote for (quote,) in kept)
        edited(sources, "general", "2026-11-20", ts(20, 9), "We decided to ship the blue valve on 14 December.")
        imported(desk, sources)
    assert rows(database, "select revision from nightdesk.message where text ~ '14 December'") == [(2,)]
    assert "7 December" not in everything(database)
    left = rows(database, "select quote from nightdesk.memory")
    assert len(left) == len(kept) - 1 and not any("7 December" in quote for (quote,) in left)


def test_a_message_that_is_gone_is_deleted_only_when_its_day_is_there(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    sources = small(tmp_path)
    imported(desk, sources)
    assert sources.export is not None
    (sources.export / "general" / "2026-11-20.json").unlink()
    edited(sources, "general", "2026-11-23", ts(23, 10), None)
    edited(sources, "launch", "2026-11-23", ts(23, 11), None)
    imported(desk, sources)
    gone = rows(database, "select key, text from nightdesk.message where deleted_at is not null order by key")
    assert gone == [(ts(23, 10), ""), (ts(23, 11), "")]
    assert rows(database, "select count(*) from nightdesk.message where day = '2026-11-20' and text <> ''") == [(2,)]
    assert rows(
        database,
        "select count(*) from nightdesk.turn join nightdesk.message on message_id = id where deleted_at is not null",
    ) == [(0,)]


def test_a_message_that_comes_back_is_read_again(desk: Desk, database: Database, tmp_path: Path) -> None:
    sources = small(tmp_path)
    imported(desk, sources)
    whole = [line for line in dump(database)["message"] if "label text" in line]
    edited(sources, "general", "2026-11-23", ts(23, 10), None)
    imported(desk, sources)
    imported(desk, small(tmp_path / "again"))
    assert len(whole) == 1 and rows(
        database, "select text <> '' from nightdesk.message where key = %s", ts(23, 10)
    ) == [(True,)]


@pytest.mark.parametrize(
    ("folder", "day", "key"), [("general", "2026-11-23", ts(23, 10)), ("D1", "2026-11-23", ts(23, 13))]
)
def test_the_words_of_a_deleted_message_stand_nowhere_after_the_next_night(
    database: Database, model_server: ModelServer, tmp_path: Path, folder: str, day: str, key: str
) -> None:
    sources = small(tmp_path, {"general": [said("U2", ts(23, 10), "<@U1> can you paint the heliotrope gate by Wednesday?")],
                               "D1": [said("U2", ts(23, 13), "Ada, could you call the heliotrope printer today?")]})  # fmt: skip
    edited(
        sources,
        "D1" if folder == "general" else "general",
        day,
        ts(23, 13) if folder == "general" else ts(23, 10),
        "Never mind.",
    )
    with desk_over(database, helpful(model_server)) as desk:
        imported(desk, sources)
        sleep(desk, database, [ADA, BOB])
        assert "heliotrope" in everything(database)
        edited(sources, folder, day, key, None)
        imported(desk, sources)
        sleep(desk, database, [ADA, BOB])
        for who in (ADA, BOB):
            found = files(desk, who, tmp_path / "out" / who)
            assert [name for name, held in found.items() if b"heliotrope" in held] == []
    assert sorted({line.split(":")[0] for line in everything(database).splitlines() if "heliotrope" in line}) == []


@pytest.mark.parametrize("text", [None, "The gate stays grey."])
def test_an_untouched_draft_falls_with_a_fact_it_rests_on_and_the_one_beside_it_stays(
    desk: Desk, tmp_path: Path, text: str | None
) -> None:
    sources = small(
        tmp_path,
        {"general": [said("U2", ts(23, 10), "The gate is heliotrope."), said("U2", ts(23, 11), "It is open.")]},
    )
    imported(desk, sources)
    owner = begin_owner(desk, known(desk, "U1").id)
    with owner.begin() as tx:
        for asked, fact in (("<one@x.example>", ts(23, 10)), ("<two@x.example>", ts(23, 11))):
            kept.plan_draft(tx, owner.scope, replying(asked, SlackSource(channel="C1", ts=fact)), b"mail", DAY)
    edited(sources, "general", "2026-11-23", ts(23, 10), text)
    imported(desk, sources)
    with owner.begin() as tx:
        assert [row.draft.in_reply_to for row in kept.drafts(tx, owner.scope)] == ["<two@x.example>"]


def replying(asked: str, fact: SlackSource) -> Draft:
    """A planned reply to Ada's mail that rests on one fact."""
    wade, ada = Address(address="wade@x.example"), Address(address=ADA)
    receipt = Receipt(facts=(UsedFact(text="It says so.", source=fact),))
    return Draft(
        account=ADA, message_id="<d@x.example>", in_reply_to=asked, to=(wade,), sender=ada, subject="Re: Gate", body="It is so.",
        receipt=receipt, asked_at=at(23, 9),
    )  # fmt: skip


# --- what cannot be read --------------------------------------------------------------------------


def test_broken_messages_are_named_and_the_rest_goes_on(desk: Desk, database: Database, tmp_path: Path) -> None:
    odd = [
        said("U2", ts(23, 9), "Before."),
        {"type": "message", "text": "no ts"},
        7,
        {"ts": {"a": 1}, "text": "x"},
        said("U2", ts(23, 9, 30), "After."),
    ]
    mails = [*small_mails(), b"\0\xff not a mail", mail(WADE, ADA, "After", "It goes on.", at(23, 17))]
    sources = small(tmp_path, {"general": odd}, mails)
    assert sources.export is not None
    (sources.export / "launch" / "2026-11-22.json").write_text("[{")
    found = imported(desk, sources)
    assert {"Before.", "After."} <= {text for (text,) in rows(database, "select text from nightdesk.message")}
    assert rows(database, "select count(*) from nightdesk.message where text like '%%It goes on.%%'") == [(1,)]
    reasons = dict(found.broken)
    assert len(reasons) >= 4 and all(reasons.values())
    assert sum(1 for key in reasons if "2026-11-23" in key) == 3 and any("2026-11-22" in key for key in reasons)
    quarantined = rows(database, "select key, reason from nightdesk.quarantine")
    assert {key for key, _ in quarantined} <= set(reasons)
    assert imported(desk, sources) == found


def test_another_workspace_is_refused_by_name_and_nothing_of_it_stays(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    imported(desk, small(tmp_path))
    before = dump(database)
    strangers = [{**person("U9", "Eve"), "team_id": "T9"}]
    other = make_export(
        tmp_path / "other",
        users=strangers,
        channels=[channel("C9", "theirs")],
        messages={"theirs": [said("U9", ts(20, 8), "Hi")]},
    )
    with pytest.raises(NeedsPerson, match=r"holds the workspace T1, the export is of T9"):
        imported(desk, Sources(other))
    assert dump(database) == before


# --- rights ---------------------------------------------------------------------------------------


def readers(desk: Desk, who: str) -> set[str]:
    with desk.store.directory() as tx:
        places = people.places(tx)
    with desk.store.as_person(known(desk, who).id) as tx:
        return {places[n].key for n in people.readable(tx)} - {"workspace"}


def test_guests_leavers_and_strangers_read_what_their_flags_allow(desk: Desk, tmp_path: Path) -> None:
    imported(desk, small(tmp_path))
    everybodys = {"channel:C1", "channel:C2"}
    assert readers(desk, "U1") == {*everybodys, "channel:G1", "channel:D1", "person:U1", f"account:{ADA}"}
    assert readers(desk, "U2") == {*everybodys, "channel:D1", "person:U2"}
    assert readers(desk, "U3") == {"channel:C2", "person:U3"}
    assert readers(desk, "U4") == set()


def said_in(desk: Desk, channel_id: str) -> set[str]:
    """Scopes that an answer in a channel may use."""
    with desk.store.directory() as tx:
        places = people.places(tx)
    scope = next(n for n, place in places.items() if place.key == f"channel:{channel_id}")
    with desk.store.as_readers_of(scope) as tx:
        return {places[n].key for n in people.readable(tx)} - {"workspace"}


def test_a_channel_with_guests_or_strangers_uses_itself_alone(desk: Desk, tmp_path: Path) -> None:
    channels = [
        channel("C1", "general", members=["U1", "U2"]), channel("C2", "launch", members=["U1", "U3"]),
        channel("C3", "partners", members=["U1"], is_ext_shared=True), channel("C4", "empty"),
    ]  # fmt: skip
    users = [person("U1", "Ada"), person("U2", "Bob"), person("U3", "Cy", is_restricted=True)]
    groups = [channel("G1", "deals", members=["U1"]), {"id": "G2", "name": "nobodys"}]
    imported(desk, Sources(make_export(tmp_path, users=users, channels=channels, groups=groups)))
    public = {f"channel:C{n}" for n in range(1, 5)}
    assert said_in(desk, "C1") == said_in(desk, "C4") == public
    assert said_in(desk, "C2") == {"channel:C2"} and said_in(desk, "C3") == {"channel:C3"}
    assert said_in(desk, "G1") == {*public, "channel:G1"}
    assert readers(desk, "U1") == {*public, "channel:G1", "person:U1"}


def test_who_leaves_a_channel_reads_it_no_longer(desk: Desk, tmp_path: Path) -> None:
    sources = small(tmp_path)
    imported(desk, sources)
    assert "channel:G1" in readers(desk, "U1")
    assert sources.export is not None
    (sources.export / "groups.json").write_text(json.dumps([channel("G1", "deals", members=["U2"])]))
    imported(desk, sources)
    assert "channel:G1" not in readers(desk, "U1") and "channel:G1" in readers(desk, "U2")
    with desk.store.as_person(known(desk, "U1").id) as tx:
        texts = [message.text.text for message in by_id(tx, range(1, 40))]
    assert texts and not any("eleven percent" in text for text in texts)
