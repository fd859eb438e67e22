"""What people press: their own things alone, the same however often and in whatever order, and shown where they pressed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import asking, audience, imports, receive
from bot.embedded.postgres import Server
from bot.store import accounts, choices, nights, people
from bot.store import desk as kept
from graphs.errors import Later
from graphs.thinking import Thinker
from tests.servers.company import ADA, DAY, WADE, at, helpful, mail, small, small_mails, write_mails
from tests.servers.model import ModelServer, model_serving
from tests.servers.mornings import WAKE, Morning, awake, shown, slept
from tests.servers.postgres import Database, new_database

__all__ = ["slept"]

LABEL = "@ada can you review the label text by Wednesday?"
PRINTER = "Ada, could you call the printer about the crimson boxes today?"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with model_serving("script") as server:
        yield helpful(server)


@pytest.fixture(scope="module")
def slept_by_rules(postgres: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with new_database(postgres, template) as database:
        with awake(database, tmp_path_factory.mktemp("company")) as made:
            made.sleep()
        yield database.name


@pytest.fixture
def morning(postgres: Server, slept: str, model: ModelServer) -> Iterator[Morning]:
    """Ada's digest stands in her DM."""
    with new_database(postgres, slept) as database, awake(database, None, model) as made:
        made.wake()
        yield made


@pytest.fixture
def ruled(postgres: Server, slept_by_rules: str) -> Iterator[Morning]:
    """The same, without a model."""
    with new_database(postgres, slept_by_rules) as database, awake(database, None) as made:
        made.wake()
        yield made


def item(morning: Morning, words: str, kind: str = "") -> str:
    """The id of the item of Ada's newest digest that says so."""
    with morning.desk.store.as_person(morning.ada.id) as tx:
        scope = people.desk_of(tx, "U1")
        last = kept.last_digest_before(tx, scope, date.max)
        assert last is not None
        found = kept.digest(tx, scope, last)
    assert found is not None
    told = [one for one in (*found.items, *found.more) if words in one.text]
    one = next(one for one in told if (one.kind == kind if kind else one.kind != "answer"))
    return one.id


def states(morning: Morning) -> dict[str, str]:
    with morning.desk.store.as_person(morning.ada.id) as tx:
        return {row.task.what: row.task.state for row in kept.tasks(tx, people.desk_of(tx, "U1"))}


def drafts(morning: Morning) -> list[tuple[str, str]]:
    with morning.desk.store.as_person(morning.ada.id) as tx:
        return [(row.state, row.draft.body) for row in kept.drafts(tx, people.desk_of(tx, "U1"))]


# --- answers made ahead ---------------------------------------------------------------------------


def test_an_answer_made_ahead_is_shown_word_for_word_with_its_sources_until_they_change(morning: Morning) -> None:
    ahead = item(morning, "We decided", "answer")
    morning.press(f"digest.show/{ahead}")
    [told] = [shown(one) for one in morning.replies if "It says so [1]." in shown(one)]
    assert "What about" in told and "Prepared Tue 24 Nov" in told and "[1] " in told
    with psycopg.connect(morning.database.admin) as admin:
        admin.execute(
            b"update nightdesk.message set text = text || '!', revision = revision + 1 where deleted_at is null"
        )
    morning.settle()
    assert [shown(one) for one in morning.replies if "It says so [1]." in shown(one)] == []


# --- done, snoozed, not mine ----------------------------------------------------------------------


def listed(morning: Morning) -> str:
    """The Home tab down to what was learned, which stays learned when a task is done."""
    return morning.home.partition("Learned lately")[0]


def test_done_is_shown_at_once_and_never_returns(morning: Morning) -> None:
    label = item(morning, LABEL)
    morning.press(f"digest.done/{label}")
    assert f"✓ Done: {LABEL}" in morning.text
    assert states(morning)[LABEL] == "done"
    assert f"[Done]\n{LABEL}" not in morning.home and LABEL not in listed(morning).partition("Still open")[2]
    morning.sleep(day=DAY + timedelta(days=1))
    morning.wake(DAY + timedelta(days=1))
    assert LABEL not in shown(morning.card_of(DAY + timedelta(days=1)))


