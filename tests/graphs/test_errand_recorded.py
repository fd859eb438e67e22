"""Errands over the demo company, as a careful reader of the prompts answered them: recorded, and replayed without a network.

A change of a prompt, or of what is looked up, makes them stale: then they are to be answered anew by whoever reads the requests.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot import errands, workspace
from bot.embedded import model
from bot.embedded.slack import BOT_TOKEN, running
from bot.embedded.slack_company import from_export
from bot.slack.client import Slack
from bot.slack.limits import problems
from bot.store import people, replies
from bot.thinking import think
from graphs import errand
from tests.servers.company import DEMO, demo, desk_over, imported, known
from tests.servers.living import US, Living
from tests.servers.postgres import Database
from tests.servers.slack import Clock, bolt

RECORDINGS = Path(__file__).parent / "recordings" / "errands.jsonl"
MORNING = datetime.fromisoformat("2026-11-24T11:00:00+01:00")
DM = ""
"""Alone with the bot."""


@dataclass(frozen=True)
class Handed:
    """An errand of the demo company: whose, where, how long after eleven, and what its result says and must not say."""

    who: str
    channel: str
    minutes: int
    words: str
    says: tuple[str, ...]
    never: tuple[str, ...] = ()


SEALS = Handed(
    "mira", DM, 0,
    "compare the seal batches K-117 and K-118 and the harder seals: how they tested, and whether we have them",
    ("K-117 tested dry but is enough only for samples", "4 of 40 leak after two hours", "60 Shore by 2 December",
     f"{errand.MISSING} how the harder seals tested."),
)  # fmt: skip
FAIR = Handed(
    "mira", DM, 10, "who still owes me something for the fair in Essen, and what",
    ("a handful of M3 screws from Jonas Feld", "before the fair is fine"), ("B12", "412"),
)  # fmt: skip
FORKLIFT = Handed(
    "jonas", "product", 20, "find out which forklift we rented in June and what it cost", ("I don't find it.",), ("89",)
)
ORDERS = Handed(
    "tom", "general", 25, "mail Wade at Kestrel the delivery plan for the 400 and post the new ship date in #launch",
    (errand.UNDONE, "250 pieces out on 14 December", "the new ship date of Sprig 2 is Monday 14 December"), ("71",),
)  # fmt: skip


@pytest.fixture
def here(database: Database) -> Iterator[Living]:
    """The demo company's Slack with a desk at it that has read all of it, mail too; its model remembers."""
    clock = Clock(MORNING.timestamp())
    rows = [
        row for name in ("channels.json", "groups.json") for row in json.loads((DEMO / "export" / name).read_text())
    ]
    company = from_export(DEMO / "export", [str(row["id"]) for row in rows], name="Fernhollow")
    with (
        model.replaying(model.read_recordings(RECORDINGS)) as url,
        desk_over(
            database,
            NIGHTDESK_SLEEP_MODEL="recorded", NIGHTDESK_SLEEP_BASE_URL=url, NIGHTDESK_SLEEP_API_KEY="recorded",
        ) as made,
        running(company, clock, check=problems) as slack,
        bolt(slack) as app,
    ):  # fmt: skip
        now = lambda: datetime.fromtimestamp(clock.now, UTC)  # noqa: E731
        desk = replace(made, slack=Slack(BOT_TOKEN, slack.base_url), now=now)
        imported(desk, demo())
        workspace.connect(desk)
        yield Living(desk, slack, clock, app)


def result(here: Living, handed: Handed) -> str:
    """What stands below the card once the errand is done."""
    here.clock.now = (MORNING + timedelta(minutes=handed.minutes)).timestamp()
    user = next(user.id for user in here.slack.company.users.values() if user.name == handed.who)
    channel = handed.channel or here.slack.dm(user)
    ts = here.ask(user, channel, f"{US} overnight: {handed.words}" if handed.channel else f"overnight: {handed.words}")
    for scope, one in errands.due(here.desk, known(here.desk, user).id, date(2026, 11, 27)):
        errands.run(here.desk, scope, one, think)
    here.deliver()
    [_, said] = here.replies(channel, ts)
    return str(said["blocks"][0]["text"]["text"])


def test_what_a_reader_made_of_each_errand_stands_in_its_thread(here: Living) -> None:
    for handed in (SEALS, FAIR, FORKLIFT, ORDERS):
        told = result(here, handed)
        assert [words for words in handed.says if words not in told] == [], told
        assert [words for words in handed.never if words in told] == [], told


def test_a_thread_that_mentions_us_shows_our_name_which_no_export_tells(here: Living) -> None:
    ts = here.say("mira", "general", f"Good morning {US}!")
    with here.desk.store.directory() as tx:
        scope = people.scope_of_channel(tx, here.place("general"))
    assert scope is not None
    with here.desk.store.as_scope(scope) as tx:
        assert [one.text.text for one in replies.thread(tx, scope, ts)] == ["Good morning @Nightdesk!"]
