"""The card of one morning: its digest as it was made, with what became of its items since, as messages of the outbox.

A card is never changed by hand: whoever changes a task, a draft or a choice asks for the card again, and what stands in
Slack is edited in place. Keys: `digest/{person}/{date}` for the message, and below it `…/more/1`, `…/receipts`,
`…/preview/{item}`, `…/why/{item}`, `…/said/{item}` for replies in its thread.
"""

import email
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.desk import Desk, Owner
from bot.slack import blocks, blocks_thread
from bot.slack.blocks import Trouble
from bot.slack.blocks_thread import Cited, Shown
from bot.slack.kit import line
from bot.store import accounts, choices, messages, mornings, outbox, people, queue
from bot.store import desk as kept
from bot.store.db import Tx
from bot.store.outbox import Post, Rest
from graphs import digest as digests
from graphs.conversations import name_of
from graphs.digest_value import Digest, clip, day_words
from graphs.domain import Draft, MailSource, Message, Preferences, SlackSource, Source
from graphs.life import source_key
from graphs.links import source_link
from graphs.outcomes import Chosen, Now, draft_item, outcomes, remaining

STALE = timedelta(hours=2)
"""A mailbox that was not read for so long is named in the digest."""

RECENT = 7
"""So many mornings back cards are edited when something changes."""

_KEY = re.compile(
    r"digest/(?P<person>.+)/(?P<date>\d{4}-\d\d-\d\d)(?:/(?P<part>(?:more|preview|why|said|receipts).*))?"
)


@dataclass(frozen=True)
class Card:
    """A digest with how things stand now. Its headline counts what is still open."""

    digest: Digest
    settled: Mapping[str, str]
    troubles: tuple[Trouble, ...]
    offer: bool
    told: str
    drafts: tuple[Shown, ...]
    rests: tuple[Rest, ...]  # what its words come from


def key_of(person: str, day: date) -> str:
    return f"digest/{person}/{day.isoformat()}"


def date_of(key: str, person: str) -> date | None:
    """The morning that a message of ours belongs to; None when it is no part of a digest of that person."""
    found = _KEY.fullmatch(key)
    return date.fromisoformat(found["date"]) if found is not None and found["person"] == person else None


# --- how things stand -----------------------------------------------------------------------------


def card(desk: Desk, owner: Owner, day: date, hours: Preferences) -> Card | None:
    """The card of `day` as it should stand now; None when there is no digest of that day."""
    with owner.begin() as tx:
        standing = _standing(tx, owner, day)
        if standing is None:
            return None
        made, drafts, rested = standing
        digest = _still_theirs(tx, made)
        chosen = choices.choices(tx, owner.scope)
        tasks = {row.task.id: (row.task.state, row.snoozed_until) for row in kept.tasks(tx, owner.scope)}
        boxes = mornings.mailboxes(tx, owner.id)
        shadow = mornings.shadow(tx, owner.id, hours, day)
    states = {draft_item(row.draft): row.state for row in drafts}
    settled = outcomes(digest, Now(tasks, states, _local(chosen, owner)))
    in_it = _in(digest, drafts)
    waiting = any(draft_item(row.draft) not in settled and row.state == "planned" for row in in_it)
    offer = shadow.on and waiting and bool(boxes)
    return Card(
        digest=digest.model_copy(update={"headline": _headline(digest, settled)}),
        settled=settled,
        troubles=tuple(troubles(boxes, owner.person.zone, desk.now())),
        offer=offer,
        told=_first_nights(shadow, offer),
        drafts=tuple(shown_drafts(desk, owner, in_it)),
        rests=rested,
    )


def _first_nights(shadow: mornings.Shadow, offer: bool) -> str:
    if shadow.is_over:
        return "Your first nights are over: from now on drafts lie in your Drafts mailbox. Nothing is ever sent."
    if not offer or not shadow.night:
        return ""
    return f"Night {shadow.night} of {mornings.SHADOW_NIGHTS}: drafts are shown here only. Then they lie in your Drafts mailbox."