def test_who_asks_for_their_list_is_told_of_the_card_what_is_not_done_in_its_words_and_by_no_model(
    morning: Morning, model: ModelServer
) -> None:
    here, asked = audience.place(morning.desk, "U1", "dm"), len(model.requests)

    def told(question: str) -> list[str]:
        answer, _ = asking.ask(morning.desk, here, question, [], WAKE)
        return answer.text.splitlines()

    assert [line for line in told("What is unfinished for me?") if LABEL in line]
    morning.press(f"digest.done/{item(morning, LABEL)}")
    head, *lines, end = told("What is unfinished for me?")
    assert lines and not [line for line in (head, *lines) if LABEL in line] and end == "That is all."
    assert all(line.partition(" → ")[0].removeprefix("• ").partition(" (")[0] in morning.text for line in lines)
    draft = told("which drafts are there?")
    assert draft[0] == "1 draft is ready:" and draft[1].startswith("• Reply to Wade") and "Check and send." in draft[1]
    morning.press(f"digest.discard/{item(morning, 'Reply to Wade')}")
    assert told("which drafts are there?") == ["No draft is ready. That is all."]
    assert len(model.requests) == asked


def test_the_headline_counts_what_is_left(morning: Morning) -> None:
    for words in ("Reply to Wade", LABEL, PRINTER, "A personal mail"):
        name = item(morning, words)
        morning.press(f"digest.{'discard' if words.startswith('Reply') else 'done'}/{name}")
    assert morning.text.startswith("Tue 24 Nov: nothing urgent")
    morning.press(f"digest.done/{item(morning, 'We decided', 'change')}")
    assert morning.text.startswith("Tue 24 Nov: all done")
    assert morning.text.count("[Done]") == morning.text.count("[Show answer]")  # to read is nothing to do


def test_a_snooze_on_friday_comes_back_on_monday_and_stays_away_until_then(morning: Morning) -> None:
    friday, monday = date(2026, 11, 27), date(2026, 11, 30)
    morning.at(WAKE + timedelta(days=3))
    label = item(morning, LABEL)
    morning.press(f"digest.snooze/{label}", "tomorrow")
    assert f"✓ Snoozed until Mon 30 Nov: {LABEL}" in morning.text
    assert states(morning)[LABEL] == "snoozed"
    for day in (friday, monday):
        morning.at(WAKE + timedelta(days=(day - DAY).days))
        morning.sleep(day=day)
        morning.wake(day)
        assert (LABEL in shown(morning.card_of(day))) is (day == monday), day


def test_monday_means_the_next_one_and_a_day_is_picked_in_a_modal(morning: Morning) -> None:
    label, printer = item(morning, LABEL), item(morning, PRINTER)
    morning.press(f"digest.snooze/{label}", "monday")
    assert f"✓ Snoozed until Mon 30 Nov: {LABEL}" in morning.text
    morning.press(f"digest.snooze/{printer}", "pick")
    assert morning.slack.modal("U1")["blocks"][0]["text"]["text"] == PRINTER
    morning.slack.submit("U1", {"day": "2026-12-03"})
    morning.handle()
    assert f"✓ Snoozed until Thu 3 Dec: {PRINTER}" in morning.text


def test_a_day_gone_by_puts_nothing_off(morning: Morning) -> None:
    morning.press(f"digest.snooze/{item(morning, LABEL)}", "pick")
    morning.slack.submit("U1", {"day": "2026-11-24"})
    morning.handle()
    assert states(morning)[LABEL] == "open"
    assert shown(morning.said[-1]).startswith("Tue 24 Nov is not to come any more")


def test_not_mine_is_dropped_for_good(morning: Morning) -> None:
    morning.press(f"digest.more/{item(morning, LABEL)}", "not_mine")
    assert f"✓ Not yours: {LABEL}" in morning.text
    morning.sleep(day=DAY + timedelta(days=1))
    assert states(morning)[LABEL] == "dropped"


def test_less_like_this_leaves_a_thread_out_until_it_is_taken_back(morning: Morning) -> None:
    label = item(morning, LABEL)
    morning.press(f"digest.more/{label}", "less")
    assert f"✓ Left out from now on: {LABEL}" in morning.text
    assert any("you can take that back" in shown(reply) for reply in morning.replies)
    tomorrow, after = DAY + timedelta(days=1), DAY + timedelta(days=2)
    morning.sleep(day=tomorrow)
    assert states(morning)[LABEL] == "dropped"
    assert "Left out" in morning.home and "Bob, #general, Mon 23 Nov, 11:00" in morning.home
    morning.press_home("home.restore/0")
    assert "Left out" not in morning.home
    morning.sleep(day=after)
    assert states(morning)[LABEL] == "open"


