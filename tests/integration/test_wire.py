"""Calls to Slack share lines that stay open; one that went stale is not taken for an answer that got lost."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.slack.client import Slack
from graphs.errors import Later, NeedsPerson, Unsure


@dataclass
class Far:
    """A server that counts its lines."""

    url: str = ""
    lines: int = 0
    calls: int = 0
    hangs_up: bool = False  # after each answer, without saying so in it
    breaks: bool = False  # instead of an answer
    ended: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


@contextmanager
def far() -> Iterator[Far]:
    seen = Far()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            seen.lines += 1
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            seen.calls += 1
            self.close_connection = seen.hangs_up or seen.breaks
            if not seen.breaks:
                body = b'{"ok": true}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def shutdown_request(self, request: Any) -> None:
            super().shutdown_request(request)
            seen.ended.release()

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    seen.url = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()


def test_calls_one_after_another_share_a_line() -> None:
    with far() as server:
        slack = Slack("xoxb-1", server.url)
        for _ in range(3):
            slack.call("chat.postMessage", channel="C1", text="hi")
    assert (server.calls, server.lines) == (3, 1)


def test_a_line_that_the_far_end_closed_is_not_used_again() -> None:
    with far() as server:
        server.hangs_up = True
        slack = Slack("xoxb-1", server.url)
        for _ in range(3):
            slack.call("chat.postMessage", channel="C1", text="hi")
            assert server.ended.acquire(timeout=10)  # closed before it is used again
    assert (server.calls, server.lines) == (3, 3)


def test_what_broke_off_without_an_answer_is_in_doubt_and_sent_once() -> None:
    with far() as server:
        slack = Slack("xoxb-1", server.url)
        slack.call("chat.postMessage", channel="C1", text="hi")
        server.breaks = True
        with pytest.raises(Unsure):
            slack.call("chat.postMessage", channel="C1", text="again")
        assert server.calls == 2
        with pytest.raises(Later) as read:
            slack.read("conversations.info", channel="C1")
        assert server.calls == 3
    assert not isinstance(read.value, Unsure)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with far() as server:
        pass
    with pytest.raises(Later) as refused:
        Slack("xoxb-1", server.url).call("chat.postMessage", channel="C1", text="hi")
    assert not isinstance(refused.value, Unsure)


@pytest.mark.parametrize("token", ["xoxb-1…", "xoxb-1\n2"])
def test_a_token_that_no_request_can_carry_is_told_to_whoever_set_it(token: str) -> None:
    with far() as server:
        with pytest.raises(NeedsPerson, match="SLACK_BOT_TOKEN"):
            Slack(token, server.url).whoami()
        assert server.calls == 0
