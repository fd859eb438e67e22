"""The systems in environments of their own: each a process that learns and answers, and the server of the stand-in model."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from tests.bench.memory.questions import Question
from tests.bench.peers.measured import Calls, Learned, Spent, Tried, holds
from tests.bench.peers.spoken import JOINED
from tests.bench.peers.standin import write_questions
from tests.house.repo import ROOT

WHO = {"with_nothing": "full", "with_langmem": "langmem", "with_mem0": "mem0"}


@contextmanager
def server(asked: Sequence[Question], folder: Path) -> Iterator[str]:
    """The address of a stand-in that knows these questions, in a process of its own."""
    write_questions(asked, folder / "questions.json")
    words = [sys.executable, "-m", "tests.bench.peers.standin", str(folder / "questions.json")]
    process = subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def _environ(home: Path) -> dict[str, str]:
    """Nothing that somebody set for this process, and everything off that would tell of itself."""
    return {
        "PATH": os.environ.get("PATH", ""), "HOME": str(home), "MEM0_DIR": str(home), "MEM0_TELEMETRY": "False",
        "POSTHOG_DISABLED": "1", "DO_NOT_TRACK": "1", "LANGSMITH_TRACING": "false", "HF_HUB_OFFLINE": "1", "NO_PROXY": "*",
        "OPENAI_API_KEY": "none", "PYTHONHASHSEED": "0",
    }  # fmt: skip


@dataclass
class Other:
    """One system, as long as its process lives."""

    name: str
    who: str
    process: subprocess.Popen[str]
    learned: Learned = field(init=False)

    @classmethod
    @contextmanager
    def running(cls, name: str, module: str, interpreter: Path, root: str, home: Path) -> Iterator[Self]:
        words = [str(interpreter), "-m", f"tests.bench.peers.{module}", root, str(home)]
        process = subprocess.Popen(
            words, cwd=ROOT, env=_environ(home), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            yield cls(name, WHO[module], process)
        finally:
            process.terminate()
            process.wait(10)

    def learn(self, said: Sequence[Sequence[str]], calls: Calls) -> None:
        """Hands over messages, a conversation at a time."""
        spent = [self._do("learn", said=list(each))[1] for each in said]
        seen = calls.take(f"{self.who}/learn")
        calls.take(f"{self.who}/embed")
        kept, _ = self._do("memories")
        # Where one memory keeps several words of one matter, the last of them is what holds.
        over = tuple(part for one in kept for part in one.split(JOINED)[:-1]) if self.who != "full" else ()
        self.learned = Learned(self.name, tuple(seen), tuple(kept), over, sum(one.cpu for one in spent))

    def asker(self, calls: Calls) -> Callable[[Question, str], Tried]:
        return partial(self.ask, calls)

    def ask(self, calls: Calls, question: Question, handed: str) -> Tried:
        """The question to the system, and then to a plain agent in its process that is handed this context."""
        text, spent = self._do("ask", question=question.question)
        seen = calls.take(f"{self.who}/answer", f"{self.who}/embed")
        _, bare = self._do("bare", question=question.question, context=handed)
        bare = bare.without(calls.take(f"{self.who}/bare"))
        whole = spent.without(seen)
        return Tried(question, holds(question, text), False, tuple(seen), whole, Spent(), bare)

    def _do(self, what: str, **arguments: Any) -> tuple[Any, Spent]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what} | arguments) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended while it was asked to {what}; what it said stands above.")
        answer = json.loads(line)
        return answer["found"], Spent(answer["wall"], answer["cpu"])
