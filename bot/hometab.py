"""App Home: what a person finds under the Home tab, published when it changed. What is pressed there goes to `presses`."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot import cards, learning
from bot.desk import Desk, Model, Owner, begin_owner
from bot.settings import RoleSettings
from bot.slack.blocks import address
from bot.slack.blocks_home import Box, Home, Row, home_view, told_draft
from bot.slack.limits import Block
from bot.store import choices, forgetting, mornings, outbox, people
from bot.store import desk as kept
from bot.store.mornings import Mailbox
from graphs.digest import answered
from graphs.digest_value import age_words, clip, day_words, due_words
from graphs.domain import Preferences, Task
from graphs.life import source_key
from graphs.links import permalink
from graphs.outcomes import remaining

TASKS = 8
DRAFTS = 8
LEFT_OUT = 8
STILL = 5
BOXES = 5
LEARNED = 5


def publish(desk: Desk, person: int) -> None:
    """Shows the tab as it should be now; nothing when that stands there already."""
    with desk.store.directory() as tx:
        side = people.slack_side(tx, person)
    if not side.user:
        return
    view = home_view(home(desk, begin_owner(desk, person)))
    made = _mark(desk, person, view)
    if made == side.home:
        return
    desk.check_running()
    desk.require_slack().call("views.publish", user_id=side.user, view=view)
    with desk.store.directory() as tx:
        people.set_home(tx, person, made)


def _mark(desk: Desk, person: int, view: Block) -> str:
    """What tells two views apart. Under a key: who reads the row of a person could else try what stands on their tab."""
    shown = json.dumps([person, view], sort_keys=True).encode()
    return hmac.new(desk.keys.tokens, b"home:" + shown, hashlib.sha256).hexdigest()[:32]


def home(desk: Desk, owner: Owner) -> Home:
    """The tab of one person, from the store as it is now."""
    now = desk.now()
    zone = ZoneInfo(owner.person.zone)
    today = now.astimezone(zone).date()
    with desk.store.directory() as tx:
        hours = people.preferences(tx, owner.id)
    with owner.begin() as tx:
        days = cards.recent(tx, owner, today)
        tasks = [row.task for row in kept.tasks(tx, owner.scope) if row.task.state == "open"]
        # A task from a place that they have left since is told no more.
        theirs = cards.opens(tx, [source for task in tasks for source in task.sources])
        drafts = [row for row in kept.drafts(tx, owner.scope) if row.state in ("planned", "appended", "edited")]
        boxes = mornings.mailboxes(tx, owner.id)
        shadow = mornings.shadow(tx, owner.id, hours, today)
        standing = outbox.get(tx, cards.key_of(owner.person.key, days[0])) if days else None
        left_out = forgetting.is_left_out(tx, owner.id)
    found = cards.card(desk, owner, days[0], hours) if days else None
    covered = {source_key(answered(row.draft)) for row in drafts}
    open_ = [task for task in tasks if theirs(task.sources) and source_key(task.sources[0]) not in covered]
    ranked = sorted(open_, key=lambda task: (task.due or date.max, task.asked_at))
    return Home(
        today=today,
        headline=found.digest.headline if found else "",
        card_url=url_of(desk, standing),
        still=tuple(clip(i.text, 120) for i in remaining(found.digest.items, found.settled)[:STILL]) if found else (),
        tasks=tuple(_row(desk, owner, ranked[:TASKS], today)),
        tasks_in_all=len(ranked),
        drafts=tuple(told_draft(cards.title(row.draft), cards.STATES[row.state]) for row in drafts[-DRAFTS:]),
        learned=tuple(learning.latest(desk, owner, 0, LEARNED)),
        boxes=tuple(_box(box, owner, now) for box in boxes[:BOXES]),
        left_out=tuple(_left_out(desk, owner)),
        hours=hours,
        zone=owner.person.zone,
        privacy=tuple(privacy(desk)),
        connect=tuple(connect_lines(owner, boxes)),
        shadow=shadow,
        left_out_altogether=left_out,
    )


def url_of(desk: Desk, standing: outbox.Posted | None) -> str:
    """Where a message of ours opens; "" before it stands."""
    if standing is None or not standing.ts:
        return ""
    with desk.store.directory() as tx:
        workspace = people.workspace(tx) or {"team": "", "domain": ""}
    team_url = f"https://{workspace['domain']}.slack.com" if workspace["domain"] else None
    return permalink(team_url, standing.post.channel, standing.ts, team=workspace["team"])


def _row(desk: Desk, owner: Owner, tasks: Sequence[Task], today: date) -> list[Row]:
    named = cards.linked(desk, owner, [task.sources[0] for task in tasks])
    zone = ZoneInfo(owner.person.zone)
    rows = []
    for task in tasks:
        source = named.get(source_key(task.sources[0]))
        age = (today - task.asked_at.astimezone(zone).date()).days
        about = [source.label if source else "", due_words(task.due, today) if task.due else "", age_words(age)]
        what, step = ("A personal matter waits for you", "") if task.sensitive else (task.what, task.next_step)
        url = address(source.url) if source else ""
        rows.append(Row(task.id, what, " · ".join(part for part in about if part), step, url))
    return rows


def _box(box: Mailbox, owner: Owner, now: datetime) -> Box:
    broken = cards.troubles([box], owner.person.zone, now)
    if broken:
        return Box(box.scope, box.name, broken[0].text, broken=True)
    at = (box.synced_at or box.since).astimezone(ZoneInfo(owner.person.zone))
    today = now.astimezone(at.tzinfo).date()
    day = "" if at.date() == today else f"{day_words(at.date())}, "
    return Box(box.scope, box.name, f"Connected; read {day}{at:%H:%M}", broken=False)


def _left_out(desk: Desk, owner: Owner) -> list[tuple[str, str]]:
    """Threads that are left out, newest first, by what the owner may read of them now."""
    with owner.begin() as tx:
        held = [one for one in choices.choices(tx, owner.scope).values() if one.item.startswith("thread/")]
    newest = held[::-1][:LEFT_OUT]
    told = []
    for one in newest:
        shown = cards.cited(desk, owner, [one.source] if one.source is not None else [])
        told.append((one.item, f"{shown[0].label}: {shown[0].text}" if shown else "A thread that is no longer there"))
    return told


# --- what is said there ---------------------------------------------------------------------------


def privacy(desk: Desk) -> list[str]:
    """Which text goes where, in plain words; of an endpoint only its host."""
    sleeping, talking = _host(desk.sleep_model), _host(desk.live_model)
    lines = ["Nightdesk reads the channels it was invited to, its own DMs, and the mailboxes that you connect here."]
    if sleeping:
        lines.append(
            f"At night, what is new in them goes to the model at `{sleeping}`, to find tasks and write drafts."
        )
    if talking:
        lines.append(f"When somebody asks something, the question and what was found go to the model at `{talking}`.")
    if desk.embedder is not None:
        lines.append(
            "What people write, and what is asked, goes to the embedding model at "
            f"`{_host_of(desk.embedder.role)}` too, to be found by meaning."
        )
    if not sleeping and not talking and desk.embedder is None:
        lines.append("No model is set up: nothing leaves the machine that Nightdesk runs on. Rules find the tasks.")
    else:
        lines.append("Of personal, confidential and suspicious mail the night shows no model anything.")
    lines.append("Nothing is ever sent in your name.")
    lines.append(
        "A message that you delete in Slack is forgotten here too. `/nightdesk forget` says what else you can do."
    )
    return lines


def _host(model: Model | None) -> str:
    if model is None:
        return ""
    if model.recorded:
        return "this machine (recorded answers)"
    return _host_of(model.role)


def _host_of(role: RoleSettings) -> str:
    return urlsplit(role.base_url or "https://api.openai.com").hostname or "api.openai.com"


def connect_lines(owner: Owner, boxes: Sequence[Mailbox]) -> list[str]:
    """How a mailbox is connected. Passwords are typed where Nightdesk runs, never into Slack."""
    address = next(iter(owner.person.addresses), "you@example.com")
    first = "No mailbox is connected." if not boxes else "To connect another one:"
    command = f"`nightdesk connect {address if not boxes else 'ADDRESS'}`"
    return [f"{first} Whoever runs Nightdesk enters {command} there; it asks for the password."]


def reconnect_lines(box: Mailbox) -> list[str]:
    """What to do about a mailbox that is not read."""
    why = box.problem or "Its server does not answer."
    return [
        cards.sentence(f"{box.name}: {why}"),
        f"Enter the new password where Nightdesk runs: `nightdesk connect {cards.sentence(box.name)}`",
        "Mail that came meanwhile is read then; nothing is lost.",
    ]


def status(desk: Desk, owner: Owner, hours: Preferences) -> list[str]:
    """How things stand, for `/nightdesk status`."""
    shown = home(desk, owner)
    mail = [f"{box.name}: {box.told}" for box in shown.boxes] or ["No mailbox is connected"]
    return [
        shown.headline or "No digest yet",
        f"{_count(shown.tasks_in_all, 'task')} open, {_count(len(shown.drafts), 'draft')} waiting",
        *mail,
        "Paused: `/nightdesk resume` lets it go on"
        if hours.paused
        else f"Next digest at {hours.wakes_at:%H:%M}, {shown.zone}",
    ]


def _count(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
