"""What a night finds in a company that nobody tuned to: wants found, noise, must-nots broken, verdicts on mail."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import app, calendar, imports, nightfiles, settings
from bot.desk import begin_owner
from bot.embedded import model
from bot.settings import RoleSettings, Settings
from bot.store import people
from tests.bench.measure import Row, given, report

OFFICE = Path(__file__).parent / "office"
DOMAINS = {"NIGHTDESK_DOMAINS": "tretwerk.example"}
SHOWN = ("needs_you", "open", "changed")
NO_TASK = ("notice", "change", "draft", "answer", "errand")

Found = dict[str, Any]
Key = tuple[str, ...]


@dataclass
class Score:
    """Counts over both people."""

    wanted: int = 0
    found: int = 0
    told: int = 0
    noise: int = 0
    must_nots: int = 0
    broken: int = 0
    mails: int = 0
    right: int = 0
    drafts: int = 0
    wrong_recipients: int = 0

    def row(self, name: str) -> Row:
        return {
            "night": name, "wants found": f"{self.found}/{self.wanted}", "noise": f"{self.noise}/{self.told}",
            "must-nots broken": f"{self.broken}/{self.must_nots}", "verdicts": f"{self.right}/{self.mails}",
            "drafts": self.drafts, "wrong recipients": self.wrong_recipients,
        }  # fmt: skip


def main() -> None:
    to = given(__doc__)
    gold = json.loads((OFFICE / "gold.json").read_text())
    report(to, "office", [_night(gold, rules=True).row("rules"), _night(gold, rules=False).row("recorded answers")])


def _night(gold: Found, rules: bool) -> Score:
    score = Score()
    with tempfile.TemporaryDirectory(prefix="nd-") as root, _configured(Path(root), rules) as said:
        with app.database(said, Path(root), durable=False) as held, app.desk(said, held) as desk:
            mails = [imports.MailPath(one.parent.name, one, _box(one)) for one in sorted((OFFICE / "mail").glob("*/*"))]
            imports.import_all(desk.store, OFFICE / "export", mails, lambda what, count: None)
            wanted = calendar.wanted(gold["date"], None)
            with desk.store.directory() as tx:
                found = [people.find(tx, one["who"]) for one in gold["people"]]
            known = [one for one in found if one is not None]
            nights = [(one, *wanted.resolve(one.zone or "UTC", _undated)) for one in known]
            app.sleep_now(desk, held.dsn, nights)
            for one, (who, day, now) in zip(gold["people"], nights, strict=True):
                folder = Path(root) / "out" / one["who"]
                nightfiles.write_person(begin_owner(desk, who.id), day, now, folder)
                _count(score, one, folder)
    return score


def _undated() -> datetime:
    raise AssertionError("the gold names the date")


def _box(path: Path) -> imports.Mailbox:
    return "sent" if path.name == "sent" else "inbox"


@contextmanager
def _configured(home: Path, rules: bool) -> Iterator[Settings]:
    bare = settings.load(home, DOMAINS)
    if rules:
        yield bare
        return
    with model.replaying(model.read_recordings(OFFICE / "recordings.jsonl")) as base_url:
        yield replace(bare, sleep=RoleSettings(model="recorded", base_url=base_url, api_key="recorded"))


def _count(score: Score, gold: Found, folder: Path) -> None:
    def read(name: str) -> Any:
        return json.loads((folder / name).read_text())

    digest, drafts = read("digest.json"), read("drafts.json")
    tasks = [task for task in read("tasks.json") if task["state"] in ("open", "snoozed")]
    told = [*digest["items"], *digest["more"], *tasks]
    score.wanted += len(gold["wants"])
    score.found += sum(any(_keys(want) & _keys(one) for one in told) for want in gold["wants"])
    _count_noise(score, gold, told)
    _count_broken(score, gold, told, json.dumps([digest, drafts], ensure_ascii=False).casefold(), drafts)
    drafted = {draft["in_reply_to"] for draft in drafts}
    reasons = {one["message_id"]: one["reason"] for one in read("not_drafted.json")}
    for message_id, right in gold["verdicts"].items():
        accepted = {right} if isinstance(right, str) else set(right)
        said = "draft" if message_id in drafted else reasons.get(message_id, "too_old")
        unjudged = said in ("no_model", "unsure") and "draft" in accepted
        score.mails += 1
        score.right += said in accepted or unjudged
    score.drafts += len(drafts)
    score.wrong_recipients += sum(gold["address"] in [*draft["to"], *draft["cc"]] for draft in drafts)


def _count_noise(score: Score, gold: Found, told: list[Found]) -> None:
    """Items of one matter count once; noise is what rests on nothing a reader wants or would not mind."""
    fine = {key for one in (*gold["wants"], *gold["allowed"]) for key in _keys(one)}
    matters: list[set[Key]] = []
    for one in told:
        if one.get("section", "open") in SHOWN:
            joined = set(_keys(one)).union(*(matter for matter in matters if matter & _keys(one)))
            matters = [*(matter for matter in matters if not matter & joined), joined]
    score.told += len(matters)
    score.noise += sum(not matter & fine for matter in matters)


def _count_broken(score: Score, gold: Found, told: list[Found], text: str, drafts: list[Found]) -> None:
    wanted = {key for one in gold["wants"] for key in _keys(one)}
    tasks = [_keys(one) for one in told if one.get("kind") not in NO_TASK]
    answered = {("mail", draft["in_reply_to"]) for draft in drafts}
    for rule in gold["must_not"]:
        as_task = rule["kind"] == "task" and any(_keys(rule) & task and not task & wanted for task in tasks)
        as_draft = rule["kind"] == "draft" and bool(_keys(rule) & answered)
        as_words = rule["kind"] in ("detail", "leak") and any(word.casefold() in text for word in rule["words"])
        score.must_nots += 1
        score.broken += as_task or as_draft or as_words


def _keys(one: Found) -> set[Key]:
    return {
        ("slack", source["channel"], source["ts"]) if source["kind"] == "slack" else ("mail", source["message_id"])
        for source in one["sources"]
    }


if __name__ == "__main__":
    main()
