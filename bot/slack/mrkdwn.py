"""Slack's mrkdwn, both ways. Pure.

Reading: `to_plain`, `mentions`, `links`, `is_broadcast`, `from_blocks`. Writing: everything that this code did not write goes
through `sanitize` on its way to Slack, and through `defang` on its way to a page or a terminal.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from graphs.domain import Link
from graphs.links import opens

_TOKEN = re.compile(r"<([^<>]+)>")
_BROADCASTS = ("here", "channel", "everyone", "group")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_BOLD_OR_ITALIC = re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]*[^*_\s])\1(?![\w*_])")

# --- reading --------------------------------------------------------------------------------------

PRIVATE = "a private channel"
"""How a channel is called where its name is not for everybody who reads along. No channel can have a name with spaces."""


def to_plain(raw: str, name_of: Callable[[str], str]) -> str:
    """`raw` as its readers see it: `@Ada`, `#launch`, a link's label, entities unescaped, emoji left as `:name:`.

    `name_of` gets a user, channel or user group id and returns a name without sign, "" when it knows none, or `PRIVATE` for
    a channel whose name must not be shown, whatever label somebody gave it. Struck text keeps its
    tildes and code its backticks, because they carry meaning; targets of links are in `links(raw)`.
    """
    pieces = _CODE.split(raw.replace("\r\n", "\n"))
    return "".join(_plain_piece(piece, name_of, is_code=at % 2 == 1) for at, piece in enumerate(pieces)).strip()


def _plain_piece(piece: str, name_of: Callable[[str], str], is_code: bool) -> str:
    # Bold and italic go first: a name or a label that comes in with a token is never markup.
    marked = piece if is_code else _BOLD_OR_ITALIC.sub(r"\2", piece)
    tokens = _TOKEN.split(marked)
    return "".join(_shown(part, name_of) if at % 2 else unescape(part) for at, part in enumerate(tokens))


def _shown(token: str, name_of: Callable[[str], str]) -> str:
    target, _, label = token.partition("|")
    label = unescape(label)
    match target[:1], target[1:]:
        case "@", user:
            return "@" + (name_of(user) or label.removeprefix("@") or user)
        case "#", channel:
            named = name_of(channel)
            return named if named == PRIVATE else "#" + (label.removeprefix("#") or named or channel)
        case "!", special:
            return _shown_special(special, label, name_of)
        case _:
            return label or unescape(target).removeprefix("mailto:")


def _shown_special(special: str, label: str, name_of: Callable[[str], str]) -> str:
    name, _, rest = special.partition("^")
    if name == "subteam":
        group = rest.partition("^")[0]
        return "@" + (label.removeprefix("@") or name_of(group) or group)
    return f"@{name}" if name in _BROADCASTS else label or name


def mentions(raw: str) -> tuple[str, ...]:
    """User ids that are @-mentioned, each once, in order."""
    found = (token.partition("|")[0] for token in _TOKEN.findall(raw))
    return tuple(dict.fromkeys(target[1:] for target in found if target.startswith("@") and len(target) > 1))


def without_mention(raw: str, user: str) -> str:
    """`raw` without the mentions of one user, and without what then stands loose at its ends."""
    return re.sub(rf"<@{re.escape(user)}(?:\|[^<>]*)?>", " ", raw).strip(" \n,:;–—-")


def is_broadcast(raw: str) -> bool:
    """True when `raw` calls everybody at once: @here, @channel, @everyone or a user group."""
    specials = (re.split(r"[|^]", token[1:])[0] for token in _TOKEN.findall(raw) if token.startswith("!"))
    return any(name in _BROADCASTS or name == "subteam" for name in specials)


def links(raw: str) -> tuple[Link, ...]:
    """Links of `raw`: the label its readers see and where it really goes, each pair once."""
    found = (token.partition("|") for token in _TOKEN.findall(raw) if token[0] not in "@#!")
    shown = (
        Link(shown=unescape(label or target), target=unescape(target)) for target, _, label in found if ":" in target
    )
    return tuple(dict.fromkeys(shown))


def unescape(text: str) -> str:
    """Slack escapes three characters and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def from_blocks(blocks: Sequence[object]) -> str:
    """The text of Block Kit blocks as mrkdwn, one line for each block or list entry. Unknown blocks give nothing."""
    return "\n".join(line for block in blocks if isinstance(block, Mapping) for line in _lines_of_block(block) if line)


def _lines_of_block(block: Mapping[str, object]) -> Iterator[str]:
    if block.get("type") == "rich_text":
        for part in _mappings(block.get("elements")):
            yield from _lines_of_rich(part)
        return
    yield _text_object(block.get("text"))
    for field in (*_mappings(block.get("fields")), *_mappings(block.get("elements"))):
        # A context element is itself a text object; the labels of buttons and menus are nobody's words.
        yield _text_object(field)


def _lines_of_rich(part: Mapping[str, object]) -> Iterator[str]:
    elements = _mappings(part.get("elements"))
    match part.get("type"):
        case "rich_text_list":
            for entry in elements:
                yield from (f"• {line}" for line in _lines_of_rich(entry))
        case "rich_text_quote":
            yield from (f"&gt; {line}" for line in _inline(elements).split("\n"))
        case "rich_text_preformatted":
            yield f"```{_inline(elements)}```"
        case _:
            yield _inline(elements).strip("\n")


def _inline(elements: Sequence[Mapping[str, object]]) -> str:
    return "".join(_rich_element(element) for element in elements)