# --- who may --------------------------------------------------------------------------------------


def forged(morning: Morning, user: str) -> None:
    """The last press of Ada's, as if somebody else had pressed."""
    body: dict[str, Any] = json.loads(json.dumps(morning.app.bodies[-1]))
    body["user"] |= {"id": user, "username": "bob"}
    body["trigger_id"] = f"{body['trigger_id']}.{user}"
    receive.accept(morning.desk, body, "interactive")


def test_somebody_else_changes_nothing_with_these_buttons(morning: Morning) -> None:
    label, printer = item(morning, LABEL), item(morning, PRINTER)
    morning.press(f"digest.done/{label}")
    before, text = states(morning), morning.text
    morning.slack.press("U1", morning.dm, morning.card["ts"], f"digest.done/{printer}")
    assert morning.slack.settle()
    forged(morning, "U2")
    morning.heard = len(morning.app.bodies)
    morning.handle()
    assert (states(morning), morning.text) == (before, text)
    assert morning.waiting_presses() == []


@pytest.mark.parametrize("user", ["U3", "U999", "USLACKBOT"])
def test_nobody_of_ours_is_not_heard_at_all(morning: Morning, user: str) -> None:
    morning.slack.press("U1", morning.dm, morning.card["ts"], f"digest.done/{item(morning, LABEL)}")
    assert morning.slack.settle()
    forged(morning, user)
    morning.heard = len(morning.app.bodies)
    morning.handle()
    assert states(morning)[LABEL] == "open" and morning.waiting_presses() == []


# --- twice, late, out of order --------------------------------------------------------------------


def test_a_press_that_comes_twice_changes_nothing_more(morning: Morning) -> None:
    morning.press(f"digest.done/{item(morning, LABEL)}")
    text, posts = morning.text, len(morning.slack.log)
    receive.accept(morning.desk, morning.app.bodies[-1], "interactive")
    morning.handle()
    assert (morning.text, len(morning.slack.log)) == (text, posts)


@pytest.mark.parametrize("order", [("done", "snooze"), ("snooze", "done")])
def test_done_and_snoozed_in_any_order_is_done(morning: Morning, order: tuple[str, str]) -> None:
    label = item(morning, LABEL)
    for verb in order:
        morning.slack.press(
            "U1", morning.dm, morning.card["ts"], f"digest.{verb}/{label}",
            selected_option="tomorrow" if verb == "snooze" else None,
        )  # fmt: skip
    morning.handle()
    assert states(morning)[LABEL] == "done" and f"✓ Done: {LABEL}" in morning.text


def test_the_card_of_last_week_is_still_good(morning: Morning) -> None:
    label = item(morning, LABEL)
    week = DAY + timedelta(days=7)
    morning.at(WAKE + timedelta(days=7))
    morning.sleep(day=week)
    morning.wake(week)
    morning.press(f"digest.done/{label}")
    assert f"✓ Done: {LABEL}" in morning.text
    assert LABEL not in shown(morning.card_of(week))
    assert states(morning)[LABEL] == "done"


# --- drafts ---------------------------------------------------------------------------------------


def test_a_draft_is_previewed_whole_with_its_receipt(morning: Morning) -> None:
    draft = item(morning, "Reply to Wade")
    morning.press(f"digest.preview/{draft}")
    morning.press(f"digest.preview/{draft}")
    [preview] = [shown(one) for one in morning.replies if shown(one).startswith("To: ")]
    assert preview.startswith(
        "To: Wade Larrabee <wade@kestrel.example>\nSubject: Re: Blue valve\nHello,\n\nyes, I will"
    )
    assert "Not in your mailbox yet." in preview and "Why: it asks" in preview and "#deals" in preview


