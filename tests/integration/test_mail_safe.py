"""Hostile mail ends its own parser at most; every other mail of the same batch comes through, in order."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.mail.mbox import RawMail
from bot.mail.safe import Broken, Parser
from graphs.domain import Message

GOOD = b"From: ada@example.org\nSubject: good\n\nHello\n"


@pytest.fixture(scope="module")
def parser() -> Iterator[Parser]:
    with Parser(cpu_seconds=1, wall_seconds=20) as shared:
        yield shared


def nested(levels: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(levels))


def costly_html() -> bytes:
    """The HTML parser compares each attribute of a tag with all before it."""
    return b"Content-Type: text/html\n\n<a " + b" ".join(b"%x" % n for n in range(80_000)) + b">"


BOMBS = {
    "a thousand levels": nested(1_000),
    "a subject of one megabyte": b"Subject: " + b"x" * 1_000_000 + b"\n\nHi",
    "encoded words of one megabyte": b"Subject: " + b"=?utf-8?b?AAAA?= " * 60_000 + b"\n\nHi",
    "a hundred thousand addresses": b"To: " + b"Ada <a@example.org>,\n " * 100_000 + b"b@example.org\n\nHi",
    "a body of fifty megabytes": b"Subject: long\n\n" + b"word " * 10_000_000,
    "fifty megabytes without a line": b"Content-Type: text/html\n\n" + b"a" * 50_000_000,
    "a bad charset": b"Content-Type: text/plain; charset=punycode\n\n" + b"\xff\xfe\x00" * 1_000,
    "endless base64": b"Content-Transfer-Encoding: base64\n\n" + b"QUJD" * 5_000_000,
    "half a million parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 500_000,
    "a million headers": b"X-A: b\n" * 1_000_000 + b"\nHi",
    "open quotes": b'To: "' + b'\\"' * 500_000 + b"\n\nHi",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_parsed_or_given_up_and_the_others_come_through(parser: Parser, name: str) -> None:
    mails = [RawMail("1", GOOD), RawMail("2", BOMBS[name]), RawMail("3", GOOD)]

    first, bomb, last = parser.parse_all(mails, "bob@example.com", "inbox")

    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert first == last
    assert isinstance(bomb, Message) or bomb.key == "2"


def test_a_mail_that_computes_for_ever_is_ended_and_named(parser: Parser) -> None:
    mails = [RawMail("1", GOOD), RawMail("2", costly_html()), RawMail("3", GOOD)]

    first, bomb, last = parser.parse_all(mails, "bob@example.com", "inbox")

    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert bomb == Broken("2", "took more than 1 s of computing")


def test_a_mail_that_needs_too_much_memory_is_named(parser: Parser) -> None:
    huge = RawMail("2", b"Subject: x\n\n" + bytes(240_000_000))

    first, bomb = parser.parse_all([RawMail("1", GOOD), huge], "bob@example.com", "inbox")

    assert isinstance(first, Message)
    assert bomb == Broken("2", "needed more than 512 MB")


def parsers() -> list[int]:
    """Our children that parse. Servers of other tests are our children too, and live on."""
    tasks = Path(f"/proc/{os.getpid()}/task")
    children = [pid for task in tasks.glob("*/children") for pid in task.read_text().split()]
    return [int(pid) for pid in children if b"bot.mail.safe" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_killed_child_loses_no_mail() -> None:
    killed: list[int] = []

    def mails() -> Iterator[RawMail]:
        for n in range(1_000):
            if n == 500:
                killed.extend(parsers())
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
            yield RawMail(str(n), b"Subject: %d\n\n" % n)

    with Parser() as pool:
        results = list(pool.parse_all(mails(), "bob@example.com", "inbox"))

    assert killed
    assert [r.mail.subject for r in results if isinstance(r, Message) and r.mail] == [str(n) for n in range(1_000)]


def test_a_child_that_is_slow_by_the_clock_is_ended() -> None:
    with Parser(wall_seconds=0.001) as impatient:
        [result] = impatient.parse_all([RawMail("1", GOOD)], "bob@example.com", "inbox")

    assert isinstance(result, Broken)
    assert "took" in result.reason


def test_many_mails_keep_their_order_over_several_children() -> None:
    mails = [RawMail(str(n), b"Subject: %d\n\n%s" % (n, b"word " * (n % 50))) for n in range(1_000)]

    with Parser(children=2) as pool:
        results = list(pool.parse_all(iter(mails), "bob@example.com", "inbox"))

    assert [r.mail.subject for r in results if isinstance(r, Message) and r.mail] == [str(n) for n in range(1_000)]


def test_the_time_of_the_store_stands_in_for_a_missing_date(parser: Parser) -> None:
    received = datetime(2026, 11, 23, 10, tzinfo=UTC)

    [result] = parser.parse_all([RawMail("1", GOOD, received)], "bob@example.com", "inbox")

    assert isinstance(result, Message)
    assert result.sent_at == received


def test_a_reader_that_stops_early_leaves_no_process(parser: Parser) -> None:
    with Parser() as pool:
        results = pool.parse_all((RawMail(str(n), GOOD) for n in range(10_000)), "bob@example.com", "inbox")
        assert isinstance(next(results), Message)

    assert list(parser.parse_all([], "bob@example.com", "inbox")) == []
