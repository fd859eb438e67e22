"""The digest of one night: gathers what the night found and hands it to `graphs.digest`; kept once for each date.

`deliver` then brings it to its person as one message, which is edited in place from there on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot import cards, hours, observe, posting
from bot.desk import Desk, Owner, begin_owner
from bot.slack import blocks_thread
from bot.slack.kit import line
from bot.store import choices, errands, messages, mornings, nights, outbox, people, prepared, queue, runs
from bot.store import desk as kept
from bot.store.db import Tx
from bot.store.mornings import Slept
from graphs import digest as digests
from graphs.citing import without_numbers
from graphs.digest_value import Cost, Digest, Footer, Skipped
from graphs.domain import Considered, Draft, Fact, Preferences, Prepared, SlackSource
from graphs.errors import Denied, Later
from graphs.life import Life, source_key
from graphs.outcomes import Chosen, hidden

FIRST_NEWS = timedelta(days=5)
"""How far back a first digest reaches for changes and notices."""

_SKIPPED = {
    "bulk": "newsletters and lists",
    "automatic": "automatic mail",
    "invitation": "calendar invitations",
    "code": "one-time codes",
    "too_old": "older than 14 days",
    "phishing": "suspected phishing",
    "sensitive": "personal matters",
    "confidential": "confidential",
}


@dataclass(frozen=True)
class Found:
    """What one person's night found."""

    lives: Sequence[Life]
    drafts: Sequence[Draft]
    considered: Sequence[Considered]
    notices: Sequence[digests.Notice]
    counts: Mapping[str, int]  # messages read, by medium
    not_ahead: str = ""  # why questions were not answered ahead, '' when they were


def morning(desk: Desk, owner: Owner, found: Found, fell_back: Sequence[str], night: date, now: datetime) -> Digest:
    """Makes the digest and remembers what it showed."""
    with owner.begin() as tx:
        since = _news_since(tx, owner, night, now)
        known = [row for row in kept.drafts(tx, owner.scope) if row.state in kept.UNTOUCHED]
        changes = _changes(tx, owner)
        gone = _gone(tx, owner, night)
        done = [_errand(one) for one in errands.done(tx, owner.id, night) if one.result is not None]
        failed = [*fell_back, *runs.fell_back(tx, [place.id for place in owner.places], night)]
        footer = _footer(tx, desk, owner, found, failed, night)
        ahead = _ahead(tx, owner, gone, night, now)
        unread = nights.not_read(tx, [place.id for place in owner.places], night)
    if unread:
        footer = footer.model_copy(update={"failed": (_not_read(owner, unread), *footer.failed)})
    slept = digests.Night(
        person=owner.person,
        date=night,
        since=since,
        lives=tuple(found.lives),
        drafts=tuple(found.drafts),
        older=tuple(row.draft for row in known if row.night < night),
        questions=tuple(one for one in found.considered if one.question and digests.question_item(one) not in gone),
        notices=tuple(
            notice for notice in found.notices if notice.at > since and digests.notice_item(notice) not in gone
        ),
        changes=tuple(fact for fact in changes if digests.change_item(fact) not in gone),
        errands=tuple(one for one in done if f"errand-{one.id}" not in gone),
        ahead=ahead,
        footer=footer,
        model=desk.sleep_model is not None,
        recorded=desk.sleep_model is not None and desk.sleep_model.recorded,
    )
    digest = digests.compose(slept, links(desk, owner, slept))
    with owner.begin() as tx:
        kept.put_digest(tx, owner.scope, digest)
        choices.show_tasks(tx, owner.scope, [life.task.id for life in digests.shown_tasks(digest, found.lives)], night)
        if outbox.get(tx, cards.key_of(owner.person.key, night)) is not None:
            # Its person was told that it is late, or looks at what an earlier run of the same night found.
            queue.defer(tx, delivery(owner.id, owner.person.key, night))
    return digest


