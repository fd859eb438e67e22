"""Models over a real socket: what comes back, what it costs, and what happens when it does not come back."""

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from bot.embedded.model import key_of, read_recordings, replaying
from bot.models import chat
from bot.settings import RoleSettings
from graphs.domain import Value
from graphs.thinking import (
    PATIENCE,
    Failure,
    Ledger,
    Patience,
    Request,
    Reservation,
    Thinker,
    Turn,
    Usage,
    thinker,
    tokens_at_most,
    without_model,
)
from tests.servers.model import ModelServer, model_server

__all__ = ["model_server"]

KEY = "sk-very-secret"


class Verdict(Value):
    """What a judge says."""

    what: str = Field(description="in a few words")
    kind: Literal["owe", "waiting"]
    due: str | None = None
    quotes: tuple[str, ...] = ()


@dataclass
class Book:
    """A budget in tokens, kept in memory: every reservation is settled or released exactly once."""

    cap: int = 10**9
    spent: int = 0
    open: dict[int, int] = field(default_factory=dict)
    settled: list[Usage] = field(default_factory=list)
    released: int = 0
    most: int = 0

    def reserve(self, step: str, tokens_in: int, tokens_out: int) -> Reservation | None:
        if self.spent + sum(self.open.values()) + tokens_in + tokens_out > self.cap:
            return None
        id = len(self.settled) + self.released + len(self.open)
        self.open[id] = tokens_in + tokens_out
        return Reservation(id, step)

    def settle(self, reservation: Reservation, usage: Usage) -> None:
        del self.open[reservation.id]
        self.settled.append(usage)
        self.spent += usage.prompt + usage.completion

    def release(self, reservation: Reservation) -> None:
        del self.open[reservation.id]
        self.released += 1


@dataclass
class Desk:
    """A thinker on a book, with the waits it made."""

    thinker: Thinker
    book: Book
    waits: list[float]

    def judge(self, user: str = "Can you come?", max_tokens: int = 300) -> Verdict | Failure:
        return self.thinker.think("judge", "You judge.", user, Verdict, max_tokens)


Desks = Callable[..., Desk]


@pytest.fixture
def desk(model_server: ModelServer) -> Iterator[Desks]:
    ends = ExitStack()

    def make(
        cap: int = 10**9, patience: Patience = PATIENCE, timeout: float = 5.0, tier: str = "", url: str = ""
    ) -> Desk:
        book, waits = Book(cap), list[float]()
        role = RoleSettings("fake", url or model_server.base_url, KEY, service_tier=tier, timeout=timeout)
        ledger = Ledger(book.reserve, book.settle, book.release)
        model = ends.enter_context(closing(chat(role)))
        return Desk(thinker(model, ledger, waits.append, time.monotonic, patience), book, waits)

    with ends:
        yield make


GOOD = '{"what": "send the offer", "kind": "owe", "due": null, "quotes": ["q"]}'


# --- what comes back -------------------------------------------------------------------------------


def test_an_answer_that_fits_is_a_frozen_value_and_is_settled_as_counted(
    model_server: ModelServer, desk: Desks
) -> None:
    at = desk()
    assert at.judge() == Verdict(what="a what", kind="owe", due="a due", quotes=("a quotes",))
    [usage] = at.book.settled
    assert usage.prompt > 0 and usage.completion > 0 and not at.book.open
    [seen] = model_server.requests
    form = seen.body["response_format"]["json_schema"]
    assert form["strict"] is True and form["schema"]["additionalProperties"] is False
    assert form["schema"]["required"] == ["what", "kind", "due", "quotes"]
    assert seen.body["temperature"] == 0 and seen.body["max_tokens"] == 300
    assert seen.headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"<think>hm {{no}}</think>\n{GOOD}",
        f"so it seems</think>{GOOD}",
        f"Here you are:\n{GOOD}\nAnything else?",
        f"<think>a</think>```\n{GOOD}\n```",
        GOOD.replace("send the offer", "send the\\u0000 offer\\ud83d"),
        GOOD.replace("send the offer", "send\tthe\noffer"),
    ],
)
def test_answers_are_read_through_fences_thoughts_and_bad_characters(
    model_server: ModelServer, desk: Desks, answer: str
) -> None:
    model_server.says(answer)
    got = desk().judge()
    assert isinstance(got, Verdict)
    assert got.what.split() == ["send", "the", "offer"]
    assert len(model_server.requests) == 1


