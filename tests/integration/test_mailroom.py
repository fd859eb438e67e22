"""A connected mailbox on a real Dovecot: what is read, what is noticed, and drafts that lie there exactly once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import psycopg
import pytest

from bot import draftroom, hours, mailroom
from bot.desk import Desk
from bot.store import accounts, nights, people
from bot.store import desk as kept
from bot.store.accounts import Filed, Server
from graphs.domain import Address, Draft, Preferences, Receipt
from graphs.errors import Later, Unsure
from tests.servers.company import desk_over, dump, everything
from tests.servers.cut import Link, Plan, linked
from tests.servers.dovecot import FULL, KEEPING, PASSWORD, Dovecot, Profile
from tests.servers.postgres import Database
from tests.servers.verbs import strange

ADA = "ada@ours.example"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NIGHT = NOON.date() + timedelta(days=1)


@dataclass
class Office:
    """Ada's connected mailbox. `now` is what the desk takes for the present. `link` remembers what is asked of the server."""

    desk: Desk
    database: Database
    server: Dovecot
    link: Link
    scope: int
    ada: int
    ada_desk: int
    clock: list[datetime]

    def connect(self, port: int | None = None, password: str = PASSWORD) -> None:
        where = Server("127.0.0.1", ADA, port or self.link.port, "plain")
        with self.desk.store.as_scope(self.scope) as tx:
            accounts.connect(tx, self.desk.keys.seals, self.scope, where, password)

    def sync(self) -> None:
        mailroom.sync(self.desk, self.scope)

    def file(self) -> None:
        draftroom.file_drafts(self.desk, self.scope)

    def later(self, seconds: float = 200) -> None:
        self.clock[0] += timedelta(seconds=seconds)

    def stored(self) -> dict[str, str]:
        """Text by subject, of what is not deleted."""
        with self.desk.store.as_scope(self.scope) as tx:
            rows = tx.connection.execute(
                "select facts ->> 'subject' as subject, text from nightdesk.message where deleted_at is null"
            ).fetchall()
        return {row["subject"]: row["text"] for row in rows}

    def plan(self, asks: EmailMessage, body: str = "Yes, at ten.") -> Draft:
        mail, draft = reply(asks, body)
        with self.desk.store.as_person(self.ada) as tx:
            kept.plan_draft(tx, self.ada_desk, draft, mail, NIGHT)
        return draft

    def drafts(self) -> list[kept.DraftRow]:
        with self.desk.store.as_person(self.ada) as tx:
            return kept.drafts(tx, self.ada_desk)

    def states(self) -> list[str]:
        return [row.state for row in self.drafts()]

    def filed(self) -> list[Filed]:
        with self.desk.store.as_person(self.ada) as tx:
            return accounts.ledger(tx, self.ada_desk, ADA)

    def move(self, draft: Draft, to: str) -> None:
        with self.desk.store.as_person(self.ada) as tx:
            kept.move_draft(tx, self.ada_desk, draft, ("planned", "appended"), to)

    def in_drafts(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.server.mails(ADA, "Drafts")]

    def account(self) -> accounts.Connected:
        with self.desk.store.as_scope(self.scope) as tx:
            found = accounts.get(tx, self.scope)
        assert found is not None
        return found


def reply(asks: EmailMessage, body: str) -> tuple[bytes, Draft]:
    answers = str(asks["Message-ID"])
    mail = EmailMessage()
    mail["From"], mail["To"] = ADA, str(asks["From"])
    mail["Subject"] = f"Re: {asks['Subject']}"
    mail["Message-ID"] = made = f"<draft-of-{answers.strip('<>')}>"
    mail["In-Reply-To"] = mail["References"] = answers
    mail.set_content(body)
    draft = Draft(
        account=ADA, message_id=made, in_reply_to=answers, to=(Address(address="bob@partner.example"),),
        sender=Address(address=ADA), subject=str(mail["Subject"]), body=body, receipt=Receipt(), asked_at=NOON,
    )  # fmt: skip
    return mail.as_bytes().replace(b"\n", b"\r\n"), draft


