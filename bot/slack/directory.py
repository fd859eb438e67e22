"""Who is in the workspace and in its conversations, as the Web API tells it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from bot.slack.client import Json, Slack
from bot.slack.export import ExportUser, read_user
from bot.slack.export_message import Row, row_of, text_of
from graphs.domain import Channel
from graphs.errors import Denied

EVERY_KIND = "public_channel,private_channel,mpim,im"


def users(slack: Slack, team: str) -> Iterator[list[ExportUser]]:
    """Everybody, page by page."""
    for page in slack.pages("users.list", "members"):
        yield [user_of(row, team) for row in page if text_of(row, "id")]


def user(slack: Slack, key: str, team: str) -> ExportUser | None:
    """Anybody whose id was seen, strangers included; None when Slack shows nobody."""
    try:
        found = row_of(slack.read("users.info", user=key), "user")
    except Denied:
        return None
    return user_of(found, team) if text_of(found, "id") else None


def user_of(row: Row, team: str) -> ExportUser:
    """Somebody of another team is a stranger, whether or not Slack says so, unless one enterprise holds both."""
    found = read_user(row)
    own = found.team in ("", team) or bool(row_of(row, "enterprise_user"))
    return found if own else replace(found, is_stranger=True)


def mine(slack: Slack) -> Iterator[list[Json]]:
    """Conversations in which the bot is, page by page."""
    yield from slack.pages("users.conversations", "channels", types=EVERY_KIND)


def public(slack: Slack) -> set[str]:
    """Ids of all public channels."""
    pages = slack.pages("conversations.list", "channels", types="public_channel")
    return {text_of(row, "id") for page in pages for row in page}


def info(slack: Slack, channel: str) -> Json | None:
    """One conversation; None when Slack does not show it to us."""
    try:
        return dict(row_of(slack.read("conversations.info", channel=channel), "channel")) or None
    except Denied:
        return None


def is_mine(row: Row) -> bool:
    return row.get("is_member") is True or kind_of(row) in ("dm", "mpim")


def members(slack: Slack, row: Row) -> tuple[str, ...]:
    """Who reads a conversation; of a DM with us the one other person. Raises `Denied` when Slack does not tell."""
    if kind_of(row) == "dm":
        return tuple(filter(None, (text_of(row, "user"),)))
    pages = slack.pages("conversations.members", "members", channel=text_of(row, "id"))
    return tuple(str(one) for page in pages for one in page)


def kind_of(row: Row) -> Literal["public", "private", "dm", "mpim"]:
    if row.get("is_im") is True:
        return "dm"
    if row.get("is_mpim") is True:
        return "mpim"
    return "private" if row.get("is_private") is True or row.get("is_group") is True else "public"


def channel_of(row: Row, readers: Sequence[str], name_of: Callable[[str], str]) -> Channel:
    """A conversation as its row and its readers show it. Guests are counted where people are known."""
    kind = kind_of(row)
    shown = ", ".join(name_of(one) or one for one in readers) if kind in ("dm", "mpim") else text_of(row, "name")
    return Channel(
        id=text_of(row, "id"),
        name=shown or text_of(row, "id"),
        kind=kind,
        shared=any(row.get(flag) is True for flag in ("is_ext_shared", "is_shared", "is_org_shared")),
        archived=row.get("is_archived") is True,
        members=tuple(dict.fromkeys(readers)),
        topic=text_of(row_of(row, "topic"), "value"),
        purpose=text_of(row_of(row, "purpose"), "value"),
    )
