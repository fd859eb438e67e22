"""Slack: tokens, scopes, the socket, channels, and how fast we may read."""

import time
from collections.abc import Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime

from bot.doctor.finding import Clock, Finding, fail, ok, skew, told, warn
from bot.settings import Settings
from bot.slack import grants
from bot.slack.client import Json, Slack, refusal
from bot.store import health, people
from bot.store.db import Store
from graphs.errors import Denied, NeedsPerson

AREA = "slack"
APPS = "https://api.slack.com/apps"
SLOW_PAGE = 15  # objects a call where Slack holds an app back
QUIET = 24 * 3600.0  # seconds without an event, worth a word


def slack(configured: Settings, store: Store | None, clock: Clock = time.time) -> Iterator[Finding]:
    """Everything that can be asked of Slack without posting; `store` tells what came in so far."""
    if not configured.slack_bot_token and not configured.slack_app_token:
        yield warn(AREA, "Slack is not connected: the desk works from exports alone.", "Run `nightdesk init`.")
        return
    misplaced = list(_tokens(configured))
    yield from misplaced
    bot: list[Finding] = []
    if not any("SLACK_BOT_TOKEN is" in one.what for one in misplaced):
        bot = list(told(AREA, _as_bot(configured, store, clock)))
        yield from bot
    if configured.slack_app_token.startswith("xapp-"):
        # What is wrong with the way to Slack is told once.
        yield from (one for one in told(AREA, _socket(configured)) if one not in bot)
    if store is not None:
        yield from told(AREA, _events(store, clock))


def _tokens(configured: Settings) -> Iterator[Finding]:
    """Which token lies where: pasting one into the other's place is the commonest mistake."""
    if not configured.slack_bot_token.startswith("xoxb-"):
        yield fail(
            AREA, f"SLACK_BOT_TOKEN is {_kind(configured.slack_bot_token)}, not a bot token (xoxb-…).",
            f"Copy it from {APPS}, your app, OAuth & Permissions, Bot User OAuth Token.",
        )  # fmt: skip
    if configured.slack_app_token.startswith("xapp-"):
        return
    if configured.slack_signing_secret and not configured.slack_app_token:
        yield ok(
            AREA,
            "Without an app-level token Slack's events come as signed requests: `nightdesk serve --http HOST:PORT`.",
        )
        return
    yield fail(
        AREA, f"SLACK_APP_TOKEN is {_kind(configured.slack_app_token)}, not an app-level token (xapp-…).",
        f"Make one at {APPS}, your app, Basic Information, App-Level Tokens, with the scope {grants.APP_SCOPE}.",
    )  # fmt: skip


def _kind(token: str) -> str:
    """A token by its kind alone."""
    kinds = {"xoxb-": "a bot token", "xapp-": "an app-level token", "xoxp-": "a user token", "xoxe": "a rotating token"}
    return next(
        (kind for head, kind in kinds.items() if token.startswith(head)), "something else" if token else "not set"
    )


def _as_bot(configured: Settings, store: Store | None, clock: Clock) -> Iterator[Finding]:
    slack = Slack(configured.slack_bot_token, configured.slack_api_base_url)
    me = slack.whoami()
    now = clock()
    yield ok(AREA, f"The bot {me.get('user')} answers in {me.get('team')} ({me.get('url')}).")
    if store is not None:
        yield from _workspace(store, me)
    if me["date"]:
        yield skew(AREA, "Slack's", parsedate_to_datetime(me["date"]).timestamp(), lambda: now)
    yield from _scopes(me["scopes"])
    yield from told(AREA, _channels(slack, store, me["scopes"]))


def _workspace(store: Store, me: Json) -> Iterator[Finding]:
    with store.directory() as tx:
        held = people.workspace(tx)
    if held and held["team"] != me.get("team_id"):
        yield fail(
            AREA, f"This home belongs to the workspace {held['name'] or held['team']}, and the token to {me.get('team')}.",
            "Use another home (--home) or database for another workspace.",
        )  # fmt: skip


