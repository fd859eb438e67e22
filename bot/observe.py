"""What an operator sees from outside: logs, metrics and a sign of life. None of them can hold content, a name or a secret.

Anybody may log with `logging.getLogger(__name__)`: the sentence is a constant, what varies goes into `extra` under one of
`KEYS`. Everything else of a record is dropped here, whoever wrote it.
"""

import logging
import re
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

from graphs.errors import NeedsPerson

if TYPE_CHECKING:
    from types import TracebackType

    from prometheus_client import CollectorRegistry

# --- metrics ---------------------------------------------------------------------------------------

Counted = Literal[
    "jobs", "events_received", "events_handled", "messages_backfilled", "mails_synced", "drafts", "digests", "answers",
    "prepared", "effects", "model_calls", "model_tokens", "model_money", "slack_calls", "imap_failures", "reconnects",
]  # fmt: skip
Timed = Literal[
    "job_seconds", "event_lag_seconds", "answer_seconds", "model_seconds", "backfill_seconds", "mail_sync_seconds",
]  # fmt: skip
Gauged = Literal[
    "queue_depth", "oldest_unhandled_event_seconds", "outbox_pending", "socket_connected", "last_event_time", "leader",
]  # fmt: skip
Part = Literal["receiver", "schedule", "worker"]

COUNTERS: Mapping[Counted, tuple[str, tuple[str, ...]]] = {
    "jobs": ("Jobs that ended", ("task", "outcome")),  # outcome: done, later, failed
    "events_received": ("Slack events committed to the inbox", ("kind",)),
    "events_handled": ("Slack events handled", ("kind", "outcome")),  # outcome: done, ignored, failed
    "messages_backfilled": ("Messages found by reading Slack's history", ()),
    "mails_synced": ("Mails read into the store", ()),
    "drafts": ("Drafts that entered a state", ("state",)),
    "digests": ("Morning digests", ("outcome",)),  # outcome: delivered, late, failed
    "answers": ("Answers to mentions and DMs", ("outcome",)),
    "prepared": ("Answers made ahead that fitted a question", ("outcome",)),  # outcome: cited, not_cited, withheld
    "effects": ("Posts and appends", ("kind", "outcome")),  # outcome: done, adopted, later, refused
    "model_calls": ("Model calls", ("step", "outcome")),
    "model_tokens": ("Model tokens", ("step", "kind")),  # kind: prompt, cached, completion
    "model_money": ("Money spent on models, in the currency of the settings", ("step",)),
    "slack_calls": ("Calls of Slack's Web API", ("method", "outcome")),
    "imap_failures": ("Mailbox visits that failed", ("kind",)),  # kind: later, throttled, credentials, refused
    "reconnects": ("Slack sockets opened again", ("reason",)),
}
TIMES: Mapping[Timed, tuple[str, tuple[str, ...]]] = {
    "job_seconds": ("How long a job took", ("task",)),
    "event_lag_seconds": ("From Slack's time of an event to our commit", ()),
    "answer_seconds": ("From a mention to what its asker sees", ("stage",)),  # stage: whole
    "model_seconds": ("How long a model call took", ("step",)),
    "backfill_seconds": ("How long a look at Slack's history took", ()),
    "mail_sync_seconds": ("How long a mailbox visit took", ()),
}
GAUGES: Mapping[Gauged, tuple[str, tuple[str, ...]]] = {
    "queue_depth": ("Jobs that wait and may run", ()),
    "oldest_unhandled_event_seconds": ("Age of the oldest Slack event nobody handled", ()),
    "outbox_pending": ("Posts and appends decided and not yet done", ()),
    "socket_connected": ("1 while the Slack socket is open", ()),
    "last_event_time": ("When the last Slack event came, in Unix seconds", ()),
    "leader": ("1 in the process whose clock starts nights", ()),
}
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
_LABEL = re.compile(r"[a-z][A-Za-z._]{0,40}")
_MOST_VALUES = 60


def count(name: Counted, amount: float = 1, **labels: str) -> None:
    """Adds to a counter. A label that is no word of the program's own counts as `other`."""
    _metrics().labelled(name, labels).inc(amount)


def observe(name: Timed, seconds: float, **labels: str) -> None:
    """Notes how long something took."""
    _metrics().labelled(name, labels).observe(max(0.0, seconds))


@contextmanager
def timed(name: Timed, **labels: str) -> Iterator[None]:
    """Notes how long the block took, however it ends."""
    begun = time.monotonic()
    try:
        yield
    finally:
        observe(name, time.monotonic() - begun, **labels)


