"""What a mail server, and the line to it, may do to us; each with its injection."""

import ast
import datetime as dt
import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

import pytest

from bot.mail import draftsbox, fetch
from bot.mail.account import Account, Login, Place, open_account
from bot.mail.folders import Chosen
from bot.mail.imap_errors import Declined, LoginRefused, Refused
from graphs.errors import Later, NeedsPerson, NightdeskError, Unsure
from tests.house.repo import modules
from tests.servers.cut import Link, Plan, linked
from tests.servers.dovecot import FULL, KEEPING, LOCKED, OLD, Dovecot, Profile, dovecot_running, need_dovecot

ADA = "ada@fernhollow.example"
OURS = "<nd.0123456789abcdef@nightdesk.invalid>"
DRAFT = f"Subject: Re: Friday?\r\nMessage-ID: {OURS}\r\n\r\nAt ten.\r\n".encode()


def mail(number: int, size: int = 2_000) -> bytes:
    lines = "So much for today, and more about it tomorrow when we meet.\r\n" * (size // 60)
    return f"Subject: Mail {number}\r\nMessage-ID: <m{number}@partner.example>\r\n\r\n{lines}".encode()


@pytest.fixture
def login(dovecot: Dovecot) -> Login:
    return dovecot.user(ADA)


@pytest.fixture
def link(dovecot: Dovecot) -> Iterator[Link]:
    with linked(dovecot.port) as made:
        yield made


@pytest.fixture
def through(login: Login, link: Link) -> Login:
    """The same mailbox by way of the link."""
    return replace(login, port=link.port)


def read_all(login: Login, after: int = 0, timeout: float = 20) -> Iterator[fetch.Fetched]:
    with open_account(login, timeout=timeout) as account:
        uids = fetch.uids_after(account, "INBOX", after, account.status("INBOX"), overlap=0)
        for one in fetch.fetch(account, "INBOX", uids):
            assert isinstance(one, fetch.Fetched)
            yield one


# --- the way in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_is_checked_and_a_good_one_lets_us_in(
    dovecot: Dovecot, login: Login, security: Literal["tls", "starttls"]
) -> None:
    good = dovecot.tls(login, security)
    with open_account(good) as account:
        assert account.status("INBOX").messages == 0
    for bad in (replace(good, ca_file=None), replace(good, host="127.0.0.1")):
        with pytest.raises(NeedsPerson, match="certificate"), open_account(bad):
            pass


def test_a_password_goes_unencrypted_to_this_machine_only(login: Login) -> None:
    with pytest.raises(NeedsPerson, match="set the security to tls"), open_account(replace(login, host="mail.example")):
        pass


