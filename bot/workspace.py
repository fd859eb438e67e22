"""The directory of the living workspace: who there is, who is where, and whether Slack still takes our token.

Events say that something changed; what holds is then asked of Slack. Rights that go are taken before that, where the
event is committed (`bot.receive`); rights that come are given here.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from bot import hours
from bot.desk import Desk
from bot.slack import directory, mrkdwn
from bot.slack.export import ExportUser
from bot.slack.export_message import Names
from bot.store import inbox, mornings, outbox, people, queue
from bot.store.cursors import put_here
from bot.store.db import Tx
from graphs.domain import Party
from graphs.errors import Denied, Later, NeedsPerson

log = logging.getLogger(__name__)

HELD_UP = 300.0
"""Seconds until something that Slack refuses our token for is tried again: an operator has to act first."""


@dataclass(frozen=True)
class Us:
    """The workspace we serve and who we are in it; empty ids before Slack was asked."""

    team: str
    bot_user: str
    bot_id: str
    problem: str

    def wrote(self, user: str, bot_id: str) -> bool:
        return bool(user and user == self.bot_user) or bool(bot_id and bot_id == self.bot_id)


def us(tx: Tx) -> Us | None:
    """None before the first connection or import."""
    row = people.workspace(tx)
    return None if row is None else Us(row["team"], row["bot_user"], row["bot_id"], row["problem"])


def connect(desk: Desk) -> Us:
    """Asks Slack who we are. The first answer decides which workspace this home holds; later ones must name the same."""
    found = desk.require_slack().whoami()
    team = str(found.get("team_id", ""))
    domain = (urlsplit(str(found.get("url", ""))).hostname or "").partition(".")[0]
    with desk.store.directory() as tx:
        people.set_workspace(tx, team, str(found.get("team", "")), domain)
        held = us(tx)
        if held is None or held.team != team:
            raise NeedsPerson(
                f"This home holds the workspace {held.team if held else '?'}, the Slack token is of {team}: "
                "use another home (--home), or the token of that workspace."
            )
        bot_user, bot_id = str(found.get("user_id", "")), str(found.get("bot_id", ""))
        tx.run(
            "claim_workspace",
            team=team,
            name=str(found.get("team", "")),
            domain=domain,
            bot_user=bot_user,
            bot_id=bot_id,
        )
    return Us(team, bot_user, bot_id, "")


def check_connected(desk: Desk) -> Us:
    """Before Slack is asked for anything on its own account. Raises `Later` while it refuses our token."""
    with desk.store.directory() as tx:
        held = us(tx)
    if held is None or not held.bot_user:
        return connect(desk)
    if held.problem:
        raise Later(held.problem, HELD_UP)
    return held


# --- people ---------------------------------------------------------------------------------------


def put_user(tx: Tx, user: ExportUser) -> int:
    """A member as Slack shows them; returns the row id."""
    if user.tz and not hours.is_zone(user.tz):
        log.warning("a person's time zone is unknown here: they live by the workspace's; doctor names it")
    values = {
        "slack_id": user.id,
        "name": user.real_name or user.shown,
        "short_names": people.short_names([user.display_name, user.real_name, user.name]),
        "zone": user.tz or None,
        "role": user.kind,
        "active": not user.deleted,
        "shown": user.shown,
        "email": user.email,
    }
    return people.put_slack_person(tx, values, user.email)


def put_users(desk: Desk, users: Iterable[ExportUser]) -> None:
    with desk.store.directory() as tx:
        for user in users:
            put_user(tx, user)
        people.finish_people(tx)


def learn_people(desk: Desk, users: Iterable[str], team: str) -> None:
    """Asks Slack for those of `users` whom nobody has told us about: guests and strangers, mostly."""
    with desk.store.directory() as tx:
        unknown = [row["user"] for row in tx.all("unknown_people", users=sorted(users))]
    if unknown:
        slack = desk.require_slack()
        put_users(desk, [found for one in unknown if (found := directory.user(slack, one, team)) is not None])


def names(tx: Tx, ids: Iterable[str], here: str = "") -> Names:
    """What these people and channels are called, in the words of an export: the same message gives the same row.

    The name of a private channel is said in that channel (`here`) alone: a message is stored once for all who read its
    place, today and whenever somebody joins it, and only there they are the members.
    """
    known = {row["id"]: row for row in tx.all("slack_names", ids=sorted(ids))}

    def party(user: str) -> Party | None:
        if user == "USLACKBOT":
            return Party(key=user, name="Slackbot", kind="bot")
        row = known.get(user)
        if row is None or not row["role"]:
            return None
        return Party(key=user, name=row["shown"], address=row["email"], kind=row["role"])

    def of(key: str) -> str:
        row = known.get(key)
        if row is None:
            return ""
        return mrkdwn.PRIVATE if row["private"] and key != here else str(row["shown"])

    return Names(party=party, of=of)


# --- channels -------------------------------------------------------------------------------------


def refresh_channel(
    desk: Desk, channel: str, handling: Sequence[int] = (), row: Mapping[str, object] | None = None
) -> int | None:
    """Asks Slack what a channel is and who is in it. Returns its scope, or None when Slack shows us no such channel.

    `handling`: events whose consequences this is; those that nobody handled yet keep their effect. `row`: what Slack just
    said of a conversation in which we are.
    """
    held = check_connected(desk)
    slack = desk.require_slack()
    is_listed = row is not None
    row = row or directory.info(slack, channel)
    try:
        readers = None if row is None else directory.members(slack, row)
    except Denied:
        readers = None
    if row is None or readers is None or not (is_listed or directory.is_mine(row)):
        return _lose(desk, channel, is_public=row is not None and directory.kind_of(row) == "public")
    learn_people(desk, readers, held.team)
    with desk.store.directory() as tx:
        called = names(tx, readers)
        tx.run("hold_channel", channel=channel)
        scope = people.put_channel(tx, directory.channel_of(row, readers, called.of))
        tx.run("set_guests", scope=scope, members=list(readers))
        _take_back(tx, desk.keys.seals, channel, handling)
        put_here(tx, channel, here=True)
    return scope


def _take_back(tx: Tx, keys: Sequence[bytes], channel: str, handling: Sequence[int]) -> None:
    """Who left while Slack was telling us who is there has left."""
    gone = [json.loads(raw).get("event", {}).get("user", "") for raw in inbox.departures(tx, keys, channel, handling)]
    tx.run("leave_channel", channel=channel, users=[user for user in gone if user])


def _lose(desk: Desk, channel: str, is_public: bool) -> int | None:
    """We no longer see who is in it: nobody reads it as a member. A public channel stays what everybody may read."""
    with desk.store.directory() as tx:
        tx.run("hold_channel", channel=channel)
        lose(tx, channel)
        if not is_public:
            tx.run("hide_channel", channel=channel)
        return people.scope_of_channel(tx, channel)


def lose(tx: Tx, channel: str) -> None:
    """The bot is not in it any more: it is not read, and who is in it is unknown from here on."""
    tx.run("forget_members", channel=channel)
    put_here(tx, channel, here=False)


# --- being invited --------------------------------------------------------------------------------


def greet(desk: Desk, scope: int, channel: str) -> None:
    """Says once in a channel that somebody invited us to what we do there, and has its history read."""
    with desk.store.directory() as tx:
        place = people.places(tx)[scope]
    if place.channel is None or place.channel.kind == "dm":
        return
    with desk.store.as_scope(scope) as tx:
        outbox.want(
            tx, scope, outbox.Post(key=f"hello/{channel}", channel=channel, text=hello(place.channel.kind == "public"))
        )
        queue.defer(tx, history_job(channel))


def greet_person(desk: Desk, person: int, channel: str) -> None:
    """Says once to somebody who opens their DM with us what we do for them; whoever got a digest there knows."""
    with desk.store.directory() as tx:
        known = next((one.person for one in people.everybody(tx) if one.id == person), None)
        if known is None or not known.active or known.role not in ("member", "guest"):
            return
        scope = people.desk_of(tx, known.key)
    key = f"hello/{known.key}"
    with desk.store.as_scope(scope) as tx:
        if outbox.get(tx, key) is None and not mornings.dates(tx, scope, date.max, 1):
            said = hello_person(desk.sleep_model is not None)
            outbox.want(tx, scope, outbox.Post(key=key, channel=channel, text=said))


def hello_person(drafts: bool) -> str:
    """What it does for whom it talks to, and what it never does. `drafts`: a model writes replies."""
    also = " and draft the replies you owe" if drafts else ""
    return (
        "Hello, I am Nightdesk. By night I read the channels I was invited to and the mailbox you connect, list what is "
        f"unfinished for you{also}; on working days you find it here in the morning, as one message. Ask me anything that was "
        "said, or “what is unfinished for me?”, or hand me something for the night: “overnight: compare the three offers”. "
        "Nothing is ever sent in your name. Your hours, and what I read, stand on my Home tab."
    )


def hello(is_public: bool) -> str:
    """What it reads, for whom, and how to stop it."""
    readers = "everybody in this workspace who may read it" if is_public else "the people in it, and nobody else"
    return (
        "Hello, I am Nightdesk. I read what is written in this channel, also of the last two weeks, for "
        f"{readers}: by night I note decisions and open questions, and when you mention me I answer here. Mention me, write to "
        "me or open my Home tab once, and you find a list of your own in our DM each working morning; who never does gets "
        "none. Whatever is edited or deleted here, I forget. "
        "To stop me, remove me from the channel: from then on I read nothing here."
    )


# --- jobs -----------------------------------------------------------------------------------------


def ingestion(channel: str) -> queue.Job:
    """The job that brings a channel's waiting events into the store; '' for events of no channel."""
    name = f"ingest/{channel}"
    return queue.Job("ingest", queue.LIVE, {"channel": channel}, lock=name, once=name, priority=80)


def lookup(channel: str) -> queue.Job:
    """The job that asks Slack what a channel is and who is in it."""
    return queue.Job(
        "look_up", queue.LIVE, {"channel": channel}, lock=f"lookup/{channel}", once=f"lookup/{channel}", priority=60
    )


def hello_job(person: int, channel: str) -> queue.Job:
    """The job that greets somebody in their DM with us."""
    args: dict[str, queue.Argument] = {"person": person, "channel": channel}
    return queue.Job("hello", queue.LIVE, args, once=f"hello/{person}", priority=90)


def history_job(channel: str, at: datetime | None = None) -> queue.Job:
    """The job that reads a channel's history."""
    name = f"backfill/{channel}"
    return queue.Job("backfill", queue.READ, {"channel": channel}, lock=name, once=name, at=at)