def test_a_discarded_draft_is_shown_as_that_and_does_not_come_back(morning: Morning) -> None:
    morning.press(f"digest.discard/{item(morning, 'Reply to Wade')}")
    assert "✓ Discarded: Reply to Wade Larrabee is drafted" in morning.text
    assert [state for state, _ in drafts(morning)] == ["discarded"]
    morning.sleep(day=DAY + timedelta(days=1))
    assert [state for state, _ in drafts(morning)] == ["discarded"]


def test_a_draft_is_written_again_as_wished(morning: Morning, model: ModelServer) -> None:
    asked: list[str] = []

    def shorter(body: Mapping[str, Any]) -> str:
        asked.append(body["messages"][-1]["content"])
        return json.dumps(
            {"verdict": "draft", "reason": "", "asks": [], "body": "Hello,\n\nyes.\n\nAda", "facts": [], "assumptions": [],
             "question": "", "why": "it asks"}
        )  # fmt: skip

    model.script.clear()
    model.says(shorter)
    morning.press(f"digest.redo/{item(morning, 'Reply to Wade')}", "shorter")
    assert drafts(morning) == [("planned", "Hello,\n\nyes.\n\nAda")]
    [preview] = [shown(one) for one in morning.replies if "To: " in shown(one)]
    assert preview.startswith("Written again, as you wished.\nTo: Wade") and "Hello,\n\nyes.\n\nAda" in preview
    assert "<previous>\nHello,\n\nyes, I will see to it." in asked[0] and "at most half as long" in asked[0]


@pytest.mark.parametrize(
    ("state", "after", "said"),
    [
        ("appended", "planned", "Written again, as you wished."),
        ("edited", "edited", "It lies in your Drafts mailbox already: change it there."),
        ("discarded", "discarded", "This draft is over, so nothing was changed."),
    ],
)
def test_a_draft_in_the_mailbox_is_exchanged_there_unless_its_owner_touched_it(
    morning: Morning, state: str, after: str, said: str
) -> None:
    scope = connected(morning)
    morning.wake()
    morning.press("digest.mailbox")
    lies(morning, state)
    morning.press(f"digest.redo/{item(morning, 'Reply to Wade')}", "warmer")
    assert [state for state, _ in drafts(morning)] == [after]
    assert jobs(morning, "file_drafts") == [{"scope": scope}]
    assert any(shown(one).startswith(said) for one in morning.replies)


def lies(morning: Morning, state: str) -> None:
    """The draft as the mailbox would have it."""
    with psycopg.connect(morning.database.admin) as connection:
        connection.execute("update nightdesk.draft set state = %s, uidvalidity = 1, uid = 7", (state,))


def test_a_wish_that_fails_says_why_and_the_old_draft_stands(morning: Morning, model: ModelServer) -> None:
    before = drafts(morning)
    model.fails("refusal", times=5)
    morning.press(f"digest.redo/{item(morning, 'Reply to Wade')}", "shorter")
    [preview] = [shown(one) for one in morning.replies if "To: " in shown(one)]
    assert preview.startswith(
        "No other version came of it. The draft stays as it is. Why: the model refused to answer."
    )
    assert drafts(morning) == before and before[0][1] in preview


def test_a_wish_that_has_to_wait_says_why_and_is_tried_again(morning: Morning) -> None:
    def waits(chat: object, ledger: object) -> Thinker:
        raise Later("The budget cannot be looked up.")

    before, works = drafts(morning), morning.desk
    assert works.sleep_model is not None
    morning.desk = replace(works, sleep_model=replace(works.sleep_model, thinker=waits))
    with pytest.raises(Later):
        morning.press(f"digest.redo/{item(morning, 'Reply to Wade')}", "warmer")
    morning.post()
    [preview] = [shown(one) for one in morning.replies if "To: " in shown(one)]
    assert "Why: The budget cannot be looked up. It is tried again." in preview and drafts(morning) == before
    morning.desk = works
    morning.handle()
    [preview] = [shown(one) for one in morning.replies if "To: " in shown(one)]
    assert preview.startswith("Written again, as you wished.")


def test_without_a_model_a_wish_is_answered_openly(morning: Morning) -> None:
    morning.desk = replace(morning.desk, sleep_model=None)
    before = drafts(morning)
    morning.press(f"digest.redo/{item(morning, 'Reply to Wade')}", "warmer")
    assert drafts(morning) == before
    assert any(shown(one).startswith("Writing a draft again needs a model") for one in morning.replies)


