"""Replies for one inbox: gates, then the graph, then a mail composed by code and planned in the ledger."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import recipients
from bot.desk import Desk, Owner
from bot.mail import compose
from bot.store import accounts, runs
from bot.store import desk as kept
from bot.store.db import Tx
from graphs import draft as writing
from graphs import tasks
from graphs.conversations import fingerprint
from graphs.domain import (
    Address,
    Considered,
    Draft,
    MailSource,
    Message,
    NotDrafted,
    Thread,
    account_scope,
)
from graphs.rules.gates import gate
from graphs.rules.style import Style, style
from graphs.rules.text import language
from graphs.thinking import Thinker

CHECKPOINTED = (writing.MailRef, writing.Outcome)
EXPIRES = timedelta(days=14)

Think = Callable[[Desk, runs.Run, Any, dict[str, Any], Any], dict[str, Any]]
Settled = Callable[[Thread, Message], bool]
"""Whether what a mail asks was settled in another place."""
Threads = dict[tuple[str, str], Thread]


@dataclass(frozen=True)
class Inbox:
    """One inbox mail with its thread."""

    mail: Message
    thread: Thread


@dataclass(frozen=True)
class Replied:
    """What became of an inbox; `fell_back` says why the model judged some mails not at all."""

    considered: list[Considered]
    drafts: list[Draft]
    fell_back: list[str]


def reply(
    desk: Desk, owner: Owner, threads: Threads, settled: Settled, night: date, now: datetime, think: Think
) -> Replied:
    """What becomes of each inbox mail, and the drafts planned for this night. Never two for one mail."""
    with owner.begin() as tx:
        before = kept.drafts(tx, owner.scope)
        for earlier in before:
            _age_out(tx, owner, earlier, night)
    planned = {(row.draft.account, row.draft.in_reply_to): row for row in before}
    others = [m for thread in threads.values() for m in thread.messages]
    gated: list[Considered] = []
    open_mails: list[Inbox] = []
    for inbox in inboxes(threads):
        source = _source(inbox.mail)
        row = planned.get((source.account, source.message_id))
        refused = _gate(owner, inbox, others, settled, now)
        if refused is not None:
            gated.append(_considered(inbox.mail, *refused))
            if row is not None:
                _withdraw(owner, row, desk.now())
        elif row is not None:
            gated.append(_considered(inbox.mail, None, "", row.draft))
        else:
            open_mails.append(inbox)
    outcomes, fell_back = write(desk, owner, open_mails, threads, night, now, think)
    made = [became(owner, inbox, outcome, threads, now) for inbox, outcome in zip(open_mails, outcomes, strict=True)]
    new = [one for one, _ in made]
    with owner.begin() as tx:
        for one, mail in made:
            if one.draft is not None:
                kept.plan_draft(tx, owner.scope, one.draft, mail, night)
        tonight = [
            row.draft for row in kept.drafts(tx, owner.scope) if row.night == night and row.state in kept.UNTOUCHED
        ]
        considered = sorted(gated + new, key=lambda one: (one.account, one.message_id))
        for one in considered:
            kept.put_considered(tx, owner.scope, one, owner.place_ids.get(account_scope(one.account)))
    return Replied(considered, tonight, fell_back)


def _age_out(tx: Tx, owner: Owner, row: kept.DraftRow, night: date) -> None:
    """Nobody touched it for two weeks: it goes, also out of Drafts (`mailroom` looks whether somebody did)."""
    if row.state in kept.UNTOUCHED and night - row.night > EXPIRES:
        kept.move_draft(tx, owner.scope, row.draft, kept.UNTOUCHED, "expired")


def _withdraw(owner: Owner, row: kept.DraftRow, now: datetime) -> None:
    """The mail was answered, or a newer one took its place, before anybody touched the draft."""
    with owner.begin() as tx:
        accounts.moot(tx, owner.scope, row.draft, now)


def inboxes(threads: Threads) -> list[Inbox]:
    """Each mail once: what reached two addresses of the owner is one mail."""
    found: dict[str, Inbox] = {}
    for key in sorted(threads):
        for mail in threads[key].messages:
            if mail.mail is not None and mail.mail.mailbox == "inbox":
                found.setdefault(mail.mail.message_id, Inbox(mail, threads[key]))
    return list(found.values())


def _gate(
    owner: Owner, inbox: Inbox, others: Sequence[Message], settled: Settled, now: datetime
) -> tuple[NotDrafted, str] | None:
    """What code can say without a model, with the reason."""
    refused = gate(
        inbox.mail, inbox.thread, owner.person, owner.own, owner.inside, now,
        colleagues=owner.colleagues, known=owner.correspondents, others=others, along=owner.hours.level == "all",
    )  # fmt: skip
    if refused is None and not _wanted(owner, inbox, now):
        return "not_wanted", "you want drafts for less than this"
    if refused is None and settled(inbox.thread, inbox.mail):
        return "answered_elsewhere", "it was settled in another place"
    return refused


def _wanted(owner: Owner, inbox: Inbox, now: datetime) -> bool:
    """Whether the owner wants a draft for such a mail at all."""
    match owner.hours.level:
        case "off":
            return False
        case "high":
            asked = tasks.by_rules(
                inbox.thread, tasks.Context(None, lambda ref: inbox.thread, owner.person, owner.people, now)
            )
            return any(one.due is not None or one.kind == "blocked" for one in asked)
        case _:
            return True


def write(
    desk: Desk, owner: Owner, mails: Sequence[Inbox], threads: Threads, night: date, now: datetime, think: Think
) -> tuple[list[writing.Outcome], list[str]]:
    """The model's outcome for each mail, kept from an earlier night where nothing changed; and why some have none."""
    refs = [ref_of(inbox) for inbox in mails]
    thinker = desk.thinker(owner.begin, owner.scope, night)
    if thinker is None:
        return [writing.Outcome(ref=ref, reason="no_model", why="no model is set up") for ref in refs], []
    prints = {ref.message: fingerprint(inbox.thread) for ref, inbox in zip(refs, mails, strict=True)}
    with owner.begin() as tx:
        run = runs.take(tx, f"{owner.person.key}/{night}/draft", owner.scope)
        known = kept.thoughts(tx, owner.scope, "draft", writing.Outcome)
    old = {m: known[str(m)][1] for m, made in prints.items() if known.get(str(m), (b"",))[0] == made}
    by_message = {ref.message: inbox for ref, inbox in zip(refs, mails, strict=True)}
    # The newest first: what the budget does not reach is the oldest.
    sent = {ref.message: by_message[ref.message].mail.sent_at for ref in refs if ref.message not in old}
    pending = sorted(
        (ref for ref in refs if ref.message in sent), key=lambda ref: (sent[ref.message], ref.message), reverse=True
    )
    held = context(owner, by_message, threads, thinker, now)
    state = think(desk, run, writing.build(), {"pending": pending, "outcomes": []}, held) if pending else {}
    new: list[writing.Outcome] = state.get("outcomes", [])
    with owner.begin() as tx:
        runs.hold(tx, run)
        for one in new:
            if not one.fell_back:
                about = owner.place_ids.get(one.ref.scope)
                key = str(one.ref.message)
                kept.put_thought(tx, owner.scope, "draft", key, prints[one.ref.message], one, about, one.ref.thread)
        fell_back = sorted({one.fell_back for one in new if one.fell_back})
        runs.end(tx, run, {"written": len(new), "kept": len(old), "fell_back": fell_back})
    outcomes = old | {one.ref.message: one for one in new}
    return [outcomes[ref.message] for ref in refs], fell_back


