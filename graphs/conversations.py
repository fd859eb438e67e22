"""Cuts messages into conversations, the unit that judgement reads, and renders them for a prompt."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from zoneinfo import ZoneInfo

from graphs.domain import Channel, Message, Person, Thread
from graphs.quote import attribute, fence, one_line
from graphs.subjects import base_subject

RUN_GAP = timedelta(hours=8)
"""What stands in a channel outside of threads is one conversation until a night's pause."""

LONGEST_LINE = 1_200
"""Characters of a message where many are read at once."""

LONGEST = 60
"""Messages of one conversation that a prompt shows; of a longer one the newest."""

_NOISE = frozenset(
    "channel_join channel_leave group_join group_leave channel_topic channel_purpose channel_name channel_archive "
    "channel_unarchive pinned_item unpinned_item bot_add bot_remove reminder_add".split()
)


def conversations(messages: Iterable[Message], channel: Channel | None, title: str) -> list[Thread]:
    """Threads, and runs of what stands outside of threads, of one scope; each oldest first."""
    said = sorted(
        (m for m in messages if m.slack is None or m.slack.subtype not in _NOISE),
        key=lambda m: (m.sent_at, m.id),
    )
    by_thread: dict[str, list[Message]] = {}
    for message in said:
        by_thread.setdefault(message.thread, []).append(message)
    found: list[Thread] = []
    loose: list[Message] = []
    for key, members in by_thread.items():
        first = members[0]
        if first.mail is not None:
            subject = base_subject(first.mail.subject) or "(no subject)"
            found.append(Thread(scope=first.scope, key=key, medium="mail", title=subject, messages=tuple(members)))
        elif len(members) > 1 or (first.slack is not None and first.slack.parent_ts):
            found.append(_slack(first.scope, key, channel, title, members))
        else:
            loose.append(first)
    found += [_slack(run[0].scope, f"run:{run[0].thread}", channel, title, run) for run in _runs(loose, channel)]
    return sorted(found, key=lambda thread: (thread.messages[0].sent_at, thread.key))


def _slack(scope: str, key: str, channel: Channel | None, title: str, members: Sequence[Message]) -> Thread:
    return Thread(scope=scope, key=key, medium="slack", title=title, channel=channel, messages=tuple(members))


def _runs(loose: Iterable[Message], channel: Channel | None) -> list[list[Message]]:
    """A DM is one conversation as a whole: people answer there after days without a thread."""
    ordered = sorted(loose, key=lambda m: (m.sent_at, m.id))
    if channel is not None and channel.kind in ("dm", "mpim"):
        return [ordered] if ordered else []
    runs: list[list[Message]] = []
    for message in ordered:
        if runs and message.sent_at - runs[-1][-1].sent_at <= RUN_GAP:
            runs[-1].append(message)
        else:
            runs.append([message])
    return runs


def fingerprint(thread: Thread, *more: str) -> bytes:
    """Changes exactly when something a judgement reads has changed: words, reactions, members of the thread."""
    digest = sha256()
    for message in thread.messages:
        reactions = message.slack.reactions if message.slack else ()
        digest.update(f"{message.id}/{message.revision}/{reactions}\n".encode())
    for extra in more:
        digest.update(extra.encode() + b"\0")
    return digest.digest()


def involves(thread: Thread, owner: Person) -> bool:
    """Whether a conversation concerns `owner` at all: wrote in it, is addressed, named, or it is theirs alone."""
    if thread.medium == "mail" or (thread.channel is not None and thread.channel.kind in ("dm", "mpim")):
        return True
    names = [re.escape(name) for name in owner.short_names if len(name) > 2]
    named = re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE) if names else None
    return any(
        message.author.key == owner.key
        or owner.key in message.mentions
        or (named is not None and named.search(message.text.text))
        for message in thread.messages
    )


def shown(thread: Thread) -> tuple[Message, ...]:
    """The messages that a prompt shows, numbered from 1 in this order."""
    return thread.messages[-LONGEST:]


def rendered(thread: Thread, zone: str, people: Mapping[str, Person], limit: int, first: int = 1) -> str:
    """A conversation for a prompt, messages numbered from `first`, times in `zone`, texts of at most `limit` characters."""
    return "\n".join(_one(n, message, zone, people, limit) for n, message in enumerate(shown(thread), first))