def _errand(one: errands.Errand) -> digests.Errand:
    assert one.result is not None
    return digests.Errand(
        id=one.id,
        words=one.task.words,
        result=without_numbers(one.result.text),
        source=SlackSource(channel=one.channel, ts=one.task.asked),
        asked_at=one.at,
        found_by="model" if one.result.served == "composed" else "rules",
    )


def _ahead(tx: Tx, owner: Owner, gone: frozenset[str], night: date, now: datetime) -> tuple[Prepared, ...]:
    """Answers made tonight for them alone, then those for channels they are in; what was there yesterday was told then."""
    theirs = [place.id for place in owner.places if place.channel and owner.person.key in place.channel.members]
    held = [one for one in prepared.sound_of(tx, [owner.scope, *theirs], now) if one.night == night]
    news = [one for one in held if one.reason != "stale" and digests.ahead_item(one) not in gone]
    ranked = sorted(news, key=lambda one: (not one.scope.startswith("person:"), -one.score, one.scope, one.question))
    best = ranked[: digests.MOST_OF["answers"]]
    rows = prepared.rows_behind(tx, [one.id for one in best])
    said = {one.id: one.source for one in messages.by_id(tx, sorted({row for some in rows.values() for row in some}))}
    rests = {id_: sorted((said[row] for row in some if row in said), key=source_key) for id_, some in rows.items()}
    return tuple(one.model_copy(update={"rests": tuple(rests.get(one.id, ()))}) for one in best)


def _not_read(owner: Owner, unread: Sequence[int]) -> str:
    """Which places are missing from this digest, the first few by name."""
    names = [_place_name(place) for place in owner.places if place.id in unread]
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Not read to the end this night: {', '.join(names[:3])}{rest}. The next one goes on there."


def _place_name(place: people.Place) -> str:
    if place.channel is None:
        return place.name
    return "a direct message" if place.channel.kind in ("dm", "mpim") else f"#{place.name}"


def _gone(tx: Tx, owner: Owner, night: date) -> frozenset[str]:
    """Items that their person is through with, or put off to a later day."""
    held = choices.choices(tx, owner.scope)
    return hidden({item: Chosen(one.verb, one.pressed_at.date(), one.until) for item, one in held.items()}, night)


def _news_since(tx: Tx, owner: Owner, night: date, now: datetime) -> datetime:
    """What is newer than the digest before this one is news; a first digest reaches back some days."""
    before = kept.last_digest_before(tx, owner.scope, night)
    if before is None:
        return now - FIRST_NEWS
    return now - timedelta(days=(night - before).days)


def _changes(tx: Tx, owner: Owner) -> list[Fact]:
    """Changes noted in the channels the owner is in, as far as the owner may read them now."""
    found = []
    for place in owner.places:
        mine = place.channel is not None and (owner.person.key in place.channel.members or not place.channel.members)
        if mine:
            found += [fact for _, fact in kept.thoughts(tx, place.id, "change", Fact).values()]
    return [fact for fact in found if fact.said_by != owner.person.key]


def _footer(tx: Tx, desk: Desk, owner: Owner, found: Found, fell_back: Sequence[str], night: date) -> Footer:
    skipped = [
        Skipped(what="mail" if n == 1 else "mails", why=why, count=n)
        for reason, why in _SKIPPED.items()
        if (n := sum(one.reason == reason for one in found.considered))
    ]
    broken = messages.quarantined(tx, [place.id for place in owner.places])
    skipped += [Skipped(what="unreadable messages", why=why, count=count) for why, count in broken]
    if left := runs.left_unread(tx, [place.id for place in owner.places], night):
        skipped.append(Skipped(what="messages", why="left for the next nights", count=left))
    cost, cap, by_step = _spent(tx, desk, owner, night)
    not_ahead = {reason for reason in (found.not_ahead, *runs.left(tx, [p.id for p in owner.places], night)) if reason}
    return Footer(
        read=", ".join(
            _count(found.counts.get(kind, 0), name) for kind, name in (("slack", "Slack message"), ("mail", "mail"))
        ),
        skipped=tuple(skipped),
        cost=cost,
        cap=cap,
        by_step=by_step,
        failed=tuple(f"Found without a model: {reason}." for reason in sorted(set(fell_back))),
        notes=(*(f"not all answers were prepared: {reason}" for reason in sorted(not_ahead)), *_uses(tx, owner, night)),
    )