def test_a_mail_opens_in_the_browser_where_its_mailbox_does(ruled: Morning) -> None:
    mail = item(ruled, "Wade")

    def why() -> str:
        ruled.press(f"digest.more/{mail}", "why")
        [told] = [shown(one) for one in ruled.replies if "Why this?" in shown(one)]
        return told

    assert "https://mail" not in why()
    connected(ruled, "imap.gmail.com")
    assert "<https://mail.google.com/mail/?authuser=ada%40tulip.example#search/rfc822msgid%3A" in why()


def test_why_this_names_the_messages_and_who_found_it(ruled: Morning) -> None:
    ruled.press(f"digest.more/{item(ruled, 'Review the label text')}", "why")
    [why] = [shown(one) for one in ruled.replies if "Why this?" in shown(one)]
    assert "Rules found it, without a model." in why
    assert "|Bob, #general, Mon 23 Nov, 11:00>: “@ada can you review the label text by Wednesday?”" in why


# --- settled elsewhere ----------------------------------------------------------------------------


def test_what_was_answered_elsewhere_settles_by_itself(ruled: Morning) -> None:
    label = item(ruled, "Review the label text")
    ruled.clock.tick(3600)
    ruled.slack.say("U1", "C1", "<@U2> I reviewed the label text, it is done.")
    ruled.hear()
    receive.ingest(ruled.desk, "C1")
    ruled.settle()
    assert "✓ Answered: " in ruled.text and f"digest.done/{label}" not in json.dumps(ruled.card)
    text, calls = ruled.text, len(ruled.slack.log)
    ruled.settle()
    assert (ruled.text, len(ruled.slack.log)) == (text, calls)


def test_what_nobody_answered_stays_open(ruled: Morning) -> None:
    text = ruled.text
    ruled.slack.say("U1", "C1", "Good morning everybody.")
    ruled.hear()
    receive.ingest(ruled.desk, "C1")
    ruled.settle()
    assert ruled.text == text


# --- the Home tab ---------------------------------------------------------------------------------


def test_the_home_tab_shows_what_the_card_shows_and_is_published_when_it_changed(morning: Morning) -> None:
    morning.handle()
    published = [call for call in morning.slack.log if call.method == "views.publish"]
    morning.handle()
    assert len([call for call in morning.slack.log if call.method == "views.publish"]) == len(published) == 1
    morning.press_home(f"digest.done/{item(morning, PRINTER)}")
    assert f"✓ Done: {PRINTER}" in morning.text and PRINTER not in listed(morning)


def test_hours_are_set_on_the_home_tab(morning: Morning) -> None:
    morning.handle()
    morning.press_home("home.night_at", value="22:30")
    morning.press_home("home.wakes_at", value="06:45")
    morning.press_home("home.days", choice=["0", "2", "6"])
    morning.press_home("home.zone", choice="Asia/Tokyo")
    morning.press_home("home.level", choice="off")
    with morning.desk.store.directory() as tx:
        chosen = people.preferences(tx, morning.ada.id)
    assert (str(chosen.night_at), str(chosen.wakes_at), chosen.working_days) == ("22:30:00", "06:45:00", (0, 2, 6))
    assert (chosen.zone, chosen.level) == ("Asia/Tokyo", "off")
    assert "[22:30]" in morning.home and "now Asia/Tokyo" in morning.home and "☑ Sun" in morning.home
    morning.press_home("home.zone", choice="-")
    with morning.desk.store.directory() as tx:
        assert people.preferences(tx, morning.ada.id).zone is None


def test_a_person_pauses_and_goes_on(morning: Morning) -> None:
    morning.handle()
    morning.press_home("home.pause")
    assert "*Paused.*" in morning.home
    morning.wake(DAY + timedelta(days=1))
    assert len(morning.said) == 1
    morning.press_home("home.pause")
    assert "*Paused.*" not in morning.home
    assert "Paused: no nights" in morning.command("pause")
    assert "Going on" in morning.command("resume")