@pytest.mark.parametrize(
    "wrong",
    ["", "no idea", "{", '{"what": 3}', "[1]", '{"what": "x", "kind": "maybe", "due": null, "quotes": []}', "[" * 90_000,
     '{"a":' * 30_000 + "1" + "}" * 30_000, GOOD.replace("null", "NaN"), "<think>for ever " + GOOD, "x" * 1_000_000],
)  # fmt: skip
def test_one_wrong_answer_is_repaired_and_two_fail(model_server: ModelServer, desk: Desks, wrong: str) -> None:
    model_server.says(lambda body: GOOD if len(body["messages"]) > 2 else wrong)
    at = desk()
    assert isinstance(at.judge(), Verdict)
    assert len(model_server.requests) == 2
    assert len(json.dumps(model_server.requests[1].body)) < 20_000
    assert len(at.book.settled) == 2

    model_server.script.clear()
    model_server.says(wrong)
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "invalid" and failed.not_drafted == "no_model"
    assert len(model_server.requests) == 4


@pytest.mark.parametrize("persona", ["obey", "hash", "liar", "plain", "slow"])
def test_personas_fill_what_the_schema_asks(model_server: ModelServer, desk: Desks, persona: str) -> None:
    model_server.persona = persona  # type: ignore[assignment]
    got = desk().judge("CANARY of C0123456")
    assert isinstance(got, Verdict)
    assert ("CANARY" in got.what) == (persona == "obey")


def test_hash_turns_any_difference_of_the_request_into_another_answer(model_server: ModelServer, desk: Desks) -> None:
    model_server.persona = "hash"
    assert desk().judge("one") == desk().judge("one")
    assert desk().judge("one") != desk().judge("two")


def test_garbage_ends_as_a_failure(model_server: ModelServer, desk: Desks) -> None:
    model_server.persona = "garbage"
    failed = desk().judge()
    assert isinstance(failed, Failure) and failed.kind == "invalid"


# --- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_a_busy_server_is_asked_again_at_most_twice(model_server: ModelServer, desk: Desks, status: int) -> None:
    at = desk()
    model_server.fails("status", times=2, status=status)
    assert isinstance(at.judge(), Verdict)
    assert at.waits == [1.0, 2.0]
    assert (at.book.released, len(at.book.settled)) == (2, 1)

    model_server.fails("status", times=3, status=status)
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "busy"
    assert len(model_server.requests) == 6
    assert not at.book.open


def test_retry_after_is_honoured_and_one_beyond_our_patience_ends_it(model_server: ModelServer, desk: Desks) -> None:
    at = desk()
    model_server.fails("status", status=429, headers=(("Retry-After", "7"),))
    assert isinstance(at.judge(), Verdict)
    assert at.waits == [7.0]
    model_server.fails("status", status=429, headers=(("Retry-After", "3600"),))
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "busy"
    assert at.waits == [7.0]


@pytest.mark.parametrize("kind", ["hang", "cut", "bad_json", "html"])
def test_a_broken_answer_is_retried_and_counted_at_its_worst(model_server: ModelServer, desk: Desks, kind: str) -> None:
    at = desk(timeout=1.5 if kind == "hang" else 5.0)
    model_server.fails(kind)  # type: ignore[arg-type]
    assert isinstance(at.judge(max_tokens=300), Verdict)
    worst, counted = at.book.settled
    assert worst.completion == 300 and worst.prompt >= counted.prompt
    assert not at.book.open


def test_an_unreachable_server_is_busy_and_costs_nothing(desk: Desks) -> None:
    at = desk(url="http://127.0.0.1:9/v1")
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "busy"
    assert at.book.released == 3 and at.book.settled == []


