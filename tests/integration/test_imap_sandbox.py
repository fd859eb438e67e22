"""The sandbox's mailboxes: what the desk does shows in them, and what the person does there the desk finds."""

import datetime as dt
import logging
import threading
from collections.abc import Iterator

import pytest

from bot.embedded.imap import FOLDERS, MailServer, mail_server
from bot.mail import draftsbox, fetch
from bot.mail.account import Login, open_account
from graphs.errors import NeedsPerson

ADA, BOB = "ada@fernhollow.example", "bob@fernhollow.example"
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
MAIL = b"Subject: Friday?\r\nMessage-ID: <q@partner.example>\r\n\r\nCan you come?\r\n"
DRAFT = b"Subject: Re: Friday?\r\nMessage-ID: <d@nd.invalid>\r\nIn-Reply-To: <q@partner.example>\r\n\r\nAt ten.\r\n"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server({ADA: "a", BOB: "b"}) as running:
        yield running


def login(server: MailServer, user: str = ADA) -> Login:
    return Login("127.0.0.1", user, user[0], port=server.port, security="plain")


def test_every_user_has_the_usual_folders_and_sees_no_others_mail(server: MailServer) -> None:
    server.deliver(ADA, MAIL, NOON)
    assert server.users == [ADA, BOB]
    assert sorted(server.folders(BOB)) == sorted(FOLDERS)
    assert [one.raw for one in server.mails(ADA)] == [MAIL]
    assert server.mails(BOB) == []
    with open_account(login(server, BOB)) as account:
        assert account.status("INBOX").messages == 0


def test_what_lay_there_before_is_read_by_the_desk_as_it_arrived(server: MailServer) -> None:
    server.fill(ADA, "INBOX", [(MAIL, NOON - dt.timedelta(days=day)) for day in range(50)])
    with open_account(login(server)) as account:
        uids = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
        found = [one for one in fetch.fetch(account, "INBOX", uids) if isinstance(one, fetch.Fetched)]
    assert [(one.raw, one.received) for one in found] == [(MAIL, NOON - dt.timedelta(days=day)) for day in range(50)]
    assert not found[0].as_raw_mail().unread


def test_new_mail_shows_while_the_desk_is_connected(server: MailServer) -> None:
    with open_account(login(server)) as account:
        account.examine("INBOX")
        uid = server.deliver(ADA, MAIL, NOON)
        now = account.status("INBOX")
        assert fetch.uids_after(account, "INBOX", 0, now) == [uid]


def test_a_draft_of_the_desk_is_sent_by_the_person_and_the_desk_finds_it_in_sent(server: MailServer) -> None:
    with open_account(login(server)) as account:
        place = draftsbox.append(account, DRAFT)
        assert place is not None
        [draft] = server.mails(ADA, "Drafts")
        assert (draft.uid, draft.raw, draft.flags) == (place.uid, DRAFT, frozenset({"\\draft"}))
        sent = server.send_draft(ADA, place.uid, NOON)
        assert server.mails(ADA, "Drafts") == []
        assert draftsbox.read_back(account, place) is None
        assert draftsbox.replies_to(account, "<q@partner.example>") == [("Sent", sent)]
        assert server.mail(ADA, "Sent", sent).raw == DRAFT


def test_an_edited_draft_is_another_mail_and_ours_is_gone(server: MailServer) -> None:
    with open_account(login(server)) as account:
        place = draftsbox.append(account, DRAFT)
        assert place is not None
        edited = server.edit_draft(ADA, place.uid, DRAFT.replace(b"ten", b"eleven"), NOON)
        assert draftsbox.read_back(account, place) is None
        assert [one.uid for one in server.mails(ADA, "Drafts")] == [edited]
        server.delete(ADA, "Drafts", edited)
        assert server.mails(ADA, "Drafts") == []


def test_a_mail_folder_or_user_that_is_not_there_is_told(server: MailServer) -> None:
    for wrong in (
        lambda: server.mail(ADA, "Drafts", 4711),
        lambda: server.mails(ADA, "Nowhere"),
        lambda: server.mails("nobody@fernhollow.example"),
        lambda: server.delete(ADA, "INBOX", 4711),
        lambda: server.send_draft(ADA, 4711, NOON),
    ):
        with pytest.raises(NeedsPerson):
            wrong()


def test_many_threads_may_act_at_once(server: MailServer) -> None:
    threads = [threading.Thread(target=server.deliver, args=(ADA, MAIL, NOON)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.uid for one in server.mails(ADA)}) == 20


def test_a_taken_port_is_told_and_an_ended_server_frees_its_own(server: MailServer) -> None:
    with pytest.raises(NeedsPerson, match="is taken"), mail_server({ADA: "a"}, port=server.port):
        pass
    with mail_server({ADA: "a"}) as first, open_account(login(first)):
        port = first.port
    with mail_server({ADA: "a"}, port=port) as again:
        assert again.port == port


def test_no_mail_is_written_down_at_debug(server: MailServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.deliver(ADA, MAIL, NOON)
    with open_account(login(server)) as account:
        list(fetch.fetch(account, "INBOX", [101]))
        draftsbox.append(account, DRAFT)
    assert "Friday" not in caplog.text
    assert "Can you come" not in caplog.text


def test_it_ends_while_somebody_is_connected() -> None:
    with mail_server({ADA: "a"}) as running, open_account(login(running)) as account:
        account.examine("INBOX")
        running.stop()
    running.stop()  # once more is nothing
    assert "sandbox-imap" not in [thread.name for thread in threading.enumerate()]
