"""Backups by pg_dump and pg_restore, while the service runs. infra/BACKUP.md says what else to keep."""

import os
import subprocess
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bot.store.migrate import ensure_role
from graphs.errors import Later, NeedsPerson, NightdeskError

# The pads sign audience tokens: they come from the key ring, and `migrate` puts them back.
NEVER_SAVED = "nightdesk.secret"

TROUBLES = {
    "row-level security": "The role used for the backup cannot read every row: use one with BYPASSRLS, or a superuser.",
    "server version mismatch": "The server is newer than these programs: set NIGHTDESK_PG_BIN to those of its version.",
    "No space left on device": "The disk is full: free some space, then try again.",
}


def backup(binaries: Path, dsn: str, path: Path) -> None:
    """One consistent snapshot of the database as a pg_dump archive at `path`, readable by its owner alone.

    `dsn` names a role that reads past row-level security; a weaker one is refused, so no backup is silently partial.
    The file gets its name only when it is complete.
    """
    part = path.with_name(f"{path.name}.part")
    arguments = ["pg_dump", "--format=custom", f"--exclude-table-data={NEVER_SAVED}"]
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as archive:
            _run(binaries, arguments, dsn, archive.fileno())
            os.fsync(archive.fileno())
        part.rename(path)
    except OSError as err:
        raise NeedsPerson(f"The backup cannot be written to {path}: {err.strerror}.") from err
    finally:
        part.unlink(missing_ok=True)


def restore(binaries: Path, dsn: str, path: Path, app_role: str, app_password: str | None = None) -> None:
    """Fill an empty database from `path`, all or nothing; its owner's role must exist. Run `migrate` afterwards."""
    if not path.is_file():
        raise NeedsPerson(f"There is no backup {path}.")
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=10) as connection:
            if connection.execute("select to_regclass('public.schema_migration')").fetchone() != (None,):
                raise NeedsPerson("The database is not empty: restore into a new home or a new database.")
            ensure_role(connection, app_role, app_password)  # the backup grants to it, and holds no roles
    except psycopg.OperationalError as err:
        raise Later(f"The database does not answer: {str(err).splitlines()[0]}") from err
    # Comments belong to extensions, which an ordinary owner does not own.
    arguments = ["pg_restore", "--single-transaction", "--exit-on-error", "--no-comments", str(path)]
    _run(binaries, arguments, dsn, subprocess.DEVNULL)


def _run(binaries: Path, arguments: list[str], dsn: str, output: int) -> None:
    """The password travels in the environment: everybody can read the arguments of a process."""
    target = conninfo_to_dict(dsn)
    password = target.pop("password", None)
    done = subprocess.run(
        [binaries / arguments[0], f"--dbname={make_conninfo('', **target)}", "--no-password", *arguments[1:]],
        env={"PATH": os.defpath, "LC_ALL": "C"} | ({"PGPASSWORD": str(password)} if password else {}),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise _failure(arguments[0], done.stderr)


def _failure(program: str, output: str) -> NightdeskError:
    for text, sentence in TROUBLES.items():
        if text in output:
            return NeedsPerson(sentence)
    if "connection to server" in output:
        return Later(f"{program} cannot reach the database.")
    # Only the line of the error: those after it can quote content.
    first = next((line for line in output.splitlines() if "error:" in line), "it gave no reason")
    return NeedsPerson(f"{program} failed: {first}")