@contextmanager
def office_on(server: Dovecot, database: Database) -> Iterator[Office]:
    """Whatever is tried there: nothing may be asked of the server but what `verbs` allows."""
    with desk_over(database) as bare, linked(server.port) as link:
        clock = [NOON]
        desk = replace(bare, now=lambda: clock[0], mail_patience=3.0)
        with desk.store.directory() as tx:
            scope = people.put_account(tx, ADA)
            people.finish_people(tx)
            found = people.find(tx, ADA)
            assert found is not None
            people.set_preferences(tx, found.id, Preferences(shadow=False))
            mine = people.desk_of(tx, ADA)
        made = Office(desk, database, server, link, scope, found.id, mine, clock)
        made.connect()
        yield made
        assert strange(link.commands) == []


@pytest.fixture
def office(dovecot: Dovecot, database: Database) -> Iterator[Office]:
    with office_on(dovecot, database) as made:
        yield made


# --- reading --------------------------------------------------------------------------------------


def test_inbox_and_sent_are_read_once_and_reading_leaves_no_trace(office: Office) -> None:
    office.server.receive(ADA, "Friday?")
    office.server.receive(ADA, "Re: Monday", "Fine by me.", folder="Sent", From=ADA)
    office.sync()
    before = dump(office.database)
    office.sync()

    assert office.stored() == {"Friday?": "Can you come?", "Re: Monday": "Fine by me."}
    assert {name: rows for name, rows in dump(office.database).items() if name != "account"} == {
        name: rows for name, rows in before.items() if name != "account"
    }
    assert "\\Seen" not in str(office.server.mails(ADA)[0]["X-Flags"])


def test_a_new_mail_is_found_in_its_thread_without_reading_the_others_again(office: Office) -> None:
    first = office.server.receive(ADA, "Offer")
    office.sync()
    office.server.receive(ADA, "Re: Offer", "And the price?", In_Reply_To=first["Message-ID"])
    office.sync()

    with office.desk.store.as_scope(office.scope) as tx:
        threads = tx.connection.execute("select count(distinct thread) as n from nightdesk.message").fetchone()
    assert set(office.stored()) == {"Offer", "Re: Offer"} and threads == {"n": 1}


def test_a_deleted_mail_is_forgotten_and_an_archived_one_is_only_put_away(office: Office) -> None:
    office.server.receive(ADA, "Secret plan", "The codeword is Heron.")
    office.server.receive(ADA, "Invoice", "Please keep this.")
    office.sync()
    with office.server.client(ADA) as mail_program:
        mail_program.select_folder("INBOX")
        mail_program.move(mail_program.search(["SUBJECT", "Invoice"]), "Archive")
    office.server.remove(ADA, "INBOX", [1])
    office.sync()

    assert set(office.stored()) == {"Invoice"}
    assert "Heron" not in everything(office.database)


def test_uids_given_anew_double_nothing(office: Office) -> None:
    for subject in ("One", "Two", "Three"):
        office.server.receive(ADA, subject)
    office.sync()
    before = dump(office.database)["message"]
    office.server.forget_uids(ADA)
    office.server.receive(ADA, "Four")
    office.sync()

    assert set(office.stored()) == {"One", "Two", "Three", "Four"}
    assert set(before) <= set(dump(office.database)["message"])


@pytest.mark.parametrize("cut", [400, 900, 2_000, 3_500, 5_000])
def test_a_line_that_breaks_while_reading_leaves_no_gap(office: Office, cut: int) -> None:
    for number in range(12):
        office.server.receive(ADA, f"Mail {number}")
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(cut_down=cut))
        with pytest.raises(Later):
            office.sync()
        office.sync()

    assert set(office.stored()) == {f"Mail {number}" for number in range(12)}


def test_a_first_connect_reaches_back_two_weeks_and_later_ones_read_all_that_is_new(office: Office) -> None:
    with office.server.client(ADA) as mail_program:
        old = b"From: bob@partner.example\r\nSubject: Last year\r\nMessage-ID: <old@x>\r\n\r\nLong ago.\r\n"
        mail_program.append("INBOX", old, msg_time=NOON - timedelta(days=300))
    office.server.receive(ADA, "Today")
    office.clock[0] = datetime.now(UTC)  # INTERNALDATE is the server's clock
    office.sync()
    assert set(office.stored()) == {"Today"}

    with office.server.client(ADA) as mail_program:
        mail_program.append("INBOX", old.replace(b"<old@x>", b"<moved@x>"), msg_time=NOON - timedelta(days=300))
    office.sync()
    assert set(office.stored()) == {"Today", "Last year"}


