"""The digest of one night: gathers what the night found and hands it to `graphs.digest`; kept once for each date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from bot.desk import Desk, Owner
from bot.store import desk as kept
from bot.store import messages, people, runs
from bot.store.db import Tx
from graphs import digest as digests
from graphs.digest_value import Digest, Footer, Skipped
from graphs.domain import Considered, Draft, Fact, Message, SlackSource, Source
from graphs.life import Life, source_key
from graphs.links import source_link

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


def morning(desk: Desk, owner: Owner, found: Found, fell_back: Sequence[str], night: date, now: datetime) -> Digest:
    """Makes the digest and remembers what it showed."""
    with owner.begin() as tx:
        since = _news_since(tx, owner, night, now)
        known = [row for row in kept.drafts(tx, owner.scope) if row.state in ("planned", "appended")]
        changes = _changes(tx, owner)
        failed = [*fell_back, *runs.fell_back(tx, [place.id for place in owner.places], night)]
        footer = _footer(tx, desk, owner, found, failed, night)
    slept = digests.Night(
        person=owner.person,
        date=night,
        since=since,
        lives=tuple(found.lives),
        drafts=tuple(found.drafts),
        older_drafts=sum(row.night < night for row in known),
        questions=tuple(one for one in found.considered if one.question),
        notices=tuple(notice for notice in found.notices if notice.at > since),
        changes=tuple(changes),
        footer=footer,
        model=desk.sleep_model is not None,
        recorded=desk.sleep_model is not None and desk.sleep_model.recorded,
    )
    digest = digests.compose(slept, links(desk, owner, slept))
    with owner.begin() as tx:
        kept.put_digest(tx, owner.scope, digest)
        for life in digests.shown_tasks(digest, found.lives):
            kept.put_task(tx, owner.scope, kept.TaskRow(life.task, life.changed_on, life.snoozed_until, life.shown_on))
    return digest


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
    cost, cap = _spent(tx, desk, owner, night)
    return Footer(
        read=", ".join(
            _count(found.counts.get(kind, 0), name) for kind, name in (("slack", "Slack message"), ("mail", "mail"))
        ),
        skipped=tuple(skipped),
        cost=cost,
        cap=cap,
        failed=tuple(f"Found without a model: {reason}." for reason in sorted(set(fell_back))),
    )


def _spent(tx: Tx, desk: Desk, owner: Owner, night: date) -> tuple[str, str]:
    """Money and its cap; tokens where no price is set, because then nobody knows what they cost."""
    if desk.sleep_model is None or desk.sleep_model.recorded:
        return "", ""
    rows = runs.spent_by_step(tx, [owner.scope], night)
    role = desk.sleep_model.role
    if role.price_in == role.price_out == 0:
        calls, tokens = sum(r["calls"] for r in rows), sum(r["prompt"] + r["completion"] for r in rows)
        return f"{calls} calls, {tokens:,} tokens, no price set", ""
    return f"{sum((r['money'] for r in rows), Decimal(0)):.2f} {desk.currency}", f"{desk.cap():.2f} {desk.currency}"


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def links(desk: Desk, owner: Owner, found: digests.Night) -> dict[str, digests.Linked]:
    """How each source is called and where it opens; only what the owner may read has a link."""
    sources: dict[str, Source] = {}
    for life in found.lives:
        sources |= {source_key(source): source for source in life.task.sources}
    held = [source for one in found.questions for source in one.sources]
    held += [digests.answered(draft) for draft in found.drafts]
    sources |= {source_key(source): source for source in held}
    sources |= {source_key(n.source): n.source for n in found.notices}
    sources |= {source_key(f.source): f.source for f in found.changes}
    with desk.store.directory() as tx:
        workspace = people.workspace(tx) or {"team": "", "domain": ""}
    team_url = f"https://{workspace['domain']}.slack.com" if workspace["domain"] else None
    names = {place.key: place for place in owner.places}
    with owner.begin() as tx:
        shown = messages.by_sources(tx, list(sources.values()))
    return {
        key: digests.Linked(
            label=label(message, names, owner), url=source_link(sources[key], team_url, team=workspace["team"])
        )
        for key, message in shown.items()
        if key in sources
    }


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
