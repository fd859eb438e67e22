"""Every call once: known from the file, or asked, and written down before anybody uses the answer."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from graphs.domain import Value
from graphs.errors import NeedsPerson
from graphs.thinking import Busy, Chat, Refused, Reply, Request, tokens_about, tokens_at_most

TRIES = 6
LONGEST_WAIT = 60.0  # seconds, whatever a busy server asks for


class Call(Value):
    """One answered request. `counted`: the server counted the tokens; else a token is four characters."""

    key: str
    step: str
    text: str
    prompt: int
    completion: int
    cached: int
    stopped: str
    seconds: float
    counted: bool


Ask = Callable[[Request], Call]


class Stopped(Exception):
    """No more calls in this run; the message says why. What is answered stays on disk."""


def key_of(model: str, request: Request) -> str:
    """Whatever decides the answer: a changed prompt, limit or model is asked anew."""
    held = json.dumps([model, asdict(request)], sort_keys=True)
    return hashlib.sha256(held.encode()).hexdigest()[:20]


def read_calls(file: Path) -> dict[str, Call]:
    """What is on disk by key. A line that a kill left unfinished is cut off, so that the next one begins a line."""
    if not file.exists():
        return {}
    with file.open("r+b") as held:
        data = held.read()
        held.truncate(data.rfind(b"\n") + 1)
    calls = [Call.model_validate_json(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]
    return {call.key: call for call in calls}


@dataclass
class Calls:
    """One run against one model. `most_tokens`: prompt and completion of all calls on disk and to come, never more."""

    model: str
    file: Path
    chat: Chat
    most_tokens: int | None = None
    known: dict[str, Call] = field(default_factory=dict)
    used: dict[str, Call] = field(default_factory=dict)  # by this run, asked just now or before
    asked: int = 0
    spent: int = 0
    _stopped: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: Request) -> Call:
        """Raises `Stopped` when the budget, the server or a person's mistake ends the run; safe from several threads."""
        key = key_of(self.model, request)
        if key in self.known:
            self.used[key] = self.known[key]
            return self.known[key]
        worst = tokens_at_most(request) + request.max_tokens
        self._reserve(worst)
        call = _call(key, request, self._reply(request))
        with self._lock:
            self.spent += call.prompt + call.completion - worst
            self.asked += 1
            self.known[key] = self.used[key] = call
            with self.file.open("a", encoding="utf-8") as held:
                held.write(call.model_dump_json() + "\n")
        return call

    def _reserve(self, worst: int) -> None:
        with self._lock:
            over = self.most_tokens is not None and self.spent + worst > self.most_tokens
            if not over:
                self.spent += worst
        if over:
            self.stop(f"the budget of {self.most_tokens:,} tokens has no room for the next call")
        if self._stopped:
            raise Stopped(self._stopped)

    def stop(self, why: str) -> None:
        """Every call from now on raises `Stopped`; those on their way come home."""
        self._stopped = self._stopped or why
        self._over.set()

    def _reply(self, request: Request) -> Reply:
        """Busy servers are asked again; a call that was perhaps charged counts as spent, at its worst."""
        for attempt in range(TRIES):
            try:
                return self.chat.complete(request)
            except Refused:
                return Reply("", None, "refusal")
            except NeedsPerson as error:
                self.stop(str(error))
                break
            except Busy as busy:
                if busy.charged:
                    self._reserve(tokens_at_most(request) + request.max_tokens)
                if attempt == TRIES - 1:
                    self.stop(f"{busy}, {TRIES} times in a row")
                self._over.wait(min(busy.after if busy.after is not None else 2.0**attempt, LONGEST_WAIT))
            if self._stopped:
                break
        raise Stopped(self._stopped)


def _call(key: str, request: Request, reply: Reply) -> Call:
    used = reply.usage
    refused = reply.stopped == "refusal" and used is None
    guessed = sum(tokens_about(turn.text) for turn in request.turns)
    return Call(
        key=key,
        step=request.step,
        text=reply.text,
        prompt=used.prompt if used else 0 if refused else guessed,
        completion=used.completion if used else 0 if refused else tokens_about(reply.text),
        cached=used.cached if used else 0,
        stopped=reply.stopped,
        seconds=round(reply.seconds, 3),
        counted=used is not None,
    )


# --- a dry run ------------------------------------------------------------------------------------

LIKELY = {"sleep": 900, "test": 150}  # completion tokens of a call, as models that do not think aloud write them


@dataclass
class Estimate:
    """Counts what would be asked, without asking; what is on disk costs nothing."""

    model: str
    known: dict[str, Call]
    calls: dict[str, int] = field(default_factory=lambda: {"sleep": 0, "test": 0})
    prompt: int = 0
    completion: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, request: Request) -> Call:
        key = key_of(self.model, request)
        if key in self.known:
            return self.known[key]
        text = "word" * LIKELY[request.step]
        call = _call(key, request, Reply(text, None))
        with self._lock:
            self.calls[request.step] += 1
            self.prompt += call.prompt
            self.completion += call.completion
        return call