def test_a_refused_password_pauses_the_mailbox_until_it_is_connected_again(office: Office) -> None:
    office.connect(password="wrong")
    office.sync()
    paused = office.account()
    assert paused.state == "paused" and "password" in paused.problem and "wrong" not in paused.problem

    with linked(office.link.port) as link:
        office.sync()  # no retry storm: nothing is asked of the server
        assert link.commands == []
    office.server.receive(ADA, "Friday?")
    office.connect()
    office.sync()
    assert set(office.stored()) == {"Friday?"} and office.account().state == "ok"


def test_a_password_stands_in_no_table_and_opens_in_no_other_row(office: Office) -> None:
    held = office.account()
    assert PASSWORD not in everything(office.database)
    with pytest.raises(Exception, match="no key of the key ring"):
        accounts.password(office.desk.keys.seals, replace(held, scope=held.scope + 1))
    assert accounts.password(office.desk.keys.seals, held) == PASSWORD


def test_a_disconnected_mailbox_leaves_no_word_behind(office: Office) -> None:
    office.server.receive(ADA, "Secret plan", "The codeword is Heron.")
    office.sync()
    with office.desk.store.as_scope(office.scope) as tx:
        accounts.disconnect(tx)
    left = everything(office.database)
    assert "Heron" not in left and "codeword" not in left
    office.sync()  # nothing to do


# --- drafts ---------------------------------------------------------------------------------------


def test_a_night_leaves_one_threaded_draft_and_sends_nothing(office: Office) -> None:
    question = office.server.receive(ADA, "Friday?")
    office.plan(question)
    office.file()
    office.file()

    [draft] = office.server.mails(ADA, "Drafts")
    assert draft["In-Reply-To"] == draft["References"] == question["Message-ID"]
    assert "\\Draft" in str(draft["X-Flags"]) and office.states() == ["appended"]
    assert office.server.mails(ADA, "Sent") == []


def test_in_shadow_nights_nothing_is_put_into_the_mailbox(office: Office) -> None:
    with office.desk.store.directory() as tx:
        people.set_preferences(tx, office.ada, Preferences(shadow=True))
    office.plan(office.server.receive(ADA))
    office.file()
    assert office.in_drafts() == [] and office.states() == ["planned"]


@pytest.mark.parametrize(
    ("chosen", "slept", "lies"), [(None, 3, False), (None, 4, True), (True, 4, False), (False, 1, True)]
)
def test_the_first_three_nights_only_show_their_drafts_unless_their_owner_chose(
    office: Office, chosen: bool | None, slept: int, lies: bool
) -> None:
    with office.desk.store.directory() as tx:
        people.set_preferences(tx, office.ada, Preferences(shadow=chosen))
    draft = office.plan(office.server.receive(ADA))
    office.sync()
    sleep_through(office, slept)
    office.file()
    assert office.in_drafts() == ([draft.message_id] if lies else [])


def test_nights_before_there_was_a_mailbox_and_one_that_still_runs_are_none_of_the_first(office: Office) -> None:
    with office.desk.store.directory() as tx:
        people.set_preferences(tx, office.ada, Preferences())
    office.plan(office.server.receive(ADA))
    sleep_through(office, 4)
    office.later(5 * 86400)
    office.sync()
    sleep_through(office, 3, NIGHT + timedelta(days=5))
    with office.desk.store.directory() as tx:
        nights.begin(tx, office.ada, morning_of(NIGHT + timedelta(days=8)), office.clock[0], "")
    office.file()
    assert office.in_drafts() == []
    office.connect()  # with another password, say
    office.later(4 * 86400)
    office.sync()
    sleep_through(office, 1, NIGHT + timedelta(days=8))
    office.file()
    assert len(office.in_drafts()) == 1


def sleep_through(office: Office, count: int, first: date = NIGHT) -> None:
    for day in (first + timedelta(days=n) for n in range(count)):
        with office.desk.store.directory() as tx:
            nights.begin(tx, office.ada, morning_of(day), office.clock[0], "")
            nights.slept(tx, office.ada, day, morning_of(day).wakes)


