"""A home: the folder that holds an embedded database and the key ring, or the key ring alone beside DATABASE_URL."""

import base64
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from graphs.errors import NeedsPerson

_LENGTH = 32  # bytes of a key


@dataclass(frozen=True)
class Keys:
    """Secrets of one home, newest first. They stay outside the database: a stolen dump opens nothing."""

    tokens: bytes  # signs audience tokens
    seals: tuple[bytes, ...]  # encrypt checkpoints and passwords; the first seals, any opens


@contextmanager
def temporary() -> Iterator[Path]:
    """A fresh home that is removed afterwards, whatever happened."""
    path = Path(tempfile.mkdtemp(prefix="nightdesk-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def keys(path: Path) -> Keys:
    """The key ring at `path`, made on first use. Raises `NeedsPerson` when it is there and unreadable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        held = json.loads(path.read_text())
        return Keys(_read(held["tokens"]), (_read(held["seals"][0]), *map(_read, held["seals"][1:])))
    except OSError as err:
        raise NeedsPerson(f"The key ring {path} cannot be read or made: {err.strerror}.") from err
    except (ValueError, LookupError, TypeError) as err:
        raise NeedsPerson(f"The key ring {path} is damaged: restore it from your backup.") from err


def rotate(path: Path) -> Keys:
    """The ring with a new key that seals; of the older ones the newest stays, to open what is sealed already.

    Raises `NeedsPerson` where it cannot be written; nothing has changed then.
    """
    held = keys(path)
    seals = [_key(), *(base64.b64encode(key).decode() for key in held.seals[:1])]
    fresh = {"tokens": base64.b64encode(held.tokens).decode(), "seals": seals}
    try:
        _written(path, fresh).replace(path)
    except OSError as err:
        raise NeedsPerson(
            f"The key ring {path} cannot be changed from here ({err.strerror}): rotate where its folder may be written to."
        ) from err
    return keys(path)


def _make(path: Path) -> None:
    draft = _written(path, {"tokens": _key(), "seals": [_key()]})
    try:
        # A link instead of a rename: of two first processes, the later one takes the ring of the earlier.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _written(path: Path, ring: Mapping[str, object]) -> Path:
    """The ring in a file of its own beside `path`, on disk."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(ring, file)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(_LENGTH)).decode()


def _read(key: str) -> bytes:
    """Raises ValueError for anything but a whole key: half a secret would sign and seal as readily."""
    found = base64.b64decode(key, validate=True)
    if len(found) != _LENGTH:
        raise ValueError
    return found
