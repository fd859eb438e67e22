"""An embedded PostgreSQL: one server for each home, shared by the processes of one user, stopped by the last of them.

The directory given as `root` holds `data` (the cluster), `log`, `run` (the socket), `lock` (held while a server is
started or stopped) and `users` (each user holds a shared flock on it: the kernel counts them, kill -9 included).
Nothing listens on the network: who may enter the 0700 socket directory may connect as any role.
"""

import contextlib
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from bot.embedded.postgres_home import (
    ENVIRONMENT,
    PORT,
    Home,
    answers,
    exists,
    failure,
    find_binaries,
    is_server,
    listening,
    major_of,
    own_directory,
    prepare,
    recorded,
    run_program,
    told_about,
)
from graphs.errors import Later, NeedsPerson

__all__ = ["ADMIN", "DATABASE", "OWNER", "Server", "find_binaries", "running", "start"]

ADMIN = "postgres"  # superuser of the cluster: backups and throw-away databases, never the service
OWNER = "nightdesk_owner"  # owns the database and makes the application's role; as weak as on a hosted server
DATABASE = "nightdesk"
PATIENCE = 120.0  # seconds for a start, a crash recovery or a stop
LOG_LIMIT = 10_000_000  # bytes

# One line each, for the single-user server. pgvector is not a trusted extension: whoever is no superuser finds it made.
BOOTSTRAP = f"""\
do $$ begin if exists (select from pg_available_extensions where name = 'vector') \
then create extension vector; end if; end $$;
create role {OWNER} login createrole;
create database {DATABASE} owner {OWNER};
"""

# Messages below LOG are not written: an ERROR can quote content, and so can the details of a crash.
SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
    "lc_messages": "C",
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Server:
    """One user's hold on a running server. The server may have been started by somebody else."""

    home: Home
    users: TextIO

    def dsn(self, role: str, database: str = DATABASE) -> str:
        # The port is named because libpq would otherwise take PGPORT.
        user, name, host = (quote(part, safe="") for part in (role, database, str(self.home.run)))
        return f"postgresql://{user}@/{name}?host={host}&port={PORT}"

    def stop(self) -> bool:
        """Let go; True when nobody else used the server and it was stopped. A second call does nothing."""
        if self.users.closed:
            return False
        with told_about(self.home.root), _alone(self.home.root), self.users:
            try:
                fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            _shut_down(self.home)
            with contextlib.suppress(OSError):
                self.home.run.rmdir()  # it may be outside of the root, where nobody else would remove it
            return True


@contextlib.contextmanager
def running(root: Path, *, binaries: Path | None = None, durable: bool = True) -> Iterator[Server]:
    """`start`, then `stop` whatever happens."""
    server = start(root, binaries=binaries, durable=durable)
    try:
        yield server
    finally:
        server.stop()


def start(root: Path, *, binaries: Path | None = None, durable: bool = True) -> Server:
    """A server for `root` that answers: made, started or adopted.

    `durable=False` trades what a power cut may destroy for speed; it has no effect on a server that already runs.
    Raises `NeedsPerson` with what to change, `Later` when a server is there and does not get ready.
    """
    with told_about(root):
        home = prepare(root, find_binaries(binaries))
        with _alone(home.root) as lock, contextlib.ExitStack() as hold:
            users = hold.enter_context((home.root / "users").open("a"))
            fcntl.flock(users, fcntl.LOCK_SH)
            own_directory(home.run)
            if not (home.data / "PG_VERSION").exists():
                _initialise(home, lock, durable)
            if not _settled(home):
                _launch(home, lock, durable)
            hold.pop_all()  # what fails lets go: a forgotten hold would keep the server up for good
            return Server(home, users)


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[TextIO]:
    """One process at a time starts or stops the server of `root`.

    The programs that start it are given the lock: when their parent is killed, the next one waits until they are done.
    """
    deadline = time.monotonic() + 2 * PATIENCE
    with (root / "lock").open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Later(
                        f"Another process has been starting or stopping the server of {root} for minutes."
                    ) from None
                time.sleep(0.01)
        yield lock