def test_a_first_night_is_run_at_once_and_its_digest_takes_the_place_of_the_line(
    database: Database, tmp_path: Path, model: ModelServer
) -> None:
    with awake(database, tmp_path, model) as morning:
        morning.handle()
        assert "No digest yet" in morning.home
        morning.press_home("home.first_night")
        assert morning.text == "Tue 24 Nov: your night runs now. Its digest will stand here within ten minutes."
        ts = morning.card["ts"]
        with morning.desk.store.directory() as tx:
            assert [night.date for night in nights.since(tx, DAY)] == [DAY]
        assert waits(morning) < timedelta(minutes=10)
        morning.sleep()
        morning.wake()
        assert morning.card["ts"] == ts and morning.text.startswith("Tue 24 Nov: 1 draft")


def waits(morning: Morning) -> timedelta:
    """How long the one night that is enqueued waits for its places at most."""
    [job] = jobs(morning, "sleep")
    return datetime.fromisoformat(str(job["until"])) - datetime.fromisoformat(str(job["now"]))


def test_a_night_that_is_run_again_changes_the_digest_in_place(morning: Morning) -> None:
    morning.handle()
    ts = morning.card["ts"]
    morning.press_home("home.first_night")
    assert any("Your night runs again" in shown(one) for one in morning.replies)
    ran = jobs(morning, "sleep")
    assert [job["date_"] for job in ran] == ["2026-11-24"]
    assert timedelta() < waits(morning) < timedelta(minutes=10)
    morning.sleep()
    assert jobs(morning, "morning") == [{"person": morning.ada.id, "date_": "2026-11-24"}]
    morning.wake()
    assert morning.card["ts"] == ts and len(morning.said) == 1


def test_who_is_paused_resumes_before_a_night_runs(morning: Morning) -> None:
    morning.handle()
    morning.press_home("home.pause")
    morning.press_home("home.first_night")
    assert "resume first" in shown(morning.said[-1])
    assert jobs(morning, "sleep") == []


# --- /nightdesk -----------------------------------------------------------------------------------


def test_the_command_answers_in_the_dm(morning: Morning) -> None:
    assert morning.command("status").startswith("Tue 24 Nov: 1 draft\n2 tasks open, 1 draft waiting")
    assert "|Your digest of today>" in morning.command("digest")
    assert "127.0.0.1" in morning.command("privacy")
    assert "delete it in Slack" in morning.command("forget")
    assert "`/nightdesk status`" in morning.command("what now")


def test_what_is_known_is_read_line_by_line_with_where_it_comes_from_and_goes_with_its_source(morning: Morning) -> None:
    told = morning.command("known")
    assert told.startswith("This is what I go by.") and "archives/C1" in told
    with psycopg.connect(morning.database.admin) as admin:
        admin.execute(b"update nightdesk.message set deleted_at = now(), text = '' where deleted_at is null")
    morning.settle()
    assert "archives/C1" not in shown(morning.said[-1])
    assert morning.command("known") == "Nothing yet: the first night writes it."


def test_choices_of_one_person_are_nobody_elses(morning: Morning) -> None:
    morning.press(f"digest.done/{item(morning, LABEL)}")
    with morning.desk.store.as_person(morning.ada.id) as tx:
        mine = people.desk_of(tx, "U1")
        assert len(choices.choices(tx, mine)) == 1
    with morning.desk.store.directory() as tx:
        bob = people.find(tx, "U2")
    assert bob is not None
    with morning.desk.store.as_person(bob.id) as tx:
        assert choices.choices(tx, mine) == {}


# --- from a message's menu ------------------------------------------------------------------------


def test_a_message_is_put_on_the_list_and_stays_there_until_its_owner_takes_it_off(morning: Morning) -> None:
    ts = morning.slack.say("U2", "C1", "The crane arrives at dock four on Friday.")
    morning.hear()
    receive.ingest(morning.desk, "C1")
    for _ in range(2):
        morning.clock.tick(1)
        morning.slack.shortcut("U1", "add_to_my_list", "C1", ts)
        morning.handle()
    assert [shown(one) for one in morning.slack.ephemerals("U1")] == [
        "It is on your list.",
        "It is on your list already.",
    ]
    assert "The crane arrives at dock four on Friday." in morning.home
    morning.sleep(day=DAY + timedelta(days=1))
    assert states(morning)["The crane arrives at dock four on Friday."] == "open"
    morning.handle()
    morning.press_home(f"digest.done/{item_of_task(morning, 'The crane')}")
    assert states(morning)["The crane arrives at dock four on Friday."] == "done"


