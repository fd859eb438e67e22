"""Builds small Slack exports, as a folder or a zip, in the shape that Slack writes them."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]


def user(key: str, name: str, **more: Any) -> dict[str, Any]:
    profile = {"display_name": name.lower(), "real_name": name, "email": f"{name.lower()}@example.org"}
    return {"id": key, "team_id": "T1", "name": name.lower(), "real_name": name, "profile": profile, **more}


def channel(key: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "name": name, "members": [], "topic": {"value": ""}, "purpose": {"value": ""}, **more}


def said(who: str, ts: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "user": who, "ts": ts, "text": text, **more}


def make_export(
    root: Path,
    *,
    users: Sequence[Row] = (),
    channels: Sequence[Row] = (),
    messages: Mapping[str, Sequence[Any]] | None = None,
    groups: Sequence[Row] | None = None,
    dms: Sequence[Row] | None = None,
    mpims: Sequence[Row] | None = None,
) -> Path:
    """A folder under `root`. `messages` goes by folder name, and each message into the file of its day (UTC); one without a
    usable ts goes into the day of the message before it."""
    home = root / "export"
    home.mkdir(parents=True, exist_ok=True)
    lists = {"users": users, "channels": channels, "groups": groups, "dms": dms, "mpims": mpims}
    for name, rows in lists.items():
        if rows is not None:
            (home / f"{name}.json").write_text(json.dumps(list(rows)), encoding="utf-8")
    for folder, rows in (messages or {}).items():
        (home / folder).mkdir(parents=True, exist_ok=True)
        for day, of_day in _by_day(rows).items():
            (home / folder / f"{day}.json").write_text(json.dumps(of_day), encoding="utf-8")
    return home


def zip_export(folder: Path, inside: str = "") -> Path:
    """`folder` as a zip beside it; `inside` puts everything below one directory."""
    target = folder.with_suffix(".zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.json")):
            archive.write(file, f"{inside}{file.relative_to(folder).as_posix()}")
    return target


def _by_day(rows: Sequence[Any]) -> dict[str, list[Any]]:
    days: dict[str, list[Any]] = {}
    day = "2026-11-23"
    for row in rows:
        # A message without a usable ts stays in the day before it.
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            day = datetime.fromtimestamp(int(row["ts"].split(".")[0]), UTC).date().isoformat()
        days.setdefault(day, []).append(row)
    return days
