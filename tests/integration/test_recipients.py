"""A draft is shown what answers its mail, however long ago it was said, and nothing that its recipients or its owner may not know."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from bot import night, recipients
from bot.desk import Desk, begin_owner
from bot.store import memory, messages, people
from graphs.domain import Fact, Message
from graphs.draft import Known
from tests.servers.company import (
    ADA,
    BOB,
    DAY,
    WADE,
    at,
    desk_over,
    imported,
    known,
    mail,
    small,
    ts,
)
from tests.servers.export_files import said
from tests.servers.postgres import Database

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DOCK = "The dock of Kestrel takes full pallets and no curbside delivery."
HIDDEN = "The dock of Kestrel takes full pallets only until the strike."
ROUTINE = [f"Tray {n} of the valves is painted." for n in range(1, 36)]
ASK = "Hi Ada,\n\ncan you tell me whether the dock takes full pallets?\n\n{}\n"


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with desk_over(database) as desk:
        yield desk


def noted(desk: Desk, backwards: bool = False) -> None:
    """A night has noted everything that anybody said, in one order or the other."""
    with desk.store.directory() as tx:
        scopes = sorted((p.key, p.id) for p in people.places(tx).values() if p.kind in ("channel", "account"))
    for _, scope in reversed(scopes) if backwards else scopes:
        with desk.store.as_scope(scope) as tx:
            found = messages.of_scope(tx, scope, LONG_AGO, NOW)
            for one in reversed(found) if backwards else found:
                memory.put_fact(tx, scope, fact(one), DAY)


def fact(one: Message) -> Fact:
    told = max(one.text.text.split("\n\n"), key=len)
    return Fact(
        kind="fact",
        text=told,
        quote=told,
        message=one.id,
        source=one.source,
        said_by=one.author.key,
        said_at=one.sent_at,
    )


def about(desk: Desk, subject: str) -> Known:
    """What a draft of Ada's answer to the newest mail with a subject is shown."""
    owner = begin_owner(desk, known(desk, ADA).id)
    held = [one for thread in night.read(desk, owner, NOW).whole.values() for one in thread.messages]
    asked = max((one for one in held if one.mail and one.mail.subject == subject), key=lambda one: one.sent_at)
    threads = night.read(desk, owner, NOW).whole.values()
    thread = next(thread for thread in threads if asked in thread.messages)
    return recipients.known(owner, asked, thread, held, NOW)


def notes(found: Known) -> list[str]:
    return [note.text.text for note in found.notes]


def test_a_note_from_long_before_thirty_newer_ones_is_shown_when_the_mail_asks_for_it(
    desk: Desk, database: Database, tmp_path: Path
) -> None:
    general = [said("U2", ts(2, 9), DOCK), *(said("U2", ts(20, 9, n), text) for n, text in enumerate(ROUTINE))]
    deals = [said("U1", ts(21, 9), HIDDEN)]
    mails = [mail(WADE, f"Ada <{ADA}>", "Dock", ASK.format("Wade"), at(23, 14))]
    imported(desk, small(tmp_path, {"general": general, "deals": deals}, mails))
    noted(desk)
    shown = about(desk, "Dock")
    assert DOCK in notes(shown) and len(set(ROUTINE) & set(notes(shown))) < 6
    assert HIDDEN not in str(notes(shown)) and [one.kind for one in shown.withheld] == ["slack"]
    with psycopg.connect(database.admin) as admin:
        admin.execute("delete from nightdesk.memory")
    noted(desk, backwards=True)
    assert about(desk, "Dock").notes == shown.notes
    with psycopg.connect(database.admin) as admin:  # the owner leaves the channel
        admin.execute("update nightdesk.scope set channel_kind = 'private' where key = 'channel:C1'")
        admin.execute(
            "delete from nightdesk.member m using nightdesk.scope s where s.id = m.scope_id and s.key = 'channel:C1'"
        )
    assert about(desk, "Dock").notes == ()


@pytest.mark.parametrize(("copied", "shown"), [(f"Bob <{BOB}>", True), ("", False)])
def test_a_colleague_is_told_what_somebody_wrote_to_the_owner_who_writes_to_both(
    desk: Desk, tmp_path: Path, copied: str, shown: bool
) -> None:
    copy = {"Cc": copied} if copied else {}
    mails = [
        mail(WADE, f"Ada <{ADA}>", "Hello", "Hi Ada,\n\nnice to meet you all in person.\n\nWade\n", at(16, 9), **copy),
        mail(WADE, f"Ada <{ADA}>", "Site", f"Ada,\n\n{DOCK}\n\nWade\n", at(17, 9)),
        mail(f"Bob <{BOB}>", f"Ada <{ADA}>", "Kestrel", ASK.format("Bob"), at(23, 14)),
    ]
    imported(desk, small(tmp_path, mails=mails))
    noted(desk)
    found = about(desk, "Kestrel")
    assert [one.text.text for one in found.notes if one.own] == [DOCK] * shown
    assert [one.own for one in found.passages if DOCK in one.text.text] == [True] * shown
    assert (DOCK in notes(found)) is shown and ("mail" in {one.kind for one in found.withheld}) is not shown