def context(
    owner: Owner, mails: Mapping[int, Inbox], threads: Threads, thinker: Thinker, now: datetime,
    wish: writing.Wish | None = None,
) -> writing.Context:  # fmt: skip
    """What the graph may read to answer these mails, by row id."""
    sent = sent_in(threads)
    held = [message for thread in threads.values() for message in thread.messages]
    return writing.Context(
        thinker=thinker,
        thread=lambda ref: mails[ref.message].thread,
        known=lambda ref: recipients.known(owner, mails[ref.message].mail, mails[ref.message].thread, held, now),
        style=lambda ref: style_of(owner, sent, mails[ref.message].mail),
        owner=owner.person,
        people=owner.people,
        now=now,
        wish=wish,
    )


def ref_of(inbox: Inbox) -> writing.MailRef:
    return writing.MailRef(scope=inbox.mail.scope, thread=inbox.thread.key, message=inbox.mail.id)


def style_of(owner: Owner, sent: Sequence[Message], mail: Message) -> Style:
    assert mail.mail is not None
    to = (mail.mail.reply_to or (mail.mail.sender,))[0].address
    return style(sent, to, owner.inside, language(mail.text.text))


# --- from an outcome to a mail --------------------------------------------------------------------


def became(
    owner: Owner, inbox: Inbox, outcome: writing.Outcome, threads: Threads, now: datetime
) -> tuple[Considered, bytes]:
    """The mail's fate, and the draft's bytes when there is one."""
    if outcome.body:
        try:
            draft = _draft(owner, inbox, outcome)
            return _considered(inbox.mail, None, outcome.why, draft), _mail(owner, inbox, threads, draft, now)
        except compose.Unanswerable as err:
            return _considered(inbox.mail, "unsure", str(err)), b""
    if outcome.question:
        asked = _considered(inbox.mail, "unsure", outcome.why)
        sources = (*asked.sources, *outcome.receipt.withheld)
        return asked.model_copy(update={"question": outcome.question, "sources": sources}), b""
    return _considered(inbox.mail, outcome.reason or "unsure", outcome.why), b""


