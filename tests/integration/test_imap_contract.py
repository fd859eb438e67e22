"""What reading a mailbox and putting drafts there promise, on every kind of mail server that we can start."""

import hashlib
from collections.abc import Callable, Iterator

import pytest

from bot.embedded.imap import mail_server
from bot.mail import draftsbox, fetch
from bot.mail.account import Account, Login, Place, open_account
from bot.mail.imap_errors import LoginRefused, Refused
from graphs.errors import NightdeskError
from tests.servers.dovecot import PROFILES, Dovecot, Profile, mail_program, need_dovecot

ADA = "ada@fernhollow.example"
OURS = "<nd.0123456789abcdef@nightdesk.invalid>"
KINDS = [*PROFILES, None]
"""Dovecot as each of these, and pymap."""


@pytest.fixture(params=KINDS, ids=lambda profile: profile.name if profile else "pymap")
def login(request: pytest.FixtureRequest, dovecots: Callable[[Profile], Dovecot]) -> Iterator[Login]:
    """The way into an empty mailbox."""
    if request.param is not None:
        need_dovecot()
        yield dovecots(request.param).user(ADA)
        return
    with mail_server({ADA: "a-password"}) as server:
        yield Login("127.0.0.1", ADA, "a-password", port=server.port, security="plain")


@pytest.fixture
def account(login: Login) -> Iterator[Account]:
    with open_account(login, timeout=20) as opened:
        yield opened


