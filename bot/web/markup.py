"""What people and apps write in Slack, as HTML that shows it and does nothing. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from markupsafe import Markup, escape

from bot.slack.mrkdwn import PRIVATE, unescape
from graphs.links import opens

_TOKEN = re.compile(r"<([^<>\n]+)>")
_CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.DOTALL)
_HELD = re.compile("[\ue000-\uf8ff]")
_HOLD = 0xE000
_MOST_HELD = 0x1900
_FORMATS = (("*", "strong"), ("_", "em"), ("~", "del"))
_EMOJI = dict(
    pair.split("=")
    for pair in (
        "white_check_mark=✅ rocket=🚀 wilted_flower=🥀 wave=👋 warning=⚠️ train=🚆 moon=🌙 pray=🙏 jp=🇯🇵 +1=👍 thumbsup=👍 "
        "slightly_smiling_face=🙂 -1=👎 thumbsdown=👎 heart=❤️ joy=😂 eyes=👀 tada=🎉 smile=😄 thinking_face=🤔 fire=🔥 "
        "seedling=🌱 herb=🌿 cat=🐈 cat2=🐈 cry=😢 clap=👏 raised_hands=🙌 100=💯 potted_plant=🪴 sunny=☀️ coffee=☕ x=❌ "
        "heavy_check_mark=✔️ hourglass=⌛ calendar=📅 email=📧 bulb=💡 crescent_moon=🌙 sweat_smile=😅 wink=😉 zzz=💤 "
        "memo=📝 lock=🔒 meow_party=🐱"
    ).split()
)
"""The few that a made-up company uses; any other stays as its name."""
_TAGS = {name: Markup(f"<{name}>{{}}</{name}>") for name in ("code", "pre", "del", "em", "strong")}  # noqa: S704  constants
_NAMED = re.compile(r":([a-z0-9_+-]{1,40}):")


@dataclass(frozen=True)
class Names:
    """How ids are called, and where a link leads when what it points to is shown on this page ("" when it is not)."""

    users: Mapping[str, str]
    channels: Mapping[str, str]
    local: Callable[[str], str]
    me: str = ""


def html(raw: str, names: Names) -> Markup:
    """mrkdwn as HTML. Every character that is not markup of Slack's comes out escaped."""
    out, at = Markup(), 0
    for hit in _CODE.finditer(raw := _HELD.sub("", raw)):
        out += _prose(raw[at : hit.start()], names)
        code = hit[1] if hit[1] is not None else hit[2]
        shown = escape(unescape(code.strip("\n") if hit[1] is not None else code))
        out += _TAGS["pre" if hit[1] is not None else "code"].format(shown)
        at = hit.end()
    return out + _prose(raw[at:], names)


def plain(text: str) -> Markup:
    """Text without markup, line by line."""
    return Markup("<br>").join(text.split("\n"))


def emoji(name: str) -> str:
    return _EMOJI.get(name, f":{name}:")


def _prose(raw: str, names: Names) -> Markup:
    """Text without code: quotes line by line, tokens, formats."""
    lines = re.split("\n", raw)
    out = Markup()
    for place, line in enumerate(lines):
        quoted = line.startswith(("&gt;", ">"))
        shown = _line(line.removeprefix("&gt;").removeprefix(">").strip() if quoted else line, names)
        if quoted:
            out += Markup("<blockquote>{}</blockquote>").format(shown)
        else:
            out += shown + (Markup("<br>") if place < len(lines) - 1 else Markup())
    return out


def _line(raw: str, names: Names) -> Markup:
    held: list[Markup] = []

    def hold(found: re.Match[str]) -> str:
        if len(held) >= _MOST_HELD:
            return ""
        held.append(_token(found[1], names))
        return chr(_HOLD + len(held) - 1)

    text = str(escape(unescape(_TOKEN.sub(hold, raw))))
    for mark, tag in _FORMATS:
        sign = re.escape(mark)
        text = re.sub(
            rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+?)(?<=\S){sign}(?![\w{sign}])", rf"<{tag}>\1</{tag}>", text
        )
    text = _NAMED.sub(lambda hit: _EMOJI.get(hit[1], hit[0]), text)
    return Markup(_HELD.sub(lambda hit: str(held[ord(hit[0]) - _HOLD]), text))  # noqa: S704  escaped above, piece by piece


def _token(token: str, names: Names) -> Markup:
    target, _, label = token.partition("|")
    match target[:1]:
        case "@":
            shown = names.users.get(target[1:]) or label or target[1:]
            mine = " me" if target[1:] == names.me else ""
            return Markup('<span class="mention{}">@{}</span>').format(mine, shown)
        case "#":
            shown = names.channels.get(target[1:]) or label or target[1:]
            sign = "" if shown == PRIVATE else "#"
            return Markup('<span class="mention">{}{}</span>').format(sign, shown)
        case "!":
            return Markup('<span class="mention">{}</span>').format(label or "@" + target[1:].partition("^")[0])
    return link(unescape(target), unescape(label), names)


def link(url: str, label: str, names: Names) -> Markup:
    """A link that opens on this page when it can, else in a new tab; the label alone when it is nothing to open."""
    shown = label or url.removeprefix("mailto:")
    if local := names.local(url):
        return Markup('<a href="{}">{}</a>').format(local, shown)
    if safe(url):
        return Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>').format(url, shown)
    return Markup("{}").format(shown)


def safe(url: str) -> str:
    """`url` when a browser may follow it, else ""."""
    return url if url.startswith("mailto:") or (opens(url) and urlsplit(url).scheme in ("http", "https")) else ""


# --- rich text ------------------------------------------------------------------------------------


def rich_text(elements: Sequence[Mapping[str, Any]], names: Names) -> Markup:
    """The parts of a `rich_text` block."""
    out = Markup()
    for part in elements:
        inner = _inline(part.get("elements") or [], names) if part.get("type") != "rich_text_list" else Markup()
        match part.get("type"):
            case "rich_text_list":
                rows = [
                    Markup("<li>{}</li>").format(_inline(row.get("elements") or [], names)) for row in part["elements"]
                ]
                out += Markup("<ul>{}</ul>").format(Markup().join(rows))
            case "rich_text_quote":
                out += Markup("<blockquote>{}</blockquote>").format(inner)
            case "rich_text_preformatted":
                out += Markup("<pre>{}</pre>").format(inner)
            case _:
                out += inner
    return out


def _inline(elements: Sequence[Mapping[str, Any]], names: Names) -> Markup:
    return Markup().join(_rich(element, names) for element in elements)


def _rich(element: Mapping[str, Any], names: Names) -> Markup:
    match element.get("type"):
        case "user":
            return _token(f"@{element.get('user_id', '')}", names)
        case "channel":
            return _token(f"#{element.get('channel_id', '')}", names)
        case "broadcast":
            return _token(f"!{element.get('range', '')}", names)
        case "link":
            return link(str(element.get("url", "")), str(element.get("text") or ""), names)
        case "emoji":
            return Markup("{}").format(emoji(str(element.get("name", ""))))
        case _:
            return _styled(element)


def _styled(element: Mapping[str, Any]) -> Markup:
    out = plain(str(element.get("text", "")))
    style = element.get("style") or {}
    for name, tag in (("code", "code"), ("strike", "del"), ("italic", "em"), ("bold", "strong")):
        if style.get(name):
            out = _TAGS[tag].format(out)
    return out


def mail_key(url: str) -> str:
    """The Message-ID that a `mid:` link names, "" for any other link."""
    return f"<{unquote(url[4:])}>" if url.startswith("mid:") else ""
