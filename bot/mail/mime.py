"""Headers and parts of one raw mail, in time linear to its size whatever it holds.

The standard parser recurses once for each level and its default policy hangs on long headers; this one only
slices, stops at fixed depths and counts, and never fails.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

MAX_HEADER_BLOCK = 2 * 1024 * 1024
MAX_HEADER_VALUE = 32 * 1024
MAX_STRUCTURED = 2_000  # Content-Type and the like: longer ones are an attack
MAX_HEADERS = 1_000
MAX_PARTS = 200
MAX_DEPTH = 20
MAX_TEXT_BYTES = 1024 * 1024  # of one part, still encoded

_HEADER = re.compile(rb"^([!-9;-~]{1,100})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\n\r?\n")
# The others, half of every mail, are not even decoded.
_WANTED = frozenset(
    b"from sender reply-to to cc date received subject message-id in-reply-to references delivered-to "
    b"x-original-to x-delivered-to envelope-to x-envelope-to "
    b"return-path list-id list-unsubscribe precedence auto-submitted x-auto-response-suppress "
    b"authentication-results received-spf "
    b"x-spam-flag x-spam-status x-spam sensitivity importance x-priority priority "
    b"content-type content-transfer-encoding content-disposition content-id "
    b"feedback-id x-campaign x-campaignid x-campaign-id x-mailchimp-id x-mc-user x-csa-complaints "
    b"x-sfmc-stack x-job x-mandrill-user "
    b"x-emarsys-identify x-klaviyo-message-id".split()
)
_FOLD = re.compile(r"[\r\n\t\x00-\x1f\x7f]+ ?")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s{1,50}(?==\?)")
_PARAMETER = re.compile(r";\s*([^=;\s]+)\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^;]*)")
_CONTINUED = re.compile(r"^(.+?)\*(\d{1,3})(\*?)$")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_JUNK = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u00ad\u200b\u2060\ufeff\U000e0000-\U000e007f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Only character sets: `idna` and `punycode` are quadratic, others are not text at all.
_CHARSET = re.compile(
    r"(utf-?(8|7|16(-?[lb]e)?|32(-?[lb]e)?)|iso-?(8859-?\d{1,2}|2022-(jp|kr)(-\w{1,4})?)|windows-\d{3,4}|cp\d{3,5}"
    r"|koi8-[rut]|gb(k|2312|18030)"
    r"|big5(-?hkscs)?|euc-?(jp|kr|jis-2004)|shift_?jis|hz(-gb-2312)?|mac-?(roman|cyrillic|greek)|tis-620|johab"
    r"|latin-?\d{1,2})$"
)
_SYNONYMS = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "gb2312": "gb18030", "gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "x-sjis": "cp932", "shift_jis": "cp932", "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254", "utf8mb4": "utf-8", "x-gbk": "gb18030", "x-mac-roman": "mac-roman",
    "unicode-1-1-utf-7": "utf-7", "macintosh": "mac-roman",
}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """One node of the MIME tree: `body` as it came, a leaf has no `parts`, `headers` are those that we read."""

    headers: dict[str, list[str]]
    media_type: str
    parameters: dict[str, str]
    body: bytes
    parts: tuple["Part", ...] = ()

    def header(self, name: str) -> str:
        """First value of the header (lower-case name), unfolded, its encoded words not decoded; "" when absent."""
        values = self.headers.get(name)
        return values[0] if values else ""


def read(raw: bytes) -> Part:
    """The whole mail as a tree of at most MAX_PARTS parts and MAX_DEPTH levels; deeper ones stay an opaque leaf.

    Lines end as they came: most of a mail is attachments, which nobody reads, and each pass over them costs.
    """
    if b"\n" not in raw[:MAX_HEADER_BLOCK]:
        raw = raw.replace(b"\r", b"\n")  # mails of old Macs
    budget = [MAX_PARTS]
    return _part(raw, 0, budget, "text/plain")


def _part(raw: bytes, depth: int, budget: list[int], default_type: str) -> Part:
    headers, body = split_headers(raw)
    media_type, parameters = structured((headers.get("content-type") or [default_type])[0])
    if "/" not in media_type:
        media_type = default_type
    boundary = parameters.get("boundary", "")
    if not media_type.startswith("multipart/") or not boundary:
        return Part(
            headers,
            media_type if boundary or not media_type.startswith("multipart/") else "text/plain",
            parameters,
            body,
        )
    if depth >= MAX_DEPTH:
        return Part(headers, media_type, parameters, b"")
    child_type = "message/rfc822" if media_type == "multipart/digest" else "text/plain"
    children = []
    for piece in _pieces(body, boundary.encode("utf-8", "replace")):
        if budget[0] <= 0:
            break
        budget[0] -= 1
        children.append(_part(piece, depth + 1, budget, child_type))
    if not children:  # the boundary never comes: what is there is text
        return Part(headers, "text/plain", {}, body)
    return Part(headers, media_type, parameters, b"", tuple(children))


def _pieces(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What lies between the delimiter lines; the last piece may lack its end."""
    delimiter = b"--" + boundary
    start = -1
    position = 0 if body.startswith(delimiter) else _after_newline(body, delimiter, 0)
    while position >= 0:
        end_of_line = body.find(b"\n", position)
        rest = body[position + len(delimiter) : end_of_line if end_of_line >= 0 else len(body)].strip()
        if rest in (b"", b"--"):
            if start >= 0:
                yield body[start : max(start, _end_of_line(body, position - 1))]
            start = end_of_line + 1 if end_of_line >= 0 and not rest else -1
            if rest:
                return
        position = _after_newline(body, delimiter, position + 1)
    if start >= 0:
        yield body[start:]


