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

    A command is named by how it begins: `APPEND`, `UID FETCH 3`. Of a `mute` one the server's answer is lost (what asks
    for a literal gets through), a `hold` one's literal reaches the server only on `release`, of a `halve` one's literal
    half. `instead` answers in the server's place: `{tag}` stands for the command's; an empty answer and a BYE end the connection.
    """

    cut_down: int | None = None
    cut_up: int | None = None
    hole_down: int | None = None
    mute: str = ""
    hold: str = ""
    halve: str = ""
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
    rewrite: tuple[bytes, bytes] = (b"\0", b"\0")  # what the server says, and of the same length what comes through
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
        self.command = ""  # that is under way, without its tag
        self.is_muted = False
        self.is_held = False

    def is_under_way(self, name: str) -> bool:
        return bool(name) and f"{self.command} ".startswith(f"{name} ")

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
                for kind, piece in splitter.feed(data):
                    if not (self._pass_command(piece) if kind == "command" else self._pass_rest(kind, piece)):
                        return self.end()
        self.end()

    def _pass_command(self, data: bytes) -> bool:
        """Whether the connection goes on."""
        tag, space, command = data.decode("latin-1").strip().partition(" ")
        if not space:  # the answer to a challenge
            return self._send_up(data)
        self.command = command
        self.link.commands.append(self.command)
        self.is_muted = self.is_muted or self.is_under_way(self.plan.mute)
        for name, answer in self.plan.instead:
            if self.is_under_way(name):
                self.client.sendall(answer.format(tag=tag).encode())
                return bool(answer) and not answer.startswith("* BYE")
        return self._send_up(data)

    def _pass_rest(self, kind: str, data: bytes) -> bool:
        if kind == "literal" and self.is_under_way(self.plan.halve):
            self._send_up(data[: len(data) // 2])
            return False
        if kind == "literal" and self.is_under_way(self.plan.hold):
            self.is_held = True
            self.link.released.wait(60)
        return self._send_up(data)

    def _send_up(self, data: bytes) -> bool:
        room = None if self.plan.cut_up is None else max(self.plan.cut_up - self.link.up, 0)
        self.server.sendall(data[:room])
        self.link.up += len(data)
        return room is None or len(data) <= room

    # --- to the client ------------------------------------------------------------------------------

    def pump_down(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65_536):
                if not self._pass_down(data):
                    break
        if not self.is_muted and not self.is_held:
            self.end()

    def _pass_down(self, data: bytes) -> bool:
        if self.is_muted and not data.startswith(b"+"):
            return True
        cut = self.plan.cut_down if self.plan.hole_down is None else self.plan.hole_down
        room = None if cut is None else max(cut - self.link.down, 0)
        self.client.sendall(data.replace(*self.link.rewrite)[:room])
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