def test_certificates_that_cannot_be_read_are_told(dovecot: Dovecot, login: Login, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for name in ("empty.pem", "missing.pem"):
        wrong = replace(dovecot.tls(login, "tls"), ca_file=tmp_path / name)
        with pytest.raises(NeedsPerson, match="cannot be read"), open_account(wrong):
            pass


def test_encryption_that_the_server_does_not_offer_is_not_done_without(dovecots: Callable[[Profile], Dovecot]) -> None:
    bare = Profile("bare", settings="ssl = no")
    server = dovecots(bare)
    stripped = server.tls(server.user(ADA), "starttls")
    with pytest.raises(NeedsPerson, match="offers no encryption"), open_account(stripped):
        pass


@pytest.mark.parametrize("password", ["pä$$wörd “quoted”", 'with "quotes" and \\'])
def test_any_password_reaches_the_server_as_it_is(dovecots: Callable[[Profile], Dovecot], password: str) -> None:
    server = dovecots(Profile(f"knows {password}", passwords=f"{ADA}:{{PLAIN}}{password}"))
    login = replace(server.user(ADA), password=password)
    with open_account(login) as account:
        assert account.status("INBOX").messages == 0
    with linked(server.port) as link:
        link.rewrite = (b"AUTH=PLAIN", b"AUTH=OTHER")
        old = replace(login, port=link.port)
        if password.isascii():
            with open_account(old) as account:
                assert account.status("INBOX").messages == 0
            assert link.commands[1].startswith("LOGIN")
        else:
            with pytest.raises(NeedsPerson, match="takes ASCII alone"), open_account(old):
                pass


def test_a_password_with_a_line_break_is_not_sent(login: Login) -> None:
    with pytest.raises(NeedsPerson, match="line break"), open_account(replace(login, password="a\r\nb")):
        pass


@pytest.fixture
def introspection() -> Iterator[str]:
    """Knows one token, and whose it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == "Bearer ya29.good"
            told = json.dumps({"active": known, "username": ADA}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *words: object) -> None:
            """It is a test's own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_an_access_token_is_shown_instead_of_a_password_and_a_refused_one_is_told(introspection: str) -> None:
    need_dovecot()
    with dovecot_running(Profile("tokens", introspection=introspection)) as server, linked(server.port) as link:
        login = replace(server.user(ADA), port=link.port, password="")
        with open_account(replace(login, access_token="ya29.good")) as account:
            assert account.status("INBOX").messages == 0
        with pytest.raises(LoginRefused), open_account(replace(login, access_token="ya29.expired")):
            pass
    assert link.commands.count("AUTHENTICATE XOAUTH2") == 2
    assert not any(command.startswith("LOGIN") for command in link.commands)


@pytest.mark.parametrize(
    ("answer", "kind", "after"),
    [
        ("{tag} NO [AUTHENTICATIONFAILED] Invalid credentials\r\n", LoginRefused, None),
        ("{tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n", Later, 300.0),
        ("{tag} NO [UNAVAILABLE] Temporary authentication failure.\r\n", Later, 60.0),
        ("{tag} NO Request is throttled. Suggested Backoff Time: 4500 milliseconds\r\n", Later, 4.5),
        ("{tag} BAD User is authenticated but not connected.\r\n", Later, 300.0),
        ("* BYE [UNAVAILABLE] shutting down\r\n", Later, 60.0),
        ("", Later, None),
        ("this is no IMAP\r\n", Later, None),
    ],
)
def test_what_comes_instead_of_a_login_is_sorted_by_what_to_do(
    through: Login, link: Link, answer: str, kind: type[NightdeskError], after: float | None
) -> None:
    link.plans.append(Plan(instead=(("AUTHENTICATE", answer),)))
    with pytest.raises(kind) as told, open_account(through, timeout=10):
        pass
    assert not isinstance(told.value, LoginRefused) or kind is LoginRefused
    assert getattr(told.value, "after", None) == after


def test_a_server_that_is_away_or_silent_is_tried_later(dovecot: Dovecot, through: Login, link: Link) -> None:
    link.plans.append(Plan(hole_down=0))
    with pytest.raises(Later, match="did not answer in time"), open_account(through, timeout=0.3):
        pass
    link.plans.append(Plan(cut_down=10))
    with pytest.raises(Later), open_account(through, timeout=10):
        pass
    dovecot.kill()
    try:
        with (
            pytest.raises(Later, match=r"cannot be reached|dropped"),
            open_account(replace(through, port=dovecot.port), timeout=10),
        ):
            pass
    finally:
        dovecot.start()


def test_too_many_connections_are_waited_out(dovecots: Callable[[Profile], Dovecot]) -> None:
    narrow = dovecots(Profile("narrow", settings="mail_max_userip_connections = 1"))
    login = narrow.user(ADA)
    with open_account(login) as account:
        with pytest.raises(Later) as told, open_account(login):
            pass
        assert (told.value.after or 0) > 0
        assert account.status("INBOX").messages == 0  # who was in stays in


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_line_that_is_cut_while_reading_leaves_no_gap(
    dovecot: Dovecot, through: Login, link: Link, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "BATCH", 7)
    mails = [mail(number, 100_000 if number % 10 == 3 else 2_000) for number in range(40)]
    dovecot.user(ADA, mails)
    total = sum(map(len, mails))
    link.plans.append(Plan(cut_down=int(total * share)))
    got: list[fetch.Fetched] = []
    with pytest.raises(Later):
        got.extend(read_all(through))
    cursor = got[-1].uid if got else 0
    assert [one.raw for one in got] == mails[: len(got)]
    got.extend(read_all(through, after=cursor))
    assert [one.raw for one in got] == mails


def test_a_kicked_session_and_a_restarted_server_are_tried_later_and_go_on_where_we_were(
    dovecot: Dovecot, login: Login
) -> None:
    dovecot.user(ADA, [mail(1)])
    for break_off in (dovecot.kick, dovecot.restart):
        with open_account(login) as account:
            account.status("INBOX")
            break_off()
            with pytest.raises(Later):
                account.status("INBOX")
            with pytest.raises(Later, match="is gone"):
                account.status("INBOX")
        assert len(list(read_all(login))) == 1


def test_a_black_hole_ends_at_the_timeout(dovecot: Dovecot, through: Login, link: Link) -> None:
    dovecot.user(ADA, [mail(1, 300_000)])
    link.plans.append(Plan(hole_down=50_000))
    with pytest.raises(Later, match="did not answer in time"):
        list(read_all(through, timeout=0.5))


def test_a_mail_that_the_server_cannot_hand_out_is_told_and_the_others_come(dovecot: Dovecot, login: Login) -> None:
    dovecot.user(ADA, [mail(number) for number in range(5)])
    with open_account(login) as account:
        uids = fetch.uids_after(account, "INBOX", 0, account.status("INBOX"))
    proxy = Plan(
        instead=(
            ("UID FETCH 1,2,3,4,5", "{tag} NO Some of the requested messages could not be FETCHed\r\n"),
            ("UID FETCH 3", "{tag} NO no\r\n"),
        )
    )
    with linked(dovecot.port) as link:
        link.plans.append(proxy)
        with open_account(replace(login, port=link.port)) as account:
            found = list(fetch.fetch(account, "INBOX", uids))
    assert [(one.uid, type(one)) for one in found] == [
        (uid, fetch.Unreadable if uid == 3 else fetch.Fetched) for uid in uids
    ]


def test_of_a_huge_mail_the_beginning_is_read(dovecot: Dovecot, login: Login) -> None:
    dovecot.user(ADA, [mail(1), mail(2, 20_000_000), mail(3)])
    got = list(read_all(login))
    assert [len(one.raw) for one in got] == [len(mail(1)), fetch.WHOLE, len(mail(3))]
    assert [one.is_cut for one in got] == [False, True, False]
    assert mail(2, 20_000_000).startswith(got[1].raw)


def test_a_server_whose_sizes_are_guesses_gives_whole_mails_all_the_same(
    dovecot: Dovecot, through: Login, link: Link
) -> None:
    mails = [mail(number, 100_000) for number in range(3)]
    dovecot.user(ADA, mails)
    link.rewrite = (b"RFC822.SIZE 10", b"RFC822.SIZE 00")
    assert [one.raw for one in read_all(through)] == mails
    link.rewrite = (b"RFC822.SIZE 10", b"RFC822.SIZE 99")
    assert [one.raw for one in read_all(through)] == mails


def test_uids_that_were_given_anew_show_in_the_status(dovecot: Dovecot, login: Login) -> None:
    dovecot.user(ADA, [mail(1), mail(2)])
    with open_account(login) as account:
        before = account.status("INBOX")
    dovecot.forget_uids(ADA)
    with open_account(login) as account:
        now = account.status("INBOX")
        assert now.uidvalidity != before.uidvalidity
        assert not fetch.none_gone(before, now)
        assert len(fetch.uids_after(account, "INBOX", 0, now)) == 2


def test_an_answer_of_more_than_a_line_never_happens_because_windows_are_small(
    through: Login, link: Link, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "WINDOW", 3)
    dovecot.user(ADA, [mail(number) for number in range(10)])
    with open_account(through) as account:
        assert fetch.uids_after(account, "INBOX", 0, account.status("INBOX")) == list(range(1, 11))
    searches = [command for command in link.commands if command.startswith("UID SEARCH")]
    assert searches == [f"UID SEARCH UID {low}:{min(low + 2, 10)}" for low in (1, 4, 7, 10)]


# --- drafts ---------------------------------------------------------------------------------------


def test_an_append_whose_answer_is_lost_is_unsure_and_found_by_its_message_id(
    through: Login, link: Link, login: Login
) -> None:
    link.plans.append(Plan(mute="APPEND"))
    with open_account(through, timeout=3) as account:
        intent = draftsbox.before(account)
        with pytest.raises(Unsure):
            draftsbox.append(account, DRAFT)
    with open_account(login) as account:
        found = draftsbox.find_since(account, intent, OURS)
        assert found is not None
        assert draftsbox.read_back(account, found) == DRAFT


def test_an_append_that_is_cut_within_its_literal_is_unsure_and_not_there(
    through: Login, link: Link, login: Login
) -> None:
    link.plans.append(Plan(halve="APPEND"))
    with open_account(through) as account:
        intent = draftsbox.before(account)
        with pytest.raises(Unsure):
            draftsbox.append(account, DRAFT)
    with open_account(login) as account:
        assert draftsbox.find_since(account, intent, OURS) is None


def test_a_literal_that_reaches_the_server_late_is_found_once_it_has(
    through: Login, link: Link, login: Login, dovecot: Dovecot
) -> None:
    link.plans.append(Plan(hold="APPEND"))
    with open_account(through, timeout=3) as account:
        intent = draftsbox.before(account)
        with pytest.raises(Unsure):
            draftsbox.append(account, DRAFT)
    with open_account(login) as account:
        assert draftsbox.find_since(account, intent, OURS) is None  # why a quarantine is waited out
        link.release()
        deadline = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
        while not (found := draftsbox.find_since(account, intent, OURS)):
            assert dt.datetime.now(dt.UTC) < deadline
        assert draftsbox.read_back(account, found) == DRAFT


def test_a_draft_is_found_among_all_when_uids_were_given_anew(dovecot: Dovecot, login: Login) -> None:
    dovecot.user(ADA, [mail(number) for number in range(3)], folder="Drafts")
    with open_account(login) as account:
        intent = draftsbox.before(account)
        place = draftsbox.append(account, DRAFT)
        assert place is not None
    dovecot.forget_uids(ADA)
    with open_account(login) as account:
        found = draftsbox.find_since(account, intent, OURS)
        assert found is not None
        assert found.uidvalidity != place.uidvalidity
        assert draftsbox.read_back(account, place) is None
        assert draftsbox.remove(account, place, hashlib.sha256(DRAFT).hexdigest()) == "changed"
        assert draftsbox.read_back(account, found) == DRAFT


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("{tag} NO [OVERQUOTA] Quota exceeded\r\n", Refused),
        ("{tag} NO [TRYCREATE] No such folder\r\n", Refused),
        ("{tag} NO [ALREADYEXISTS] there\r\n", Refused),
        ("{tag} NO [LIMIT] wait\r\n", Later),
        ("{tag} NO because\r\n", Declined),
        ("{tag} BAD what\r\n", Declined),
        ("* BYE [UNAVAILABLE] going down\r\n", Unsure),
        ("", Unsure),
    ],
)
def test_only_what_may_have_happened_is_unsure(
    through: Login, link: Link, answer: str, kind: type[NightdeskError]
) -> None:
    link.plans.append(Plan(instead=(("APPEND", answer),)))
    with open_account(through, timeout=10) as account:
        draftsbox.before(account)
        with pytest.raises(kind) as told:
            draftsbox.append(account, DRAFT)
    assert isinstance(told.value, Unsure) == (kind is Unsure)


