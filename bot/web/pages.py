"""The pages: what one person sees at one address, as HTML. Everything but Slack's own markup is escaped by the templates."""

import re
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from bot.embedded.slack_values import Json, NotShown
from bot.embedded.slack_workspace import Room
from bot.web import letters, markup
from bot.web.learned import learned
from bot.web.seen import Eyes, Viewer, modal, people
from bot.web.stage import Question, Stage

_FORMS = re.compile(r"<[^>]*>|[*_~`]")


@dataclass(frozen=True)
class Asked:
    """What an address asks for beside the place: a thread, a mail."""

    thread: str = ""
    uid: int = 0
    writes: bool = False


def channel(stage: Stage, viewer: Viewer, key: str, asked: Asked) -> str:
    """A conversation. Raises `NotShown` for one that this person does not see."""
    company, eyes = stage.slack.company, _eyes(stage, viewer)
    room = company.room(key)
    if not eyes.may_see(room):
        raise NotShown(f"{viewer.name} does not see this conversation.")
    place = eyes.place(room)
    is_bot = stage.slack.dm(viewer.id) == room.channel.id
    return _page(
        stage, eyes, "channel.html", "dm" if is_bot else place.id,
        place=place,
        topic=_topic(stage, room, is_bot),
        found=eyes.lines(room),
        empty="Ask something, or wait for the morning." if is_bot else "Nothing was said here yet.",
        status=eyes.status(place.id, ""),
        thread=asked.thread,
        thread_lines=eyes.thread(room, asked.thread) if asked.thread else [],
        thread_status=eyes.status(place.id, asked.thread) if asked.thread else "",
        may_write=viewer.id in room.members and not room.channel.is_archived,
        mentions=place.has_bot and not is_bot,
        suggestions=_suggestions(stage, viewer, room, "" if is_bot else place.label),
    )  # fmt: skip


def home(stage: Stage, viewer: Viewer) -> str:
    return _page(stage, _eyes(stage, viewer), "home.html", "home", view=stage.slack.home(viewer.id))


def night(stage: Stage, viewer: Viewer) -> str:
    return _page(stage, _eyes(stage, viewer), "night.html", "night", desk=learned(stage.desk, viewer.id))


def mail(stage: Stage, viewer: Viewer, folder: str, asked: Asked) -> str:
    """A folder of the person's mailbox, with one mail open. Raises `NotShown` for somebody without one."""
    address = stage.mailboxes.get(viewer.handle)
    if address is None or folder not in stage.mail.folders(address):
        raise NotShown(f"{viewer.name} has no such folder here.")
    found = letters.letters(stage.mail, address, folder, viewer.zone)
    opened = next((one for one in found if one.uid == asked.uid), None)
    return _page(
        stage, _eyes(stage, viewer), "mail.html", f"mail/{folder}",
        folder=folder,
        folder_label="Inbox" if folder == "INBOX" else folder,
        letters=found,
        letter=opened,
        earlier=letters.earlier(stage.mail, address, opened, viewer.zone) if opened else [],
        writing=asked.writes,
    )  # fmt: skip


def _eyes(stage: Stage, viewer: Viewer) -> Eyes:
    return Eyes(stage.slack.company, viewer, lambda key: mail_address(stage, viewer, key))


def mail_address(stage: Stage, viewer: Viewer, message_id: str) -> str:
    """Where one of the person's mails opens; "" when it does not lie in their mailbox."""
    address = stage.mailboxes.get(viewer.handle)
    found = letters.find(stage.mail, address, message_id, viewer.zone) if address else None
    return f"/{viewer.handle}/mail/{found.folder}?uid={found.uid}" if found else ""


def _topic(stage: Stage, room: Room, is_bot: bool) -> str:
    if is_bot:
        return "Your own conversation: nobody else reads it"
    bot = stage.slack.company.bot.id
    people_here = sum(1 for one in people(stage.slack.company) if one.id in room.members)
    reads = "Nightdesk reads along" if bot in room.members else "Nightdesk is not in it"
    count = f"{people_here} {'person' if people_here == 1 else 'people'}"
    purpose = room.channel.purpose if room.channel.kind in ("public", "private") else ""
    parts = [count, reads, purpose]
    return " · ".join(part for part in parts if part)


def _suggestions(stage: Stage, viewer: Viewer, room: Room, label: str) -> list[dict[str, str]]:
    """What may be asked here and was not asked yet."""
    said = " ".join(str(room.posts[ts].get("text", "")) for ts in room.top[-20:])
    words = [(one.text, one.text.removeprefix("@nightdesk ")) for one in stage.questions if _fits(one, viewer, label)]
    return [{"text": text, "label": shown} for text, shown in words if shown not in said]


def _fits(one: Question, viewer: Viewer, label: str) -> bool:
    return one.channel == label and one.who in ("", viewer.handle)


def _page(stage: Stage, eyes: Eyes, template: str, here: str, **content: Any) -> str:
    company, viewer = stage.slack.company, eyes.viewer
    address = stage.mailboxes.get(viewer.handle)
    return _TEMPLATES.get_template(template).render(
        me=viewer,
        eyes=eyes,
        company=company.name,
        disclosure=stage.disclosure,
        clock=_clock(stage, eyes),
        night=stage.night,
        people=people(company),
        mailboxes=stage.mailboxes,
        places=eyes.places(),
        folders=letters.folders(stage.mail, address) if address else [],
        dm=stage.slack.dm(viewer.id),
        address=eyes.address,
        shortcuts=stage.shortcuts,
        modal=modal(company, viewer.id),
        modal_error=stage.refused.get(viewer.id, ""),
        here=lambda key: Markup(' aria-current="page"') if key == here else "",
        **content,
    )


def _clock(stage: Stage, eyes: Eyes) -> str:
    at = eyes.moment(str(stage.now().timestamp()))
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M} {eyes.viewer.zone.rpartition('/')[2].replace('_', ' ')}"


# --- filters --------------------------------------------------------------------------------------


@pass_context
def _mrkdwn(context: Context, value: object) -> Markup:
    """A text object of Slack's, or mrkdwn itself."""
    names = context["eyes"].names
    if isinstance(value, dict):
        text = str(value.get("text", ""))
        return markup.plain(text) if value.get("type") == "plain_text" else markup.html(text, names)
    return markup.html(str(value or ""), names)


@pass_context
def _rich(context: Context, block: Json) -> Markup:
    return markup.rich_text(block.get("elements") or [], context["eyes"].names)


@pass_context
def _local(context: Context, url: str) -> str:
    """Where a button's address leads: to this page when what it points to is here."""
    return context["eyes"].local(url) or markup.safe(url)


def _first_words(text: str) -> str:
    """What a control belongs to, for those who do not see where it stands."""
    return " ".join(_FORMS.sub("", text).split()[:9])


def _environment() -> Environment:
    made = Environment(loader=PackageLoader("bot.web"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"mrkdwn": _mrkdwn, "rich": _rich, "local": _local, "first_words": _first_words}
    return made


_TEMPLATES = _environment()