def _initialise(home: Home, lock: TextIO, durable: bool) -> None:
    """A new cluster with our role and database in it; it gets its name only when it is complete."""
    new = home.root / "data.init"
    if new.exists():
        shutil.rmtree(new)  # what a killed start left
    locale = "--locale-provider=builtin --builtin-locale=C.UTF-8" if major_of(home) >= 17 else "--lc-ctype=C.UTF-8"
    words = f"-U {ADMIN} -E UTF8 --no-locale {locale} --auth-local=trust --auth-host=reject --data-checksums"
    sync = [] if durable else ["--no-sync"]
    run_program(home, lock, ["initdb", "-D", str(new), *words.split(), *sync])
    single = ["postgres", "--single", "-D", str(new), "-c", "exit_on_error=true", *([] if durable else ["-F"])]
    run_program(home, lock, [*single, "template1"], text=BOOTSTRAP)
    new.rename(home.data)
    directory = os.open(home.root, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _settled(home: Home) -> bool:
    """True once a server of this home answers, False when there is none."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = recorded(home.data)
        if found is None or not is_server(found.pid, home.data):
            return False
        if found.socket_dir and found.socket_dir != str(home.run):
            raise NeedsPerson(
                f"The server of {home.root} was started under another path: end process {found.pid}, then start again."
            )
        if found.ready and answers(home.socket):
            return True
        time.sleep(0.01)
    raise Later(f"The database server of {home.root} is there and does not get ready, see {home.log}.")


def _launch(home: Home, lock: TextIO, durable: bool) -> None:
    """Start the server of `home`, where none runs."""
    made_by = (home.data / "PG_VERSION").read_text().strip()
    major = major_of(home)
    if made_by != str(major):
        raise NeedsPerson(
            f"{home.data} was made by PostgreSQL {made_by} and {home.binaries} is {major}: "
            f"name the programs of {made_by} in NIGHTDESK_PG_BIN, or restore a backup into a new home."
        )
    _clear_stale(home)
    if home.log.exists() and home.log.stat().st_size > LOG_LIMIT:
        home.log.rename(home.log.with_name("log.old"))
    deadline = time.monotonic() + PATIENCE
    while trouble := _pg_ctl_start(home, lock, durable):
        # After a kill -9 of the server its last sessions hold the shared memory until they notice.
        if "still in use" not in trouble or time.monotonic() > deadline:
            raise failure(home, trouble)
        time.sleep(0.05)


def _clear_stale(home: Home) -> None:
    if listening(home.socket):
        raise NeedsPerson(
            f"A server in another container uses {home.root}: give each its own --home, or set DATABASE_URL."
        )
    home.socket.unlink(missing_ok=True)
    home.socket.with_name(home.socket.name + ".lock").unlink(missing_ok=True)
    found = recorded(home.data)
    # A pid that is gone PostgreSQL clears itself, and checks that no session of the old server is left. It trusts any
    # that is alive, though it may be another program's: after a reboot, or in a new container.
    if found and (found.pid == 0 or exists(found.pid)):
        (home.data / "postmaster.pid").unlink(missing_ok=True)


def _pg_ctl_start(home: Home, lock: TextIO, durable: bool) -> str:
    """Empty when the server answers, else what it logged."""
    # The list of socket directories is split at commas outside quotes.
    socket_dir = '"' + str(home.run).replace('"', '""') + '"'
    settings = SETTINGS | {"unix_socket_directories": socket_dir} | ({} if durable else THROW_AWAY)
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    before = home.log.stat().st_size if home.log.exists() else 0
    # -D travels in the quoted options and the log by its relative name: pg_ctl hands its own to a shell unquoted.
    pg_ctl = [*home.prefix, str(home.binaries / "pg_ctl"), "start", "-s", "-w", "-t", f"{PATIENCE:.0f}", "-l", "log"]
    # A shell keeps the lock, as its input, until pg_ctl is done: the server must not inherit it. Without `exit` the
    # shell would become pg_ctl.
    done = subprocess.run(
        [
            "/bin/sh",
            "-c",
            '"$@" </dev/null; exit $?',
            "sh",
            *pg_ctl,
            "-o",
            shlex.join(["-D", str(home.data), *options]),
        ],
        cwd=home.root,
        env=ENVIRONMENT | {"PGDATA": str(home.data)},
        stdin=lock,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == 0:
        return ""
    logged = home.log.read_bytes()[before:] if home.log.exists() else b""
    return logged.decode(errors="replace") or f"pg_ctl ended with {done.returncode}"


def _shut_down(home: Home) -> None:
    """End the server of this home, if one runs: sessions are cut, everything committed is kept."""
    for order, patience in ((signal.SIGINT, PATIENCE), (signal.SIGQUIT, 10.0)):  # fast, then immediate
        found = recorded(home.data)
        if found is None or not is_server(found.pid, home.data):
            return
        os.kill(found.pid, order)
        deadline = time.monotonic() + patience
        while is_server(found.pid, home.data):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    if found and is_server(found.pid, home.data):
        raise Later(f"The database server of {home.root} (process {found.pid}) does not stop.")
