"""HTML of a mail as the text a reader sees: what is hidden from the eye is left out, for it speaks to machines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from graphs.domain import Link

MAX_NODES = 50_000
MAX_HTML = 512 * 1024
MAX_LINKS = 200
MAX_TAGS = 20_000  # unclosed tags cost the parser their square; beyond this many the tags are only cut out

_DROPPED = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "object", "svg", "select", "textarea", "iframe"}
)
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "table",
        "tr",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "header",
        "footer",
        "center",
        "address",
        "dl",
        "dt",
        "dd",
        "form",
        "fieldset",
        "hr",
    ]
)
_SPACED = frozenset(["p", "ul", "ol", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre"])
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|opacity\s*:\s*0?(\.0\d*)?\s*(;|!|$)"
    r"|font-size\s*:\s*(0(\.\d+)?(px|pt|em|rem|%)?|1px)\s*(;|!|$)"
    r"|font\s*:[^;]*\b0(px|pt)|mso-hide\s*:\s*all|text-indent\s*:\s*-\d{3,}|(left|top|margin-left)\s*:\s*-\d{4,}"
    r"|max-height\s*:\s*0(px)?\s*(;|!|$)|[^-]color\s*:\s*transparent|^color\s*:\s*transparent|clip\s*:\s*rect\(\s*0"
)
_NO_BOX = re.compile(r"(?=.*(?:^|[;\s])height\s*:\s*0)(?=.*overflow\s*:\s*hidden)", re.DOTALL)
_COLOR = re.compile(r"(?:^|[;\s])color\s*:\s*([^;!]+)")
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]+)")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})")
_HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b")
_RULE = re.compile(r"([^{}]{1,200})\{([^{}]{0,2000})\}")
_SIMPLE_SELECTOR = re.compile(r"^(?:[a-z0-9]*)[.#][\w-]+$")
_NAMED = {
    "black": "000000", "red": "ff0000", "navy": "000080", "blue": "0000ff", "darkblue": "00008b", "green": "008000",
    "gray": "808080", "grey": "808080", "silver": "c0c0c0", "orange": "ffa500", "purple": "800080",
    "maroon": "800000", "teal": "008080", "yellow": "ffff00", "white": "ffffff", "snow": "fffafa", "ivory": "fffff0",
    "whitesmoke": "f5f5f5", "ghostwhite": "f8f8ff", "floralwhite": "fffaf0", "azure": "f0ffff", "mintcream": "f5fffa",
    "seashell": "fff5ee", "aliceblue": "f0f8ff", "honeydew": "f0fff0", "lavenderblush": "fff0f5", "oldlace": "fdf5e6",
    "linen": "faf0e6", "lightyellow": "ffffe0", "beige": "f5f5dc", "cornsilk": "fff8dc",
}  # fmt: skip
_SEE_THROUGH = re.compile(r"(?:rgba|hsla)\([^)]*[,/]\s*0?(?:\.0\d*)?%?\s*\)|hsla?\([^)]*,\s*(?:9\d|100)%")
_TAG = re.compile(r"<[^>]{0,5000}>")

Color = tuple[int, int, int] | None
"""None: not understood. Ink that is not understood shows; paper that is not (a picture) counts as what lay below it, so
that white on white cannot be hidden behind a picture that never loads."""


@dataclass(frozen=True)
class _State:
    ink: Color = (0, 0, 0)
    paper: Color = (255, 255, 255)
    depth: int = 0  # of quotation
    pre: bool = False
    hidden: bool = False
    unseen: bool = False  # the ink is that of the paper; what is inside may be seen again


@dataclass
class _Page:
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    depth: int = 0

    def end_line(self, depth: int) -> None:
        text = "".join(self.line).strip(" ")
        self.line.clear()
        if text:
            self.lines.append("> " * self.depth + text)
        self.depth = depth

    def gap(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(("> " * self.depth).rstrip())


def text_and_links(source: str) -> tuple[str, tuple[Link, ...]]:
    """The visible text, quotations marked with `> `, and the links with what they show and where they go."""
    source = source[:MAX_HTML]
    if source.count("<") > MAX_TAGS and source.count("<") > 3 * source.count("</"):
        return _TAG.sub(" ", source), ()
    tree = LexborHTMLParser(source)
    return _text(tree), _links(tree)


def links(source: str) -> tuple[Link, ...]:
    """The links alone, for a mail whose text comes from its plain part."""
    if source.count("<") > MAX_TAGS:
        return ()
    return _links(LexborHTMLParser(source[:MAX_HTML])) if "href" in source.lower() else ()


def _links(tree: LexborHTMLParser) -> tuple[Link, ...]:
    found: dict[Link, None] = {}
    for node in tree.css("a[href]")[: MAX_LINKS * 2]:
        target = "".join((node.attributes.get("href") or "").split())[:2_000]
        if target.lower().startswith(("http:", "https:", "mailto:", "ftp:", "//", "data:", "javascript:")):
            found.setdefault(Link(shown=" ".join((node.text() or "").split())[:300], target=target))
    return tuple(found)[:MAX_LINKS]


def _text(tree: LexborHTMLParser) -> str:
    if tree.body is None:
        return ""
    page = _Page()
    sheet = _styles(tree)
    for event, tag, node, state in _walk(tree.body, sheet):
        if event == "text":
            _write(page, node.text_content or "", state)
        elif event == "open":
            _open(page, node, tag, state)
        elif tag in _BLOCKS:
            page.end_line(state.depth)
            if tag in _SPACED:
                page.gap()
        elif tag in ("td", "th"):
            page.line.append(" ")
    page.end_line(0)
    return "\n".join(page.lines).strip("\n")


def _write(page: _Page, text: str, state: _State) -> None:
    if state.pre:
        first, *more = text.replace("\xa0", " ").split("\n")
        page.line.append(first)
        for line in more:
            page.lines.append("> " * page.depth + "".join(page.line).rstrip())
            page.line[:] = [line]
        return
    collapsed = " ".join(text.split())
    if not collapsed:
        if page.line and text:
            page.line.append(" ")
        return
    lead = " " if text[0].isspace() and page.line and not page.line[-1].endswith(" ") else ""
    page.line.append(lead + collapsed + (" " if text[-1].isspace() else ""))


def _open(page: _Page, node: LexborNode, tag: str, state: _State) -> None:
    if tag == "br":
        if page.line:
            page.end_line(state.depth)
        else:
            page.gap()
        return
    if tag not in _BLOCKS:
        return
    page.end_line(state.depth)
    if tag in _SPACED:
        page.gap()
    if tag == "li":
        page.line.append("- ")
    elif tag == "hr":
        page.lines.append("> " * page.depth + "_" * 32)
    elif tag in ("div", "table", "p") and _is_signature(node) and not (node.text() or "").lstrip().startswith("--"):
        page.lines.append("> " * page.depth + "-- ")


def _is_signature(node: LexborNode) -> bool:
    attributes = node.attributes
    named = (
        f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('data-smartmail') or ''}".lower()
    )
    return "gmail_signature" in named or "moz-signature" in named or named.split()[:1] == ["signature"]


def _walk(root: LexborNode, sheet: "_Sheet") -> Iterator[tuple[str, str, LexborNode, _State]]:
    """Visible nodes in order, without recursion: ("open" | "close" | "text", tag, node, inherited state)."""
    stack: list[tuple[str, LexborNode, _State]] = [("open", root, _State())]
    seen = 0
    while stack and seen < MAX_NODES:
        event, node, state = stack.pop()
        seen += 1
        tag = node.tag or ""
        if event == "close":
            yield event, tag, node, state
            continue
        if tag == "-text":
            if not state.unseen:
                yield "text", tag, node, state
            continue
        if tag in _DROPPED or not tag[:1].isalpha():
            continue
        inner = _entered(node, tag, state, sheet)
        if inner.hidden:
            continue
        yield "open", tag, node, inner
        stack.append(("close", node, state))
        children: list[tuple[str, LexborNode, _State]] = []
        child = node.child
        while child is not None and len(children) < MAX_NODES:
            children.append(("open", child, inner))
            child = child.next
        stack.extend(reversed(children))


def _is_unseen(ink: Color, paper: Color) -> bool:
    return bool(ink and paper) and all(abs(a - b) < 24 for a, b in zip(ink or (), paper or (), strict=True))


def _entered(node: LexborNode, tag: str, state: _State, sheet: "_Sheet") -> _State:
    attributes = node.attributes
    if tag == "blockquote" and "border:none" not in (attributes.get("style") or "").replace(" ", "").lower():
        state = replace(state, depth=state.depth + 1)
    elif tag == "pre":
        state = replace(state, pre=True)
    if not attributes:
        return state
    style = (attributes.get("style") or "").lower()[:2_000]
    if (
        "hidden" in attributes
        or (style and (_HIDDEN.search(style) or _NO_BOX.search(style)))
        or sheet.hides(tag, attributes)
    ):
        return replace(state, hidden=True)
    if tag == "input":
        return state
    return _coloured(tag, attributes, style, state, sheet)


def _coloured(tag: str, attributes: dict[str, str | None], style: str, state: _State, sheet: "_Sheet") -> _State:
    ink, paper = state.ink, sheet.paper(tag, attributes) or state.paper
    if attributes.get("bgcolor"):
        paper = _color(attributes["bgcolor"] or "") or paper
    if tag == "font" and attributes.get("color"):
        ink = _color(attributes["color"] or "")
    if style:
        for match in _BACKGROUND.finditer(style):
            paper = _color(match[1]) or paper
        written = _COLOR.search(style)
        if written and "inherit" not in written[1]:
            ink = paper if _SEE_THROUGH.search(written[1]) else _color(written[1])
    if (ink, paper) == (state.ink, state.paper):
        return state
    return replace(state, ink=ink, paper=paper, unseen=_is_unseen(ink, paper))


def _color(text: str) -> Color:
    text = text.strip().lower()
    found = _HEX.search(text if "#" in text else f"#{text}")
    if found:
        digits = found[1] if len(found[1]) == 6 else "".join(c * 2 for c in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    triple = _RGB.search(text)
    if triple:
        return int(triple[1]), int(triple[2]), int(triple[3])
    name = next((word for word in text.split() if word in _NAMED), "")
    return _color(f"#{_NAMED[name]}") if name else None


@dataclass(frozen=True)
class _Sheet:
    """What <style> blocks say outside @media: selectors that hide, and those that set a background."""

    hiding: frozenset[str] = frozenset()
    papers: dict[str, Color] = field(default_factory=dict)

    def hides(self, tag: str, attributes: dict[str, str | None]) -> bool:
        return bool(self.hiding) and not self.hiding.isdisjoint(_selectors(tag, attributes))

    def paper(self, tag: str, attributes: dict[str, str | None]) -> Color:
        if not self.papers:
            return None
        return next((self.papers[name] for name in sorted(_selectors(tag, attributes)) if name in self.papers), None)


def _selectors(tag: str, attributes: dict[str, str | None]) -> set[str]:
    names = {f".{name}" for name in (attributes.get("class") or "").lower().split()}
    if attributes.get("id"):
        names.add(f"#{(attributes['id'] or '').lower()}")
    return names | {f"{tag}{name}" for name in names}


def _styles(tree: LexborHTMLParser) -> _Sheet:
    hiding: set[str] = set()
    papers: dict[str, Color] = {}
    for node in tree.css("style")[:20]:
        css = re.sub(r"/\*.*?\*/|<!--|-->", "", (node.text() or "")[:100_000].lower(), flags=re.DOTALL)
        for names, body in _RULE.findall(_outside_media(css)):
            selectors = {name.strip() for name in names.split(",") if _SIMPLE_SELECTOR.match(name.strip())}
            if _HIDDEN.search(body):
                hiding |= selectors
            elif (written := _BACKGROUND.search(body)) and (paper := _color(written[1])):
                papers.update(dict.fromkeys(selectors, paper))
    return _Sheet(frozenset(hiding), papers)


def _outside_media(css: str) -> str:
    """Without @-blocks: what hides on a phone may be the visible half on a desk."""
    out, depth, position = [], 0, 0
    at = css.find("@")
    while at >= 0:
        out.append(css[position:at])
        depth, position = 0, at
        while position < len(css):
            depth += {"{": 1, "}": -1}.get(css[position], 0)
            position += 1
            if depth == 0 and css[position - 1] in "};":
                break
        at = css.find("@", position)
    return "".join([*out, css[position:]])