@pytest.mark.parametrize(("kind", "requests"), [("length", 2), ("empty", 2), ("huge", 2), ("nul", 1)])
def test_a_spoilt_answer_costs_at_most_one_repair(
    model_server: ModelServer, desk: Desks, kind: str, requests: int
) -> None:
    model_server.fails(kind)  # type: ignore[arg-type]
    got = desk().judge()
    assert isinstance(got, Verdict) and "\0" not in got.what
    assert len(model_server.requests) == requests


def test_a_refusal_is_taken_as_one(model_server: ModelServer, desk: Desks) -> None:
    model_server.fails("refusal")
    at = desk()
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "refused"
    assert len(model_server.requests) == 1
    assert isinstance(at.judge(), Verdict)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "", "key"),
        (403, "", "key"),
        (404, "", "model"),
        (402, "", "credit"),
        (429, "insufficient_quota", "credit"),
    ],
)
def test_wrong_settings_need_a_person_and_are_not_tried_again(
    model_server: ModelServer, desk: Desks, status: int, code: str, words: str
) -> None:
    at = desk()
    model_server.fails("status", status=status, code=code, message=f"bad key {KEY}")
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "setup"
    assert words in failed.reason and KEY not in failed.reason
    assert at.judge() == failed
    assert len(model_server.requests) == 1 and at.book.released == 1


def test_an_item_that_is_too_long_fails_alone(model_server: ModelServer, desk: Desks) -> None:
    at = desk()
    model_server.fails("status", status=400, message="This model's maximum context length is 8192 tokens")
    failed = at.judge()
    assert isinstance(failed, Failure) and failed.kind == "refused"
    assert len(model_server.requests) == 1
    assert isinstance(at.judge(), Verdict)


def test_an_endpoint_that_gave_up_three_times_is_left_alone_for_a_while(model_server: ModelServer) -> None:
    now = [0.0]
    book = Book()
    role = RoleSettings("fake", model_server.base_url, KEY)
    ledger = Ledger(book.reserve, book.settle, book.release)
    patience = Patience(retries=0, left_alone=60)
    model_server.fails("status", times=3, status=503)
    with closing(chat(role)) as model:
        think = thinker(model, ledger, lambda seconds: None, lambda: now[0], patience).think
        for _ in range(5):
            assert isinstance(think("judge", "s", "u", Verdict), Failure)
        assert len(model_server.requests) == 3
        now[0] = 61.0
        assert isinstance(think("judge", "s", "u", Verdict), Verdict)


# --- servers that lack something -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lacks", "requests"),
    [
        ({"response_format:json_schema": "response_format json_schema is not supported"}, 1),
        ({"response_format:json_schema": "what is this?"}, 1),
        (
            {
                "response_format:json_schema": "bad response_format",
                "response_format:json_object": "bad response_format",
            },
            2,
        ),
        ({"temperature": "Unsupported value: 'temperature' does not support 0"}, 1),
        ({"max_tokens": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}, 1),
        ({"service_tier": "service_tier is not available"}, 1),
    ],
)
def test_a_server_that_lacks_a_feature_is_asked_without_it_from_then_on(
    model_server: ModelServer, desk: Desks, lacks: dict[str, str], requests: int
) -> None:
    model_server.lacks = lacks
    at = desk(tier="flex")
    assert isinstance(at.judge(), Verdict)
    assert len(model_server.requests) == 1 + requests
    assert isinstance(at.judge(), Verdict)
    again = requests if "service_tier" in lacks else 0
    assert len(model_server.requests) == 2 + requests + again
    assert len(at.book.settled) == 2


def test_without_room_in_the_flex_tier_this_call_pays_the_full_price(model_server: ModelServer, desk: Desks) -> None:
    at = desk(tier="flex")
    model_server.fails("status", status=429, message="Resource unavailable", code="resource_unavailable")
    assert isinstance(at.judge(), Verdict)
    assert isinstance(at.judge(), Verdict)
    assert [seen.body.get("service_tier") for seen in model_server.requests] == ["flex", None, "flex"]
    assert at.waits == []


# --- money -----------------------------------------------------------------------------------------


