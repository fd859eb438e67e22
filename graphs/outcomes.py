"""What became of the items of a digest since it was made: said on its card in one line each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from graphs.digest_value import Digest, Item, day_words
from graphs.domain import Draft, TaskState

Verb = Literal["snoozed", "answered", "not_mine", "never", "done"]


@dataclass(frozen=True)
class Chosen:
    """What a person, or the look for answers, decided about one item."""

    verb: Verb
    on: date  # local date
    until: date | None = None


@dataclass(frozen=True)
class Now:
    """How things stand: tasks by id with their day of return, drafts by item id, choices by item id."""

    tasks: Mapping[str, tuple[TaskState, date | None]]
    drafts: Mapping[str, str]  # "answered": withdrawn, because their owner wrote a reply themselves
    choices: Mapping[str, Chosen]


_SAID: Mapping[Verb, str] = {
    "done": "Done", "not_mine": "Not yours", "never": "Left out from now on", "answered": "Answered",
}  # fmt: skip
_DRAFTS = {
    "discarded": "Discarded",
    "sent": "Sent",
    "edited": "In your hands",
    "withdrawn": "No longer needed",
    "answered": "You answered it yourself",
    "expired": "Expired",
}


def draft_item(draft: Draft) -> str:
    """The id of a draft's item: the same in every digest."""
    return f"draft-{draft.message_id.strip('<>').split('@')[0]}"[:200]


def outcomes(digest: Digest, now: Now) -> dict[str, str]:
    """What became of each item that is not open any more, in a word or two, by item id."""
    said = ((item.id, _outcome(item, digest.date, now)) for item in (*digest.items, *digest.more))
    return {id_: words for id_, words in said if words}


def hidden(choices: Mapping[str, Chosen], today: date) -> frozenset[str]:
    """Items that the digest of `today` leaves out: done, somebody else's, or put off to a later day."""
    return frozenset(
        item
        for item, one in choices.items()
        if one.verb in ("done", "not_mine", "never")
        or (one.verb == "snoozed" and one.until is not None and one.until > today)
    )


def _outcome(item: Item, shown: date, now: Now) -> str:
    chosen = now.choices.get(item.id)
    if item.id in now.tasks:
        return _of_task(*now.tasks[item.id], chosen, shown)
    if item.kind == "draft":
        return _DRAFTS.get(now.drafts.get(item.id, "planned"), "")
    if chosen is None or (chosen.verb == "answered" and chosen.on < shown):
        return ""
    return _until(chosen.until, shown) if chosen.verb == "snoozed" else _SAID[chosen.verb]


def _of_task(state: TaskState, until: date | None, chosen: Chosen | None, shown: date) -> str:
    match state:
        case "open":
            return ""
        case "snoozed":
            return _until(until, shown)
        case "settled":
            return "Answered"
        case "done":
            return "Done"
        case "dropped":
            return _SAID[chosen.verb] if chosen is not None and chosen.verb in ("not_mine", "never") else "Dropped"


def _until(day: date | None, shown: date) -> str:
    """A snooze that is over leaves the card open again."""
    return "" if day is None or day <= shown else f"Snoozed until {day_words(day)}"


def remaining(items: Sequence[Item], settled: Mapping[str, str]) -> list[Item]:
    return [item for item in items if item.id not in settled]
