"""The weeks on disk as `nightdesk import` reads them, a Slack export and a mailbox each; and questions as JSON lines.

python -m tests.bench.memory.written --seed 7 --out DIR
"""

import argparse
import json
import mailbox
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bot.imports import MailPath
from graphs.domain import MailSource, SlackSource, Source
from tests.bench.memory.cast import BY_KEY, CAST, DMS, MAILBOXES, PLACES, PRIVATE, PUBLIC, Place, Rights
from tests.bench.memory.questions import Question, questions
from tests.bench.memory.weeks import END, Told, Weeks, rights, weeks
from tests.servers.company import Sources

TEAM = "TOFFICEWKS"
Row = dict[str, Any]


def write(weeks: Weeks, folder: Path, moment: datetime, without: frozenset[str] = frozenset()) -> Sources:
    """What there is at `moment`, but for the words said in the places of `without`."""
    said = [one for one in weeks.until(moment) if one.place not in without]
    _write_export(folder / "export", weeks, said, rights(moment))
    mails = tuple(_write_mailbox(folder, box, said) for box in MAILBOXES if any(one.place == box.key for one in said))
    return Sources(folder / "export", mails)


def write_questions(asked: Sequence[Question], path: Path) -> None:
    """A line each, as `recall --batch` and `ask --batch` read them; the rest of a line is the answer."""
    lines = [json.dumps(_question(number, one), ensure_ascii=False) for number, one in enumerate(asked)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def source_of(told: Told) -> Source:
    if "@" in told.place:
        return MailSource(account=told.place, message_id=told.key)
    return SlackSource(channel=told.place, ts=told.key)


def _question(number: int, one: Question) -> Row:
    return {
        "id": number, "kind": one.kind, "as": one.who, "in": one.where, "at": one.at.isoformat(), "question": one.question,
        "deny": one.deny, "answer": list(one.answer),
        "sources": [source_of(told).model_dump(mode="json") for told in one.sources],
        "hidden": [source_of(told).model_dump(mode="json") for told in one.hidden],
    }  # fmt: skip


# --- Slack ----------------------------------------------------------------------------------------


def _write_export(home: Path, weeks: Weeks, said: Sequence[Told], now: Rights) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "users.json").write_text(json.dumps([_user(one.key, now) for one in CAST]))
    lists = {"channels": PUBLIC, "groups": PRIVATE, "dms": DMS}
    for name, places in lists.items():
        (home / f"{name}.json").write_text(json.dumps([_place(one, now) for one in places]))
    parents = {one.parent for one in said}
    by_file: dict[Path, list[Row]] = {}
    for one in weeks.told:  # a day whose messages were all deleted has a file that says so
        if "@" not in one.place:
            by_file[_file(home, one)] = []
    for one in said:
        if "@" not in one.place:
            by_file[_file(home, one)].append(_message(one, parents))
    for file, rows in by_file.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rows))


def _file(home: Path, one: Told) -> Path:
    place = next(place for place in PLACES if place.key == one.place)
    return home / (place.key if place.kind == "dm" else place.name) / f"{one.at.date()}.json"


def _user(key: str, now: Rights) -> Row:
    one = BY_KEY[key]
    profile = {"real_name": one.name, "display_name": one.name, "email": one.address}
    return {
        "id": key, "team_id": TEAM, "name": one.address.partition("@")[0], "real_name": one.name, "profile": profile,
        "deleted": key in now.left, "is_restricted": one.role == "guest", "tz": "Europe/Berlin",
    }  # fmt: skip


def _place(one: Place, now: Rights) -> Row:
    members = list(now.members(one))
    if one.kind == "dm":
        return {"id": one.key, "created": 1767225600, "members": members}
    return {
        "id": one.key, "name": one.name, "created": 1767225600, "members": members, "is_archived": False,
        "topic": {"value": ""}, "purpose": {"value": ""},
    }  # fmt: skip


def _message(one: Told, parents: set[str]) -> Row:
    text = one.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for colleague in CAST:
        text = text.replace(colleague.name, f"<@{colleague.key}>")
    row: Row = {"type": "message", "user": one.author, "ts": one.key, "text": text, "team": TEAM}
    if one.parent or one.key in parents:
        row["thread_ts"] = one.parent or one.key
    if one.edited:
        row["edited"] = {"user": one.author, "ts": f"{float(one.key) + 60:.6f}"}
    return row


# --- mail -----------------------------------------------------------------------------------------


def _write_mailbox(folder: Path, box: Place, said: Sequence[Told]) -> MailPath:
    path = folder / f"{box.key}.mbox"
    path.unlink(missing_ok=True)
    kept = mailbox.mbox(path)
    for one in said:
        if one.place == box.key:
            kept.add(_mail(one, box))
    kept.close()
    return MailPath(box.key, path, "inbox")


def _mail(one: Told, box: Place) -> EmailMessage:
    made = EmailMessage()
    writer = BY_KEY.get(one.author)
    made["From"] = f"{writer.name} <{writer.address}>" if writer else one.author
    made["To"] = f"{BY_KEY[box.members[0]].name} <{box.key}>"
    made["Subject"] = " ".join(one.text.split()[:3]).strip(".,:;<>/")
    made["Date"] = format_datetime(one.at.astimezone(UTC))
    made["Message-ID"] = one.key
    made.set_content(one.text + "\n")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    made = weeks(asked.seed)
    write(made, asked.out, END)
    write_questions([one for one in questions(made) if one.at == END], asked.out / "questions.jsonl")


if __name__ == "__main__":
    main()
