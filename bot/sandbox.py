"""The demo company as a sandbox: its Slack workspace and its mailboxes served on this machine, on a clock of their own."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from bot.embedded.imap import MailServer, mail_server
from bot.embedded.slack import Sandbox, running
from bot.embedded.slack_values import Channel, User
from bot.embedded.slack_workspace import BOT, Workspace
from bot.imports import MailPath
from bot.mail import mbox
from bot.mail.mime import read as read_mime
from bot.slack import limits

PASSWORD = "sandbox"  # noqa: S105  of mailboxes that hold invented mail and answer on this machine alone
FOLDERS = {"inbox": "INBOX", "sent": "Sent"}


class Clock:
    """The sandbox's time: it goes on by itself, and can be put forward."""

    def __init__(self, begins: datetime) -> None:
        self._begins, self._since, self._lock = begins.astimezone(UTC), time.monotonic(), threading.Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._begins + timedelta(seconds=time.monotonic() - self._since)

    def timestamp(self) -> float:
        return self.now().timestamp()

    def put_forward(self, to: datetime) -> None:
        """Nothing happens when it is later already."""
        if to > self.now():
            with self._lock:
                self._begins, self._since = to.astimezone(UTC), time.monotonic()


@contextlib.contextmanager
def slack(export: Path, clock: Clock) -> Iterator[Sandbox]:
    """The workspace of an export folder, with Nightdesk in every channel."""
    with running(workspace_of(export), clock.timestamp, check=limits.problems) as sandbox:
        yield sandbox


@contextlib.contextmanager
def mail(mails: list[MailPath]) -> Iterator[MailServer]:
    """A mailbox for each address, filled with what lies on disk."""
    addresses = list(dict.fromkeys(one.address for one in mails))
    with mail_server(dict.fromkeys(addresses, PASSWORD)) as server:
        for one in mails:
            server.fill(one.address, FOLDERS[one.mailbox], [(m.raw, _received(m.raw)) for m in mbox.read(one.path)])
        yield server


def _received(raw: bytes) -> datetime:
    try:
        found = parsedate_to_datetime(read_mime(raw).header("date"))
    except (ValueError, TypeError):
        return datetime(1970, 1, 1, tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# --- the workspace --------------------------------------------------------------------------------


def workspace_of(export: Path) -> Workspace:
    """The state that an export folder tells of. Its direct messages are there for the people who wrote them."""
    users = [_user(row) for row in _rows(export / "users.json")]
    rows = {kind: _rows(export / file) for kind, file in _FILES.items()}
    team = next(row["team_id"] for row in _rows(export / "users.json") if row.get("team_id"))
    channels = [_channel(row, kind, team) for kind, found in rows.items() for row in found]
    made = Workspace(users, channels, team=team, name="Fernhollow", seed="fernhollow")
    for found in rows.values():
        for row in found:
            folder = export / (row.get("name") or row["id"])
            days = sorted(folder.glob("*.json")) if folder.is_dir() else []
            made.load(row["id"], [message for day in days for message in _rows(day)])
    return made


_FILES = {"public": "channels.json", "private": "groups.json", "dm": "dms.json", "mpim": "mpims.json"}


def _rows(path: Path) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text("utf-8"))) if path.exists() else []


def _user(row: dict[str, Any]) -> User:
    profile = row.get("profile") or {}
    return User(
        id=row["id"],
        name=row["name"],
        real_name=row.get("real_name") or profile.get("real_name", ""),
        display_name=profile.get("display_name", ""),
        email=profile.get("email", ""),
        tz=row.get("tz") or "Etc/UTC",
        title=profile.get("title", ""),
        status_text=profile.get("status_text", ""),
        status_emoji=profile.get("status_emoji", ""),
        is_bot=bool(row.get("is_bot")),
        bot_id=profile.get("bot_id", ""),
        deleted=bool(row.get("deleted")),
        is_restricted=bool(row.get("is_restricted")),
        is_ultra_restricted=bool(row.get("is_ultra_restricted")),
        is_stranger=bool(row.get("is_stranger")),
        team=row.get("team_id", ""),
    )


def _channel(row: dict[str, Any], kind: str, team: str) -> Channel:
    """Nightdesk was invited to every channel; into conversations between people nobody can invite it."""
    invited = (BOT.id,) if kind in ("public", "private") else ()
    return Channel(
        id=row["id"],
        name=row.get("name", ""),
        kind=kind,  # type: ignore[arg-type]  # one of the keys above
        members=(*row.get("members", ()), *invited),
        creator=row.get("creator", ""),
        created=int(row.get("created", 0)),
        topic=(row.get("topic") or {}).get("value", ""),
        purpose=(row.get("purpose") or {}).get("value", ""),
        is_general=bool(row.get("is_general")),
        is_archived=bool(row.get("is_archived")),
        shared_with=tuple(one for one in row.get("shared_team_ids", ()) if one != team),
    )
