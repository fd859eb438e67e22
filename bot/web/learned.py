"""What nights concluded for one person, with what they may read now: drafts and receipts, reasons, tasks, context."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot import learning
from bot.cards import label
from bot.desk import Desk, Owner, begin_owner
from bot.slack.blocks_learned import Learned as Change
from bot.store import contexts, messages, people
from bot.store import desk as kept
from graphs.digest_value import due_words
from graphs.domain import Considered, Draft, MailSource, Message, Source
from graphs.life import source_key

REASONS = {
    "answered_by_owner": "you answered it",
    "answered_by_other": "somebody answered it",
    "answered_elsewhere": "settled in another place",
    "information": "asks for nothing",
    "not_addressed": "not to you",
    "bulk": "newsletter or list",
    "automatic": "automatic",
    "phishing": "suspected phishing",
    "sensitive": "personal: a neutral line, no draft",
    "confidential": "confidential",
    "superseded": "taken back or replaced",
    "duplicate": "a copy",
    "invitation": "an invitation",
    "code": "a one-time code",
    "too_old": "too old",
    "unsure": "you are asked about it instead",
    "no_model": "owed a reply; rules never write one",
    "own_draft": "a draft of your own lies there",
    "budget": "money ran out",
    "unreadable": "cannot be read",
    "not_wanted": "not wanted: you chose fewer drafts",
}
CHANGES = 30
"""Lines of the diff, the newest."""

_KINDS = {"owe": "you owe", "waiting": "you wait", "blocked": "somebody waits", "decision": "to decide"}


@dataclass(frozen=True)
class ShownDraft:
    subject: str
    to: str
    body: str
    state: str
    receipt: tuple[str, ...]


@dataclass(frozen=True)
class ShownReason:
    who: str
    subject: str
    why: str


@dataclass(frozen=True)
class ShownTask:
    kind: str
    label: str
    what: str
    next_step: str
    due: str


@dataclass(frozen=True)
class ShownBlock:
    name: str
    version: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Learned:
    """Everything the pane shows."""

    drafts: Sequence[ShownDraft]
    no_drafts: str
    not_drafted: Sequence[ShownReason]
    tasks: Sequence[ShownTask]
    learned: Sequence[ShownBlock]
    changed: Sequence[Change]


DRAFTS = {
    "planned": "not in the mailbox",
    "appended": "in the Drafts mailbox",
    "edited": "changed by hand",
    "sent": "sent",
    "discarded": "discarded",
    "withdrawn": "no longer needed",
    "expired": "expired",
}
"""What became of a draft, in a word or three."""


def learned(desk: Desk, slack_id: str) -> Learned | None:
    """None before the first night of somebody."""
    with desk.store.directory() as tx:
        known = people.find(tx, slack_id)
    if known is None:
        return None
    owner = begin_owner(desk, known.id)
    with owner.begin() as tx:
        drafts = kept.drafts(tx, owner.scope)
        considered = kept.considered(tx, owner.scope)
        tasks = [row.task for row in kept.tasks(tx, owner.scope) if row.task.state == "open"]
        blocks = contexts.learned(tx, people.readable(tx))
        sources: list[Source] = [fact.source for row in drafts for fact in row.draft.receipt.facts]
        sources += [MailSource(account=one.account, message_id=one.message_id) for one in considered]
        shown = messages.by_sources(tx, sources)
    changed = learning.latest(desk, owner, 0, CHANGES)
    if not (drafts or considered or tasks or blocks):
        return None
    today = desk.now().date()
    return Learned(
        drafts=[_draft(row.draft, row.state, shown, owner) for row in drafts],
        no_drafts="Rules write no replies: drafts need a model." if desk.sleep_model is None else "No reply is owed.",
        not_drafted=[_reason(one, shown) for one in considered if one.reason],
        tasks=[
            ShownTask(t.kind, _KINDS[t.kind], t.what, t.next_step, due_words(t.due, today) if t.due else "")
            for t in tasks
        ],
        learned=[
            ShownBlock(_name(block.scope, block.name), block.version, tuple(line.text for line in block.lines))
            for block in sorted(blocks, key=lambda one: (one.scope.startswith("account:"), one.name, one.scope))
            if block.lines
        ],
        changed=changed,
    )


def _name(scope: str, name: str) -> str:
    match scope.partition(":")[0]:
        case "account":
            return f"Mailbox {name}"
        case "person":
            return "You"
        case "workspace":
            return "Everybody"
        case _:
            return f"#{name}"


def _reason(one: Considered, shown: dict[str, Message]) -> ShownReason:
    mail = shown.get(source_key(MailSource(account=one.account, message_id=one.message_id)))
    why = REASONS.get(one.reason or "", one.reason or "")
    if mail is None or mail.mail is None:
        return ShownReason("", "no longer there", why)
    return ShownReason(mail.author.name or mail.author.address, mail.mail.subject, why)


def _draft(draft: Draft, state: str, shown: dict[str, Message], owner: Owner) -> ShownDraft:
    places = {place.key: place for place in owner.places}
    facts = []
    for fact in draft.receipt.facts:
        message = shown.get(source_key(fact.source))
        facts.append(f"from: {fact.text} ({label(message, places, owner) if message else 'no longer there'})")
    receipt = draft.receipt
    return ShownDraft(
        subject=draft.subject,
        to=", ".join(one.name or one.address for one in draft.to),
        body=draft.body,
        state=DRAFTS.get(state, state),
        receipt=(
            *([f"why: {receipt.why}"] if receipt.why else []),
            *facts,
            *(f"left open: {ask.ask}" for ask in receipt.asks if not ask.answered),
            *(f"assumed: {assumed}" for assumed in receipt.assumptions),
            *(f"to fill in: {slot}" for slot in draft.slots),
        ),
    )
