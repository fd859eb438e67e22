"""The morning in Slack: one message a day, whatever goes wrong, edited in place from there on."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import hometab, hours
from bot.embedded.postgres import Server
from bot.embedded.slack_faults import Fault, broken, cut_after, cut_before, garbage, ratelimited, refused
from bot.slack.client import Json, Slack
from bot.store import accounts, nights, people
from bot.store import desk as kept
from graphs.digest_value import Digest
from graphs.errors import Later
from tests.servers.company import DAY, desk_over, helpful, small, small_mails
from tests.servers.model import model_serving
from tests.servers.mornings import WAKE, Morning, awake, shown, slept
from tests.servers.postgres import Database, new_database

__all__ = ["slept"]


@pytest.fixture
def morning(database: Database, tmp_path: Path) -> Iterator[Morning]:
    with model_serving("script") as model, awake(database, tmp_path, helpful(model)) as made:
        yield made


@pytest.fixture
def rested(postgres: Server, slept: str) -> Iterator[Morning]:
    """Ada has slept, and nobody has told her."""
    with new_database(postgres, slept) as database, model_serving("script") as model:
        with awake(database, None, helpful(model)) as made:
            yield made


def begun(morning: Morning, late: str = "") -> None:
    with morning.desk.store.directory() as tx:
        nights.begin(tx, morning.ada.id, owed(DAY, WAKE), WAKE - timedelta(hours=7), late)


def owed(day: date, wakes: datetime) -> hours.Morning:
    return hours.Morning(day, wakes - timedelta(hours=7), wakes, wakes + timedelta(hours=16))


def over(morning: Morning) -> None:
    with morning.desk.store.directory() as tx:
        nights.slept(tx, morning.ada.id, DAY, morning.desk.now())


# --- one message ----------------------------------------------------------------------------------


def test_the_digest_is_one_message_with_its_details_in_the_thread_however_often_it_is_brought(rested: Morning) -> None:
    rested.wake()
    first = rested.text
    assert first.startswith("Tue 24 Nov: 1 draft\n*Drafts ready*\nReply to Wade Larrabee is drafted")
    assert [shown(reply).partition("\n")[0] for reply in rested.replies] == ["*How the drafts were made*"]
    posts = rested.posts()
    rested.wake()
    rested.wake()
    assert (rested.text, rested.posts(), len(rested.said)) == (first, posts, 1)


def test_a_person_without_slack_or_who_paused_gets_nothing(rested: Morning) -> None:
    with rested.desk.store.directory() as tx:
        people.change_preferences(tx, rested.ada.id, {"paused": True})
    rested.wake()
    assert rested.posts() == 0
    with rested.desk.store.directory() as tx:
        people.change_preferences(tx, rested.ada.id, {"paused": False})
    rested.wake()
    assert len(rested.said) == 1


def test_a_paused_workspace_says_nothing_until_it_goes_on(rested: Morning) -> None:
    with rested.desk.store.directory() as tx:
        tx.run("pause_all")
    with pytest.raises(Later):
        rested.wake()
    assert rested.posts() == 0
    with rested.desk.store.directory() as tx:
        tx.run("resume_all", now=rested.desk.now())
    rested.wake()
    assert len(rested.said) == 1


def test_a_database_that_was_put_back_says_no_digest_twice_and_in_time_nothing_is_looked_for(
    rested: Morning, postgres: Server, slept: str
) -> None:
    long = small_with_much(rested)
    keep(rested, long)
    rested.wake()
    stands_once(rested, DAY, long)
    assert not looked_for(rested)
    there, posts = standing(rested), rested.posts()
    with new_database(postgres, slept) as older, desk_over(older) as put_back:
        rested.desk = replace(rested.desk, store=put_back.store)
        with psycopg.connect(older.admin) as admin:
            admin.execute("delete from nightdesk.digest")
        begun(rested)
        rested.clock.tick(100 * 60)
        rested.wake()
        assert "your digest is not ready yet" in rested.text
        keep(rested, long)
        over(rested)
        rested.wake()
        assert "09:40, the night was still running" in rested.text
        assert (standing(rested), rested.posts()) == (there, posts)
        stands_once(rested, DAY, long)


def test_a_late_digest_that_nobody_was_told_is_looked_for_once_and_said(rested: Morning) -> None:
    rested.clock.tick(100 * 60)
    rested.wake()
    rested.wake()
    assert everything_once(rested) and looked_for(rested) == ["conversations.history"]


def looked_for(morning: Morning) -> list[str]:
    return [
        call.method for call in morning.slack.log if call.method in ("conversations.history", "conversations.replies")
    ]


def standing(morning: Morning) -> list[str]:
    """Every message of the DM by its place, replies too."""
    return sorted(one["ts"] for one in [*morning.said, *morning.replies])


FAULTS: dict[str, Callable[[], Fault]] = {
    "429": ratelimited, "500": broken, "refused before": cut_before, "accepted, then cut": cut_after,
    "accepted, then garbage": garbage, "internal_error": lambda: refused("internal_error"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage", "conversations.history"])
def test_exactly_one_message_stands_whatever_slack_does(rested: Morning, fault: str, method: str) -> None:
    if method == "conversations.history":
        rested.slack.fails("chat.postMessage", cut_after())
    rested.slack.fails(method, FAULTS[fault](), times=2)
    until_it_stands(rested)
    assert everything_once(rested)


def until_it_stands(morning: Morning, tries: int = 30) -> None:
    """As the queue does: what says `Later` is tried again, here after the quarantine."""
    for _ in range(tries):
        try:
            morning.wake()
            return
        except Later:
            morning.clock.tick(121)
    raise AssertionError("it never came")


def everything_once(morning: Morning) -> bool:
    titles = [shown(reply).partition("\n")[0] for reply in morning.replies]
    return len(morning.said) == 1 and len(titles) == len(set(titles)) == expected_replies(morning)


def expected_replies(morning: Morning) -> int:
    found = digest(morning)
    return bool(found.more) + any(item.kind == "draft" for item in found.items)


def digest(morning: Morning, day: date = DAY) -> Digest:
    with morning.desk.store.as_person(morning.ada.id) as tx:
        found = kept.digest(tx, people.desk_of(tx, "U1"), day)
    assert found is not None
    return found


class Died(BaseException):
    """The process is gone: nothing after this line happened."""


class Mortal(Slack):
    """A client whose process dies at its nth call, before Slack hears of it or after."""

    def __init__(self, base_url: str, token: str, nth: int, after: bool) -> None:
        super().__init__(token, base_url)
        self.left, self.after = nth, after

    def _die(self, now: bool) -> None:
        if now and self.left == 0:
            raise Died

    def call(self, method: str, **arguments: Any) -> Json:
        self.left -= 1
        self._die(not self.after)
        found = super().call(method, **arguments)
        self._die(self.after)
        return found

    def read(self, method: str, **arguments: Any) -> Json:
        self.left -= 1
        self._die(not self.after)
        found = super().read(method, **arguments)
        self._die(self.after)
        return found


def test_a_process_that_dies_at_any_call_leaves_neither_a_gap_nor_a_double(rested: Morning) -> None:
    """Enumerated: every call of a delivery with its replies, before and after, and once more while it recovers."""
    long = small_with_much(rested)
    alive, calls, points = rested.desk, 0, 0
    for day in (DAY + timedelta(days=n) for n in range(1, 60)):
        after = bool(points % 2)
        nth = points // 2 + 1
        rested.desk = replace(alive, slack=Mortal(rested.slack.base_url, rested.slack.bot_token, nth, after))
        keep(rested, long.model_copy(update={"date": day}))
        died = dies(rested, day)
        if died:
            rested.desk = replace(alive, slack=Mortal(rested.slack.base_url, rested.slack.bot_token, 1, not after))
            dies(rested, day)
        rested.desk = alive
        for _ in range(4):
            rested.clock.tick(121)
            try:
                rested.wake(day)
                break
            except Later:
                continue
        stands_once(rested, day, long)
        points += 1
        calls = max(calls, nth)
        if not died:
            break
    assert points > 8, "a delivery has at least a message, two replies, and what is looked up"


def dies(morning: Morning, day: date) -> bool:
    try:
        morning.wake(day)
    except Died:
        return True
    except Later:
        pass
    return False


def small_with_much(morning: Morning) -> Digest:
    """Ada's digest with items behind "+ n more"."""
    found = digest(morning)
    items = [item for item in found.items if item.kind != "answer"]
    more = [item.model_copy(update={"id": f"{item.id}-more-{n}"}) for n, item in enumerate(items[1:] * 4)]
    return found.model_copy(update={"items": tuple(items), "more": tuple(more)})