def morning_of(day: date) -> hours.Morning:
    return hours.morning(Preferences(), ZoneInfo("UTC"), day)


def test_an_append_of_unknown_outcome_is_looked_for_and_not_repeated(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(mute="APPEND"))
        with pytest.raises(Unsure):
            office.file()
        with pytest.raises(Later) as too_early:
            office.file()
        assert too_early.value.after is not None and 0 < too_early.value.after <= 120
        office.later()
        office.file()

    assert office.in_drafts() == [draft.message_id] and office.states() == ["appended"]


def test_an_append_that_never_arrived_is_made_after_the_quarantine(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(cut_up=700))
        with pytest.raises(Unsure):
            office.file()
        office.later()
        office.file()
    assert office.in_drafts() == [draft.message_id] and office.states() == ["appended"]


def test_an_append_that_a_server_finishes_after_the_quarantine_is_taken_out_again(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(hold="APPEND"))
        with pytest.raises(Unsure):
            office.file()
        office.later()
        office.file()
        link.release()
        wait_for(lambda: len(office.in_drafts()) == 2)
        office.sync()
    assert office.in_drafts() == [draft.message_id] and office.states() == ["appended"]


def wait_for(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline


def test_a_reply_that_the_person_sent_meanwhile_needs_no_draft(office: Office) -> None:
    question = office.server.receive(ADA)
    office.plan(question)
    office.server.receive(ADA, "Re: Friday?", "Yes!", folder="Sent", From=ADA, In_Reply_To=question["Message-ID"])
    office.file()
    assert office.in_drafts() == [] and office.states() == ["withdrawn"]


def restore_from_before_the_append(office: Office) -> None:
    """What a database that is restored knows of drafts that were put into the mailbox after the backup."""
    with psycopg.connect(office.database.admin) as admin:
        admin.execute(
            "update nightdesk.draft set state = 'planned', uid = null, uidnext = null, stands = null, appended_at = null"
        )


def test_a_restored_backup_puts_no_draft_there_twice_and_what_was_touched_since_stays_as_it_is(office: Office) -> None:
    ours = office.plan(office.server.receive(ADA, "One"))
    touched = office.plan(office.server.receive(ADA, "Two"))
    office.file()
    edit(office, touched, "Yes, at eleven.")
    restore_from_before_the_append(office)
    office.file()
    assert sorted(office.in_drafts()) == sorted([ours.message_id, "<edited@ours.example>"])
    assert sorted(office.states()) == ["appended", "withdrawn"]

    office.move(ours, "withdrawn")
    office.file()
    assert office.in_drafts() == ["<edited@ours.example>"]


def test_a_reply_that_the_person_has_begun_meanwhile_gets_no_second_one_beside_it(office: Office) -> None:
    asks = office.server.receive(ADA, "One")
    office.plan(asks)
    office.server.receive(
        ADA, "Re: One", "I think that", folder="Drafts", From=ADA, In_Reply_To=str(asks["Message-ID"])
    )
    office.file()
    assert len(office.in_drafts()) == 1 and office.states() == ["withdrawn"]


def test_a_moot_draft_goes_only_while_it_is_ours_byte_for_byte(office: Office) -> None:
    untouched = office.plan(office.server.receive(ADA, "One"))
    touched = office.plan(office.server.receive(ADA, "Two"))
    office.file()
    edit(office, touched, "Yes, at eleven.")
    for draft in (untouched, touched):
        office.move(draft, "withdrawn")
    office.file()

    [left] = office.server.mails(ADA, "Drafts")
    assert "eleven" in str(left.get_payload())
    assert sorted(office.states()) == ["withdrawn", "withdrawn"]


def edit(office: Office, draft: Draft, body: str) -> None:
    """As mail programs do: a new mail in Drafts, and the old one deleted."""
    [uid] = [int(m["X-Uid"]) for m in office.server.mails(ADA, "Drafts") if m["Message-ID"] == draft.message_id]
    office.server.receive(
        ADA, draft.subject, body, folder="Drafts", From=ADA, In_Reply_To=draft.in_reply_to,
        References=draft.in_reply_to, Message_ID="<edited@ours.example>",
    )  # fmt: skip
    office.server.remove(ADA, "Drafts", [uid])


def test_what_became_of_each_draft_is_noticed(office: Office) -> None:
    kinds = ("kept", "edited", "sent", "discarded")
    drafts = {kind: office.plan(office.server.receive(ADA, kind)) for kind in kinds}
    office.file()
    office.sync()
    uids = {str(m["Message-ID"]): int(m["X-Uid"]) for m in office.server.mails(ADA, "Drafts")}
    edit(office, drafts["edited"], "Yes, at eleven.")
    office.server.receive(ADA, "Re: sent", "Yes.", folder="Sent", From=ADA, In_Reply_To=drafts["sent"].in_reply_to)
    office.server.remove(ADA, "Drafts", [uids[drafts[kind].message_id] for kind in ("sent", "discarded")])
    office.sync()
    soon = {row.draft.in_reply_to: row.state for row in office.drafts()}
    office.later()
    office.sync()
    late = {row.draft.in_reply_to: row.state for row in office.drafts()}

    assert soon[drafts["discarded"].in_reply_to] == "appended"  # it may be on its way to Sent
    assert [late[drafts[kind].in_reply_to] for kind in kinds] == ["appended", "edited", "sent", "discarded"]


def answer_by_hand(office: Office, draft: Draft, **headers: str) -> None:
    office.server.receive(
        ADA, draft.subject, "Yes, but at noon.", folder="Sent", From=ADA, In_Reply_To=draft.in_reply_to, **headers
    )


def uid_of(office: Office, draft: Draft) -> int:
    [uid] = [int(m["X-Uid"]) for m in office.server.mails(ADA, "Drafts") if m["Message-ID"] == draft.message_id]
    return uid


def test_a_draft_whose_mail_its_owner_answers_by_hand_is_withdrawn_after_the_quarantine(office: Office) -> None:
    answered, waiting = (office.plan(office.server.receive(ADA, subject)) for subject in ("One", "Two"))
    office.file()
    answer_by_hand(office, answered)
    office.sync()
    assert sorted(office.states()) == ["appended", "withdrawn"] and filing_wanted(office)
    with pytest.raises(Later) as too_early:
        office.file()
    assert too_early.value.after is not None and 0 < too_early.value.after <= 120
    assert len(office.in_drafts()) == 2
    office.later()
    office.file()
    office.sync()
    assert office.in_drafts() == [waiting.message_id] and sorted(office.states()) == ["appended", "withdrawn"]


def filing_wanted(office: Office) -> bool:
    with office.desk.store.directory() as tx:
        query = "select count(*) as n from procrastinate_jobs where task_name = 'file_drafts' and status = 'todo'"
        row = tx.connection.execute(query).fetchone()
    return row is not None and bool(row["n"])


def test_a_draft_that_a_mail_program_is_sending_just_then_was_sent(office: Office) -> None:
    """Some put the mail into Sent first, and take the draft out a moment later."""
    draft = office.plan(office.server.receive(ADA))
    office.file()
    answer_by_hand(office, draft)
    office.sync()
    office.server.remove(ADA, "Drafts", [uid_of(office, draft)])
    office.later()
    office.file()
    assert office.states() == ["sent"] and office.filed() == []


def test_a_draft_that_its_owner_touched_stays_although_they_answered_by_hand(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    office.file()
    edit(office, draft, "Yes, at eleven.")
    answer_by_hand(office, draft)
    for _ in range(2):
        office.sync()
        office.file()
        office.later()
    assert office.in_drafts() == ["<edited@ours.example>"]


def test_an_automatic_answer_withdraws_no_draft(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    office.file()
    answer_by_hand(office, draft, Auto_Submitted="auto-replied")
    office.sync()
    assert office.states() == ["appended"] and office.in_drafts() == [draft.message_id]


def test_a_line_that_breaks_behind_the_removal_of_a_withdrawn_draft_is_not_taken_for_its_sending(
    office: Office,
) -> None:
    draft = office.plan(office.server.receive(ADA))
    office.file()
    answer_by_hand(office, draft)
    office.sync()
    office.later()
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(mute="UID EXPUNGE"))
        with pytest.raises(Later):
            office.file()
        assert office.in_drafts() == []
        office.file()
    assert office.states() == ["withdrawn"] and office.filed() == []


def test_uids_given_anew_while_a_withdrawn_draft_waits_keep_it_from_nothing(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    office.file()
    answer_by_hand(office, draft)
    office.sync()
    office.server.forget_uids(ADA)
    office.later()
    office.file()
    assert office.in_drafts() == [] and office.states() == ["withdrawn"]


def test_a_draft_that_was_missed_and_discarded_is_not_taken_out_in_the_words_of_its_owner(office: Office) -> None:
    """Some mail programs keep the Message-ID of what is changed."""
    draft = office.plan(office.server.receive(ADA))
    office.file()
    uid = uid_of(office, draft)
    office.server.remove(ADA, "Drafts", [uid])
    office.sync()
    office.server.receive(
        ADA, draft.subject, "Yes, at eleven.", folder="Drafts", From=ADA, Message_ID=draft.message_id,
        In_Reply_To=draft.in_reply_to,
    )  # fmt: skip
    office.move(draft, "discarded")
    office.later()
    office.file()
    [left] = office.server.mails(ADA, "Drafts")
    assert "eleven" in str(left.get_payload())


def test_uids_given_anew_lose_no_draft(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    office.file()
    office.server.forget_uids(ADA)
    office.sync()
    office.later()
    office.sync()
    assert office.states() == ["appended"]
    office.move(draft, "withdrawn")
    office.file()
    assert office.in_drafts() == []


def test_our_own_draft_is_not_taken_for_words_of_the_person(office: Office) -> None:
    office.plan(office.server.receive(ADA), "Yes, with pleasure and bells.")
    office.file()
    office.sync()
    assert "bells" not in " ".join(office.stored().values())


@pytest.mark.parametrize(("profile", "says"), [(FULL, "full")])
def test_a_mailbox_that_refuses_keeps_the_draft_here_with_the_reason(
    dovecots: Callable[[Profile], Dovecot], database: Database, profile: Profile, says: str
) -> None:
    server = dovecots(profile)
    with office_on(server, database) as office:
        office.plan(office.server.receive(ADA), "x" * 200_000)
        office.file()
        [left] = office.filed()
        assert left.state == "planned" and says in left.problem and office.in_drafts() == []


def test_a_server_that_keeps_what_should_go_is_told_of(
    dovecots: Callable[[Profile], Dovecot], database: Database
) -> None:
    with office_on(dovecots(KEEPING), database) as office:
        draft = office.plan(office.server.receive(ADA))
        office.file()
        office.move(draft, "withdrawn")
        office.file()
        assert office.states() == ["withdrawn"] and office.in_drafts() == [draft.message_id]
        assert "right to delete" in everything(database)


def test_a_draft_that_is_moot_before_its_outcome_is_known_is_taken_out_when_it_is(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.plans.append(Plan(mute="APPEND"))
        with pytest.raises(Unsure):
            office.file()
    assert office.in_drafts() == [draft.message_id]
    office.move(draft, "withdrawn")
    office.connect()
    office.later()
    office.file()
    assert office.in_drafts() == [] and office.states() == ["withdrawn"]


def test_a_line_that_breaks_behind_an_append_doubles_nothing_where_servers_do_not_say_uids(office: Office) -> None:
    drafts = [office.plan(office.server.receive(ADA, subject)) for subject in ("One", "Two")]
    with linked(office.link.port) as link:
        office.connect(link.port)
        link.rewrite = (b"[APPENDUID ", b"[XPPENDUID ")
        link.plans.append(Plan(instead=(("UID FETCH", ""),)))
        with pytest.raises(Later):
            office.file()
        for _ in range(2):
            office.later()
            office.file()
    assert office.in_drafts() == [draft.message_id for draft in drafts] and set(office.states()) == {"appended"}


def test_a_mailbox_whose_server_asks_for_patience_gets_its_drafts_afterwards(office: Office) -> None:
    draft = office.plan(office.server.receive(ADA))
    with office.desk.store.as_scope(office.scope) as tx:
        accounts.wait(tx, office.scope, office.clock[0] + timedelta(seconds=300))
    with pytest.raises(Later) as asked:
        office.file()
    assert asked.value.after == 300 and office.in_drafts() == []
    office.later(301)
    office.file()
    assert office.in_drafts() == [draft.message_id]
