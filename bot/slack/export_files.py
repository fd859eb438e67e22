"""The files of a Slack export, whether it lies there as a zip or as a folder: named safely and read under caps."""

import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from graphs.errors import NeedsPerson

FILE_CAP = (
    32 * 1024**2
)  # bytes; a day of a very loud channel has a tenth of it, and parsing costs about ten times its size
TOTAL_CAP = 8 * 1024**3  # bytes, unpacked
NAMES_CAP = 500_000
_DAY = re.compile(r"(?P<folder>[^/]+)/(?P<day>\d{4}-\d{2}-\d{2})\.json", re.ASCII)
INDEXES = ("users.json", "channels.json", "groups.json", "dms.json", "mpims.json")


class Unreadable(Exception):
    """One file of the export cannot be used; the reason in a few words."""


@dataclass(frozen=True)
class Broken:
    """One thing of an export that was left out: `key` is a file, or a file and a place in it."""

    key: str
    reason: str


@dataclass(frozen=True)
class ExportFiles:
    """JSON files by their name inside the export ("general/2026-11-24.json"), read one at a time."""

    title: str  # the name of the zip or folder, for sentences
    sizes: Mapping[str, int]  # bytes, unpacked, as declared
    refused: tuple[Broken, ...]
    read_bytes: Callable[[str], bytes]

    def json(self, name: str) -> object:
        """The parsed file. Raises `Unreadable`."""
        if self.sizes[name] > FILE_CAP:
            raise Unreadable(f"it is larger than {FILE_CAP // 1024**2} MB")
        try:
            return json.loads(self.read_bytes(name).decode("utf-8-sig"))
        except RecursionError as err:
            raise Unreadable("it is nested too deeply") from err
        except ValueError as err:
            raise Unreadable("it is not JSON") from err
        # A damaged member shows in many ways, depending on which of its bytes is wrong.
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as err:
            raise Unreadable("it is damaged") from err


def open_files(path: Path) -> ExportFiles:
    """Opens a zip or a folder. Raises `NeedsPerson`."""
    try:
        if not path.exists():
            raise NeedsPerson(f"There is no file or folder {path}.")
        found = _in_folder(path) if path.is_dir() else _in_zip(path)
    except OSError as err:
        raise NeedsPerson(f"{path.name} cannot be read: {err.strerror or 'input/output error'}.") from err
    if sum(found.sizes.values()) > TOTAL_CAP:
        raise NeedsPerson(f"{path.name} unpacks to more than {TOTAL_CAP // 1024**3} GB, which no import accepts.")
    return _without_top(found)


def days_by_channel(
    files: ExportFiles, folders: Mapping[str, str]
) -> tuple[dict[str, tuple[tuple[date, str], ...]], list[Broken]]:
    """Days, oldest first, with their files, by channel id; what belongs to no channel is named, folder by folder.

    `folders` gives each channel's name by its id: a folder is named after either.
    """
    owners, lost = _owners(files, folders)
    days: dict[str, list[tuple[date, str]]] = {}
    strays: Counter[str] = Counter()
    for name in files.sizes:
        match = _DAY.fullmatch(name)
        day = _date(match["day"]) if match else None
        if match is None or day is None:
            lost += [Broken(name, "it is no day of a channel")] if "/" in name else []
        elif match["folder"] in owners:
            days.setdefault(owners[match["folder"]], []).append((day, name))
        else:
            strays[match["folder"]] += 1
    lost += [Broken(folder, f"no list names its channel; days left out: {n}") for folder, n in sorted(strays.items())]
    return {channel: tuple(sorted(found)) for channel, found in days.items()}, lost


def _owners(files: ExportFiles, folders: Mapping[str, str]) -> tuple[dict[str, str], list[Broken]]:
    """Channel id by folder. A name of two channels is nobody's: a guess could show one's text to the other's readers."""
    there = {name.split("/", 1)[0] for name in files.sizes if "/" in name}
    owners = {channel: channel for channel in folders if channel in there}
    claims: dict[str, list[str]] = {}
    for channel, folder in folders.items():
        if channel not in owners and folder in there and folder not in owners:
            claims.setdefault(folder, []).append(channel)
    lost = [Broken(folder, "more than one channel has this name") for folder, ids in claims.items() if len(ids) > 1]
    return owners | {folder: ids[0] for folder, ids in claims.items() if len(ids) == 1}, lost


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _in_folder(root: Path) -> ExportFiles:
    home = root.resolve()
    names, refused = {}, []
    for file in sorted(root.rglob("*.json")):
        name = file.relative_to(root).as_posix()
        if _is_litter(name) or not file.is_file():
            continue
        if file.resolve().is_relative_to(home):
            names[name] = file
        else:
            refused.append(Broken(name, "it leads out of the folder"))
        _count(names, root)
    sizes = {name: file.stat().st_size for name, file in names.items()}
    return ExportFiles(root.name, sizes, tuple(refused), lambda name: names[name].read_bytes())


def _in_zip(path: Path) -> ExportFiles:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as err:
        raise NeedsPerson(_why_no_zip(path)) from err
    names: dict[str, zipfile.ZipInfo] = {}
    refused = []
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        if info.is_dir() or _is_litter(name) or not name.endswith(".json"):
            continue
        if info.flag_bits & 1:
            raise NeedsPerson(f"{path.name} is protected by a password; import it unprotected.")
        if _leads_out(name) or name in names:
            refused.append(
                Broken(name[:200], "its name leads out of the export" if _leads_out(name) else "it is there twice")
            )
        else:
            names[name] = info
        _count(names, path)
    # zipfile never hands out more than the declared size, so the caps hold for a lying header too.
    return ExportFiles(
        path.name, {n: i.file_size for n, i in names.items()}, tuple(refused), lambda n: archive.read(names[n])
    )


def _why_no_zip(path: Path) -> str:
    with path.open("rb") as file:
        is_begun = file.read(4) == b"PK\x03\x04"
    if is_begun:
        return f"{path.name} is a damaged or incomplete zip file; download the export again."
    return f"{path.name} is neither a zip file nor a folder; give the Slack export as one of the two."


def _without_top(found: ExportFiles) -> ExportFiles:
    """Steps into the one directory that some tools pack everything into."""
    tops = {name.split("/", 1)[0] for name in found.sizes}
    if len(tops) != 1 or any("/" not in name for name in found.sizes):
        return found
    top = tops.pop() + "/"
    sizes = {name.removeprefix(top): size for name, size in found.sizes.items()}
    inner = ExportFiles(found.title, sizes, found.refused, lambda name: found.read_bytes(top + name))
    # A lone channel folder is not an export, however deep it lies: the caller says so.
    return inner if any(name in sizes for name in INDEXES) else _without_top(inner)


def _is_litter(name: str) -> bool:
    """What macOS and unpackers leave behind."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith("._") for part in parts)


def _leads_out(name: str) -> bool:
    return name.startswith("/") or ":" in name.split("/", 1)[0] or ".." in name.split("/") or "\0" in name


def _count(names: Mapping[str, object], path: Path) -> None:
    if len(names) > NAMES_CAP:
        raise NeedsPerson(f"{path.name} holds more than {NAMES_CAP} files, which no Slack export does.")