def item_of_task(morning: Morning, words: str) -> str:
    with morning.desk.store.as_person(morning.ada.id) as tx:
        [one] = [row.task.id for row in kept.tasks(tx, people.desk_of(tx, "U1")) if row.task.what.startswith(words)]
    return one


def test_a_shortcut_from_anywhere_tells_how_a_job_is_handed_over(morning: Morning) -> None:
    morning.slack.shortcut("U1", "overnight_new")
    morning.handle()
    assert "overnight: compare the three offers" in shown(morning.said[-1])


# --- how many drafts ------------------------------------------------------------------------------


def asked_four_times() -> list[bytes]:
    """What is due, what needs Ada, what is asked of nobody by name with Ada in Cc, and what somebody else is asked."""
    ada, bob, rita = "Ada <ada@tulip.example>", "Bob <bob@tulip.example>", "Rita Holm <rita@kestrel.example>"
    due = "Hi Ada,\n\nplease send me the signed contract by tomorrow noon.\n\nRita\n"
    mine = "Hi Ada,\n\nwhich dock does the valve ship from?\n\nRita\n"
    along = "Hello all,\n\ncan you tell me how many boxes there are?\n\nRita\n"
    other = "Hi Bob,\n\ncan you call me about the pallets?\n\nRita\n"
    return [
        mail(rita, ada, "Contract", due, at(23, 14)),
        mail(rita, ada, "Dock", mine, at(23, 15)),
        mail(rita, bob, "Boxes", along, at(23, 16), Cc=ada),
        mail(rita, bob, "Pallets", other, at(23, 17), Cc=ada),
    ]


@pytest.mark.parametrize(
    ("level", "drafted"),
    [
        ("all", {"Contract", "Dock", "Boxes"}),
        ("standard", {"Contract", "Dock"}),
        ("high", {"Contract"}),
        ("off", set()),
    ],
)
def test_drafts_are_made_for_as_much_as_their_owner_wants(
    database: Database, tmp_path: Path, model: ModelServer, level: str, drafted: set[str]
) -> None:
    with awake(database, tmp_path, model, company=lambda root: small(root, mails=asked_four_times())) as morning:
        with morning.desk.store.directory() as tx:
            people.change_preferences(tx, morning.ada.id, {"level": level})
        morning.sleep()
        morning.wake()
        with morning.desk.store.as_person(morning.ada.id) as tx:
            made = [row.draft for row in kept.drafts(tx, people.desk_of(tx, "U1"))]
        assert {draft.subject.removeprefix("Re: ") for draft in made} == drafted
        assert ("*Drafts ready*" in morning.text) == bool(drafted)


# --- mailboxes ------------------------------------------------------------------------------------


def connected(morning: Morning, host: str = "localhost") -> int:
    """Ada's mailbox becomes a live one."""
    with morning.desk.store.directory() as tx:
        scope = next(place.id for place in people.places(tx).values() if place.key == "account:ada@tulip.example")
    with morning.desk.store.as_scope(scope) as tx:
        server = accounts.Server(host, "ada", 143, "plain")
        accounts.connect(tx, morning.desk.keys.seals, scope, server, "secret")
        accounts.synced(tx, scope, morning.desk.now())
    return scope


def jobs(morning: Morning, task: str) -> list[dict[str, Any]]:
    with morning.desk.store.directory() as tx:
        query = b"select args from procrastinate_jobs where task_name = %s and status = 'todo' order by id"
        return [row["args"] for row in tx.connection.execute(query, (task,))]


def test_drafts_go_into_the_mailbox_when_their_owner_says_so(morning: Morning) -> None:
    scope = connected(morning)
    morning.wake()
    assert "[Put drafts in my mailbox]" in morning.text
    morning.press("digest.mailbox")
    assert "[Put drafts in my mailbox]" not in morning.text
    assert jobs(morning, "file_drafts") == [{"scope": scope}]
    with morning.desk.store.directory() as tx:
        assert people.preferences(tx, morning.ada.id).shadow is False
    assert "Drafts lie in your Drafts mailbox" in morning.home
    morning.press_home("home.shadow")
    assert "Drafts are shown in Slack only" in morning.home


