"""What a server's refusal means for who runs the job."""

import imaplib
import ssl

import pytest
from imapclient.exceptions import LoginError, ProtocolError  # type: ignore[import-untyped]

from bot.mail.imap_errors import PAUSE, Declined, LoginRefused, Refused, is_lost, sort_out
from graphs.errors import Later, NeedsPerson, NightdeskError


def sorted_login(text: str) -> NightdeskError:
    return sort_out(LoginError(text), "mail.example", "logging in", logging_in=True)


@pytest.mark.parametrize(
    "text",
    [
        "b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'",
        "b'[AUTHORIZATIONFAILED] Not yours'",
        "b'[EXPIRED] Renew it'",
        "b'[WEBALERT https://accounts.example/secret] Web login required.'",
        "b'[ALERT] Application-specific password required: https://support.example (Failure)'",
        "b'LOGIN failed.'",
        "b'AUTHENTICATE failed.'",
        "b'Invalid login or password'",
        "b'[PRIVACYREQUIRED] TLS first'",
        "b'[CONTACTADMIN] Ask'",
    ],
)
def test_a_refused_password_needs_a_person_and_says_what_to_do(text: str) -> None:
    err = sorted_login(text)
    assert isinstance(err, LoginRefused)
    assert str(err).startswith("mail.example refused the login")
    assert "https" not in str(err)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("b'[ALERT] Too many simultaneous connections. (Failure)'", PAUSE),
        ("b'[UNAVAILABLE] Temporary authentication failure.'", 60.0),
        ("b'[LIMIT] Too many'", PAUSE),
        ("b'[THROTTLED] slow down'", PAUSE),
        ("b'[INUSE] somebody is in it'", 60.0),
        ("b'Request is throttled. Suggested Backoff Time: 299961 milliseconds'", 299.961),
        ("AUTHENTICATE command error: BAD [b'User is authenticated but not connected.']", PAUSE),
        ("b'Account exceeded command or bandwidth limits. (Failure)'", PAUSE),
    ],
)
def test_a_throttled_login_is_tried_later_and_never_takes_the_password_for_wrong(text: str, after: float) -> None:
    err = sorted_login(text)
    assert isinstance(err, Later)
    assert err.after == after


def test_a_line_that_drops_during_the_login_says_nothing_about_the_password() -> None:
    try:
        try:
            raise imaplib.IMAP4.abort("command: LOGIN => socket error: EOF")
        except imaplib.IMAP4.error as dropped:
            raise LoginError(str(dropped))  # noqa: B904  as imapclient does it
    except LoginError as err:
        assert is_lost(err)
        told = sort_out(err, "mail.example", "logging in", logging_in=True)
    assert type(told) is Later
    assert "dropped" in str(told)


@pytest.mark.parametrize(
    "quoted",
    [
        "socket error: unterminated line: b'AB3 OK [READ-ONLY] Examine comp'",
        "command: FETCH => unexpected response: b'Subject: [OVERQUOTA] your mailbox is full, try again'",
    ],
)
def test_what_a_broken_line_said_last_is_not_taken_for_a_word_to_us(quoted: str) -> None:
    dropped = imaplib.IMAP4.abort(quoted)
    told = sort_out(dropped, "mail.example", "opening a folder")
    assert type(told) is Later and told.after is None
    parted = sort_out(dropped, "mail.example", "opening a folder", goodbye="[b'[THROTTLED] Slow down']")
    assert type(parted) is Later and parted.after == PAUSE


def test_a_login_refused_for_no_reason_that_we_know_is_not_held_against_the_password() -> None:
    assert isinstance(sorted_login("b'No.'"), Declined)


@pytest.mark.parametrize(
    "code", ["OVERQUOTA", "NOPERM", "TRYCREATE", "ALREADYEXISTS", "NONEXISTENT", "CANNOT", "TOOBIG"]
)
def test_a_refusal_is_named(code: str) -> None:
    err = sort_out(imaplib.IMAP4.error(f"append failed: [{code}] whatever"), "mail.example", "putting a draft")
    assert isinstance(err, Refused)
    assert err.code == code
    assert f"mail.example refused ({code}, putting a draft): " in str(err)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("select failed: Mailbox doesn't exist: Nowhere", "NONEXISTENT"),
        ("append failed: Quota exceeded", "OVERQUOTA"),
        ("append failed: Permission denied", "NOPERM"),
    ],
)
def test_a_refusal_without_a_code_is_known_by_its_words(words: str, code: str) -> None:
    err = sort_out(imaplib.IMAP4.error(words), "mail.example", "putting a draft")
    assert isinstance(err, Refused)
    assert err.code == code


def test_a_folder_that_may_only_be_read_is_a_refusal_and_no_dropped_line() -> None:
    err = imaplib.IMAP4.readonly("Drafts is not writable")
    assert not is_lost(err)
    told = sort_out(err, "mail.example", "removing a draft")
    assert isinstance(told, Refused)
    assert told.code == "READ-ONLY"


def test_no_error_quotes_what_the_server_sent() -> None:
    secret = "the offer is 40,000 euro"
    for err in (
        ProtocolError(secret),
        imaplib.IMAP4.error(f"fetch failed: {secret}"),
        imaplib.IMAP4.abort(secret),
        ValueError(secret),
        OSError(secret),
    ):
        told = sort_out(err, "mail.example", "reading")
        assert isinstance(told, Later)
        assert secret not in str(told)


def test_what_is_known_of_the_line_decides_whether_it_may_have_happened() -> None:
    lost = [
        imaplib.IMAP4.abort("BYE"),
        TimeoutError(),
        ConnectionResetError(),
        ValueError("no IMAP"),
        imaplib.IMAP4.error("got more than 1000000 bytes"),
    ]
    known = [
        imaplib.IMAP4.error("append failed: no"),
        imaplib.IMAP4.error("APPEND command error: BAD [b'x']"),
        ProtocolError("x"),
    ]
    assert [is_lost(err) for err in lost] == [True] * 5
    assert [is_lost(err) for err in known] == [False] * 3


def test_a_wrong_certificate_needs_a_person() -> None:
    told = sort_out(ssl.SSLCertVerificationError("self-signed"), "mail.example", "connecting")
    assert isinstance(told, NeedsPerson)
    assert not isinstance(told, LoginRefused)