def _scopes(granted: list[str]) -> Iterator[Finding]:
    if not granted:
        yield warn(AREA, "Slack does not say which scopes the token has.")
        return
    lacking = grants.missing(granted)
    for name in lacking:
        scope = grants.SCOPES[name]
        mend = f"Add {name} at {APPS}, your app, OAuth & Permissions, Bot Token Scopes, then press Reinstall."
        what = f"The scope {name} is missing ({scope.use}): {scope.without}."
        yield fail(AREA, what, mend) if scope.needed else warn(AREA, what, mend)
    if unheard := grants.unheard(granted):
        yield warn(AREA, f"Without these scopes Slack keeps back: {', '.join(unheard)}.")
    if not lacking:
        yield ok(AREA, f"All {len(grants.SCOPES)} scopes are granted.")
    if extra := sorted(set(granted) - grants.SCOPES.keys()):
        yield warn(AREA, f"The token may do more than it needs: {', '.join(extra)}.", "Take these scopes away.")


def _channels(slack: Slack, store: Store | None, granted: list[str]) -> Iterator[Finding]:
    kinds = "public_channel,private_channel"
    pages = slack.pages("users.conversations", "channels", types=kinds, exclude_archived=True)
    channels = [channel for page in pages for channel in page]
    if not channels:
        yield warn(AREA, "It is in no channel: there is nothing to read.", "Write /invite @nightdesk in a channel.")
        return
    private = sum(bool(channel.get("is_private")) for channel in channels)
    shared = sum(bool(channel.get("is_ext_shared")) for channel in channels)
    yield ok(
        AREA, f"It is in {len(channels)} channels, {private} of them private, {shared} shared with other organisations."
    )
    may_read = {False: "channels:history" in granted, True: "groups:history" in granted}
    yield _rate(slack, store, [channel for channel in channels if may_read[bool(channel.get("is_private"))]])


def _rate(slack: Slack, store: Store | None, channels: list[Json]) -> Finding:
    """Commercial apps outside the Marketplace get 15 objects a call and one call a minute; internal ones do not."""
    slow = 0
    if store is not None:
        with store.directory() as tx:
            slow, _ = health.slow_channels(tx)
    full = False
    for channel in [] if slow else channels[:3]:
        page = slack.read("conversations.history", channel=channel["id"], limit=SLOW_PAGE + 1)
        full = len(page.get("messages") or []) > SLOW_PAGE
        slow += not full and bool(page.get("has_more"))
        if full or slow:
            break
    if slow:
        return warn(
            AREA, "Slack gives this app 15 messages a call and one call a minute: reading history takes long.",
            "Apps made in your own workspace are not held back: make the app from our manifest there.",
        )  # fmt: skip
    return ok(
        AREA,
        "History may be read at full speed." if full else "No channel is long enough to tell how fast we may read.",
    )


def _socket(configured: Settings) -> Iterator[Finding]:
    try:
        answer = Slack(configured.slack_app_token, configured.slack_api_base_url).call("apps.connections.open")
    except NeedsPerson as err:
        raise NeedsPerson(
            f"Slack refuses SLACK_APP_TOKEN: make a new one at {APPS}, your app, Basic Information, App-Level Tokens,"
            f" with the scope {grants.APP_SCOPE}."
        ) from err
    except Denied as err:
        mend = f"Switch on Socket Mode at {APPS}, your app, Socket Mode."
        yield fail(AREA, f"The socket cannot be opened ({refusal(err)}).", mend)
        return
    if str(answer.get("url", "")).startswith(("wss://", "ws://")):
        yield ok(AREA, "The socket can be opened.")
    else:
        yield fail(AREA, "Slack gave no address for the socket.", "Run `nightdesk doctor` again in a moment.")


def _events(store: Store, clock: Clock) -> Iterator[Finding]:
    """Slack tells no bot what it is subscribed to: what came in is all there is to go by."""
    with store.directory() as tx:
        found = health.events(tx)
    see = f"See {APPS}, your app, Event Subscriptions: all {len(grants.EVENTS)} events of the manifest should be there."
    if found.last is None:
        yield warn(AREA, "No event came from Slack yet.", f"Start `nightdesk serve` and mention the bot. {see}")
        return
    quiet = clock() - found.last.timestamp()
    last = f"The last event came {_ago(quiet)} ({found.last.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"
    if quiet > QUIET:
        yield warn(AREA, f"{last}.", f"Is `nightdesk serve` running? {see}")
    else:
        yield ok(AREA, f"{last}; {found.waiting} wait to be handled.")
    if found.waiting and found.oldest > 60:
        yield warn(AREA, f"The oldest event waits for {_ago(found.oldest)[:-4]}.", "Is a worker running?")
    if found.aside:
        yield warn(
            AREA, f"{found.aside} events were put aside because handling them failed twice.", "Look at the logs."
        )


def _ago(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {name}s ago"
    return f"{max(0, seconds):.0f} seconds ago"