def _considered(mail: Message, reason: NotDrafted | None, why: str, draft: Draft | None = None) -> Considered:
    source = _source(mail)
    return Considered(
        account=source.account, message_id=source.message_id, reason=reason, why=why, draft=draft, sources=(source,)
    )


def _source(mail: Message) -> MailSource:
    assert isinstance(mail.source, MailSource)
    return mail.source


def _draft(owner: Owner, inbox: Inbox, outcome: writing.Outcome) -> Draft:
    source = _source(inbox.mail)
    addressed = compose.recipients(inbox.mail, owner.own)
    assert inbox.mail.mail is not None
    return Draft(
        account=source.account,
        message_id=derived_id(source.account, source.message_id),
        in_reply_to=source.message_id,
        to=addressed.to,
        cc=addressed.cc,
        sender=Address(name=owner.person.name, address=addressed.sender),
        subject=compose.subject(inbox.mail.mail.subject),
        body=outcome.body,
        slots=outcome.slots,
        receipt=outcome.receipt,
        asked_at=inbox.mail.sent_at,
        foreign_reply_to=addressed.foreign_reply_to,
    )


def derived_id(account: str, message_id: str) -> str:
    """Our own Message-ID, the same whenever the same mail is answered: the key that recovery looks for."""
    made = hashlib.sha256(f"draft\n{account}\n{message_id}".encode()).hexdigest()[:32]
    return f"<{made}@{account.rpartition('@')[2]}>"


def _mail(owner: Owner, inbox: Inbox, threads: Threads, draft: Draft, now: datetime) -> bytes:
    """The draft as it would lie in the Drafts mailbox: signed and quoting as the owner does with this person."""
    habit = style_of(owner, sent_in(threads), inbox.mail)
    return compose.compose(
        compose.Reply(
            original=inbox.mail,
            own=owner.own,
            name=owner.person.name,
            body=draft.body,
            message_id=draft.message_id,
            date=now.astimezone(ZoneInfo(owner.person.zone)),
            quote=habit.quotes_original,
            signature=habit.signature,
        )
    )


def sent_in(threads: Threads) -> list[Message]:
    return [m for thread in threads.values() for m in thread.messages if m.mail and m.mail.mailbox == "sent"]