def _standing(tx: Tx, owner: Owner, day: date) -> tuple[Digest, list[kept.DraftRow], tuple[Rest, ...]] | None:
    """The digest of a day, the drafts that are not expired, and what both rest on, in the revisions that their words are of."""
    while (made := kept.digest(tx, owner.scope, day)) is not None:
        drafts = _unexpired(tx, owner)
        found = rests(tx, [*_sources(made), *(one for row in _in(made, drafts) for one in sources_of(row.draft))])
        # A message that changes takes its words out of both: what is the same afterwards is of these revisions.
        if (kept.digest(tx, owner.scope, day), _unexpired(tx, owner)) == (made, drafts):
            return made, drafts, found
    return None


def _unexpired(tx: Tx, owner: Owner) -> list[kept.DraftRow]:
    return told(tx, owner, [row for row in kept.drafts(tx, owner.scope) if row.state != "expired"])


def told(tx: Tx, owner: Owner, rows: Sequence[kept.DraftRow]) -> list[kept.DraftRow]:
    """Drafts as their owner is told of them: "answered" are those that were withdrawn and whose mail they answered by hand."""
    over = [row.draft.in_reply_to for row in rows if row.state == "withdrawn"]
    boxes = [place.id for place in owner.places if place.kind == "account"] if over else []
    by_hand = {name for box in boxes for name in accounts.answered(tx, box, "sent", over)}
    return [
        replace(row, state="answered") if row.state == "withdrawn" and row.draft.in_reply_to in by_hand else row
        for row in rows
    ]


def _in(digest: Digest, drafts: Sequence[kept.DraftRow]) -> list[kept.DraftRow]:
    ids = {item.id for item in (*digest.items, *digest.more)}
    return [row for row in drafts if draft_item(row.draft) in ids]


def _sources(made: Digest) -> list[Source]:
    return [source for item in (*made.items, *made.more) for source in item.sources]


def sources_of(draft: Draft) -> list[Source]:
    """The mail that a draft answers, and what it says from elsewhere."""
    return [digests.answered(draft), *(fact.source for fact in draft.receipt.facts), *draft.receipt.withheld]


def rests(tx: Tx, sources: Sequence[Source]) -> tuple[Rest, ...]:
    """Those that the audience may read, as they are now. To be asked before the words are read that rest on them."""
    return tuple(Rest(one.source, one.revision) for one in messages.by_sources(tx, sources).values())


def _still_theirs(tx: Tx, made: Digest) -> Digest:
    """Without what rests on places that the audience left since, or on messages that are gone."""
    open_ = opens(tx, _sources(made))
    items, more = ([item for item in part if open_(item.sources)] for part in (made.items, made.more))
    if len(items) == len(made.items) and len(more) == len(made.more):
        return made
    headline = digests.headline(made.date, items, more)
    return made.model_copy(update={"items": tuple(items), "more": tuple(more), "headline": headline})


def opens(tx: Tx, wanted: Sequence[Source]) -> Callable[[Sequence[Source]], bool]:
    """Tells of some of these sources whether the audience may read every one of them now."""
    said = [source for source in wanted if isinstance(source, SlackSource | MailSource)]
    found = messages.by_sources(tx, said)
    closed = {source_key(source) for source in said} - found.keys()
    return lambda sources: closed.isdisjoint(map(source_key, sources))


def _local(chosen: Mapping[str, choices.Choice], owner: Owner) -> dict[str, Chosen]:
    zone = ZoneInfo(owner.person.zone)
    return {
        item: Chosen(one.verb, one.pressed_at.astimezone(zone).date(), one.until)
        for item, one in chosen.items()
        if not item.startswith("thread/")
    }


def _headline(digest: Digest, settled: Mapping[str, str]) -> str:
    """As it was made until something is settled; then what is left."""
    if not any(item.id in settled for item in digest.items):
        return digest.headline
    # An answer to read is nothing to do.
    left = [item for item in remaining(digest.items, settled) if item.kind != "answer"]
    return digests.headline(digest.date, left) if left else f"{day_words(digest.date)}: all done"


def troubles(boxes: Sequence[mornings.Mailbox], zone: str, now: datetime) -> list[Trouble]:
    """Mailboxes of the person that are not read, with since when and why."""
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    found = []
    for box in boxes:
        quiet = now - (box.synced_at or box.since)
        if box.state == "ok" and quiet < STALE:
            continue
        why = box.problem.rstrip(".") or "its server does not answer"
        found.append(Trouble(f"Mail of {box.name} not read {_since(box.synced_at, local, today)} ({why})", box.scope))
    return found


