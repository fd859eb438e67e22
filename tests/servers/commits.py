"""A line to Postgres on which what becomes of a COMMIT is not told: done or not, whoever asked for it sees a broken line."""

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.servers.postgres import Database

Fate = Literal["whole", "done", "lost"]
"""As if there were no line between; committed, and the answer is lost; never arrived."""


@dataclass
class Line:
    """`fate` says of each COMMIT, by its number from 1 on, what becomes of it."""

    target: str  # the server's socket
    database: Database
    fate: Callable[[int], Fate] = lambda number: "whole"
    commits: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fate(self) -> Fate:
        with self.lock:
            self.commits += 1
            return self.fate(self.commits)


@contextlib.contextmanager
def commits_on(database: Database) -> Iterator[Line]:
    """A line to `database`; the one to use is the line's."""
    there = conninfo_to_dict(database.app)
    name = f".s.PGSQL.{there.get('port') or 5432}"
    with tempfile.TemporaryDirectory(prefix="nd-") as root, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(root) / name))
        listener.listen(64)
        line = Line(str(Path(str(there["host"])) / name), replace(database, app=make_conninfo(database.app, host=root)))
        threading.Thread(target=_accept, args=(listener, line), daemon=True).start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, line: Line) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(line.target)
            except OSError:  # it is down: so are we
                client.close()
                continue
            for act in (_up, _down):
                threading.Thread(target=act, args=(client, server, line), daemon=True).start()


def _up(client: socket.socket, server: socket.socket, line: Line) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(65_536):
            fate: Fate = line.next_fate() if b"COMMIT\0" in data else "whole"
            if fate == "done":
                client.shutdown(socket.SHUT_RDWR)  # nobody hears the answer; the server still gets what was asked
            if fate != "lost":
                server.sendall(data)
            if fate != "whole":
                break
    _end(client, server)


def _down(client: socket.socket, server: socket.socket, line: Line) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(65_536):
            client.sendall(data)
    _end(client, server)


def _end(*ends: socket.socket) -> None:
    for one in ends:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