def _rich_element(element: Mapping[str, object]) -> str:
    def field(name: str) -> str:
        value = element.get(name)
        return value if isinstance(value, str) else ""

    text = escape(field("text"))
    match element.get("type"):
        case "text":
            return text
        case "link":
            return f"<{escape(field('url'))}|{text}>" if text else f"<{escape(field('url'))}>"
        case "user":
            return f"<@{field('user_id')}>"
        case "channel":
            return f"<#{field('channel_id')}>"
        case "usergroup":
            return f"<!subteam^{field('usergroup_id')}>"
        case "broadcast":
            return f"<!{field('range')}>"
        case "emoji":
            return f":{field('name')}:"
        case "date":
            return escape(field("fallback"))
        case _:
            return ""


def _text_object(value: object) -> str:
    if not isinstance(value, Mapping) or not isinstance(value.get("text"), str):
        return ""
    text: str = value["text"]
    match value.get("type"):
        case "mrkdwn":
            return text
        case "plain_text":
            return escape(text)
        case _:
            return ""


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


# --- writing --------------------------------------------------------------------------------------

_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and symbols that show nothing
_JOINERS = frozenset("\u200c\u200d")
_WITH_SCHEME = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,30})?://[^\s<>]*|(?<![^\W_])(?:mailto|tel|sms|javascript|data|mid):[^\s<>]+", re.IGNORECASE
)
# Bounded as names on the web are, so that no text takes long.
_HOST = r"[^\W_][\w-]{0,62}(?:\.[\w-]{1,63}){0,20}\.(?P<last%s>[^\W\d_]{2,63}|xn--[\w-]{1,59})(?![^\W_])"
_MAIL_OR_HOST = re.compile(
    rf"(?<![^\W_])(?:(?P<mail>[\w.+-]{{1,64}}@{_HOST % '_of_mail'})"
    rf"|(?P<host>{_HOST % ''})(?P<path>(?::\d+)?(?:[/?#][^\s<>]*)?))"
)
# fmt: off
_NO_DOMAIN = frozenset((
    "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "csv", "tsv", "txt", "rtf", "json", "yaml",
    "yml", "toml", "xml", "html", "htm", "css", "js", "jsx", "tsx", "png", "jpg", "jpeg", "gif", "svg", "heic", "mp3",
    "mp4", "eml", "mbox", "ics", "log", "ini", "cfg", "sql", "ipynb", "tar", "gz", "tgz", "exe", "dmg",
))
# fmt: on
"""Endings of file names that are no top-level domain, so that nothing turns `offer.pdf` into a link."""
_CALLS_ALL = re.compile(rf"@(?=(?:{'|'.join(_BROADCASTS)})(?![^\W_]))", re.IGNORECASE)
_LINE_MARK = re.compile(r"^[^\S\n]*(?:(?:#{1,6}(?=\s)|>)[^\S\n]*)+", re.MULTILINE)
_LOOKALIKE = {"*": "\u2217", "_": "\u2581", "~": "\u223c"}
_FORMATS = re.compile(r"(?<=\S)[*~]|[*~](?=\S)|(?<![^\W_])_|_(?![^\W_])")


def escape(text: str) -> str:
    """The three characters that mean something to Slack; a text keeps every other one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sanitize(text: str) -> str:
    """Plain text that somebody else or a model wrote, as mrkdwn that shows it and does nothing.

    No mention, broadcast, link or format survives: addresses of the web lose path and query and read `example[.]com`,
    `@channel` becomes `[at]channel`, and characters that would format are replaced by ones that look like them.
    """
    flat = _LINE_MARK.sub(lambda mark: "\u203a " if ">" in mark[0] else "", defang(text))
    # Backticks have no lookalike that reads as one; a Markdown link needs "](", Slack's own does not.
    still = flat.replace("`", "'").replace("](", "] (").replace("][", "] [")
    return escape(_FORMATS.sub(lambda mark: _LOOKALIKE[mark[0]], still))


def defang(text: str) -> str:
    """`text` without invisible characters, clickable addresses and broadcasts; fit for a terminal, and escaped for a page."""
    seen = _WITH_SCHEME.sub(lambda url: _named(url[0]), visible(text))
    return _MAIL_OR_HOST.sub(_dotted, _CALLS_ALL.sub("[at]", seen))


def visible(text: str) -> str:
    """`text` without what nobody sees: zero-width and direction marks, tags, fillers, controls, halves of a pair.

    Joiners stay between letters that are not ASCII, where scripts and emoji need them.
    """
    lines = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n").replace("\t", " ")
    kept = "".join(char for char in lines if char in _JOINERS or not _is_hidden(char))
    return re.sub(r"(?<![^\x00-\xff])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\xff\u200c\u200d])", "", kept)


def link(url: str, label: str) -> str:
    """A link made by code: `<url|label>`, or the label alone when `url` is nothing Slack opens."""
    shown = sanitize(label).replace("\n", " ").replace("|", "\u00a6")
    if not opens(url) or urlsplit(url).scheme == "mid":
        return shown
    return f"<{escape(url)}|{shown or 'open'}>"


def _is_hidden(char: str) -> bool:
    if char == "\n":
        return False
    return unicodedata.category(char) in ("Cc", "Cf", "Cs") or char in _FILLERS or 0xE0100 <= ord(char) <= 0xE01EF


def _named(url: str) -> str:
    """What stands for a whole URL: its host, so that a reader can judge; path and query may carry data out and go."""
    end = re.search(r"[.,;:!?)\]}'\"]*$", url)
    tail = end[0] if end else ""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # a malformed IPv6 host
        host = ""
    host = re.sub(r"[^\w.-]", "", host).replace(".", "[.]")
    return (f"(link: {host})" if host else "(link)") + tail


def _dotted(found: re.Match[str]) -> str:
    if found["mail"]:
        return found["mail"]
    if found["last"].lower() in _NO_DOMAIN and not found["path"]:
        return found[0]
    host = found["host"].replace(".", "[.]")
    return f"(link: {host})" if found["path"] else host