def _end_of_line(body: bytes, newline: int) -> int:
    return newline - (body[newline - 1 : newline] == b"\r")


def _after_newline(body: bytes, delimiter: bytes, begin: int) -> int:
    found = body.find(b"\n" + delimiter, max(begin - 1, 0))
    return found + 1 if found >= 0 else -1


def split_headers(raw: bytes) -> tuple[dict[str, list[str]], bytes]:
    """Headers by lower-case name in their order, and the body. A header longer than its cap is cut, not dropped."""
    if raw.startswith((b"\n", b"\r\n")):
        return {}, raw[raw.index(b"\n") + 1 :]
    blank = _BLANK_LINE.search(raw)
    block, body = (raw[: blank.start()], raw[blank.end() :]) if blank else (raw, b"")
    block = block[:MAX_HEADER_BLOCK].replace(b"\r\n", b"\n").removesuffix(b"\r")
    if not blank and not _HEADER.match(raw, 0, 2_000) and not raw.startswith((b"From ", b">From ")):
        return {}, raw
    headers: dict[str, list[str]] = {}
    for count, match in enumerate(_HEADER.finditer(block)):
        if count >= MAX_HEADERS:
            break
        name = match[1].lower()
        if name in _WANTED:
            headers.setdefault(name.decode("ascii"), []).append(_unfold(match[2][:MAX_HEADER_VALUE]))
    return headers, body


def _unfold(value: bytes) -> str:
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError:
        text = clean(decoded(value, ""))  # raw 8-bit: UTF-8 by RFC 6532, else what old mailers did
    return (text if text.isprintable() else _FOLD.sub(" ", text)).strip()


