"""A Slack export and mail on disk become message rows. Importing the same again changes nothing.

Every place is written in transactions of its own scope, a day or a batch at a time: a kill loses at most one of them,
and the next import goes on.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from bot import filing, workspace
from bot.mail import mbox
from bot.mail.safe import Broken, Parser
from bot.slack.export import Day, Export, open_export, ts_of
from bot.store import messages, people
from bot.store.db import Store, Tx
from graphs.domain import Message
from graphs.errors import NeedsPerson
from graphs.rules.text import language

BATCH = 500
Mailbox = Literal["inbox", "sent"]
Progress = Callable[[str, int], None]
"""Called with what is being read and how many messages came so far."""


@dataclass(frozen=True)
class MailPath:
    """Mail of one account on disk."""

    address: str
    path: Path
    mailbox: Mailbox


@dataclass(frozen=True)
class Imported:
    """What an import read, whether or not it was new, and what it left out."""

    slack: int
    mail: int
    broken: tuple[tuple[str, str], ...]  # (key, reason)


def import_all(store: Store, export: Path | None, mails: Iterable[MailPath], progress: Progress) -> Imported:
    """Raises `NeedsPerson` when a path is not what it should be; what was read before stays."""
    opened = None if export is None else open_export(export)
    mail = 0
    by_account: dict[str, list[MailPath]] = {}
    for one in mails:
        by_account.setdefault(one.address.casefold(), []).append(one)
    # The index is made by the server while this process reads on.
    with ThreadPoolExecutor(1, thread_name_prefix="index") as index, Parser() as parser:
        later = Later(store, index)
        slack, broken = (0, []) if opened is None else _import_export(store, opened, later, progress)
        for address, paths in by_account.items():
            read, lost = _import_account(store, parser, address, paths, later, progress)
            mail += read
            broken += lost
        later.wait()
    return Imported(slack, mail, tuple(broken))


class Later:
    """Brings the index of places up to date beside the import."""

    def __init__(self, store: Store, executor: ThreadPoolExecutor) -> None:
        self._store = store
        self._executor = executor
        self._begun: list[Future[None]] = []

    def index(self, scope: int) -> None:
        self._begun.append(self._executor.submit(self._index, scope))

    def wait(self) -> None:
        """Raises what went wrong."""
        for begun in self._begun:
            begun.result()

    def _index(self, scope: int) -> None:
        with self._store.as_scope(scope) as tx:
            tx.all("index_scope")


# --- Slack ----------------------------------------------------------------------------------------


def _import_export(store: Store, export: Export, later: Later, progress: Progress) -> tuple[int, list[tuple[str, str]]]:
    with store.directory() as tx:
        _claim_workspace(tx, export.team)
        for user in export.people():
            workspace.put_user(tx, user)
        people.finish_people(tx)
        scopes = [(people.put_channel(tx, channel), channel) for channel in export.channels()]
    count = 0
    broken = [(one.key, one.reason) for one in export.broken]
    for scope, channel in scopes:
        for days in _runs_of(export.days(channel)):
            count += sum(len(day.messages) for day in days)
            broken += _import_days(store, scope, days)
            progress(f"#{channel.name}" if channel.kind in ("public", "private") else "direct messages", count)
        later.index(scope)
    return count, broken


def _claim_workspace(tx: Tx, team: str) -> None:
    held = people.workspace(tx)
    if held is None:
        people.set_workspace(tx, team)
    elif held["team"] != team:
        raise NeedsPerson(
            f"This home holds the workspace {held['team']}, the export is of {team}: use another home (--home) for it."
        )


def _runs_of(days: Iterable[Day]) -> Iterator[list[Day]]:
    """Days packed until a transaction is worth its commit."""
    run: list[Day] = []
    for day in days:
        run.append(day)
        if sum(len(one.messages) for one in run) >= BATCH:
            yield run
            run = []
    if run:
        yield run


def _import_days(store: Store, scope: int, days: list[Day]) -> list[tuple[str, str]]:
    """Days of one channel in one transaction: what they have, and what they no longer have."""
    rows = [messages.slack_row(scope, m, language(m.text.text), day.date) for day in days for m in day.messages]
    broken = [(one.key, one.reason) for day in days for one in day.broken]
    gone = [
        {"scope": scope, "day": day.date, "present": [ts_of(m) for m in day.messages]} for day in days if day.complete
    ]
    with store.as_scope(scope) as tx:
        messages.put_slack(tx, scope, rows)
        tx.many("delete_missing", gone)
        tx.many("delete_one", [{"scope": scope, "key": ts} for day in days for ts in day.deleted])
        messages.quarantine(tx, scope, broken)
    return broken


# --- mail -----------------------------------------------------------------------------------------


def _import_account(
    store: Store, parser: Parser, address: str, paths: Iterable[MailPath], later: Later, progress: Progress
) -> tuple[int, list[tuple[str, str]]]:
    with store.directory() as tx:
        scope = people.put_account(tx, address)
        people.finish_people(tx)
    count = 0
    broken: list[tuple[str, str]] = []
    for one in paths:
        parsed = parser.parse_all(mbox.read(one.path), address, one.mailbox)
        for batch in _batches(parsed):
            lost = [(f"{one.path.name}/{found.key}", found.reason) for found in batch if isinstance(found, Broken)]
            whole = [found for found in batch if isinstance(found, Message)]
            with store.as_scope(scope) as tx:
                filing.put_mails(tx, scope, whole)
                messages.quarantine(tx, scope, lost)
            later.index(scope)
            count += len(batch)
            broken += lost
            progress(address, count)
    filing.learn(store, scope, address)
    return count, broken


def _batches(found: Iterable[Message | Broken]) -> Iterator[list[Message | Broken]]:
    stream = iter(found)
    while batch := list(islice(stream, BATCH)):
        yield batch