def keep(morning: Morning, found: Digest) -> None:
    with morning.desk.store.as_person(morning.ada.id) as tx:
        kept.put_digest(tx, people.desk_of(tx, "U1"), found)


def stands_once(morning: Morning, day: date, found: Digest) -> None:
    main = [one for one in morning.said if key_of(one) == f"digest/U1/{day}"]
    assert len(main) == 1, day
    keys = [key_of(one) for one in morning.slack.thread(morning.dm, main[0]["ts"])]
    assert sorted(keys) == sorted(
        [f"digest/U1/{day}", f"digest/U1/{day}/more/1", f"digest/U1/{day}/more/2", f"digest/U1/{day}/receipts"]
    ), day


def key_of(message: Json) -> str:
    return str(message["metadata"]["event_payload"]["key"])


def test_somebody_whom_slack_lets_us_not_write_to_is_left_alone_until_the_next_morning(morning: Morning) -> None:
    begun(morning)
    morning.sleep()
    morning.slack.fails("conversations.open", refused("user_disabled"))
    morning.wake()
    assert morning.posts() == 0
    with morning.desk.store.directory() as tx:
        assert [night.begun.state for night in nights.since(tx, DAY)] == ["delivered"]
    keep(morning, digest(morning).model_copy(update={"date": DAY + timedelta(days=1)}))
    morning.wake(DAY + timedelta(days=1))
    assert len(morning.said) == 1