def test_a_greedy_model_stays_under_the_cap_and_the_rest_fails_by_budget(
    model_server: ModelServer, desk: Desks
) -> None:
    model_server.persona = "greedy"
    at = desk(cap=5_000)
    failures = [at.judge() for _ in range(20)]
    last = failures[-1]
    assert isinstance(last, Failure) and last.kind == "budget" and last.not_drafted == "budget"
    assert 0 < at.book.spent <= 5_000 and not at.book.open


def test_usage_is_guessed_where_the_server_counts_nothing(model_server: ModelServer, desk: Desks) -> None:
    model_server.counts = False
    at = desk()
    assert isinstance(at.judge("word " * 400), Verdict)
    [usage] = at.book.settled
    assert 450 <= usage.prompt <= 600 and usage.completion > 5


@pytest.mark.parametrize(
    "text", ["plain words " * 300, "Grüße aus Köln " * 300, "日本語の文章です。" * 300, "🙂👍🏽" * 200]
)
def test_a_reservation_holds_a_token_for_two_bytes(text: str) -> None:
    request = Request("judge", (Turn("user", text),), 100)
    assert tokens_at_most(request) >= len(text.encode()) // 2


def test_no_model_fails_every_call_and_asks_nobody() -> None:
    quiet = without_model()
    got = quiet.think("judge", "s", "u", Verdict)
    assert isinstance(got, Failure) and got.kind == "no_model"
    assert isinstance(quiet.say("answer", "s", "u", print), Failure)


# --- saying it live --------------------------------------------------------------------------------


def test_an_answer_is_said_piece_by_piece_and_settled(model_server: ModelServer, desk: Desks) -> None:
    model_server.says("<think>Let me see.</think>\nThe launch is on Friday. [m1]")
    at, heard = desk(), list[str]()
    assert at.thinker.say("answer", "s", "u", heard.append) == "The launch is on Friday. [m1]"
    assert "".join(heard) == "The launch is on Friday. [m1]" and len(heard) > 3
    [usage] = at.book.settled
    assert usage.prompt > 0 and usage.seconds > 0
    assert model_server.requests[0].body["stream_options"] == {"include_usage": True}


def test_a_cut_stream_is_not_said_twice(model_server: ModelServer, desk: Desks) -> None:
    model_server.fails("cut")
    at, heard = desk(), list[str]()
    failed = at.thinker.say("answer", "s", "u", heard.append)
    assert isinstance(failed, Failure) and failed.kind == "busy"
    assert len(model_server.requests) == 1 and heard
    assert at.book.settled and not at.book.open


@pytest.mark.parametrize("status", [429, 500])
def test_a_stream_that_has_not_begun_is_tried_again(model_server: ModelServer, desk: Desks, status: int) -> None:
    model_server.fails("status", status=status)
    heard: list[str] = []
    assert desk().thinker.say("answer", "s", "u", heard.append) == "A plain answer."
    assert "".join(heard) == "A plain answer."


def test_a_stream_without_end_is_left(model_server: ModelServer, desk: Desks) -> None:
    model_server.persona = "greedy"
    at = desk()
    said = at.thinker.say("answer", "s", "u", lambda piece: None, 100)
    assert isinstance(said, str) and len(said) <= 12_000
    assert not at.book.open


@pytest.mark.parametrize(("kind", "said"), [("nul", True), ("empty", False), ("hang", False), ("html", False)])
def test_spoilt_streams(model_server: ModelServer, desk: Desks, kind: str, said: bool) -> None:
    model_server.fails(kind, times=3)  # type: ignore[arg-type]
    heard: list[str] = []
    at = desk(timeout=0.3 if kind == "hang" else 5.0)
    got = at.thinker.say("answer", "s", "u", heard.append)
    assert isinstance(got, str) == said
    assert "\0" not in "".join(heard) and "\ud83d" not in "".join(heard)
    assert not at.book.open