def _since(at: datetime | None, zone: ZoneInfo, today: date) -> str:
    if at is None:
        return "yet"
    here = at.astimezone(zone)
    return f"since {here:%H:%M}" if here.date() == today else f"since {day_words(here.date())}, {here:%H:%M}"


# --- as messages ----------------------------------------------------------------------------------


def main_post(card: Card, channel: str) -> Post:
    """The message itself."""
    shown = blocks.digest_blocks(card.digest, card.settled, card.troubles, card.offer, card.told)
    text = blocks.fallback_text(card.digest, card.settled)
    return Post(key_of(card.digest.person, card.digest.date), channel, text, tuple(shown), rests=card.rests)


def replies(card: Card, channel: str, thread_ts: str) -> list[Post]:
    """What stands in its thread from the beginning: the items behind "+ n more", and how the drafts were made."""
    key = key_of(card.digest.person, card.digest.date)
    pages = blocks.more_pages(card.digest, card.settled)
    posts = [
        Post(f"{key}/more/{n}", channel, "More for today", tuple(page), thread_ts, rests=card.rests)
        for n, page in enumerate(pages, 1)
    ]
    if card.drafts:
        text, shown = "How the drafts were made", tuple(blocks_thread.receipts(card.drafts[:8]))
        posts.append(Post(f"{key}/receipts", channel, text, shown, thread_ts, rests=card.rests))
    return posts


def refresh(desk: Desk, owner: Owner, days: Sequence[date], hours: Preferences) -> None:
    """Wants the cards of these mornings as they should stand now, where they stand at all."""
    for day in dict.fromkeys(days):
        found = card(desk, owner, day, hours)
        if found is None:
            continue
        with owner.begin() as tx:
            want_again(tx, owner, found)


def want_again(tx: Tx, owner: Owner, found: Card) -> None:
    standing = outbox.get(tx, key_of(found.digest.person, found.digest.date))
    if standing is None:
        return
    channel = standing.post.channel
    outbox.want(tx, owner.scope, main_post(found, channel))
    for post in replies(found, channel, standing.ts) if standing.ts else ():
        if outbox.get(tx, post.key) is not None:
            outbox.want(tx, owner.scope, post)


def take_back(owner: Owner, fallen: Sequence[str]) -> None:
    """What had lost its words before `refresh` and was not made anew by it says so: an answer to a press, a page that is no
    longer needed. What fell meanwhile is made anew by the next look, which its fall has enqueued."""
    with owner.begin() as tx:
        for key in (key for key in outbox.to_redo(tx, owner.scope) if key in fallen):
            held = outbox.get(tx, key)
            assert held is not None
            said_now = tuple(blocks_thread.said(outbox.TAKEN_BACK))
            outbox.want(tx, owner.scope, replace(held.post, text=outbox.TAKEN_BACK, blocks=said_now))


def zone_of(owner: Owner) -> ZoneInfo:
    return ZoneInfo(owner.person.zone)


def recent(tx: Tx, owner: Owner, today: date) -> list[date]:
    """Mornings whose cards somebody may still look at."""
    return mornings.dates(tx, owner.scope, today, RECENT)


def look_again(tx: Tx, person: int) -> None:
    """Somebody said something, in Slack or by mail: if they get digests, their cards are looked at for what it answers."""
    if people.slack_side(tx, person).dm:
        name = f"settle/{person}"
        queue.defer(tx, queue.Job("settle", queue.READ, {"person": person}, lock=name, once=name))


def tab(person: int) -> queue.Job:
    """The job that brings a person's Home tab up to date."""
    name = f"home/{person}"
    return queue.Job("home", queue.LIVE, {"person": person}, lock=name, once=name, priority=40)


# --- drafts and sources in words ------------------------------------------------------------------


STATES = {
    "planned": "Not in your mailbox yet.",
    "appended": "It lies in your Drafts mailbox.",
    "edited": "You changed it in your mailbox: it is yours.",
    "sent": "You sent it.",
    "discarded": "Discarded.",
    "withdrawn": "No longer needed.",
    "answered": "You answered it yourself.",
    "expired": "Expired: nobody touched it for 14 days.",
}


