"""The Home tab: today, what is open, drafts, mailboxes, hours, and what goes where. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.slack import blocks, blocks_learned, kit
from bot.slack.blocks_learned import Learned
from bot.slack.kit import line
from bot.slack.limits import Block
from bot.store.mornings import SHADOW_NIGHTS, Shadow
from graphs.domain import Preferences

NIGHT_AT = "home.night_at"
WAKES_AT = "home.wakes_at"
DAYS = "home.days"
ZONE = "home.zone"
LEVEL = "home.level"
SHADOW = "home.shadow"  # button; its value is what to switch to
USED = "home.used"  # likewise: whether their messages are
PAUSE = "home.pause"  # likewise
FIRST_NIGHT = "home.first_night"
RECONNECT = blocks.RECONNECT
DISCONNECT = "home.disconnect"  # with the scope of a mailbox
RESTORE = "home.restore"  # button; its value names the thread that was left out
CARD = "home.card"  # only opens its url
LEARNED = blocks_learned.LEARNED

AS_SLACK = "-"
"""Value of the zone that Slack names."""

LEVELS: Mapping[str, str] = {
    "all": "Also open asks in Cc",
    "standard": "Mails that need me",
    "high": "Only what is urgent",
    "off": "No drafts",
}
_DAYS = {"0": "Mon", "1": "Tue", "2": "Wed", "3": "Thu", "4": "Fri", "5": "Sat", "6": "Sun"}
ZONES = (
    "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Denver", "America/Phoenix", "America/Chicago",
    "America/Mexico_City", "America/Bogota", "America/Lima", "America/New_York", "America/Toronto", "America/Halifax",
    "America/Santiago", "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Atlantic/Azores", "UTC", "Europe/London",
    "Europe/Dublin", "Europe/Lisbon", "Africa/Casablanca", "Africa/Lagos", "Europe/Amsterdam", "Europe/Berlin",
    "Europe/Brussels", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm",
    "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich", "Africa/Johannesburg", "Africa/Cairo", "Europe/Athens",
    "Europe/Bucharest", "Europe/Helsinki", "Europe/Kyiv", "Asia/Jerusalem", "Europe/Istanbul", "Africa/Nairobi",
    "Asia/Riyadh", "Europe/Moscow", "Asia/Tehran", "Asia/Dubai", "Asia/Kabul", "Asia/Karachi", "Asia/Tashkent",
    "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Asia/Hong_Kong",
    "Asia/Manila", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Australia/Perth", "Asia/Seoul", "Asia/Tokyo",
    "Australia/Adelaide", "Australia/Brisbane", "Australia/Sydney", "Pacific/Auckland", "Pacific/Fiji",
)  # fmt: skip
"""What is offered beside Slack's; a menu holds a hundred."""


@dataclass(frozen=True)
class Row:
    """An open task: its id, what it is, its grey line, its next step and where it opens; '' for what it does not have."""

    id: str
    text: str
    about: str
    step: str = ""
    url: str = ""


@dataclass(frozen=True)
class Box:
    """A connected mailbox."""

    scope: int
    name: str
    told: str  # 'read at 09:12', or why it is not
    broken: bool


@dataclass(frozen=True)
class Home:
    """All that the tab shows. Lists are cut by whoever makes them."""

    today: date
    headline: str  # of the newest digest; '' before the first
    card_url: str
    still: tuple[str, ...]  # of its items, those still open
    tasks: tuple[Row, ...]
    tasks_in_all: int
    drafts: tuple[str, ...]
    learned: tuple[Learned, ...]
    boxes: tuple[Box, ...]
    left_out: tuple[tuple[str, str], ...]  # name of the thread, and how it is told
    hours: Preferences
    zone: str  # as it is now
    privacy: tuple[str, ...]
    connect: tuple[str, ...]
    shadow: Shadow
    left_out_altogether: bool = False  # none of their messages are used


def home_view(home: Home) -> Block:
    return {
        "type": "home",
        "blocks": [*_today(home), *_open(home), *_learned(home), *_mail(home), *_settings(home), *_said(home)],
    }


def nothing_view() -> Block:
    """The tab of somebody of whom nothing is known."""
    return {"type": "home", "blocks": [kit.section("Nightdesk knows nothing about you.")]}


def _today(home: Home) -> Iterator[Block]:
    yield kit.header("Today")
    if home.hours.paused:
        yield kit.section("*Paused.* No nights, no digest, no drafts until you resume.") | {
            "accessory": kit.button(PAUSE, "Resume", "off") | {"style": "primary"}
        }
    if not home.headline:
        yield kit.section("No digest yet. The first one comes on your next working morning.")
        yield kit.actions(kit.button(FIRST_NIGHT, "Run my first night now") | {"style": "primary"})
        return
    told = [f"*{line(home.headline, 200)}*", *(f"• {line(text, 120)}" for text in home.still)]
    shown = kit.section(kit.fitting(told))
    if home.card_url:
        shown["accessory"] = kit.button(CARD, "Open digest") | {"url": home.card_url}
    yield shown