def _one(number: int, message: Message, zone: str, people: Mapping[str, Person], limit: int) -> str:
    author = people.get(message.author.key)
    about = {"n": str(number), "from": name_of(message, people), "at": stamp(message.sent_at, zone)}
    if message.author.kind != "member":
        about["who"] = message.author.kind
    if author is not None and author.zone != zone and author.zone != "UTC":
        about["at_their_place"] = f"{message.sent_at.astimezone(ZoneInfo(author.zone)):%H:%M}"
    if message.mail is not None:
        about["to"] = ", ".join(a.name or a.address for a in message.mail.to[:8])
        if message.mail.cc:
            about["cc"] = ", ".join(a.name or a.address for a in message.mail.cc[:8])
        if message.mail.attachments:
            about["attached"] = ", ".join(a.name for a in message.mail.attachments[:8])
    if message.slack is not None and message.slack.reactions:
        about["reactions"] = ", ".join(f"{r.name}×{max(len(r.users), 1)}" for r in message.slack.reactions[:8])
    if message.slack is not None and message.slack.files:
        about["files"] = ", ".join(f.name for f in message.slack.files[:8])
    return fence("message", message.text, about, limit)


def stamp(at: datetime, zone: str) -> str:
    """`Mon 2026-11-23 14:02` in `zone`, the same in every locale."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[local.weekday()]} {local:%Y-%m-%d %H:%M}"


def heading(thread: Thread) -> str:
    """What kind of conversation a prompt is about, on one line, with somebody else's words escaped."""
    if thread.medium == "mail":
        return f'A mail thread, subject "{attribute(thread.title)}".'
    kind = {
        "public": "a public channel",
        "private": "a private channel",
        "dm": "a direct message",
        "mpim": "a group DM",
    }
    place = thread.channel.kind if thread.channel else "public"
    threaded = "A thread in" if not thread.key.startswith("run:") else "Messages in"
    return f'{threaded} Slack, {kind[place]}, "{attribute(thread.title)}".'


def blocks(threads: Sequence[Thread], most: int = 100, characters: int = 24_000) -> list[tuple[Message, ...]]:
    """Messages of whole threads packed into blocks of at most `most` messages and about `characters` of text."""
    packed: list[tuple[Message, ...]] = []
    block: list[Message] = []
    size = 0
    for thread in threads:
        for _, group in groupby(enumerate(thread.messages), key=lambda pair: pair[0] // most):
            part = [message for _, message in group]
            weight = sum(min(len(m.text.text), LONGEST_LINE) + 12 for m in part)
            if block and (len(block) + len(part) > most or size + weight > characters):
                packed.append(tuple(block))
                block, size = [], 0
            block += part
            size += weight
    return packed + ([tuple(block)] if block else [])


def compact(block: Sequence[Message], zone: str, people: Mapping[str, Person]) -> str:
    """A block for reading many messages at once, one a line: number, initials, text; a day stands above its messages, a time
    with the first of an hour, and who the initials are above all. Nothing in a message can begin a line."""
    initials = _initials(block, people)
    told = ["; ".join(f"{short} {attribute(long)}" for short, long in initials.values())]
    day, hour, thread = "", "", block[0].thread if block else ""
    for n, message in enumerate(block, 1):
        weekday, date, clock = stamp(message.sent_at, zone).split()
        begins = n == 1 or message.thread != thread
        if begins and message.mail is not None:
            told.append(f'-- mail "{attribute(message.mail.subject)}"')
        elif begins and n > 1 and (_in_thread(message) or _in_thread(block[n - 2])):
            told.append("--")  # another thread
        thread = message.thread
        if date != day:
            told.append(f"{weekday} {date}")
        at = f" {clock}" if (date, clock[:2]) != (day, hour) else ""
        day, hour = date, clock[:2]
        told.append(f"{n} {initials[message.author.key][0]}{at} {one_line(message.text, LONGEST_LINE)}")
    return "<messages>\n" + "\n".join(told) + "\n</messages>"


def _initials(block: Sequence[Message], people: Mapping[str, Person]) -> dict[str, tuple[str, str]]:
    """(initials, name) by author, in the order they first speak. Of two with one name each is told by the address too."""
    found: dict[str, tuple[str, str]] = {}
    for message in block:
        key = message.author.key
        if key in found:
            continue
        name = name_of(message, people)
        if any(name == other for _, other in found.values()):
            name = f"{name} ({message.author.address or key})"
        role = "" if message.author.kind == "member" else f", {message.author.kind}"
        short = "".join(word[0] for word in re.findall(r"\w+", name)[:2]).upper() or "X"
        taken = sum(one.rstrip("0123456789") == short for one, _ in found.values())
        found[key] = (f"{short}{taken + 1}" if taken else short, f"{name}{role}")
    return found


def _in_thread(message: Message) -> bool:
    return message.slack is not None and bool(message.slack.parent_ts)


def name_of(message: Message, people: Mapping[str, Person]) -> str:
    """The author as the directory names them, else as the message does."""
    known = people.get(message.author.key)
    return known.name if known else message.author.name or message.author.address
