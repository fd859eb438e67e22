"""Slack's requests, when it posts them: signed, fresh and small, or refused; kept before they are answered."""

import hashlib
import hmac
import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from bot.slack.events import MOST_BYTES, Json, Sort
from bot.slack.manifest import EVENTS_PATH
from bot.web.hook import hook, serving
from graphs.errors import Later, NeedsPerson

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
MENTION: Json = {"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention", "text": "hello"}}


@contextmanager
def listening(fails: bool = False) -> Iterator[tuple[str, list[tuple[Json, Sort]]]]:
    """The address, and what was accepted there."""
    accepted: list[tuple[Json, Sort]] = []

    def accept(body: Json, sort: Sort) -> None:
        if fails:
            raise Later("The database connection was lost.")
        accepted.append((body, sort))

    with serving(hook(SECRET, accept, lambda: NOW), "127.0.0.1:0") as at:
        yield f"http://{at}", accepted


def post(at: str, body: bytes, secret: str = SECRET, age: float = 0, path: str = EVENTS_PATH) -> tuple[int, str]:
    stamp = str(int(NOW.timestamp() - age))
    signed = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signed}",
        "Content-Type": "application/json",
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(at + path, body, headers), timeout=10) as said:
            return said.status, said.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def test_a_signed_event_is_kept_and_acknowledged_and_slack_is_told_that_the_address_is_ours() -> None:
    with listening() as (at, accepted):
        assert post(at, json.dumps(MENTION).encode()) == (200, "")
        assert post(at, b'{"type": "url_verification", "challenge": "c4"}') == (200, "c4")
        assert accepted == [(MENTION, "events")]


def test_what_is_forged_old_huge_or_elsewhere_is_refused_and_not_kept() -> None:
    body = json.dumps(MENTION).encode()
    with listening() as (at, accepted):
        assert post(at, body, secret="another")[0] == 401
        assert post(at, body, age=600)[0] == 401
        assert post(at, b" " * (MOST_BYTES + 1))[0] == 413
        assert post(at, body, path="/")[0] == 404
        assert accepted == []


def test_what_cannot_be_kept_is_not_acknowledged_so_that_slack_says_it_again() -> None:
    with listening(fails=True) as (at, accepted):
        assert post(at, json.dumps(MENTION).encode())[0] == 503
        assert accepted == []


def test_an_address_that_is_taken_or_none_at_all_is_told_in_a_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        with (
            pytest.raises(Later, match="Nothing can listen"),
            serving(hook(SECRET, lambda *_: None, lambda: NOW), taken),
        ):
            pass
    with pytest.raises(NeedsPerson, match="HOST:PORT"), serving(hook(SECRET, lambda *_: None, lambda: NOW), "8080"):
        pass