def test_a_full_mailbox_keeps_the_draft_out_and_says_so(dovecots: Callable[[Profile], Dovecot]) -> None:
    full = dovecots(FULL)
    with open_account(full.user(ADA, [mail(1, 90_000)])) as account:
        with pytest.raises(Refused, match="make room") as told:
            draftsbox.append(account, DRAFT * 300)
        assert told.value.code == "OVERQUOTA"
        assert account.status(account.drafts).messages == 0
        assert draftsbox.append(account, DRAFT) is not None


def test_a_folder_that_we_may_not_write_to_is_told(dovecots: Callable[[Profile], Dovecot]) -> None:
    with open_account(dovecots(LOCKED).user(ADA)) as account:
        with pytest.raises(Refused) as told:
            draftsbox.append(account, DRAFT)
        assert told.value.code == "NOPERM"


def test_a_server_that_swallows_a_removal_is_found_out(dovecots: Callable[[Profile], Dovecot]) -> None:
    with open_account(dovecots(KEEPING).user(ADA)) as account:
        place = draftsbox.append(account, DRAFT)
        assert place is not None
        with pytest.raises(NeedsPerson, match="right to delete"):
            draftsbox.remove(account, place, hashlib.sha256(DRAFT).hexdigest())
        assert draftsbox.read_back(account, place) == DRAFT