def _open(home: Home) -> Iterator[Block]:
    yield kit.header("Still open")
    if not home.tasks:
        yield kit.section("Nothing is open.")
    for row in home.tasks:
        step = f"→ {line(row.step, 200)}" if row.step else ""
        yield kit.section(kit.fitting([line(row.text, 200) or "(no text)", step, line(row.about, 200)]))
        opens = [kit.button(f"{blocks.OPEN}/{row.id}", "Open", row.id) | {"url": row.url}] if row.url else []
        yield kit.actions(
            kit.button(f"{blocks.DONE}/{row.id}", "Done", row.id),
            kit.menu(f"{blocks.SNOOZE}/{row.id}", "Snooze", blocks.SNOOZES),
            *opens,
        )
    if home.tasks_in_all > len(home.tasks):
        yield kit.context(f"and {home.tasks_in_all - len(home.tasks)} more")
    if home.drafts:
        yield kit.header("Drafts")
        yield kit.section(kit.fitting([f"• {line(said, 200)}" for said in home.drafts]))


def _learned(home: Home) -> Iterator[Block]:
    if home.learned:
        yield kit.header("Learned lately")
        yield from blocks_learned.rows(home.learned)
        yield kit.actions(kit.button(LEARNED, "Show all"))


def _mail(home: Home) -> Iterator[Block]:
    yield kit.header("Mailboxes")
    for box in home.boxes:
        yield kit.section(f"{'⚠ ' if box.broken else ''}*{line(box.name, 120)}*\n{line(box.told, 240)}")
        buttons = [kit.button(f"{RECONNECT}/{box.scope}", "Reconnect")] if box.broken else []
        sure = kit.asked_first(
            "Disconnect this mailbox?",
            "Nightdesk forgets its password, its mail, and what it learned from it. Drafts it made stay in your mailbox.",
            "Disconnect",
        )
        yield kit.actions(*buttons, kit.button(f"{DISCONNECT}/{box.scope}", "Disconnect") | {"confirm": sure})
    yield kit.section(kit.fitting(home.connect))


def _settings(home: Home) -> Iterator[Block]:
    hours = home.hours
    yield kit.header("Hours and drafts")
    yield kit.section("*My night begins at*") | {"accessory": _time(NIGHT_AT, hours.night_at.strftime("%H:%M"))}
    yield kit.section("*My digest comes at*") | {"accessory": _time(WAKES_AT, hours.wakes_at.strftime("%H:%M"))}
    yield kit.section("*On these mornings*") | {"accessory": _days(hours.working_days)}
    yield kit.section(f"*My time zone*\nnow {line(home.zone, 60)}") | {"accessory": _zone(hours.zone)}
    yield kit.section("*Drafts for*") | {"accessory": kit.menu(LEVEL, "Drafts for", LEVELS, hours.level)}
    if home.shadow.on:
        yield kit.section(f"*Drafts are shown in Slack only{_for_how_long(home)}.* Your mailbox is not touched.") | {
            "accessory": kit.button(SHADOW, "Put drafts in my mailbox", "off")
        }
    else:
        yield kit.section("*Drafts lie in your Drafts mailbox* in the morning. Nothing is ever sent.") | {
            "accessory": kit.button(SHADOW, "Show them in Slack only", "on")
        }
    buttons = [kit.button(FIRST_NIGHT, "Run a night now")] if home.headline else []
    if not hours.paused:
        buttons.append(kit.button(PAUSE, "Pause", "on"))
    if buttons:
        yield kit.actions(*buttons)


def _for_how_long(home: Home) -> str:
    if home.hours.shadow is not None:
        return ""
    return (
        f", night {home.shadow.night} of {SHADOW_NIGHTS}"
        if home.shadow.night
        else f" for your first {SHADOW_NIGHTS} nights"
    )


def _said(home: Home) -> Iterator[Block]:
    if home.left_out:
        yield kit.header("Left out")
        yield kit.context("Threads you do not want to hear of again.")
    for number, (thread, told) in enumerate(home.left_out):
        yield kit.section(line(told, 200) or "A thread") | {
            "accessory": kit.button(f"{RESTORE}/{number}", "Take back", thread[:2000])
        }
    yield kit.header("What goes where")
    yield kit.section(kit.fitting(home.privacy))
    yield _used(home)


def _used(home: Home) -> Block:
    if home.left_out_altogether:
        told = "*None of your messages are used*, except what you say to Nightdesk."
        return kit.section(told) | {"accessory": kit.button(USED, "Use them again", "on")}
    sure = kit.asked_first(
        "Leave your messages out?",
        "Nightdesk forgets what you wrote in Slack and what it learned from it, and keeps nothing you write from now on, "
        "except what you say to it. What was forgotten does not come back.",
        "Leave them out",
    )
    return kit.section("*Your messages are used* as those of everybody in a channel.") | {
        "accessory": kit.button(USED, "Don't use my messages", "off") | {"confirm": sure}
    }


def _time(action: str, chosen: str) -> Block:
    return {"type": "timepicker", "action_id": action, "initial_time": chosen}


def _days(working: tuple[int, ...]) -> Block:
    made: Block = {"type": "checkboxes", "action_id": DAYS, "options": kit.options(_DAYS)}
    chosen = {str(day): _DAYS[str(day)] for day in sorted(working)}
    return made | ({"initial_options": kit.options(chosen)} if chosen else {})


def _zone(own: str | None) -> Block:
    offered = {AS_SLACK: "As in Slack"} | {zone: zone.replace("_", " ") for zone in ZONES}
    if own and own not in offered:
        offered[own] = own
    return kit.menu(ZONE, "Time zone", offered, own or AS_SLACK)


def told_draft(title: str, state: str) -> str:
    return f"{title}: {state[:1].lower()}{state[1:]}".rstrip(".")