# --- late and empty -------------------------------------------------------------------------------


def test_a_late_digest_is_announced_in_one_line_and_takes_its_place(morning: Morning) -> None:
    begun(morning)
    morning.wake()
    line = morning.text
    assert line == "Tue 24 Nov: your digest is not ready yet, the night still runs. It will stand here."
    ts = morning.card["ts"]
    morning.wake()
    assert morning.posts() == 1
    morning.clock.tick(100 * 60)
    morning.sleep()
    over(morning)
    morning.wake()
    assert morning.card["ts"] == ts and len(morning.said) == 1
    assert "09:40, the night was still running" in morning.text
    morning.clock.tick(60 * 60)
    morning.wake()
    assert morning.text.count("the night was still running") == 1 and "10:40" not in morning.text


def test_a_night_that_still_ran_and_then_fails_says_so_where_it_was_told_to_run(morning: Morning) -> None:
    begun(morning)
    morning.wake()
    ts = morning.card["ts"]
    _told_late(morning, "the night still runs")
    _told_late(morning, "the night failed (reference 00002a)")
    morning.wake()
    assert morning.text == (
        "Tue 24 Nov: your digest is not ready yet, the night failed (reference 00002a). It will stand here."
    )
    assert morning.card["ts"] == ts and len(morning.said) == 1


def test_a_night_that_was_told_to_run_on_has_run_on_when_its_digest_comes(morning: Morning) -> None:
    begun(morning)
    _told_late(morning, "the night still runs")
    morning.clock.tick(100 * 60)
    morning.sleep()
    over(morning)
    morning.wake()
    assert "09:40, the night was still running" in morning.text and "still runs" not in morning.text


def _told_late(morning: Morning, why: str) -> None:
    with morning.desk.store.directory() as tx:
        assert nights.be_late(tx, morning.ada.id, DAY, why)
        assert not nights.be_late(tx, morning.ada.id, DAY, why)


def test_a_digest_brought_late_says_that_the_desk_was_down_and_one_in_time_says_nothing(morning: Morning) -> None:
    begun(morning)
    morning.sleep()
    over(morning)
    morning.clock.tick(4 * 60)
    morning.wake()
    assert "I was down" not in morning.text
    with morning.desk.store.directory() as tx:
        nights.begin(tx, morning.ada.id, owed(DAY + hours.DAY, WAKE + hours.DAY), WAKE, "")
    keep(morning, digest(morning).model_copy(update={"date": DAY + timedelta(days=1)}))
    morning.at(WAKE + timedelta(days=1, minutes=100))
    morning.wake(DAY + timedelta(days=1))
    assert "09:40, I was down" in shown(morning.card_of(DAY + timedelta(days=1)))


def test_whose_zone_nobody_knows_is_told_the_hour_of_the_workspace(morning: Morning) -> None:
    begun(morning)
    morning.sleep()
    over(morning)
    with psycopg.connect(morning.database.admin) as admin:
        admin.execute("update nightdesk.person set zone = null")
    morning.desk = replace(morning.desk, zone="Asia/Tokyo")
    morning.clock.tick(100 * 60)
    morning.wake()
    assert "17:40, I was down" in morning.text


