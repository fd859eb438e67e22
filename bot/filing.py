"""Mails become message rows, each once and in its thread: the way of imports and of live mailboxes."""

from collections.abc import Mapping, Sequence

from bot.mail.threads import thread_keys
from bot.store import messages, people
from bot.store.db import Row, Store, Tx
from graphs.domain import MailFacts, Message
from graphs.rules.text import language


def put_mails(tx: Tx, scope: int, mails: Sequence[Message]) -> list[str]:
    """Stores mails of one account; returns the key of each row. Threads that a mail joins go on as the oldest of them."""
    facts = [_facts(mail) for mail in mails]
    known = _known(tx, scope, facts)
    keys = thread_keys(mails, known)
    rows = [_row(scope, mail, keys) for mail in mails]
    held = {row["key"]: bytes(row["hash"]) for row in tx.all("twin_keys", scope=scope, keys=[r["key"] for r in rows])}
    for place, (row, mail) in enumerate(zip(rows, mails, strict=True)):
        if held.setdefault(row["key"], row["hash"]) != row["hash"]:
            rows[place] = _row(scope, mail, keys, twin=True)
    messages.put_mails(tx, scope, rows)
    threads = {name: keys[one.message_id] for one in facts for name in _names(one)}
    tx.run("put_refs", scope=scope, refs=list(threads), threads=list(threads.values()))
    return [row["key"] for row in rows]


def _known(tx: Tx, scope: int, facts: Sequence[MailFacts]) -> dict[str, str]:
    """The threads of what these mails name. Where one mail names several, they become one first."""
    named = sorted({name for one in facts for name in _names(one)})
    rows = tx.all("known_refs", scope=scope, refs=named)
    known = {row["ref"]: row["thread"] for row in rows}
    began = {row["thread"]: row["began"] for row in rows}
    for one in facts:
        threads = sorted({known[name] for name in _names(one) if name in known}, key=lambda key: (began[key], key))
        for younger in threads[1:]:
            tx.run("join_thread", scope=scope, thread=threads[0], younger=younger)
            tx.run("join_refs", scope=scope, thread=threads[0], younger=younger)
            known = {name: threads[0] if thread == younger else thread for name, thread in known.items()}
    return known


def learn(store: Store, scope: int, address: str) -> None:
    """What an account's own mail says about its owner: other addresses, a name, a zone."""
    with store.as_scope(scope) as tx:
        minutes = tx.one("offsets", scope=scope)
        own = tx.all("own_addresses", scope=scope)
    with store.directory() as tx:
        people.learn_from_sent(tx, scope, address, minutes["minutes"] if minutes else None, own)


def _names(facts: MailFacts) -> list[str]:
    return [name for name in (facts.message_id, facts.in_reply_to, *facts.references) if name]


def _row(scope: int, mail: Message, threads: Mapping[str, str], twin: bool = False) -> Row:
    held = mail.model_copy(update={"thread": threads[_facts(mail).message_id]})
    return messages.mail_row(scope, held, language(mail.text.text), twin)


def _facts(mail: Message) -> MailFacts:
    assert mail.mail is not None
    return mail.mail