def test_a_server_without_stream_options_is_heard_and_guessed(model_server: ModelServer, desk: Desks) -> None:
    model_server.lacks = {"stream_options": "unknown field stream_options"}
    at = desk()
    assert at.thinker.say("answer", "s", "u", lambda piece: None) == "A plain answer."
    [usage] = at.book.settled
    assert usage.completion > 0


# --- privacy ---------------------------------------------------------------------------------------


def test_logs_at_debug_show_neither_content_nor_key(
    model_server: ModelServer, desk: Desks, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        desk().judge("CANARY in the prompt")
        model_server.fails("status", times=3, status=500, message="CANARY in the error")
        desk().judge("CANARY in the prompt")
    assert "CANARY" not in caplog.text and KEY not in caplog.text


def test_no_trace_is_sent_even_when_the_environment_asks_for_it(model_server: ModelServer) -> None:
    program = (
        "import socket\n"
        "real = socket.socket.connect\n"
        "def connect(self, address):\n"
        "    print('to', address[0]); return real(self, address)\n"
        "socket.socket.connect = connect\n"
        "from bot.models import chat\nfrom bot.settings import RoleSettings\n"
        "from graphs.thinking import Request, Turn\n"
        f"model = chat(RoleSettings('fake', {model_server.base_url!r}, 'k'))\n"
        "turns = (Turn('system', 's'), Turn('user', 'u'))\n"
        "print(model.complete(Request('s', turns, 9)).text)\n"
        "print(model.stream(Request('s', turns, 9), lambda piece: None).text)\n"
        "import gc, threading; print(sorted(t.name for t in threading.enumerate()))\n"
    )
    hostile = {
        "LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_API_KEY": "x",
        "LANGSMITH_ENDPOINT": "http://127.0.0.2:9", "LANGSMITH_GATEWAY": "http://127.0.0.3:9",
        "OPENAI_BASE_URL": "http://127.0.0.4:9", "OPENAI_API_KEY": "other", "OPENAI_PROXY": "http://127.0.0.5:9",
        "HTTP_PROXY": "http://127.0.0.6:9", "ALL_PROXY": "http://127.0.0.6:9", "OPENAI_LOG": "debug",
    }  # fmt: skip
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(root), **hostile},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {line for line in done.stdout.splitlines() if line.startswith("to")} == {"to 127.0.0.1"}
    assert done.stdout.count("A plain answer.") == 2
    assert "MainThread" in done.stdout and "racing" not in done.stdout


def test_a_night_by_rules_does_not_import_langchain() -> None:
    program = "import sys, bot.models, graphs.thinking; print([m for m in ('langchain_openai', 'openai', 'httpx') if m in sys.modules])"
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- recordings ------------------------------------------------------------------------------------


def test_a_recorded_answer_is_replayed_and_an_unknown_request_fails_alone(
    model_server: ModelServer, desk: Desks, tmp_path: Path
) -> None:
    model_server.says(GOOD)
    desk().judge("known")
    recorded = tmp_path / "answers.jsonl"
    recorded.write_text(json.dumps({"key": key_of(model_server.requests[0].body), "content": GOOD}) + "\n")
    with replaying(read_recordings(recorded)) as url:
        at = desk(url=url)
        failed = at.judge("unknown")
        assert isinstance(failed, Failure) and failed.kind == "refused"
        assert "none was recorded for this" in failed.reason and "nightdesk demo --live" in failed.reason
        assert isinstance(at.judge("known"), Verdict)
        assert len(at.book.settled) == 1 and at.book.released == 1


def test_a_recorded_answer_streams(model_server: ModelServer, desk: Desks, tmp_path: Path) -> None:
    desk().thinker.say("answer", "s", "u", lambda piece: None)
    (tmp_path / f"{key_of(model_server.requests[0].body)}.txt").write_text("Recorded words.\n")
    with replaying(read_recordings(tmp_path)) as url:
        assert desk(url=url).thinker.say("answer", "s", "u", lambda piece: None) == "Recorded words."


def test_keys_are_those_of_the_tool_that_records() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hé"}], "stream": True, "temperature": 0}
    assert key_of(body) == key_of({"messages": body["messages"], "model": "m"}) == "06495592e8596028"