def structured(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset="x"` as its case-folded value and its parameters (RFC 2045, 2231), percent-decoded."""
    value = value[:MAX_STRUCTURED]
    head = value.partition(";")[0].strip().lower()
    if ";" not in value:
        return head, {}
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, str, bool]]] = {}
    for name, text in _PARAMETER.findall(value):
        text = text.strip()
        if text.startswith('"') and text.endswith('"') and len(text) > 1:
            text = re.sub(r"\\(.)", r"\1", text[1:-1])
        name = name.lower()
        numbered = _CONTINUED.match(name)
        if numbered:
            pieces.setdefault(numbered[1], []).append((int(numbered[2]), text, bool(numbered[3])))
        elif name.endswith("*"):
            found[name[:-1]] = _percent_decoded(text)
        else:
            found.setdefault(name, text)
    for name, parts in pieces.items():
        joined = "".join(text for _, text, _ in sorted(parts))
        found[name] = _percent_decoded(joined) if any(encoded for _, _, encoded in parts) else joined
    return head, found


def _percent_decoded(text: str) -> str:
    charset, mark, rest = text.partition("'")
    if not mark or "'" not in rest:
        return decoded(unquote_to_bytes(text), "utf-8")
    return decoded(unquote_to_bytes(rest.partition("'")[2]), charset)


def words(value: str) -> str:
    """A header with its encoded words (RFC 2047) decoded, one line, no control characters."""
    if "=?" not in value:
        return value
    value = _BETWEEN_WORDS.sub(r"\1", value)
    out: list[str] = []
    pending, charset, position = b"", "", 0
    for match in _WORD.finditer(value):
        name = match[1].partition("*")[0].lower()  # RFC 2231 may add a language
        if pending and (match.start() != position or name != charset):
            out.append(decoded(pending, charset))
            pending = b""
        out.append(value[position : match.start()])
        pending += _word_bytes(match[2], match[3])  # neighbours may split one character
        charset, position = name, match.end()
    out.append(decoded(pending, charset) if pending else "")
    out.append(value[position:])
    return " ".join(clean("".join(out)).split())


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return _base64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def _base64(data: bytes) -> bytes:
    data = _NOT_BASE64.sub(b"", data)
    if len(data) % 4 == 1:
        data = data[:-1]
    return base64.b64decode(data + b"=" * (-len(data) % 4))


def content(part: Part) -> str:
    """The text of a leaf: at most MAX_TEXT_BYTES of it, transfer-decoded, in its own or the likeliest charset."""
    data = part.body[:MAX_TEXT_BYTES].replace(b"\r\n", b"\n")
    encoding = part.header("content-transfer-encoding").lower()
    if "quoted-printable" in encoding:
        data = binascii.a2b_qp(data)
    elif "base64" in encoding:
        data = _base64(data)
    text = decoded(data, part.parameters.get("charset", ""))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean(text)


def size(part: Part) -> int:
    """Bytes of an attachment, reckoned without decoding it."""
    if "base64" not in part.header("content-transfer-encoding").lower():
        return len(part.body) - part.body.count(b"\r\n")
    return (len(part.body) - part.body.count(b"\n") - part.body.count(b"\r")) * 3 // 4


def decoded(data: bytes, charset: str) -> str:
    """Text of `data`; an unknown or wrong charset falls back to UTF-8, then to Windows-1252 with replacements."""
    codec = _codec(charset[:60])
    if codec:
        try:
            return data.decode(codec)
        except UnicodeError:
            if codec not in ("utf-8", "cp1252"):  # one bad byte in a Japanese mail: keep the rest
                return data.decode(codec, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("utf-8" if codec == "utf-8" and _mostly_utf8(data) else "cp1252", "replace")


def _mostly_utf8(data: bytes) -> bool:
    """UTF-8 cut or damaged somewhere, against Latin-1 labelled as UTF-8."""
    return data.decode("utf-8", "replace").count("\ufffd") * 50 < len(data)


@lru_cache(maxsize=500)
def _codec(charset: str) -> str:
    name = charset.strip().strip("\"'").lower()
    name = _SYNONYMS.get(name, name)
    if not _CHARSET.match(name):
        return ""
    try:
        b"".decode(name)
    except LookupError:
        return ""
    return name


def clean(text: str) -> str:
    """Without NUL, other control characters, lone surrogates and invisible characters that can hide an instruction."""
    return (_CONTROL if text.isascii() else _JUNK).sub("", text)
