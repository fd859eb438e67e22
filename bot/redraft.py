"""A draft as its owner wants it: the draft graph once more, for one mail, with a wish."""

from datetime import datetime

from bot import drafting, night
from bot.desk import Desk, Owner
from bot.drafting import Inbox, Threads
from bot.store import choices, mornings
from bot.store import desk as kept
from graphs import draft as writing
from graphs.domain import Draft
from graphs.draft import Wish

NO_MODEL = "Writing a draft again needs a model, and none is set up. The draft stays as it is."
TOUCHED = "It lies in your Drafts mailbox already: change it there."
OVER = "This draft is over, so nothing was changed."
GONE = "The mail it answers is no longer there, or older than two weeks. The draft stays as it is."
REWRITTEN = "Written again, as you wished."
FAILED = "No other version came of it. The draft stays as it is."


def rewrite(desk: Desk, owner: Owner, row: kept.DraftRow, kind: str, now: datetime) -> str:
    """Replaces a draft that nobody touched by one as wished; says what came of it in a sentence."""
    thinker = desk.thinker(owner.begin, owner.scope, now.date())
    if thinker is None:
        return NO_MODEL
    # What lies in the mailbox is exchanged there; while drafts stay in Slack, nothing is.
    with owner.begin() as tx:
        is_shadow = mornings.shadow(tx, owner.id, owner.hours).on
    replaceable = ("planned",) if is_shadow else kept.UNTOUCHED
    if row.state not in replaceable:
        return TOUCHED if row.state in ("appended", "edited") else OVER
    threads = night.read(desk, owner, now).whole
    inbox = _mail_of(threads, row.draft)
    if inbox is None:
        return GONE
    context = drafting.context(owner, {inbox.mail.id: inbox}, threads, thinker, now, Wish(kind, row.draft.body))
    begins = {"pending": [drafting.ref_of(inbox)], "outcomes": []}
    found = writing.build().compile().invoke(begins, context=context)
    outcome = found["outcomes"][0]
    made, mail = drafting.became(owner, inbox, outcome, threads, now)
    if made.draft is None:
        return failed(outcome.fell_back or made.question or made.why)
    with owner.begin() as tx:
        replaced = choices.replace_draft(tx, owner.scope, made.draft, mail, replaceable)
    return REWRITTEN if replaced else TOUCHED


def failed(why: str) -> str:
    """What its owner is told when no other version came of it."""
    return (
        f"{FAILED} Why: {why.strip().rstrip('.?')}{'?' if why.strip().endswith('?') else '.'}"
        if why.strip()
        else FAILED
    )


def _mail_of(threads: Threads, draft: Draft) -> Inbox | None:
    return next(
        (one for one in drafting.inboxes(threads) if one.mail.mail and one.mail.mail.message_id == draft.in_reply_to),
        None,
    )