def test_a_night_that_ends_after_its_person_was_told_brings_the_digest_itself(morning: Morning) -> None:
    begun(morning)
    morning.wake()
    morning.sleep()
    with morning.desk.store.directory() as tx:
        [job] = tx.connection.execute("select args from procrastinate_jobs where task_name = 'morning'").fetchall()
    assert job["args"] == {"person": morning.ada.id, "date_": "2026-11-24"}


def test_an_empty_day_is_one_line(database: Database, tmp_path: Path) -> None:
    quiet: dict[str, list[Any]] = {"general": [], "launch": [], "deals": [], "D1": []}
    bulk = small_mails()[1:2]
    with awake(database, tmp_path, company=lambda root: small(root, messages=quiet, mails=bulk)) as morning:
        morning.sleep()
        morning.wake()
        assert morning.text == "Tue 24 Nov: nothing needs you"
        assert morning.replies == []


# --- what failed ----------------------------------------------------------------------------------


SERVER = accounts.Server("localhost", "ada", 143, "plain")


def connected(morning: Morning, state: str = "ok") -> int:
    """Ada's mailbox becomes a live one, last read at ten past two."""
    with morning.desk.store.directory() as tx:
        scope = next(place.id for place in people.places(tx).values() if place.key == "account:ada@tulip.example")
    with morning.desk.store.as_scope(scope) as tx:
        accounts.connect(tx, morning.desk.keys.seals, scope, SERVER, "secret")
        accounts.synced(tx, scope, WAKE - timedelta(hours=5, minutes=50))
        if state == "paused":
            accounts.pause(tx, scope, "The server refuses the password.", WAKE - timedelta(hours=5))
        else:
            accounts.synced(tx, scope, WAKE)
    return scope


def test_a_mailbox_that_is_not_read_is_named_with_since_when_why_and_what_to_do(morning: Morning) -> None:
    scope = connected(morning, "paused")
    morning.sleep()
    morning.wake()
    told = "⚠ Mail of ada@tulip.example not read since 02:10 (The server refuses the password)  [Reconnect]"
    assert told in morning.text
    morning.press(f"home.reconnect/{scope}")
    modal = morning.slack.modal("U1")
    assert modal["title"]["text"] == "Connect a mailbox"
    assert "`nightdesk connect ada@tulip.example`" in str(modal["blocks"])
    with morning.desk.store.as_scope(scope) as tx:
        accounts.connect(tx, morning.desk.keys.seals, scope, SERVER, "secret")
        accounts.synced(tx, scope, WAKE)
    morning.wake()
    assert "not read" not in morning.text


# --- the first nights -----------------------------------------------------------------------------


def test_the_first_three_cards_say_that_drafts_are_shown_here_only_and_the_fourth_that_this_is_over(
    rested: Morning,
) -> None:
    connected(rested)
    found, cards = digest(rested), []
    for day in (DAY + timedelta(days=n) for n in range(5)):
        wakes = WAKE + (day - DAY)
        with rested.desk.store.directory() as tx:
            nights.begin(tx, rested.ada.id, owed(day, wakes), wakes, "")
            nights.slept(tx, rested.ada.id, day, wakes)
        keep(rested, found.model_copy(update={"date": day}))
        rested.at(wakes)
        rested.wake(day)
        cards.append(shown(rested.card_of(day)))
        hometab.publish(rested.desk, rested.ada.id)
        assert (f"Drafts are shown in Slack only, night {len(cards)} of 3." in rested.home) == (len(cards) <= 3)
    for number, card in enumerate(cards, 1):
        told = f"Night {number} of 3: drafts are shown here only. Then they lie in your Drafts mailbox.  [Put drafts in my mailbox]"
        assert (told in card) == (number <= 3), number
        assert ("[Put drafts in my mailbox]" in card) == (number <= 3), number
        assert ("Your first nights are over: from now on drafts lie in your Drafts mailbox." in card) == (
            number == 4
        ), number


@pytest.mark.parametrize("chosen", [True, False])
def test_who_chose_where_drafts_lie_hears_of_no_first_nights(rested: Morning, chosen: bool) -> None:
    connected(rested)
    with rested.desk.store.directory() as tx:
        people.change_preferences(tx, rested.ada.id, {"shadow": chosen})
    begun(rested)
    over(rested)
    rested.wake()
    assert "Night 1 of 3" not in rested.text and ("[Put drafts in my mailbox]" in rested.text) == chosen