def test_a_mailbox_is_disconnected_by_its_owner_alone(morning: Morning) -> None:
    scope = connected(morning)
    morning.handle()
    assert "Connected; read 08:00" in morning.home
    morning.slack.press_home("U1", f"home.disconnect/{scope}")
    assert morning.slack.settle()
    forged(morning, "U2")
    morning.heard = len(morning.app.bodies)
    morning.handle()
    assert "Connected; read 08:00" in morning.home
    morning.press_home(f"home.disconnect/{scope}")
    assert "No mailbox is connected." in morning.home
    with morning.desk.store.as_scope(scope) as tx:
        assert accounts.get(tx, scope) is None


def test_a_mail_answered_by_hand_settles_its_draft(morning: Morning, tmp_path: Path) -> None:
    morning.clock.tick(3600)
    asked = next(raw for raw in small_mails() if b"Blue valve" in raw)
    message_id = message_from_bytes(asked)["Message-ID"]
    sent = mail(
        f"Ada <{ADA}>", WADE, "Re: Blue valve", "Hi Wade,\n\nto dock two.\n\nAda\n", at(24, 8), In_Reply_To=message_id
    )
    box = write_mails(tmp_path / "later", [sent])
    imports.import_all(morning.desk.store, None, [imports.MailPath(ADA, box, "sent")], lambda what, count: None)
    morning.settle()
    assert "✓ You answered it yourself: Reply to Wade Larrabee is drafted" in morning.text
    assert [state for state, _ in drafts(morning)] == ["withdrawn"]


@pytest.mark.parametrize(
    ("said", "state"),
    [("It goes to dock two.", "withdrawn"), ("Thanks.", "appended"), ("Ada, can you tell him?", "appended")],
)
def test_a_draft_whose_mail_a_colleague_answers_is_taken_out_of_the_mailbox(
    morning: Morning, tmp_path: Path, said: str, state: str
) -> None:
    scope = connected(morning)
    lies(morning, "appended")
    morning.clock.tick(3600)
    asked = next(raw for raw in small_mails() if b"Blue valve" in raw)
    message_id = message_from_bytes(asked)["Message-ID"]
    reply = mail(
        "Bob <bob@tulip.example>", WADE, "Re: Blue valve", f"Hi Wade,\n\n{said}\n\nBob\n", at(24, 8),
        In_Reply_To=message_id, Cc=f"Ada <{ADA}>",
    )  # fmt: skip
    box = write_mails(tmp_path / "later", [reply])
    imports.import_all(morning.desk.store, None, [imports.MailPath(ADA, box, "inbox")], lambda what, count: None)
    morning.settle()
    morning.settle()
    is_over = state == "withdrawn"
    assert [state for state, _ in drafts(morning)] == [state]
    assert ("✓ No longer needed: Reply to Wade Larrabee is drafted" in morning.text) == is_over
    assert jobs(morning, "file_drafts") == ([{"scope": scope}] if is_over else [])


def test_what_is_said_in_slack_asks_for_another_look_of_those_who_get_digests(ruled: Morning) -> None:
    for user in ("U1", "U2"):
        ruled.slack.say(user, "C1", "Good morning everybody.")
    ruled.hear()
    receive.ingest(ruled.desk, "C1")
    assert jobs(ruled, "settle") == [{"person": ruled.ada.id}]


def test_opening_the_home_tab_shows_it(morning: Morning) -> None:
    morning.slack.open_home("U1")
    morning.hear()
    assert {"person": morning.ada.id} in jobs(morning, "home")


def test_a_promise_of_their_own_mail_is_not_taken_for_its_fulfilment(morning: Morning, tmp_path: Path) -> None:
    """What the person wrote before the night was known to it; only what they write afterwards settles a card."""
    asked = next(raw for raw in small_mails() if b"Blue valve" in raw)
    message_id = message_from_bytes(asked)["Message-ID"]
    before = morning.text
    sent = mail(
        f"Ada <{ADA}>", WADE, "Re: Blue valve", "Hi Wade,\n\nI look it up.\n\nAda\n", at(23, 18), In_Reply_To=message_id
    )
    box = write_mails(tmp_path / "earlier", [sent])
    imports.import_all(morning.desk.store, None, [imports.MailPath(ADA, box, "sent")], lambda what, count: None)
    morning.settle()
    assert morning.text == before and [state for state, _ in drafts(morning)] == ["planned"]
