"""A night over Slack's sockets and an IMAP server finds what the same night finds in files."""

import json
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot import app, demo, nightfiles, sandbox, settings
from bot.desk import Desk, begin_owner
from bot.imports import MailPath
from bot.mail import mbox
from bot.store import accounts
from tests.servers.company import MIRA, TOM
from tests.servers.cut import linked
from tests.servers.demo_night import Mornings as Found
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.verbs import filed, strange, taken_out

# The one thing files do not tell is the workspace's address: from them a message opens in Slack's program by its ids,
# from the living workspace on the web. Both name the same message; here the first is written as the second.
DEEP = re.compile(r"slack://channel\?team=T08FERNH7W&(?:amp;)?id=(\w+)&(?:amp;)?message=(\d+)\.(\d+)")
ON_THE_WEB = r"https://fernhollow.slack.com/archives/\1/p\2\3"
NAMES = ("tasks", "drafts", "digest", "memory", "not_drafted")

Mornings = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def from_files(recorded: Found) -> Mornings:
    return {
        who: {name: on_the_web(morning.folder / f"{name}.json") for name in NAMES} for who, morning in recorded.items()
    }


@pytest.mark.night  # Dovecot's is proved every day, and the page's test sleeps on the sandbox's own mailboxes every day
def test_the_night_through_slack_and_imap_is_the_night_from_files(tmp_path: Path, from_files: Mornings) -> None:
    with demo.company() as (export, mails), sandbox.mail(mails) as mail:
        assert_same(lived(tmp_path, export, sandbox.boxes(mail)), from_files)


def test_the_night_through_slack_and_dovecot_is_the_night_from_files_and_leaves_drafts_and_no_other_trace(
    tmp_path: Path, from_files: Mornings, dovecot: Dovecot
) -> None:
    with demo.company() as (export, mails):
        filled(dovecot, mails)
        before = {who: untouched(dovecot, who) for who in (MIRA, TOM)}
        with ExitStack() as open_:
            links = {who: open_.enter_context(linked(dovecot.port)) for who in (MIRA, TOM)}
            reached = {who: accounts.Server("127.0.0.1", who, link.port, "plain") for who, link in links.items()}
            through = lived(tmp_path, export, [sandbox.Box(server, PASSWORD) for server in reached.values()])
    assert_same(through, from_files)
    for who, link in links.items():
        lying = [str(one["In-Reply-To"]) for one in dovecot.mails(who, "Drafts")]
        assert set(lying) == {draft["in_reply_to"] for draft in from_files[who]["drafts"]} != set()
        assert strange(link.commands) == taken_out(link.commands) == [] and len(filed(link.commands)) == len(lying)
        assert untouched(dovecot, who) == before[who]


def untouched(dovecot: Dovecot, who: str) -> dict[str, list[tuple[str, bytes]]]:
    """Every folder but Drafts, with the flags and bytes of each mail."""
    with dovecot.client(who) as client:
        names = sorted(name for _, _, name in client.list_folders() if name != "Drafts")
    return {
        name: [(f"{one['X-Uid']} {one['X-Flags']}", one.as_bytes()) for one in dovecot.mails(who, name)]
        for name in names
    }


def assert_same(through: Mornings, from_files: Mornings) -> None:
    for who, morning in from_files.items():
        for name in NAMES:
            assert through[who][name] == morning[name], (who, name)


def filled(dovecot: Dovecot, mails: Sequence[MailPath]) -> None:
    """Every mail arrives when it says so, as in the sandbox's own mailboxes."""
    for one in mails:
        with dovecot.client(one.address) as client:
            for mail in mbox.read(one.path):
                client.append(sandbox.FOLDERS[one.mailbox], mail.raw, msg_time=sandbox.received(mail.raw))


def on_the_web(file: Path) -> Any:
    return in_order(json.loads(DEEP.sub(ON_THE_WEB, file.read_text())))


def in_order(held: Any) -> Any:
    """Learned context stands in the order in which its places were first met, which says nothing: here it is by place."""
    if isinstance(held, dict) and "learned_context" in held:
        return held | {"learned_context": sorted(held["learned_context"], key=lambda block: str(block["scope"]))}
    return held


def lived(place: Path, export: Path, boxes: Sequence[sandbox.Box]) -> Mornings:
    """The demo's own night: simulator, Bolt, queue, mailboxes, Drafts."""
    clock = sandbox.Clock(demo.WAKES - demo.CONNECTED)
    with (
        demo.recorded(settings.load(place, {}), rules=False) as said,
        app.database(said, place, durable=False) as held,
        sandbox.living(said, held, export, boxes, clock, recorded=True) as living,
    ):
        sandbox.sleep(living, demo.DAY, lambda doing: None)
        return written(living.desk, place / "out")


def written(desk: Desk, folder: Path) -> Mornings:
    mornings = {}
    for (known, day, now), who in zip(demo.nights_of(desk), (demo.OWNER, demo.COLLEAGUE), strict=True):
        nightfiles.write_person(begin_owner(desk, known.id), day, now, folder / who)
        mornings[who] = {name: in_order(json.loads((folder / who / f"{name}.json").read_text())) for name in NAMES}
    return mornings