def _uses(tx: Tx, owner: Owner, night: date) -> list[str]:
    """What became of answers made ahead, where they asked alone and in the channels they are in."""
    theirs = [place.id for place in owner.places if place.channel and owner.person.key in place.channel.members]
    use = prepared.uses(tx, [owner.scope, *theirs], night - prepared.COUNTED)
    return [f"prepared answers, last {prepared.COUNTED.days} days: {use}"] if str(use) else []


def _spent(tx: Tx, desk: Desk, owner: Owner, night: date) -> tuple[str, str, tuple[Cost, ...]]:
    """Money, its cap, and both by step; tokens where no price is set, because then nobody knows what they cost."""
    if desk.sleep_model is None or desk.sleep_model.recorded:
        return "", "", ()
    rows = runs.spent_by_step(tx, [owner.scope], night)
    role = desk.sleep_model.role
    priced = role.price_in + role.price_out > 0
    by_step = tuple(
        Cost(
            step=r["step"], calls=r["calls"], tokens=r["prompt"] + r["completion"],
            money=f"{r['money']:.2f}" if priced else "",
        )
        for r in rows
    )  # fmt: skip
    if not priced:
        calls, tokens = sum(one.calls for one in by_step), sum(one.tokens for one in by_step)
        return f"{calls} calls, {tokens:,} tokens, no price set", "", by_step
    money, cap = sum((r["money"] for r in rows), Decimal(0)), desk.cap(owner.scope, night)
    return f"{money:.2f} {desk.currency}", f"{cap:.2f} {desk.currency}", by_step


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def links(desk: Desk, owner: Owner, found: digests.Night) -> dict[str, digests.Linked]:
    """How each source of a night is called and where it opens."""
    sources = [source for life in found.lives for source in life.task.sources]
    sources += [source for one in found.questions for source in one.sources]
    sources += [digests.answered(draft) for draft in (*found.drafts, *found.older)]
    sources += [notice.source for notice in found.notices]
    sources += [fact.source for fact in found.changes]
    sources += [one.source for one in found.errands]
    sources += [source for one in found.ahead for source in one.citations]
    return cards.linked(desk, owner, sources)


# --- to its person --------------------------------------------------------------------------------


def delivery(person: int, key: str, day: date, at: datetime | None = None) -> queue.Job:
    """The job that brings a morning to its person. It and the edits of the same message never run side by side."""
    args: dict[str, queue.Argument] = {"person": person, "date_": day.isoformat()}
    lock, once = f"post/{cards.key_of(key, day)}", f"morning/{person}/{day.isoformat()}"
    return queue.Job("morning", queue.LIVE, args, lock=lock, once=once, at=at, priority=50)


def deliver(desk: Desk, person: int, date_: str) -> None:
    """The digest of that date as one DM with its replies; a line that says why it is late while there is none.

    May be called again at any time. What comes late may stand already, where the database was put back meanwhile: it is
    looked for first. Raises `Later` while Slack is busy or the workspace is paused.
    """
    day = date.fromisoformat(date_)
    with desk.store.directory() as tx:
        side, wanted = people.slack_side(tx, person), people.preferences(tx, person)
    if not side.user or wanted.paused:
        return
    owner = begin_owner(desk, person)
    try:
        channel = side.dm or open_dm(desk, person, side.user)
    except Denied:
        # Somebody who left, or whom our app may not write to: tried again in the next morning, and not every minute.
        with desk.store.directory() as tx:
            mornings.delivered(tx, person, day, desk.now())
        observe.count("digests", outcome="failed")
        return
    with desk.store.directory() as tx:
        slept = mornings.night(tx, person, day)
    with owner.begin() as tx:
        digest = kept.digest(tx, owner.scope, day)
    if digest is None:
        _tell_late(desk, owner, channel, day, slept, wanted)
        return
    _note_lateness(desk, owner, digest, slept, wanted)
    _bring(desk, owner, channel, day, slept, wanted)