def gauge(name: Gauged, value: float, **labels: str) -> None:
    """Says how something stands now."""
    _metrics().labelled(name, labels).set(value)


class _Metrics:
    """The metrics of this process, each served under `nightdesk_<name>`."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._held: dict[str, Any] = {}
        self._words: dict[tuple[str, str], set[str]] = {}
        for name, (told, labels) in COUNTERS.items():
            self._held[name] = Counter(f"nightdesk_{name}", told, labels, registry=self.registry)
        for timer, (told, labels) in TIMES.items():
            self._held[timer] = Histogram(f"nightdesk_{timer}", told, labels, buckets=BUCKETS, registry=self.registry)
        for stand, (told, labels) in GAUGES.items():
            self._held[stand] = Gauge(f"nightdesk_{stand}", told, labels, registry=self.registry)

    def labelled(self, name: str, labels: Mapping[str, str]) -> Any:
        one = self._held[name]
        return one.labels(**{label: self._word(name, label, said) for label, said in labels.items()}) if labels else one

    def _word(self, name: str, label: str, said: str) -> str:
        """No person, channel or account gets to be a label: ids hold digits or capitals at their head, addresses an @."""
        known = self._words.setdefault((name, label), set())
        if said in known:
            return said
        if not _LABEL.fullmatch(said) or len(known) >= _MOST_VALUES:
            return "other"
        known.add(said)
        return said


@cache
def _metrics() -> _Metrics:
    return _Metrics()


def registry() -> "CollectorRegistry":
    """Where the metrics of this process are collected."""
    return _metrics().registry


# --- a sign of life --------------------------------------------------------------------------------

_alive_until: dict[str, float] = {}


def beat(part: Part, within: float) -> None:
    """This part of the process works, and will say so again before `within` seconds are over."""
    _alive_until[part] = time.monotonic() + within


def silent() -> list[str]:
    """Parts that promised a sign of life and gave none."""
    now = time.monotonic()
    return sorted(part for part, until in _alive_until.items() if until < now)


def serve_metrics(where: str) -> int:
    """Serves `/metrics` and `/healthz` of this process from a thread; the port it listens on.

    `where` is a port, of this machine alone, or ADDRESS:PORT. Raises `NeedsPerson` when it is taken.
    """
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from prometheus_client import make_wsgi_app

    metrics = make_wsgi_app(registry())

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: who looked at the metrics is no news."""

    def page(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start)
        if environ["PATH_INFO"] != "/healthz":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics or /healthz\n"]
        dead = silent()
        start("503 Service Unavailable" if dead else "200 OK", [("Content-Type", "text/plain")])
        return [(f"silent: {', '.join(dead)}\n" if dead else "ok\n").encode()]

    address, _, port = where.rpartition(":")
    try:
        server = make_server(address or "127.0.0.1", int(port), page, handler_class=Quiet)
    except (OSError, OverflowError, ValueError) as err:
        raise NeedsPerson(
            f"Metrics cannot be served at {where}: give each process another NIGHTDESK_METRICS_PORT."
        ) from err
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server.server_port


# --- logs ------------------------------------------------------------------------------------------

NUMBERS = frozenset(
    "count seconds attempt retries age batch bytes calls tokens money person scope job night run uid queue_depth width "
    "pid line status after lag replies pages limit version".split()
)
"""What is a number, or true or false."""

