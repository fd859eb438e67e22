"""A link between a mail program and its server that remembers what was asked, and breaks as a test says."""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n$")

Piece = tuple[Literal["command", "more", "literal"], bytes]


@dataclass(frozen=True)
class Plan:
    """What happens on one connection. Counts are of bytes that got through in that direction.

    `mute` and `hold` name a command: of a muted one the server's answer is lost (what asks for a literal gets
    through), a held one's literal reaches the server only on `release`. `instead` answers a command in the server's
    place: `{tag}` stands for its tag; an empty answer ends the connection.
    """

    cut_down: int | None = None
    cut_up: int | None = None
    hole_down: int | None = None
    mute: str = ""
    hold: str = ""
    instead: tuple[tuple[str, str], ...] = ()


@dataclass
class Link:
    """`plans` are taken from the front, one for each connection; without one all gets through."""

    target: int
    port: int = 0
    plans: list[Plan] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    down: int = 0  # bytes that the last connection got
    up: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        """Let what is held reach the server, however long ago its sender left."""
        self.released.set()


@contextlib.contextmanager
def linked(target: int) -> Iterator[Link]:
    """A link to the server at `target` on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        link = Link(target, int(listener.getsockname()[1]))
        threading.Thread(target=_accept, args=(listener, link), daemon=True).start()
        try:
            yield link
        finally:
            link.released.set()
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, link: Link) -> None:
    while True:
        try:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", link.target))
        except OSError:
            return
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.down = link.up = 0
        connection = _Connection(client, server, link, link.plans.pop(0) if link.plans else Plan())
        for pump in (connection.pump_up, connection.pump_down):
            threading.Thread(target=pump, daemon=True).start()


class _Connection:
    def __init__(self, client: socket.socket, server: socket.socket, link: Link, plan: Plan) -> None:
        self.client, self.server, self.link, self.plan = client, server, link, plan
        self.verb = ""  # of the command that is under way
        self.is_muted = False

    def end(self) -> None:
        for line in (self.client, self.server):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    # --- to the server ------------------------------------------------------------------------------

    def pump_up(self) -> None:
        splitter = Splitter()
        with contextlib.suppress(OSError):
            while data := self.client.recv(65_536):
                for piece in splitter.feed(data):
                    if not self._pass_up(*piece):
                        return self.end()
        self.end()

    def _pass_up(self, kind: str, data: bytes) -> bool:
        """Whether the connection goes on."""
        if kind == "command" and not self._is_passed(data):
            return bool(dict(self.plan.instead)[self.verb])
        if kind == "literal" and self.verb == self.plan.hold:
            self.link.released.wait(60)
        room = None if self.plan.cut_up is None else self.plan.cut_up - self.link.up
        self.server.sendall(data if room is None else data[: max(room, 0)])
        self.link.up += len(data)
        return room is None or len(data) <= room

    def _is_passed(self, data: bytes) -> bool:
        tag, _, rest = data.decode("latin-1").strip().partition(" ")
        self.link.commands.append(rest)
        words = rest.upper().split()
        self.verb = " ".join(words[:2]) if words[:1] == ["UID"] else "".join(words[:1])
        self.is_muted = self.is_muted or bool(self.verb and self.verb == self.plan.mute)
        answer = dict(self.plan.instead).get(self.verb)
        if answer:
            self.client.sendall(answer.format(tag=tag).encode())
        return answer is None

    # --- to the client ------------------------------------------------------------------------------

    def pump_down(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65_536):
                if not self._pass_down(data):
                    break
        if not self.is_muted and self.verb != self.plan.hold:
            self.end()

    def _pass_down(self, data: bytes) -> bool:
        if self.is_muted and not data.startswith(b"+"):
            return True
        cut = self.plan.cut_down if self.plan.hole_down is None else self.plan.hole_down
        room = None if cut is None else max(cut - self.link.down, 0)
        self.client.sendall(data if room is None else data[:room])
        self.link.down += len(data)
        return room is None or len(data) <= room or self.plan.hole_down is not None


class Splitter:
    """Cuts what a client sends into commands, their literals, and what follows those."""

    def __init__(self) -> None:
        self._buffer = b""
        self._literal = 0
        self._is_open = False  # within a command

    def feed(self, data: bytes) -> Iterator[Piece]:
        self._buffer += data
        while piece := self._next():
            yield piece

    def _next(self) -> Piece | None:
        if self._literal:
            taken, self._buffer = self._buffer[: self._literal], self._buffer[self._literal :]
            self._literal -= len(taken)
            return ("literal", taken) if taken else None
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return None
        self._buffer, line = rest, line + end
        kind: Literal["command", "more"] = "more" if self._is_open else "command"
        found = _LITERAL.search(line)
        self._literal = int(found.group(1)) if found else 0
        self._is_open = bool(found)
        return kind, line