def mail(number: int, size: int = 100, head: str = "") -> bytes:
    lines = "So much for today, and more about it tomorrow when we meet.\r\n" * (size // 60)
    subject = f"Subject: Mail {number}\r\nMessage-ID: <m{number}@partner.example>\r\n{head}"
    return f"{subject}\r\n{lines}Yours, nr {number}\r\n".encode()


def put(login: Login, folder: str, *mails: bytes) -> None:
    with mail_program(login) as program:
        for one in mails:
            program.append(folder, one)


def whole_inbox(account: Account) -> list[fetch.Fetched]:
    uids = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
    found = list(fetch.fetch(account, "INBOX", uids))
    return [one for one in found if isinstance(one, fetch.Fetched)]


def test_every_mail_comes_byte_for_byte_in_order_and_stays_unread(login: Login, account: Account) -> None:
    mails = [mail(number, size) for number, size in enumerate((10, 70_000, 300, 200_000))]
    mails.append(mail(4, 60_000).ljust(fetch.HEAD - 2, b"x") + b"\r\n")  # ends where the first part does
    put(login, "INBOX", *mails)
    found = whole_inbox(account)
    assert [one.raw for one in found] == mails
    assert not any(one.is_cut for one in found)
    assert [one.uid for one in found] == sorted(one.uid for one in found)
    assert all(one.received and one.received.tzinfo for one in found)
    assert all(one.as_raw_mail().unread for one in whole_inbox(account))


def test_new_mail_is_found_behind_the_cursor_and_the_last_known_are_asked_for_again(
    login: Login, account: Account
) -> None:
    put(login, "INBOX", *(mail(number) for number in range(5)))
    known = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
    put(login, "INBOX", mail(5), mail(6))
    now = account.status("INBOX")
    assert len(fetch.uids_after(account, "INBOX", known[-1], now, overlap=0)) == 2
    assert fetch.uids_after(account, "INBOX", known[-1], now, overlap=2)[:2] == known[-2:]
    assert fetch.uids_after(account, "INBOX", known[-1], now)[:5] == known


def test_uids_with_wide_gaps_are_found_with_few_commands(login: Login, account: Account) -> None:
    put(login, "INBOX", *(mail(number) for number in range(7)))
    known = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
    now = account.status("INBOX")
    far = type(now)(now.uidvalidity, 4_000_000_000, now.messages)  # as if the server gave away numbers generously
    assert fetch.uids_after(account, "INBOX", 0, far) == known
    assert fetch.uids_after(account, "INBOX", known[2], far, overlap=0) == known[3:]


def test_what_was_removed_is_left_out_and_told_apart_from_what_is_there(login: Login, account: Account) -> None:
    put(login, "INBOX", *(mail(number) for number in range(4)))
    before = account.status("INBOX")
    known = fetch.uids_after(account, "INBOX", 0, before)
    assert fetch.none_gone(before, account.status("INBOX"))
    put(login, "INBOX", mail(4))
    assert fetch.none_gone(before, account.status("INBOX"))
    with mail_program(login) as program:
        program.select_folder("INBOX")
        program.delete_messages([known[1]])
        program.expunge()
    now = account.status("INBOX")
    assert not fetch.none_gone(before, now)
    assert fetch.present(account, "INBOX", known, now) == set(known) - {known[1]}
    assert [one.uid for one in fetch.fetch(account, "INBOX", known)] == [known[0], *known[2:]]


def test_an_empty_folder_is_no_matter(account: Account) -> None:
    assert whole_inbox(account) == []
    assert fetch.present(account, "INBOX", [1, 2], account.status("INBOX")) == set()


def test_a_draft_is_put_found_read_back_and_taken_out_again(login: Login, account: Account) -> None:
    put(login, account.drafts, mail(1))
    draft = mail(2).replace(b"<m2@partner.example>", OURS.encode())
    intent = draftsbox.before(account)
    assert draftsbox.find_since(account, intent, OURS) is None
    place = draftsbox.append(account, draft)
    assert place is not None
    assert draftsbox.find_since(account, intent, OURS) == place
    assert draftsbox.find_since(account, intent, "<m1@partner.example>") is None  # it was there before
    lies_there = draftsbox.read_back(account, place)
    assert lies_there == draft
    with mail_program(login) as program:
        program.select_folder(account.drafts, readonly=True)
        assert rb"\Draft" in program.fetch([place.uid], ["FLAGS"])[place.uid][b"FLAGS"]

    assert draftsbox.remove(account, place, hashlib.sha256(b"what a person made of it").hexdigest()) == "changed"
    assert draftsbox.read_back(account, place) == draft
    gone = draftsbox.remove(account, place, hashlib.sha256(lies_there).hexdigest())
    assert gone == ("removed" if account.can("UIDPLUS") else "no UIDPLUS")
    assert (draftsbox.read_back(account, place) is None) == account.can("UIDPLUS")
    assert account.status(account.drafts).messages == (1 if account.can("UIDPLUS") else 2)


def test_a_draft_that_the_person_removed_is_gone(login: Login, account: Account) -> None:
    place = draftsbox.append(account, mail(1))
    assert place is not None
    with mail_program(login) as program:
        program.select_folder(account.drafts)
        program.delete_messages([place.uid])
        program.expunge()
    assert draftsbox.read_back(account, place) is None
    assert draftsbox.remove(account, place, "0" * 64) == "gone"


def test_what_the_person_marked_as_deleted_in_drafts_stays_when_ours_goes(login: Login, account: Account) -> None:
    put(login, account.drafts, mail(1))
    place = draftsbox.append(account, mail(2))
    assert place is not None
    with mail_program(login) as program:
        program.select_folder(account.drafts)
        program.delete_messages([place.uid - 1])
    draftsbox.remove(account, place, hashlib.sha256(mail(2)).hexdigest())
    assert draftsbox.read_back(account, Place(place.uidvalidity, place.uid - 1)) == mail(1)


def test_a_reply_is_found_in_sent_by_either_header_and_no_other(login: Login, account: Account) -> None:
    folder = account.folders.sent[0]
    answers = [
        mail(1, head="In-Reply-To: <q@partner.example>\r\n"),
        mail(2, head="References: <a@partner.example> <q@partner.example>\r\n"),
        mail(3, head="In-Reply-To: <other@partner.example>\r\n"),
    ]
    put(login, folder, *answers)
    found = draftsbox.replies_to(account, "<q@partner.example>")
    assert [
        one.raw for _, uid in found for one in fetch.fetch(account, folder, [uid]) if isinstance(one, fetch.Fetched)
    ] == answers[:2]
    assert draftsbox.replies_to(account, '<q"@partner.example>') == []
    assert draftsbox.replies_to(account, "<q\r\nA1 DELETE INBOX>") == []


def test_a_mail_is_found_in_the_archives(login: Login, account: Account) -> None:
    for folder in account.folders.archives:
        put(login, folder, mail(1), mail(2))
        [(where, uid)] = draftsbox.in_archives(account, "<m2@partner.example>")
        [found] = fetch.fetch(account, folder, [uid])
        assert where == folder
        assert isinstance(found, fetch.Fetched)
        assert found.raw == mail(2)


def test_a_wrong_password_is_the_persons_matter(login: Login) -> None:
    wrong = Login(login.host, login.user, "wrong", port=login.port, security="plain")
    with pytest.raises(LoginRefused, match="refused the login"), open_account(wrong, timeout=20):
        pass


def test_a_folder_that_is_not_there_is_told_and_the_connection_goes_on(login: Login, account: Account) -> None:
    put(login, "INBOX", mail(1))
    with pytest.raises(NightdeskError) as told:
        account.examine("Nowhere")
    assert isinstance(told.value, Refused)
    assert len(whole_inbox(account)) == 1