def shown_drafts(desk: Desk, owner: Owner, rows: Sequence[kept.DraftRow]) -> list[Shown]:
    """Drafts as their owner may look at them, with the sources of their receipts."""
    sources = [s for row in rows for s in (*(f.source for f in row.draft.receipt.facts), *row.draft.receipt.withheld)]
    named = linked(desk, owner, sources)
    return [_shown(row, named) for row in rows]


def _shown(row: kept.DraftRow, named: Mapping[str, digests.Linked]) -> Shown:
    draft, receipt = row.draft, row.draft.receipt
    facts = [(named.get(source_key(fact.source)), fact.text) for fact in receipt.facts]
    held = [named.get(source_key(source)) for source in receipt.withheld]
    return Shown(
        title=title(draft),
        to=", ".join(f"{a.name} <{a.address}>" if a.name else a.address for a in draft.to),
        cc=", ".join(a.address for a in draft.cc),
        subject=draft.subject,
        text=mail_text(row.mail),
        state=STATES[row.state],
        why=receipt.why,
        asks=receipt.asks,
        facts=tuple(Cited(one.label, one.url, text) for one, text in facts if one is not None),
        assumptions=receipt.assumptions,
        slots=draft.slots,
        withheld=tuple(Cited(one.label, one.url) for one in held if one is not None),
    )


def title(draft: Draft) -> str:
    to = draft.to[0].name or draft.to[0].address if draft.to else "them"
    bare = draft.subject.removeprefix("Re: ").strip()
    return f"Reply to {to}, “{clip(bare, 50)}”" if bare else f"Reply to {to}"


def mail_text(mail: bytes) -> str:
    """The text of a draft of ours, signature and quotation included."""
    made = email.message_from_bytes(mail)
    plain = next((part for part in made.walk() if part.get_content_type() == "text/plain"), None)
    held = plain.get_payload(decode=True) if plain is not None else b""
    return held.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(held, bytes) else ""


def linked(desk: Desk, owner: Owner, sources: Sequence[Source]) -> dict[str, digests.Linked]:
    """How each source is called and where it opens; only what the owner may read has a link."""
    with desk.store.directory() as tx:
        workspace = people.workspace(tx) or {"team": "", "domain": ""}
    team_url = f"https://{workspace['domain']}.slack.com" if workspace["domain"] else None
    places = {place.key: place for place in owner.places}
    by_key = {source_key(source): source for source in sources}
    with owner.begin() as tx:
        found = messages.by_sources(tx, list(by_key.values()))
        webmail = desk.webmail(tx)
    return {
        key: digests.Linked(
            label=label(message, places, owner),
            url=source_link(by_key[key], team_url, team=workspace["team"], webmail=webmail(by_key[key])),
        )
        for key, message in found.items()
        if key in by_key
    }


def cited(desk: Desk, owner: Owner, sources: Sequence[Source]) -> list[Cited]:
    """Sources with who said what and when, those that the owner may read now."""
    named = linked(desk, owner, sources)
    with owner.begin() as tx:
        found = messages.by_sources(tx, list(sources))
    zone = ZoneInfo(owner.person.zone)
    shown = []
    for source in sources:
        message = found.get(source_key(source))
        if message is not None and source_key(source) in named:
            one = named[source_key(source)]
            at = message.sent_at.astimezone(zone)
            who = name_of(message, owner.people)
            shown.append(
                Cited(f"{who}, {one.label}, {day_words(at.date())}, {at:%H:%M}", one.url, clip(message.text.text, 200))
            )
    return shown


def label(message: Message, places: Mapping[str, people.Place], owner: Owner) -> str:
    """How a source is called in a sentence to its owner."""
    if isinstance(message.source, SlackSource):
        place = places.get(message.scope)
        if place is None or place.channel is None:
            return "Slack"
        if place.channel.kind in ("dm", "mpim"):
            others = [
                owner.people[m].name for m in place.channel.members if m in owner.people and m != owner.person.key
            ]
            return f"DM with {', '.join(others[:3])}" if others else "your DM"
        return f"#{place.name}"
    mine = message.mail is not None and message.mail.mailbox == "sent"
    return "your mail" if mine else f"mail from {message.author.name or message.author.address}"


def sentence(text: str) -> str:
    """Words of our own with somebody's in them, fit for mrkdwn."""
    return line(text, 400)
