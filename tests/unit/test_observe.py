"""Logs and metrics say how the program is, and nothing that anybody wrote."""

import ast
import io
import json
import logging
import re
import secrets
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from bot import observe
from graphs.errors import Later, NeedsPerson
from tests.house.repo import ROOT, modules

FRESH = secrets.token_hex(4)  # a canary that stood in this file would be one of its constants
CANARIES = tuple(
    f"{text}-{FRESH}"
    for text in (
        "Kestrel gets eleven percent", "wade@kestrel.example", "xoxb-2718-canary", "xapp-1-canary", "sk-canary-99",
        "postgresql://nightdesk:hunter2@db/nightdesk", "U0CANARY9", "Ärger\nmit dem Canary", "<!channel> canary", "canary",
    )
)  # fmt: skip
LIBRARIES = (
    "imapclient", "imapclient.imaplib", "slack_sdk.web.base_client", "slack_bolt.AsyncApp", "httpx", "httpcore.http11",
    "openai._base_client", "procrastinate.worker", "apscheduler.executors.default", "aiohttp.access", "uvicorn.error",
    "uvicorn.access", "websockets.client", "psycopg.pool", "asyncio", "py.warnings", "root", "pymap",
)  # fmt: skip
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL)


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a process that logs all it can has written."""
    root, hook = logging.getLogger(), threading.excepthook
    before = (root.handlers[:], root.level, [logging.getLogger(name).level for name in observe.OURS])
    out = io.StringIO()
    observe.start_logs(logging.DEBUG, request.param, out)
    yield out
    logging.captureWarnings(False)
    root.handlers[:], threading.excepthook = before[0], hook
    root.setLevel(before[1])
    for name, level in zip(observe.OURS, before[2], strict=True):
        logging.getLogger(name).setLevel(level)


def _ours() -> list[str]:
    return [path.removesuffix(".py").replace("/", ".") for path, _ in modules("bot", "graphs")]


def test_no_canary_that_is_fed_through_any_logger_at_any_level_comes_out(written: io.StringIO) -> None:
    for turn, name in enumerate((*_ours(), *LIBRARIES)):
        for level in LEVELS:  # through each logger one of them, through all loggers each of them
            _feed(logging.getLogger(name), level, CANARIES[turn % len(CANARIES)])
    for canary in CANARIES:
        _feed(logging.getLogger("bot.live"), logging.ERROR, canary)
        _feed(logging.getLogger("root"), logging.ERROR, canary)
    said = written.getvalue()
    assert said.count("\n") > 100
    assert FRESH not in said


def _feed(logger: logging.Logger, level: int, canary: str) -> None:
    extra = dict.fromkeys((*observe.KEYS, "text", "subject", "url"), canary)
    logger.log(level, canary)
    logger.log(level, "said %s", canary)
    logger.log(level, canary, extra=extra)
    try:
        raise Later(canary) from ValueError(canary)
    except Later:
        logger.log(level, "it broke", exc_info=True, extra=extra)


def test_what_the_program_says_of_itself_comes_out(written: io.StringIO) -> None:
    logging.getLogger("bot.jobs").info("job done", extra={"task": "sleep", "job": 7, "seconds": 1.5, "text": "secret"})
    said = written.getvalue()
    assert "job done" in said
    assert "sleep" in said
    assert "1.5" in said
    assert "secret" not in said


def test_an_error_is_told_by_kind_and_place() -> None:
    try:
        raise Later("the sentence") from OSError("the cause")
    except Later as error:
        record = logging.LogRecord(
            "bot.live", logging.ERROR, __file__, 1, "no answer today", None, (Later, error, error.__traceback__)
        )
    said = observe.told(record)
    assert said["event"] == "no answer today"
    assert said["error"] == "Later"
    assert [line for line in said["trace"] if not line.startswith(" ")] == ["graphs.errors.Later", "builtins.OSError"]
    assert "sentence" not in str(said)


def test_json_logs_are_one_object_a_line() -> None:
    record = logging.LogRecord("bot.live", logging.WARNING, __file__, 1, "a mention waits", None, None)
    record.age = 3
    line = observe._Formatter("json", False).format(record)
    said = json.loads(line)
    assert said.pop("time").endswith("Z")
    assert said == {"level": "warning", "logger": "bot.live", "event": "a mention waits", "age": 3}
    assert "\n" not in line


def test_libraries_say_nothing_below_a_warning_and_then_only_where(written: io.StringIO) -> None:
    for name in LIBRARIES:
        logging.getLogger(name).info("an access")
    assert written.getvalue() == ""
    logging.getLogger("slack_sdk.socket_mode").warning("Failed to send %s", FRESH)
    said = CANARIES[0]
    logging.getLogger("slack_sdk.socket_mode").warning(said)
    assert "Failed to send %s" in written.getvalue()
    assert "see test_observe.test_libraries_say" in written.getvalue()
    assert FRESH not in written.getvalue()


def test_a_thread_that_dies_is_told_without_its_words(written: io.StringIO) -> None:
    def die() -> None:
        raise ValueError(CANARIES[0])

    thread = threading.Thread(target=die)
    thread.start()
    thread.join()
    assert "a thread ended" in written.getvalue()
    assert FRESH not in written.getvalue()


def test_a_command_without_logs_lets_no_library_quote_anything() -> None:
    words = """
import logging, sys
from bot import observe
observe.watch_what_is_said()
assert "structlog" not in sys.modules
try:
    raise ValueError(sys.argv[1])