def open_dm(desk: Desk, person: int, user: str) -> str:
    """Our DM with a person; Slack opens the same one however often it is asked."""
    desk.check_running()
    opened = desk.require_slack().call("conversations.open", users=user)
    channel = str(opened["channel"]["id"])
    with desk.store.directory() as tx:
        people.set_dm(tx, person, channel)
    return channel


def _earliest(owner: Owner, day: date, slept: Slept | None, wanted: Preferences) -> datetime:
    """When the first message of that date may have been said."""
    wakes = hours.instant(day, wanted.wakes_at, ZoneInfo(owner.person.zone))
    return wakes if slept is None else min(wakes, slept.wakes_at)


def _tell_late(desk: Desk, owner: Owner, channel: str, day: date, slept: Slept | None, wanted: Preferences) -> None:
    """One line where the digest will stand, edited when the reason becomes another; a digest that stands is left alone."""
    key = cards.key_of(owner.person.key, day)
    with owner.begin() as tx:
        standing = outbox.get(tx, key)
        if standing is not None and not blocks_thread.is_not_ready(standing.post.text, day):
            return
        text = blocks_thread.not_ready(day, _why_late(slept))
        outbox.want(tx, owner.scope, outbox.Post(key, channel, text, tuple(blocks_thread.said(line(text, 300)))))
        posting.doubt(tx, key, _earliest(owner, day, slept, wanted), desk.now())
    observe.count("digests", outcome="late")


def _why_late(slept: Slept | None) -> str:
    if slept is not None and slept.late:
        return slept.late
    return "I was down" if slept is None else nights.RUNS


_NOTED = re.compile(r"\d\d:\d\d, ")


def _note_lateness(desk: Desk, owner: Owner, digest: Digest, slept: Slept | None, wanted: Preferences) -> None:
    """A digest that comes late says when and why, in its footer, once."""
    if slept is None or slept.state == "delivered" or any(_NOTED.match(note) for note in digest.footer.notes):
        return
    zone = ZoneInfo(owner.person.zone)
    # Who moved their own hour into the past was not let down: what they were promised counts.
    wakes, now = max(hours.instant(digest.date, wanted.wakes_at, zone), slept.wakes_at), desk.now()
    if now <= wakes + posting.PATIENCE:
        return
    ran_on = slept.slept_at is not None and slept.slept_at > wakes
    running = "the night was still running"
    why = running if slept.late == nights.RUNS else slept.late or (running if ran_on else "I was down")
    note = f"{now.astimezone(zone):%H:%M}, {why}"
    footer = digest.footer.model_copy(update={"notes": (note, *digest.footer.notes)})
    with owner.begin() as tx:
        kept.put_digest(tx, owner.scope, digest.model_copy(update={"footer": footer}))


def _bring(desk: Desk, owner: Owner, channel: str, day: date, slept: Slept | None, wanted: Preferences) -> None:
    """The message first; its thread is known only when it stands, and what that thread holds only when it is new."""
    key = cards.key_of(owner.person.key, day)
    found = cards.card(desk, owner, day, wanted)
    assert found is not None
    with owner.begin() as tx:
        outbox.want(tx, owner.scope, cards.main_post(found, channel))
        posting.doubt(tx, key, _earliest(owner, day, slept, wanted), desk.now())
    posting.deliver(desk, owner.scope, key)
    with owner.begin() as tx:
        standing = outbox.get(tx, key)
        assert standing is not None
        if standing.redo:
            raise Later("A message that the digest tells of has changed meanwhile: it is made anew.", 1)
        for post in cards.replies(found, channel, standing.ts) if standing.ts else ():
            outbox.want(tx, owner.scope, post)
            posting.doubt(tx, post.key, datetime.fromtimestamp(float(standing.ts), UTC), desk.now())
        first = mornings.delivered(tx, owner.id, day, desk.now())
        queue.defer(tx, cards.tab(owner.id))
    if first:
        observe.count("digests", outcome="delivered" if standing.ts else "failed")
