"""Parsing hostile mail in child processes with limits, so that one message costs its own death and nothing else.

The parent sends a batch of frames and reads one frame back for each mail: JSON of a Message, never a pickle. A
child that dies or hangs is replaced; the mail it held is tried once more alone and then reported as `Broken`.
"""

import gc
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import BinaryIO, Self, cast

from pydantic import ValidationError

from bot.mail.mbox import RawMail
from bot.mail.parse import Mailbox, parse
from graphs.domain import Message

CPU_SECONDS = 4  # of a try, rounded up to 5 by the kernel; two tries stay within the promised ten
WALL_SECONDS = 30.0  # longer than the CPU limit: on a busy machine a child waits for its turn
MEMORY = 512 * 1024 * 1024
BATCH = 64
BATCH_BYTES = 4 * 1024 * 1024
MAX_REPLY = 16 * 1024 * 1024
BUFFER = 256 * 1024
_OUT_OF_MEMORY = 3  # the child's exit code


@dataclass(frozen=True)
class Broken:
    """A mail that no parser survived twice; `reason` says in a few words what happened and holds no content."""

    key: str
    reason: str


class _Died(Exception):
    """The child is gone; the text says how."""


# --- the parent -----------------------------------------------------------------------------------


class Parser:
    """A pool of child processes, started when first needed and kept until the context ends."""

    def __init__(self, children: int = 2, cpu_seconds: int = CPU_SECONDS, wall_seconds: float = WALL_SECONDS) -> None:
        self._size = children
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._idle: LifoQueue[_Child] = LifoQueue()  # the last used is warm; others start only for more
        self._threads = ThreadPoolExecutor(children, thread_name_prefix="mail-parser")

    def __enter__(self) -> Self:
        for _ in range(self._size):
            self._idle.put(_Child(self._cpu_seconds, self._wall_seconds))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().stop()

    def parse_all(self, mails: Iterable[RawMail], account: str, mailbox: Mailbox) -> Iterator[Message | Broken]:
        """One result for each mail, in order; reads ahead a few batches of `mails`, never all of them."""
        waiting: deque[tuple[list[RawMail], Future[list[bytes | str]]]] = deque()
        for batch in _batches(mails):
            waiting.append((batch, self._threads.submit(self._run, batch, account, mailbox)))
            if len(waiting) > 2 * self._size:
                yield from _results(*waiting.popleft())
        while waiting:
            yield from _results(*waiting.popleft())

    def _run(self, batch: list[RawMail], account: str, mailbox: Mailbox) -> list[bytes | str]:
        """For each mail the child's JSON, or the reason why there is none."""
        child = self._idle.get()
        try:
            done: list[bytes | str] = []
            try:
                done.extend(child.parse(batch, account, mailbox))
            except _Died:  # which mail it was shows when each is tried alone; one that kills again is given up
                done.extend(_alone(child, mail, account, mailbox) for mail in batch[len(done) :])
            return done
        finally:
            self._idle.put(child)


def _alone(child: "_Child", mail: RawMail, account: str, mailbox: Mailbox) -> bytes | str:
    try:
        [reply] = child.parse([mail], account, mailbox)
    except _Died as died:
        return str(died)
    return reply


def _results(batch: list[RawMail], replies: "Future[list[bytes | str]]") -> Iterator[Message | Broken]:
    for mail, reply in zip(batch, replies.result(), strict=True):
        yield Broken(mail.key, reply) if isinstance(reply, str) else _checked(mail, reply)


def _checked(mail: RawMail, reply: bytes) -> Message | Broken:
    """The child held hostile bytes: what it says is data to check."""
    try:
        return Message.model_validate_json(reply)
    except ValidationError:
        return Broken(mail.key, "was parsed into nonsense")


def _batches(mails: Iterable[RawMail]) -> Iterator[list[RawMail]]:
    source = iter(mails)
    while batch := list(islice(source, 1)):
        size = len(batch[0].raw)
        while len(batch) < BATCH and size < BATCH_BYTES and (mail := next(source, None)):
            batch.append(mail)
            size += len(mail.raw)
        yield batch


