"""The stand-in model and embedder: one OpenAI-compatible server on this machine for all systems, which counts what it sees.

python -m tests.bench.peers.standin QUESTIONS.json prints its address. The first part of a path names who asks for what
(`/mem0/learn/v1/chat/completions`); `GET /WHO/calls` tells of the calls since it was asked last.
"""

import json
import re
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from math import sqrt
from pathlib import Path

from bot.embedded import model
from bot.embedded.model import Body, Handler, serving
from tests.bench.measure import say
from tests.bench.memory.questions import Question
from tests.bench.peers.reader import answered, asked_in, shown
from tests.bench.peers.spoken import Spoken, learned, said_size, size, texts

DIMENSIONS = 512
REMEMBERED = 12
"""Requests of one sender whose beginnings a provider is taken to have in its cache."""
_COMMON = frozenset(
    "a an the of for to in on at is are was do we does who what which when how and by it i this that from".split()
)


@dataclass(frozen=True)
class Seen:
    """One call as the server saw it; sizes in characters."""

    step: str  # the name of the schema that was asked for; "" for plain words
    prompt: int
    completion: int
    fixed: int  # of the prompt: instructions
    beside: int  # of the prompt: the question with its words around it; the rest is what the system put there
    seconds: float  # from the last byte read until there is an answer
    shared: int = 0  # of the prompt: what it begins with as a request did that its sender made before


@dataclass
class Log:
    """Calls by who made them; threads of the server add to it."""

    calls: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    before: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED)))
    answering: int = 0
    idle: threading.Condition = field(default_factory=threading.Condition)

    def begin(self) -> None:
        with self.idle:
            self.answering += 1

    def add(self, who: str, seen: Seen, said: str) -> None:
        with self.idle:
            self.answering -= 1
            self.idle.notify_all()
            shared = max((_shared(said, one) for one in self.before[who]), default=0)
            self.before[who].append(said)
            self.calls[who].append(replace(seen, shared=shared))

    def take(self, who: str) -> list[Seen]:
        """Once no answer is under way: who has the last word of one may ask before it is counted."""
        with self.idle:
            self.idle.wait_for(lambda: not self.answering)
            return self.calls.pop(who, [])


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one.startswith(other[:middle]) else (low, middle - 1)
    return low


def handler(known: Sequence[Question], log: Log) -> type[Handler]:
    class StandIn(Handler):
        def do_GET(self) -> None:  # noqa: N802 (the name is http.server's)
            who = self.path.strip("/").removesuffix("/calls")
            self.send_json(200, {"calls": [asdict(one) for one in log.take(who)]})

        def do_POST(self) -> None:  # noqa: N802 (likewise)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            begun = time.perf_counter()
            log.begin()
            embeds = self.path.endswith("/embeddings")
            answer = embedded(body) if embeds else spoken(body, known)
            seconds = time.perf_counter() - begun
            self._send(body, answer)
            seen = _seen(body, answer, known)
            log.add(self.path.strip("/").partition("/v1")[0], replace(seen, seconds=seconds), "".join(texts(body)))

        def _send(self, body: Body, answer: Body | Spoken | None) -> None:
            if answer is None:
                self.send_json(model.UNRECORDED, model.error("nobody taught the stand-in this", "no_recording"))
            elif isinstance(answer, dict):
                self.send_json(200, answer)
            elif answer.calls:
                self.send_json(200, _with_tools(body, answer))
            else:
                self.send_answer(body, answer.content)

        def begin_stream(self) -> None:
            """On a line that stays open, as a provider keeps it."""
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()

        def send_event(self, data: str) -> None:
            event = f"data: {data}\n\n".encode()
            ends = b"0\r\n\r\n" if data == "[DONE]" else b""
            self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n" + ends)

    return StandIn


def spoken(body: Body, known: Sequence[Question]) -> Spoken | None:
    """What the stand-in says; None where it does not know what is asked for."""
    found = learned(body)
    if found is None and not body.get("response_format"):
        said = "\n".join(texts(body)[1:])
        question = asked_in(said, known)
        return Spoken(answered(question, shown(said)) if question else "NOTHING")
    return found


def _seen(body: Body, answer: Body | Spoken | None, known: Sequence[Question]) -> Seen:
    if isinstance(answer, dict):
        return Seen("embed", sum(map(len, _given(body))), 0, 0, 0, 0.0)
    named = ((body.get("response_format") or {}).get("json_schema") or {}).get("name", "")
    prompt, fixed, beside = parts(body, known)
    return Seen(named, prompt, said_size(answer or Spoken()), fixed, beside, 0.0)


def embedded(body: Body) -> Body:
    given = _given(body)
    data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(given)]
    used = sum(map(len, given)) // 4
    usage = {"prompt_tokens": used, "total_tokens": used}
    return {"object": "list", "data": data, "model": body.get("model", ""), "usage": usage}


def _given(body: Body) -> list[str]:
    given = body.get("input", [])
    return [given] if isinstance(given, str) else list(given)


def parts(body: Body, known: Sequence[Question]) -> tuple[int, int, int]:
    """Sizes of a request, of its instructions, and of its question: a last line with it, or a fence and the line above."""
    fixed, *rest = texts(body) or [""]
    said = "\n".join(rest)
    question = asked_in(said, known)
    beside = 0
    if question is not None:
        asks = re.search(
            r"(?:[^\n]*asks:\n<message>\n|[^\n]*)" + re.escape(question.question) + r"(?:\n</message>)?\Z", said
        )
        beside = len(asks[0]) if asks else len(question.question)
    return size(body), len(fixed), beside


def vector(text: str) -> list[float]:
    """Words hashed into so many places with a sign each, of length one: what shares words is near, and nothing else."""
    made = [0.0] * DIMENSIONS
    words = sorted(word for word in re.findall(r"\w+", text.casefold()) if word not in _COMMON)
    for word, same in groupby(words):
        digest = blake2b(word.encode(), digest_size=4).digest()
        place = int.from_bytes(digest[:3], "big") % DIMENSIONS
        made[place] += (1 if digest[3] % 2 else -1) * sqrt(len(list(same)))
    length = sqrt(sum(value * value for value in made)) or 1.0
    return [value / length for value in made]


def _with_tools(body: Body, spoken: Spoken) -> Body:
    calls = [
        {
            "id": f"call_{model.key_of(body)}_{n}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(given)},
        }
        for n, (name, given) in enumerate(spoken.calls)
    ]
    whole = model.completion(body, "", "tool_calls")
    whole["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": calls}
    return whole


# --- questions on their way to it -----------------------------------------------------------------


def write_questions(asked: Sequence[Question], path: Path) -> None:
    """Without the answers."""
    rows = [
        {
            "kind": q.kind,
            "question": q.question,
            "subjects": q.subjects,
            "at": q.at.isoformat(),
            "since": q.since.isoformat(),
        }
        for q in asked
    ]
    path.write_text(json.dumps(rows))


def read_questions(path: Path) -> list[Question]:
    return [
        Question(
            row["kind"], "", "", datetime.fromisoformat(row["at"]), row["question"], (),
            subjects=tuple(row["subjects"]), since=datetime.fromisoformat(row["since"]),
        )
        for row in json.loads(path.read_text())
    ]  # fmt: skip


if __name__ == "__main__":
    with serving(handler(read_questions(Path(sys.argv[1])), Log())) as base_url:
        say(base_url.removesuffix("/v1"))
        threading.Event().wait()
