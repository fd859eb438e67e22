"""What somebody deletes or changes is gone from what we made of it: no table holds its words, nothing of ours shows them."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot import backfill, cards, live, morning, receive, rounds
from bot.desk import begin_owner
from bot.embedded.model import Body
from bot.embedded.slack_faults import ratelimited, refused
from bot.slack import blocks
from bot.store import outbox, queue
from graphs.errors import Later
from tests.servers.company import everything, helpful, known, mail
from tests.servers.model import ModelServer
from tests.servers.postgres import Database
from tests.servers.worlds import ADA, DAY, DEALS, DM_ADA, NIGHT, PLANS, PUBLIC, US, WAKE, Town, town

WORD = "hollyhock"
OTHER = "marigold"
LABEL = f"The {WORD} label costs 14 euro."
TAKEN_BACK = "Taken back"


@pytest.fixture
def here(database: Database, model_server: ModelServer) -> Iterator[Town]:
    with town(database, helpful(model_server)) as made:
        yield made


def shown(here: Town, where: str = DM_ADA) -> str:
    """What stands there of ours; of Ada's her Home tab as well."""
    return json.dumps([here.ours(where), here.slack.home("ada") if where == DM_ADA else None])


def told(here: Town) -> None:
    here.hear()


def untold(here: Town) -> None:
    """The event is lost; history shows the message as it is now, or not at all."""
    here.heard.clear()
    backfill.channel(here.desk, PUBLIC)


HEARD = pytest.mark.parametrize("heard", [told, untold])
Heard = Callable[[Town], None]


def delete(here: Town, ts: str, where: str = PUBLIC) -> None:
    here.clock.tick(3600)
    here.slack.delete("ben", where, ts)


def edit(here: Town, ts: str, text: str, where: str = PUBLIC) -> None:
    here.clock.tick(3600)
    here.slack.edit("ben", where, ts, text)


def is_gone(here: Town, database: Database, where: str = DM_ADA) -> bool:
    return WORD not in shown(here, where) and WORD not in everything(database)


def button(here: Town, action: str) -> str:
    """The button or menu of the item that speaks of it."""
    [row] = here.rows(
        "select item ->> 'id' as id from nightdesk.digest, jsonb_array_elements((digest.value -> 'items') || (digest.value -> 'more')) item"
        f" where item ->> 'text' like '%%{WORD}%%' and digest.value ->> 'person' = 'U0ADA'"
        " and item ->> 'section' <> 'answers'"
    )
    return f"{action}/{row['id']}"


# --- cards and tabs -------------------------------------------------------------------------------


@HEARD
def test_a_deleted_message_is_gone_from_cards_tabs_and_every_table(
    here: Town, database: Database, heard: Heard
) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    here.sleep()
    assert WORD in shown(here) and WORD in everything(database)
    delete(here, asked)
    heard(here)
    here.work()
    assert is_gone(here, database)
    assert "printer" in shown(here)


@HEARD
def test_old_words_of_an_edited_message_are_gone_and_its_task_points_at_the_new_ones(
    here: Town, database: Database, heard: Heard
) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, f"We decided to ship the {WORD} on 7 December.")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    here.sleep()
    assert WORD in shown(here) and WORD in everything(database)
    edit(here, asked, f"<@U0ADA> can you review the {OTHER} by Wednesday?")
    edit(here, next(one["ts"] for one in here.slack.messages(PUBLIC) if "7 December" in one["text"]), "Nothing yet.")
    heard(here)
    here.work()
    assert is_gone(here, database)
    assert "look there" in shown(here) and "printer" in shown(here)
    pointing = here.rows("select distinct state from nightdesk.task where value::text like '%%look there%%'")
    assert pointing == [{"state": "open"}]
    here.sleep(NIGHT + timedelta(days=1))
    assert OTHER in json.dumps(here.rows("select value from nightdesk.task")) and OTHER in shown(here)


def test_what_is_done_stays_done_when_its_message_is_changed(here: Town, database: Database) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.sleep()
    here.press("ada", DM_ADA, here.ours(DM_ADA)[0]["ts"], button(here, blocks.DONE))
    edit(here, asked, f"<@U0ADA> can you review the {OTHER} by Wednesday?")
    here.hear()
    here.work()
    assert is_gone(here, database)
    here.sleep(NIGHT + timedelta(days=1))
    assert {"state": "done"} in here.rows("select state from nightdesk.task")
    again = here.rows(
        "select item ->> 'text' as text from nightdesk.digest d, jsonb_array_elements((d.value -> 'items') || (d.value -> 'more')) item"
        " where d.value ->> 'person' = 'U0ADA' and date = (select max(date) from nightdesk.digest)"
        " and item ->> 'section' <> 'answers'"
    )
    assert OTHER not in json.dumps(again)