def test_without_uidplus_nothing_is_marked_or_removed(dovecots: Callable[[Profile], Dovecot]) -> None:
    old = dovecots(OLD)
    with open_account(old.user(ADA)) as account:
        place = draftsbox.append(account, DRAFT)
        assert place is not None
        assert draftsbox.remove(account, place, hashlib.sha256(DRAFT).hexdigest()) == "no UIDPLUS"
    [kept] = old.mails(ADA, "Drafts")
    assert "\\Deleted" not in kept["X-Flags"]


def test_a_server_that_does_not_say_where_it_put_a_draft_is_asked(through: Login, link: Link) -> None:
    with open_account(through) as account:
        intent = draftsbox.before(account)
        link.rewrite = (b"[APPENDUID ", b"[X-NOTHING ")
        assert draftsbox.append(account, DRAFT) is None
        assert draftsbox.find_since(account, intent, OURS) == Place(intent.uidvalidity, intent.uidnext)


def test_no_folder_for_drafts_is_told_and_the_one_that_is_set_is_used(dovecots: Callable[[Profile], Dovecot]) -> None:
    server = dovecots(Profile("bare boxes", boxes=(("Sent", ""), ("Mine", ""))))
    login = server.user(ADA)
    with open_account(login) as account:
        with pytest.raises(NeedsPerson, match="No folder for drafts was found"):
            draftsbox.append(account, DRAFT)
        assert account.status("INBOX").messages == 0
    with open_account(replace(login, chosen=Chosen(drafts="Mine"))) as account:
        assert draftsbox.append(account, DRAFT) is not None