class _Child:
    """One process and its two pipes. Used by one thread at a time."""

    def __init__(self, cpu_seconds: int, wall_seconds: float) -> None:
        self._cpu_seconds = cpu_seconds
        self._wall_seconds = wall_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def parse(self, batch: list[RawMail], account: str, mailbox: Mailbox) -> Iterator[bytes]:
        """One reply for each mail. Raises `_Died` at the mail that ended the child; the next call starts another."""
        process = self._process = self._process or _start(self._cpu_seconds)
        try:
            frames = (_frame(mail.raw, (mail.received.isoformat() if mail.received else "").encode()) for mail in batch)
            head = _frame(account.encode(), mailbox.encode())
            self._write(process, len(batch).to_bytes(4, "big") + head + b"".join(frames))
            yield from self._replies(process, len(batch))
        except (_Died, BrokenPipeError) as err:
            raise _Died(self._end(str(err) if isinstance(err, _Died) else "")) from err

    def _replies(self, process: subprocess.Popen[bytes], count: int) -> Iterator[bytes]:
        """Frames as they come. The child sends them in heaps: a message each way for every mail halves the speed."""
        data = bytearray()
        while count:
            data += self._read(process)
            while len(data) >= 4 and len(data) >= 4 + (size := int.from_bytes(data[:4], "big")):
                yield bytes(data[4 : 4 + size])
                del data[: 4 + size]
                count -= 1
            if len(data) > MAX_REPLY:
                raise _Died("answered too much")

    def stop(self) -> None:
        if self._process:
            self._end("")

    def _end(self, reason: str) -> str:
        """Ends the process for good and says what it died of."""
        process = cast(subprocess.Popen[bytes], self._process)
        self._process = None
        if reason or process.poll() is None:
            process.kill() if reason else cast(BinaryIO, process.stdin).close()
        code = process.wait() if reason else _patiently(process)
        for pipe in (process.stdin, process.stdout):
            cast(BinaryIO, pipe).close()
        return _cause(code, reason, self._cpu_seconds)

    def _write(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        pipe = cast(BinaryIO, process.stdin).fileno()
        deadline = time.monotonic() + self._wall_seconds
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [pipe], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise _Died("took too long to listen")
            view = view[os.write(pipe, view[:1_048_576]) :]

    def _read(self, process: subprocess.Popen[bytes]) -> bytes:
        pipe = cast(BinaryIO, process.stdout).fileno()
        ready, _, _ = select.select([pipe], [], [], self._wall_seconds)
        if not ready:
            raise _Died(f"took more than {self._wall_seconds:g} s")
        data = os.read(pipe, 1_048_576)
        if not data:
            raise _Died("")
        return data


def _patiently(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _cause(code: int, reason: str, cpu_seconds: int) -> str:
    if reason:
        return reason
    if code == -signal.SIGXCPU:
        return f"took more than {cpu_seconds} s of computing"
    if code == _OUT_OF_MEMORY:
        return f"needed more than {MEMORY // 2**20} MB"
    return f"ended the parser (signal {-code})" if code < 0 else f"ended the parser (exit code {code})"


def _start(cpu_seconds: int) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-P", "-m", "bot.mail.safe", str(cpu_seconds)]
    process = subprocess.Popen(  # our own interpreter and module; no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, cwd="/",
        env={"PYTHONPATH": root, "LC_ALL": "C.UTF-8"},  # nothing of ours: secrets live in the environment
    )  # fmt: skip
    os.set_blocking(cast(BinaryIO, process.stdin).fileno(), False)
    return process


def _frame(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


# --- the child ------------------------------------------------------------------------------------


def _serve(source: BinaryIO, sink: BinaryIO, cpu_seconds: int) -> None:
    """Batches until the pipe closes. Each is read whole before the first answer: neither side waits for the other."""
    armed = -1.0
    while count := int.from_bytes(source.read(4), "big"):
        account, mailbox = _field(source).decode(), cast(Mailbox, _field(source).decode())
        mails = deque((_field(source), _field(source).decode()) for _ in range(count))
        while mails:
            raw, received = mails.popleft()
            if time.process_time() > armed + 1:
                armed = _allow(cpu_seconds)
            message = parse(raw, account, mailbox, datetime.fromisoformat(received) if received else None)
            sink.write(_frame(message.model_dump_json().encode()))
        sink.flush()


def _field(source: BinaryIO) -> bytes:
    return source.read(int.from_bytes(source.read(4), "big"))


def _allow(cpu_seconds: int) -> float:
    """So much computing from now on (and one second: the kernel counts whole ones); returns now.

    At the limit the kernel sends SIGXCPU, which also ends a loop in C.
    """
    now = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(now) + 1 + cpu_seconds, resource.RLIM_INFINITY))
    return now


def _main() -> int:
    for limit, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(limit, (value, value))
    gc.freeze()
    gc.set_threshold(50_000)  # a mail makes many small values and no cycles
    try:
        with (
            os.fdopen(sys.stdin.fileno(), "rb", buffering=BUFFER) as source,
            os.fdopen(sys.stdout.fileno(), "wb", buffering=BUFFER) as sink,
        ):
            _serve(source, sink, int(sys.argv[1]))
    except MemoryError:
        return _OUT_OF_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(_main())
