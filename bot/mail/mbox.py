"""Mail on disk as raw messages: an mbox (also .gz), a Maildir, a folder of .eml files."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_tz
from pathlib import Path
from typing import IO, cast

from graphs.errors import NeedsPerson

MAX_MAIL = 64 * 1024 * 1024  # what is beyond is cut off: attachments, which are not read here
_CHUNK = 1024 * 1024
_SEPARATOR = re.compile(
    rb"From [^\n]{0,300}?\d{1,2}:\d{2}(?::\d{2})?[^\n]{0,60}\d{4}|From [^\n]{1,300}\d{4}[ \t]+\d{1,2}:\d{2}"
)
_HEADER_LINE = re.compile(rb">?From |[!-9;-~]{1,80}[ \t]*:")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_STATUS = re.compile(
    rb"^(X-Mozilla-Status|X-Gmail-Labels|Status|X-Status):[ \t]*([^\n]*)", re.MULTILINE | re.IGNORECASE
)
_MOZILLA_READ, _MOZILLA_EXPUNGED = 0x0001, 0x0008


@dataclass(frozen=True)
class RawMail:
    """One mail as it lies there. `key` is unique and stable within its source as long as that only grows."""

    key: str
    raw: bytes
    received: datetime | None = None  # aware; when the store says it
    unread: bool = False


def read(path: Path) -> Iterator[RawMail]:
    """All mails below `path`, in the order they lie there. Raises `NeedsPerson`, possibly after some were read."""
    try:
        if not path.exists():
            raise NeedsPerson(f"There is no mail at {path}: check the path.")
        if not path.is_dir():
            yield from _mbox(path)
        elif (path / "cur").is_dir() or (path / "new").is_dir():
            yield from _maildir(path)
        else:
            yield from _folder(path)
    except PermissionError as err:
        raise NeedsPerson(f"{err.filename or path} may not be read: give this user the right to read it.") from err
    except IsADirectoryError as err:
        raise NeedsPerson(f"{err.filename or path} is a folder where a mail was expected.") from err
    except EOFError as err:
        raise NeedsPerson(f"{path} ends in the middle of its compressed data: copy or export it again.") from err
    except (gzip.BadGzipFile, OSError) as err:
        raise NeedsPerson(f"{path} cannot be read ({type(err).__name__}): copy or export it again.") from err


# --- folders --------------------------------------------------------------------------------------


def _maildir(path: Path) -> Iterator[RawMail]:
    files = sorted((file for name in ("cur", "new") for file in _files(path / name)), key=lambda file: file.name)
    for file in files:
        unique, _, flags = file.name.partition(":2,")
        if "T" in flags:  # trashed
            continue
        seconds = unique.partition(".")[0]
        received = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() and len(seconds) <= 10 else None
        yield RawMail(unique, _head(file), received, unread="S" not in flags)


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []


def _folder(path: Path) -> Iterator[RawMail]:
    next(path.iterdir(), None)  # rglob passes over an unreadable folder in silence
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".eml" and file.is_file())
    if not files:
        raise NeedsPerson(f"{path} holds no mail: name an mbox file, a Maildir or a folder of .eml files.")
    for file in files:
        yield RawMail(file.relative_to(path).as_posix(), _head(file))


def _head(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MAX_MAIL)


# --- mbox -----------------------------------------------------------------------------------------


def _mbox(path: Path) -> Iterator[RawMail]:
    with path.open("rb") as probe:
        is_packed = probe.read(2) == b"\x1f\x8b"
    with cast(IO[bytes], gzip.open(path)) if is_packed else path.open("rb") as stream:
        start = stream.read(4096).lstrip(b"\xef\xbb\xbf\r\n\t ")
        if not start:
            raise NeedsPerson(f"{path} is empty: export the mailbox again.")
        if not _HEADER_LINE.match(start) or b"\0" in start[:200]:
            raise NeedsPerson(f"{path} is not an mbox: it does not begin with a mail.")
        stream.seek(0)
        if start.startswith(b"From "):
            yield from _split(stream)
        else:
            yield RawMail("0", stream.read(MAX_MAIL))


def _split(stream: IO[bytes]) -> Iterator[RawMail]:
    """Mails of an mbox; the key is where the mail begins. Never holds more than one mail and a chunk."""
    for offset, piece in _between_separators(stream):
        line, _, raw = piece.partition(b"\n")
        raw = raw[:-1] if raw.endswith((b"\n\n", b"\n\r\n")) else raw  # the format's own blank line
        raw = _QUOTED_FROM.sub(rb"\1", raw) if b">From " in raw else raw
        head = raw[: max(raw.find(b"\n\n"), raw.find(b"\r\n\r\n"), 0) or 65_536][:65_536]
        deleted, unread = _marks(head)
        if raw.strip() and not deleted:
            yield RawMail(str(offset), raw, _date(line), unread)


def _between_separators(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Stretches that begin with a From line, each with its offset; what is beyond MAX_MAIL of one is left out."""
    buffer = bytearray()
    offset = 0  # of the buffer in the stream
    searched = 1
    lost = 0  # bytes of the current mail that were cut off
    while True:
        chunk = stream.read(_CHUNK)
        buffer += chunk
        while (found := _next_separator(buffer, searched, last=not chunk)) > 0:
            yield offset, bytes(buffer[: min(found, MAX_MAIL)])
            del buffer[:found]
            offset, lost, searched = offset + found + lost, 0, 1
        if not chunk:
            break
        searched = max(1, len(buffer) - 1_000)  # a separator line may be cut by the chunk's end
        if len(buffer) > MAX_MAIL + _CHUNK:
            lost += searched - 1 - MAX_MAIL
            del buffer[MAX_MAIL : searched - 1]
            searched = MAX_MAIL + 1
    yield offset, bytes(buffer[:MAX_MAIL])


def _next_separator(buffer: bytearray, begin: int, last: bool) -> int:
    """Where the next From line begins, or 0. One without a time needs a blank line above and a header below."""
    place = buffer.find(b"\nFrom ", begin - 1)
    while place >= 0:
        line = place + 1
        if len(buffer) - line < 800 and not last:
            return 0
        if _SEPARATOR.match(buffer, line):
            return line
        below = buffer.find(b"\n", line) + 1
        is_after_blank = buffer[max(place - 1, 0) : place] == b"\n" or buffer[max(place - 2, 0) : place] == b"\n\r"
        if is_after_blank and below and buffer[line:below].count(b" ") < 3 and _HEADER_LINE.match(buffer, below):
            return line
        place = buffer.find(b"\nFrom ", place + 1)
    return 0


def _marks(head: bytes) -> tuple[bool, bool]:
    """Whether the mail is deleted but not yet expunged, and whether it is unread, as far as the program left marks."""
    found = {name.lower(): value.strip() for name, value in _STATUS.findall(head)}
    if b"x-mozilla-status" in found:
        try:
            bits = int(found[b"x-mozilla-status"], 16)
        except ValueError:
            return False, False
        return bool(bits & _MOZILLA_EXPUNGED), not bits & _MOZILLA_READ
    if b"x-gmail-labels" in found:
        return False, b"Unread" in found[b"x-gmail-labels"]
    return b"D" in found.get(b"x-status", b""), b"status" in found and b"R" not in found[b"status"]


def _date(line: bytes) -> datetime | None:
    """The time of a From line; without a zone it counts as UTC."""
    words = line.decode("latin-1").split(" ", 2)[-1].strip()
    try:
        found = parsedate_tz(words)
        if not found:
            return None
        year, month, day, hour, minute, second = found[:6]
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, TypeError, IndexError):
        return None