# --- what is said to the server, and what is written down -----------------------------------------


def test_nothing_but_the_allowed_verbs_is_ever_said(dovecot: Dovecot, through: Login, link: Link) -> None:
    dovecot.user(ADA, [mail(number, 100_000) for number in range(3)])
    before = [(one["Message-ID"], one["X-Flags"]) for one in dovecot.mails(ADA)]
    with open_account(through) as account:
        _everything(account)
    said = {" ".join(command.split()[: 2 if command.startswith("UID") else 1]).upper() for command in link.commands}
    assert said == {
        "CAPABILITY", "AUTHENTICATE", "NAMESPACE", "LIST", "STATUS", "EXAMINE", "SELECT", "UID SEARCH", "UID FETCH", "APPEND",
        "UID STORE", "UID EXPUNGE", "NOOP", "LOGOUT",
    }  # fmt: skip
    for command in link.commands:
        if command.startswith("UID FETCH"):
            assert "BODY[" not in command.upper().replace("BODY.PEEK[", "")
            assert "RFC822 " not in command
        if command.startswith(("SELECT", "APPEND")):
            assert command.split()[1] == '"Drafts"'
        if command.startswith("UID STORE"):
            assert command.endswith(r"+FLAGS.SILENT (\Deleted)")
    assert [command.split()[0] for command in link.commands].count("SELECT") == 1
    assert [(one["Message-ID"], one["X-Flags"]) for one in dovecot.mails(ADA)] == before


def test_no_other_method_of_imapclient_is_called_anywhere() -> None:
    called = {
        node.attr
        for _, tree in modules("bot/mail")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("client", "self._client")
    }
    assert called == {
        "add_flags", "append", "fetch", "folder_status", "get_quota_root", "has_capability", "list_folders", "login", "logout", "namespace", "noop",
        "plain_login", "sasl_login", "search", "select_folder", "shutdown", "socket", "starttls", "uid_expunge",
        "_imap", "normalise_times",
    }  # fmt: skip


def _everything(account: Account) -> None:
    """All that the adapter can do."""
    now = account.status("INBOX")
    uids = fetch.uids_after(account, "INBOX", 0, now)
    assert len(list(fetch.fetch(account, "INBOX", uids))) == 3
    fetch.present(account, "INBOX", uids, now)
    account.status("INBOX")
    intent = draftsbox.before(account)
    place = draftsbox.append(account, DRAFT)
    assert place is not None
    assert draftsbox.find_since(account, intent, OURS) == place
    draftsbox.replies_to(account, "<m1@partner.example>")
    draftsbox.in_archives(account, "<m1@partner.example>")
    lies_there = draftsbox.read_back(account, place)
    assert lies_there is not None
    assert draftsbox.remove(account, place, hashlib.sha256(lies_there).hexdigest()) == "removed"


def test_a_fetch_that_would_mark_mail_as_read_is_not_sent(login: Login) -> None:
    with open_account(login) as account:
        for item in ("BODY[]", "RFC822", "RFC822.TEXT", "BODY[HEADER]"):
            with pytest.raises(ValueError, match="as read"):
                account.peek("INBOX", [1], [item])
        assert account.peek("INBOX", [1], ["BODY.PEEK[]", "RFC822.SIZE"]) == {}


def test_neither_a_password_nor_a_mail_is_written_down_at_debug(
    dovecot: Dovecot, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    canary = b"Subject: canary-subject\r\n\r\ncanary-body\r\n"
    dovecot.user(ADA, [canary])
    caplog.set_level(logging.DEBUG)
    logging.getLogger("somebody").debug("is heard")
    list(read_all(login))
    assert "is heard" in caplog.text
    assert "canary" not in caplog.text
    assert login.password not in caplog.text
    assert login.password not in repr(login)