SHAPES: Mapping[str, re.Pattern[str]] = {
    "channel": re.compile(r"[CDG][A-Z0-9]{2,20}"),
    "team": re.compile(r"[TE][A-Z0-9]{2,20}"),
    "ts": re.compile(r"\d{1,12}\.\d{1,6}"),
    "lock": re.compile(r"[a-z]{1,20}/\d{1,20}"),
    "reference": re.compile(r"[0-9a-f]{6,16}"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    **dict.fromkeys(
        ("task", "queue", "kind", "state", "outcome", "step", "stage", "part", "reason"),
        re.compile(r"[a-z]{1,20}(?:_[a-z]{1,20}){0,5}"),
    ),
    "error": re.compile(r"[A-Z][A-Za-z]{2,40}"),  # the kind of one
    "method": re.compile(r"[a-z]{2,20}(?:\.[a-zA-Z]{2,30}){1,3}"),
}
"""What is text, and what it must look like: a word of the program's own or an id that Slack or the database gave."""

KEYS = NUMBERS | SHAPES.keys()
OURS = ("bot", "graphs", "__main__")
Form = Literal["json", "text"]
_SHORTEST = 5  # characters; a shorter literal may be anybody's word
_BARE = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def start_logs(level: int = logging.INFO, form: Form | None = None, to: TextIO | None = None) -> None:
    """Logs of this process on stderr: JSON lines, or for people when that is a terminal. Again replaces what was set."""
    stream = to or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(form or ("text" if stream.isatty() else "json"), stream.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # What libraries say below a warning is their own business, and quotes requests, mails and job arguments.
    root.setLevel(logging.WARNING)
    handler.addFilter(lambda record: is_ours(record.name) or record.levelno >= logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    threading.excepthook = lambda args: _log_end(args.exc_type, args.exc_value, args.exc_traceback)


def watch_what_is_said() -> None:
    """In a command that keeps no logs: what would still be written to stderr, above all a library's warnings and the errors
    that it quotes, is told as in logs. Loads nothing until then."""
    logging.lastResort = _Last(logging.WARNING)


class _Last(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(_Formatter("text", False).format(record) + "\n")


def _log_end(kind: type[BaseException], error: BaseException | None, trace: "TracebackType | None") -> None:
    if kind is not SystemExit:
        logging.getLogger(__name__).error("a thread ended", exc_info=(kind, error or kind(), trace))


def is_ours(name: str) -> bool:
    return name.partition(".")[0] in OURS


def told(record: logging.LogRecord) -> dict[str, Any]:
    """All that a record may say: nothing that was put together while the program ran, except numbers and ids."""
    said: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _event(record),
    }
    if is_ours(record.name):
        said |= {key: value for key, value in record.__dict__.items() if key not in _BARE and _allowed(key, value)}
    if record.exc_info and record.exc_info[1] is not None:
        said["error"] = type(record.exc_info[1]).__name__
        said["trace"] = _trace(record.exc_info[1])
    return said


def _event(record: logging.LogRecord) -> str:
    """The sentence as the source has it, without what goes into it; else where the source says it."""
    if isinstance(record.msg, str) and _is_literal(record.pathname, record.msg):
        return record.msg
    return f"see {record.module}.{record.funcName}, line {record.lineno}"


@cache
def _source(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_literal(path: str, sentence: str) -> bool:
    """Whether the sentence stands in the file that logged it: what a person, a server or a model wrote does not."""
    source = _source(path)
    return len(sentence) >= _SHORTEST and any(f"{mark}{sentence}{mark}" in source for mark in ("'", '"'))


def _allowed(key: str, value: object) -> bool:
    if isinstance(value, bool | int | float):
        return key in NUMBERS
    shape = SHAPES.get(key)
    return shape is not None and isinstance(value, str) and shape.fullmatch(value) is not None


def _trace(error: BaseException) -> list[str]:
    """Kinds and places of an error and its causes, without a word of what they say."""
    import traceback

    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    lines = []
    for one in chain:
        lines.append(f"{type(one).__module__}.{type(one).__qualname__}")
        frames = traceback.extract_tb(one.__traceback__)[-4:]
        lines += [f"  {Path(frame.filename).stem}.{frame.name}, line {frame.lineno}" for frame in frames]
    return lines


class _Formatter(logging.Formatter):
    def __init__(self, form: Form, colours: bool) -> None:
        super().__init__()
        import structlog

        self._render: Any = structlog.processors.JSONRenderer()
        if form == "text":
            self._render = structlog.dev.ConsoleRenderer(colors=colours, timestamp_key="time", pad_event_to=32)

    def format(self, record: logging.LogRecord) -> str:
        return str(self._render(None, record.levelname, told(record)))


def log_settings(words: str) -> tuple[int, Form | None]:
    """`NIGHTDESK_LOG` as level and form: any of debug, info, warning, error and of json, text. Raises `NeedsPerson`."""
    level: int = logging.INFO
    form: Form | None = None
    for word in words.replace(",", " ").casefold().split():
        match word:
            case "debug" | "info" | "warning" | "error":
                level = getattr(logging, word.upper())
            case "json" | "text":
                form = word
            case _:
                raise NeedsPerson(
                    "NIGHTDESK_LOG is a level (debug, info, warning, error), a form (json, text), or both."
                )
    return level, form


def start(log: str, metrics: str) -> None:
    """Logs and metrics of a process that stays, as NIGHTDESK_LOG and NIGHTDESK_METRICS_PORT say."""
    level, form = log_settings(log)
    start_logs(level, form)
    if metrics:
        serve_metrics(metrics)