except ValueError:
    logging.getLogger("procrastinate.worker").error("Job failed: " + sys.argv[1], exc_info=True)
logging.getLogger("imapclient").info(sys.argv[1])
"""
    run = subprocess.run(
        [sys.executable, "-c", words, CANARIES[0]], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "ValueError" in run.stderr and "procrastinate.worker" in run.stderr
    assert FRESH not in run.stderr


def test_every_log_of_the_program_is_a_constant_sentence_with_keys_that_come_out() -> None:
    loose = [
        f"{path}:{call.lineno}"
        for path, tree in modules("bot", "graphs")
        for call in _log_calls(tree)
        if not (_is_constant(call) and _keys(call, tree) <= observe.KEYS)
    ]
    assert loose == []


def _log_calls(tree: ast.Module) -> Iterator[ast.Call]:
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels:
            target = ast.unparse(node.func.value)
            if target in {"log", "logger", "logging"} or target.startswith("logging.getLogger"):
                yield node


def _is_constant(call: ast.Call) -> bool:
    sentence = call.args[0] if len(call.args) == 1 else None
    return isinstance(sentence, ast.Constant) and isinstance(sentence.value, str)


def _keys(call: ast.Call, tree: ast.Module) -> set[str]:
    """Keys of `extra`; of a variable those of every dict that its name is given. `?` for what cannot be told."""
    extra = next((word.value for word in call.keywords if word.arg == "extra"), None)
    held = [extra] if extra is not None else []
    if isinstance(extra, ast.Name):
        given = (node for node in ast.walk(tree) if isinstance(node, ast.Assign))
        held = [node.value for node in given if ast.unparse(node.targets[0]) == extra.id]
    keys = [key for one in held for key in (one.keys if isinstance(one, ast.Dict) else [None])]
    return {key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else "?" for key in keys}


# --- metrics ---------------------------------------------------------------------------------------


def test_metrics_count_and_time_by_words_of_the_program() -> None:
    def value(name: str, **labels: str) -> float:
        return observe.registry().get_sample_value(name, labels) or 0.0

    before = value("nightdesk_jobs_total", task="sleep", outcome="done")
    observe.count("jobs", task="sleep", outcome="done")
    with observe.timed("model_seconds", step="draft"):
        observe.gauge("queue_depth", 4)
    assert value("nightdesk_jobs_total", task="sleep", outcome="done") == before + 1
    assert value("nightdesk_model_seconds_count", step="draft") >= 1
    assert value("nightdesk_queue_depth") == 4


def test_no_person_channel_or_account_becomes_a_label() -> None:
    for word in CANARIES:
        observe.count("answers", outcome=word)
    for number in range(200):
        observe.count("slack_calls", method="chat.post" + "x" * (number % 7) + "y" * (number // 7), outcome="done")
    text = _served()
    for word in CANARIES:
        assert word not in text
    methods = set(re.findall(r'slack_calls_total{method="([^"]+)"', text))
    assert len(methods) <= 61
    assert "other" in methods


def test_every_metric_has_a_sentence_and_only_closed_labels() -> None:
    allowed = {"task", "outcome", "kind", "state", "step", "method", "reason", "stage", "queue"}
    for table in (observe.COUNTERS, observe.TIMES, observe.GAUGES):
        for told, labels in table.values():
            assert told
            assert set(labels) <= allowed


def test_alerts_are_written_over_metrics_that_are_there() -> None:
    written = (ROOT / "infra" / "README.md").read_text()
    named = set(re.findall(r"\bnightdesk_(\w+?)(?:_total)?\b(?=[{) ])", written)) - {"serve"}
    assert len(named) >= 5
    assert named <= observe.COUNTERS.keys() | observe.GAUGES.keys() | observe.TIMES.keys()


def _served(path: str = "/metrics") -> str:
    port = observe.serve_metrics("0")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        return str(answer.read().decode())


def test_health_tells_a_part_that_fell_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observe, "_alive_until", {})  # parts that other tests ran in this process are long silent
    observe.beat("worker", 60)
    observe.beat("receiver", 60)
    assert _served("/healthz") == "ok\n"
    observe.beat("receiver", -1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        _served("/healthz")
    assert refused.value.code == 503
    assert refused.value.read() == b"silent: receiver\n"


def test_a_taken_port_says_what_to_change() -> None:
    port = observe.serve_metrics("0")
    with pytest.raises(NeedsPerson, match="NIGHTDESK_METRICS_PORT"):
        observe.serve_metrics(str(port))


def test_log_settings_are_a_level_and_a_form() -> None:
    assert observe.log_settings("") == (logging.INFO, None)
    assert observe.log_settings("debug") == (logging.DEBUG, None)
    assert observe.log_settings("warning, json") == (logging.WARNING, "json")
    with pytest.raises(NeedsPerson, match="NIGHTDESK_LOG"):
        observe.log_settings("loud")


def test_hooks_load_no_library_before_they_are_used() -> None:
    words = "import bot.observe, sys; print('prometheus_client' in sys.modules, 'structlog' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "False"]


def test_every_metric_is_counted_somewhere_and_nothing_else_is() -> None:
    used = {
        str(call.args[0].value)
        for path, tree in modules("bot")
        if path != "bot/observe.py"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("observe.")
        if call.args and isinstance(call.args[0], ast.Constant) and ast.unparse(call.func) != "observe.beat"
    }
    assert used == observe.COUNTERS.keys() | observe.TIMES.keys() | observe.GAUGES.keys()