def test_cards_of_long_ago_and_answers_to_presses_lose_the_words_too(here: Town, database: Database) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.sleep()
    card = here.ours(DM_ADA)[0]["ts"]
    here.press("ada", DM_ADA, card, button(here, blocks.MORE), "why")
    assert "Why this" in shown(here) and "can you review the hollyhock" in shown(here)
    for days in range(1, 12):
        here.sleep(NIGHT + timedelta(days=days))
    assert len({row["date"] for row in here.rows("select date from nightdesk.digest")}) > cards.RECENT
    delete(here, asked)
    here.hear()
    here.work()
    assert is_gone(here, database)
    assert TAKEN_BACK in shown(here) and "Wed 18 Nov" in shown(here)


def test_a_card_that_falls_while_cards_are_made_anew_is_made_anew_itself(here: Town) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    here.sleep()
    for days in range(1, 12):
        here.sleep(NIGHT + timedelta(days=days))
    delete(here, asked)
    here.hear()
    receive.ingest(here.desk, PUBLIC)
    # The end of a look that began before.
    cards.take_back(begin_owner(here.desk, known(here.desk, ADA).id), [])
    here.work()
    assert WORD not in shown(here) and "printer" in shown(here) and TAKEN_BACK not in shown(here)


@pytest.mark.parametrize("step", ["Notes", "Items"])
@pytest.mark.parametrize("act", [delete, lambda here, ts: edit(here, ts, f"<@U0ADA> can you review the {OTHER}?")])
def test_what_changes_while_a_night_is_at_it_is_not_told_in_the_morning(
    here: Town, database: Database, act: Callable[[Town, str], None], step: str
) -> None:
    asked = here.say("ben", PUBLIC, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    read: list[str] = []
    usual = here.model.script[-1][1]
    assert callable(usual)

    def judge(body: Body) -> str:
        if WORD in str(body["messages"]) and f"'name': '{step}'" in str(body) and not read:
            read.append(asked)
            act(here, asked)
            here.hear()
            receive.ingest(here.desk, PUBLIC)
        return usual(body)

    here.model.script.insert(0, (re.compile(""), judge))
    here.sleep()
    assert read and is_gone(here, database)
    assert "printer" in shown(here)


# --- mail -----------------------------------------------------------------------------------------


def with_a_draft(here: Town) -> int:
    """A mail that speaks of it, and a draft for it in Drafts; the UID of the mail."""
    ask = f"Hi Ada,\n\ncan you tell me when the {WORD} ships?\n\nThanks\nWade\n"
    raw = mail("Wade <wade@kestrel.example>", f"Ada <{ADA}>", f"The {WORD}", ask, DAY - timedelta(hours=1))
    uid = here.mail.deliver(ADA, raw, DAY)
    here.sleep()
    assert WORD in shown(here) and drafts(here)
    return uid


def drafts(here: Town) -> list[bytes]:
    """Those in Drafts that speak of it."""
    return [one.raw for one in here.mail.mails(ADA, "Drafts") if WORD.encode() in one.raw]


def read_mail(here: Town) -> None:
    here.clock.tick(3600)
    rounds.mailboxes(here.desk)
    here.work()


def test_a_deleted_mail_takes_our_draft_out_of_drafts_and_its_words_from_everywhere(
    here: Town, database: Database
) -> None:
    uid = with_a_draft(here)
    others = len(here.mail.mails(ADA, "Drafts"))
    here.mail.delete(ADA, "INBOX", uid)
    read_mail(here)
    assert not drafts(here) and len(here.mail.mails(ADA, "Drafts")) == others - 1
    assert is_gone(here, database)
    assert not here.rows("select from nightdesk.draft where state = 'fallen'")


def test_a_draft_that_its_owner_touched_stays_when_the_mail_is_deleted(here: Town) -> None:
    uid = with_a_draft(here)
    [held] = [one for one in here.mail.mails(ADA, "Drafts") if WORD.encode() in one.raw]
    touched = held.raw.replace(b"yes, I will", b"of course I will")
    here.mail.edit_draft(ADA, held.uid, touched, DAY)
    here.mail.delete(ADA, "INBOX", uid)
    read_mail(here)
    assert drafts(here) == [touched]
    assert WORD not in shown(here)


# --- answers --------------------------------------------------------------------------------------


def answers(here: Town) -> None:
    here.model.script.insert(0, (re.compile("asks:"), f"{LABEL[:-1]} [1]."))


def ask(here: Town, where: str = PLANS) -> str:
    answers(here)
    return here.say("ada", where, f"{US} what does the label cost?")


@HEARD
@pytest.mark.parametrize("act", [delete, lambda here, ts: edit(here, ts, "It has no price yet.")])
def test_an_answer_whose_source_is_deleted_or_changed_is_taken_back_once(
    here: Town, database: Database, act: Callable[[Town, str], None], heard: Heard
) -> None:
    source = here.say("ben", PUBLIC, LABEL)
    ask(here)
    assert "14 euro" in shown(here, PLANS)
    before = len(here.slack.calls("chat.update"))
    act(here, source)
    heard(here)
    here.work()
    assert is_gone(here, database, PLANS)
    [answer] = here.ours(PLANS)
    assert TAKEN_BACK in json.dumps(answer)
    assert len(here.slack.calls("chat.update")) == before + 1
    rounds.leftovers(here.desk)
    here.work()
    assert len(here.slack.calls("chat.update")) == before + 1


def test_an_answer_stays_when_something_else_changes(here: Town) -> None:
    here.say("ben", PUBLIC, LABEL)
    other = here.say("ben", PUBLIC, "The printer is called Otto.")
    ask(here)
    edit(here, other, "The printer is called Anna.")
    here.hear()
    here.work()
    assert "14 euro" in shown(here, PLANS) and TAKEN_BACK not in shown(here, PLANS)


def test_an_answer_to_a_deleted_question_is_withdrawn_also_when_nobody_tells(here: Town) -> None:
    here.say("ben", PUBLIC, LABEL)
    answers(here)
    asked = here.say("ben", PUBLIC, f"{US} what does the label cost?")
    delete(here, asked)
    untold(here)
    here.work()
    [answer] = here.ours(PUBLIC)
    assert answer["text"] == live.WITHDRAWN


def test_a_source_that_changes_while_an_answer_is_made_makes_it_anew(here: Town, database: Database) -> None:
    source = here.say("ben", PUBLIC, LABEL)
    asked: list[object] = []

    def answer(body: dict[str, object]) -> str:
        if not asked:
            here.slack.edit("ben", PUBLIC, source, "The label has no price yet.")
            here.hear()
            receive.ingest(here.desk, PUBLIC)
        asked.append(body)
        return f"{LABEL[:-1]} [1]." if "14 euro" in json.dumps(body) else "NOTHING"

    here.model.script.insert(0, (re.compile("asks:"), answer))
    here.say("ada", PLANS, f"{US} what does the label cost?")
    here.work()
    assert len(asked) == 2 and len(here.ours(PLANS)) == 1
    assert is_gone(here, database, PLANS)


def errand(here: Town) -> str:
    """Handed over and done; the ts of what was asked."""
    ts = here.say("ben", PLANS, f"{US} overnight: find what the {WORD} label costs")
    looks = iter([json.dumps({"search": [f"{WORD} label"], "read": [], "done": False})])
    done = json.dumps({"search": [], "read": [], "done": True})
    here.model.script.insert(0, (re.compile("what to look up next"), lambda body: next(looks, done)))
    here.model.script.insert(0, (re.compile("you write its result now"), "It costs 14 euro [1]."))
    for moment in (NIGHT, WAKE):
        here.at(moment)
        rounds.look(here.desk)
        here.work()
    assert "14 euro" in shown(here, PLANS)
    return ts


def test_the_result_of_an_errand_falls_with_its_source(here: Town) -> None:
    source = here.say("ben", PUBLIC, LABEL)
    errand(here)
    assert here.rows("select value from nightdesk.digest where value::text like '%%14 euro%%'")
    delete(here, source)
    here.hear()
    here.work()
    assert "14 euro" not in shown(here, PLANS) and TAKEN_BACK in shown(here, PLANS)
    assert "14 euro" not in json.dumps(here.rows("select result::text from nightdesk.errand"))
    assert "14 euro" not in json.dumps(here.rows("select value::text from nightdesk.digest"))


@pytest.mark.parametrize("late", [False, True])
def test_a_deleted_errand_leaves_no_word_of_it(here: Town, database: Database, late: bool) -> None:
    if late:
        here.say("ben", PUBLIC, "The label costs 14 euro.")
    ts = errand(here) if late else here.say("ben", PLANS, f"{US} overnight: find what the {WORD} label costs")
    delete(here, ts, PLANS)
    here.hear()
    here.work()
    assert is_gone(here, database, PLANS)
    assert here.rows("select state from nightdesk.errand") == [{"state": "done" if late else "discarded"}]


def test_an_errand_that_waits_is_done_by_its_new_words(here: Town, database: Database) -> None:
    ts = here.say("ben", PLANS, f"{US} overnight: find what the {WORD} label costs")
    edit(here, ts, f"{US} overnight: find what the {OTHER} label costs", PLANS)
    here.hear()
    here.work()
    assert is_gone(here, database, PLANS)
    assert OTHER in shown(here, PLANS)
    assert here.rows("select state, value ->> 'words' as words from nightdesk.errand") == [
        {"state": "waiting", "words": f"find what the {OTHER} label costs"}
    ]


# --- what waits for Slack -------------------------------------------------------------------------


def waiting(here: Town, who: str, where: str, text: str) -> None:
    """An answer is made that Slack does not take for a while."""
    here.slack.fails("chat.startStream", refused("not_allowed"))
    here.slack.fails("chat.postMessage", ratelimited(1))
    answers(here)
    here.clock.tick(60)
    ts = here.slack.say(who, where, text)
    here.hear()
    live.reply(here.desk, where, ts)
    assert not here.ours(where)
    assert here.rows("select state from nightdesk.outbox where key like 'answer/%%'") == [{"state": "wanted"}]


def nothing(here: Town) -> None:
    pass


def a_guest_joins(here: Town) -> None:
    here.slack.join("cleo", PLANS)


def the_asker_leaves(here: Town) -> None:
    here.slack.leave("ada", DEALS)


def the_source_goes(here: Town) -> None:
    here.slack.delete("ben", PUBLIC, here.slack.messages(PUBLIC)[-1]["ts"])


@pytest.mark.parametrize(
    ("act", "stands"), [(nothing, True), (a_guest_joins, False), (the_source_goes, False), (the_asker_leaves, True)]
)
def test_an_answer_that_waits_for_slack_is_looked_at_again_before_it_is_said(
    here: Town, act: Callable[[Town], None], stands: bool
) -> None:
    here.say("ben", PUBLIC, LABEL)
    waiting(here, "ben", PLANS, f"{US} what does the label cost?")
    act(here)
    here.hear()
    here.work()
    [answer] = here.ours(PLANS)
    assert ("14 euro" in json.dumps(answer)) is stands
    assert stands or TAKEN_BACK in json.dumps(answer)


@pytest.mark.parametrize("leaves", [False, True])
def test_who_left_a_channel_is_not_told_what_waited_for_slack(here: Town, leaves: bool) -> None:
    here.say("dan", DEALS, LABEL)
    waiting(here, "ada", DM_ADA, "What does the label cost?")
    if leaves:
        the_asker_leaves(here)
    here.hear()
    here.work()
    [answer] = here.ours(DM_ADA)
    assert ("14 euro" in json.dumps(answer)) is not leaves


@pytest.mark.parametrize("leaves", [False, True])
def test_a_digest_that_waited_for_slack_is_made_anew_with_the_rights_of_now(here: Town, leaves: bool) -> None:
    here.say("ben", PLANS, f"<@U0ADA> can you review the {WORD} by Wednesday?")
    here.say("ben", PUBLIC, "<@U0ADA> can you call the printer by Wednesday?")
    here.at(NIGHT)
    rounds.look(here.desk)
    here.work()
    here.at(WAKE)
    here.slack.fails("chat.postMessage", ratelimited(1))
    with pytest.raises(Later):
        morning.deliver(here.desk, here.person("ada").id, WAKE.date().isoformat())
    if leaves:
        here.slack.leave("ada", PLANS)
        here.hear()
    with here.desk.store.directory() as tx:
        for row in outbox.pending(tx):
            queue.defer(tx, outbox.delivery(row["scope_id"], row["key"]))
    here.work()
    assert (WORD in shown(here)) is not leaves
    assert "printer" in shown(here) and TAKEN_BACK not in shown(here)
