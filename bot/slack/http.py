"""HTTP mode: Slack posts what the socket would tell. Signed, fresh and small, or refused; then the same `accept`.

Pure over headers and body, so that any web server can mount it.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from slack_sdk.signature import Clock, SignatureVerifier

from bot.slack.events import MOST_BYTES, Json, Sort, sort_of
from graphs.errors import NightdeskError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What Slack gets. 503 asks it to say it again."""

    status: int
    body: str = ""
    media_type: str = "text/plain"


class _At(Clock):
    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now


def hear(
    secret: str, headers: Mapping[str, str], body: bytes, accept: Callable[[Json, Sort], None], now: float
) -> Reply:
    """One request of Slack: kept, then answered with 200. `now` is in Unix seconds.

    A signature is good for five minutes; what is said again within them is known by its key and changes nothing.
    """
    if len(body) > MOST_BYTES:
        return Reply(413)
    if not is_signed(secret, headers, body, now):
        return Reply(401)
    said = _read(headers, body)
    if said is None:
        return Reply(400)
    if said.get("type") == "url_verification":
        return Reply(200, str(said.get("challenge", "")))
    try:
        accept(said, sort_of(said))
    except NightdeskError as err:
        log.warning("an event was not committed and not acknowledged", exc_info=err)
        return Reply(503)
    return Reply(200)


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether Slack wrote this within the last five minutes."""
    said = {name.casefold(): value for name, value in headers.items()}
    timestamp = said.get("x-slack-request-timestamp", "")
    if not secret.strip() or not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) < 12):
        return False
    try:
        return SignatureVerifier(secret, _At(now)).is_valid(body, timestamp, said.get("x-slack-signature", ""))
    except (UnicodeError, TypeError):  # no text at all, or a signature of other letters than Slack's
        return False


def _read(headers: Mapping[str, str], body: bytes) -> Json | None:
    kind = next((value for name, value in headers.items() if name.casefold() == "content-type"), "")
    try:
        text = body.decode()
        if "json" in kind:
            found = json.loads(text)
        else:
            form = {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
            found = json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
