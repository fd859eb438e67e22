"""Forgetting: a person who wants none of their messages used, a person altogether, and text that has become old."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from bot.desk import Desk
from bot.slack.blocks_home import nothing_view
from bot.store import forgetting, inbox
from bot.store.people import Known
from graphs.errors import Denied, Later, Unsure

log = logging.getLogger(__name__)

BATCH = 200
"""Messages whose words go in one transaction: others that write there wait no longer than for these."""


def leave_out(desk: Desk, person: int) -> None:
    """None of their messages are used from now on, except what they say to us; what was made of earlier ones falls."""
    with desk.store.as_person(person) as tx:
        forgetting.be_silent(tx, person)
    _in_batches(partial(_unsay, desk, person))


def use_again(desk: Desk, person: int) -> None:
    """Their messages count from now on; what was taken back stays gone."""
    with desk.store.as_person(person) as tx:
        forgetting.be_heard(tx, person)


def erase(desk: Desk, known: Known) -> int:
    """A person goes, with what was made of their words; how many messages of theirs lost them. May be run again after a crash:
    nothing new of theirs is kept from the first step on."""
    with desk.store.as_person(known.id) as tx:
        forgetting.be_silent(tx, known.id, erased=True)
    taken = _in_batches(partial(_unsay, desk, known.id))
    if known.slack_id is not None:
        _drop_events(desk, known.slack_id)
        _clear_home(desk, known.slack_id)
    with desk.store.as_person(known.id) as tx:
        forgetting.erase(tx, known.id)
    return taken


def welcome(desk: Desk, who: str) -> bool:
    """Somebody who was erased may be a person here again; False when they were not erased."""
    with desk.store.directory() as tx:
        return forgetting.welcome(tx, who)


def _unsay(desk: Desk, person: int) -> int:
    with desk.store.as_person(person) as tx:
        return forgetting.unsay_some(tx, person, BATCH)


def _in_batches(one: Callable[[], int]) -> int:
    """Until nothing is left; how many it were."""
    total = 0
    while count := one():
        total += count
    return total


def _drop_events(desk: Desk, user: str) -> None:
    """What Slack told us that they did and that nobody has handled yet."""
    with desk.store.directory() as tx:
        for event, payload in inbox.unhandled(tx, desk.keys.seals):
            if _is_by(json.loads(payload), user):
                inbox.handled(tx, event, "erased")


def _is_by(payload: Any, user: str) -> bool:
    """Whether any part of what Slack sent names `user` as whose it is."""
    if isinstance(payload, list):
        return any(_is_by(part, user) for part in payload)
    if not isinstance(payload, dict):
        return False
    who = payload.get("user") or payload.get("user_id")
    return user in (who, who.get("id") if isinstance(who, dict) else None) or any(
        _is_by(part, user) for part in payload.values()
    )


def _clear_home(desk: Desk, user: str) -> None:
    """Their Home tab shows nothing. Where Slack does not take it now, it shows what it did until Slack is asked again."""
    if desk.slack is not None:
        with suppress(Later, Denied, Unsure):
            desk.slack.call("views.publish", user_id=user, view=nothing_view())


def expire(desk: Desk) -> None:
    """What is older than text is kept for loses its words, unless it is still cited; and the last of who was erased goes."""
    with desk.store.directory() as tx:
        forgetting.forget_erased(tx)
    if desk.retention is None:
        return
    before = desk.now() - desk.retention
    with desk.store.directory() as tx:
        forgetting.expire_made(tx, before)
    count = _in_batches(partial(_expire_some, desk, before))
    if count:
        log.info("old messages lost their words", extra={"count": count})


def _expire_some(desk: Desk, before: datetime) -> int:
    with desk.store.directory() as tx:
        return forgetting.expire_said(tx, before, BATCH)
