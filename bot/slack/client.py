"""One Slack workspace as our bot sees it: calls of the Web API, with what went wrong sorted by what to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import urlencode

from bot import observe
from bot.slack.wire import Answer, Broken, Unsent, Wire
from graphs.errors import Denied, Later, NeedsPerson, NightdeskError, Unsure

Json = dict[str, Any]
"""What Slack sends, whose shape is Slack's and not ours."""

TIMEOUT = 30
PAGE = 200
DEFAULT_WAIT = 30.0  # seconds, when Slack names none

_DEAD = frozenset(
    "invalid_auth account_inactive token_revoked token_expired not_authed org_login_required ekm_access_denied "
    "team_access_not_granted not_allowed_token_type app_uninstalled".split()
)
_BUSY = frozenset(
    "ratelimited rate_limited service_unavailable fatal_error internal_error team_added_to_org request_timeout".split()
)
_DOUBTFUL = frozenset("fatal_error internal_error request_timeout".split())


class Slack:
    """Calls of the Web API. Safe to use from several threads; nothing is repeated here."""

    def __init__(self, token: str, base_url: str = "https://slack.com/api/") -> None:
        # Not the SDK's client: it opens a connection for each call, and its handler repeats a post whose connection broke.
        self._wire = Wire(base_url, TIMEOUT)
        self.token = token

    def call(self, method: str, **arguments: Any) -> Json:
        """One call; arguments that are None are left out.

        Raises `Later` (nothing happened, also when rate limited), `Unsure` (it may have happened), `NeedsPerson` (token or
        scope), `Denied` (this channel, user or message refuses; the error's name is its message's last word).
        """
        said = {name: value for name, value in arguments.items() if value is not None}
        with _counted(method):
            return self._ask(method, json.dumps(said).encode(), "application/json;charset=utf-8")[0]

    def read(self, method: str, **arguments: Any) -> Json:
        """As `call`, for methods that Slack takes as a form and that change nothing: what may have happened is `Later`."""
        return self._read(method, arguments)[0]

    def _read(self, method: str, arguments: Mapping[str, Any]) -> tuple[Json, Mapping[str, str]]:
        said = {name: _in_form(value) for name, value in arguments.items() if value is not None}
        with _counted(method):
            try:
                return self._ask(method, urlencode(said).encode(), "application/x-www-form-urlencoded")
            except Unsure as err:
                raise Later(str(err), err.after) from err

    def _ask(self, method: str, body: bytes, kind: str) -> tuple[Json, Mapping[str, str]]:
        """What Slack answers, with its headers. Raises as `call` does."""
        if not (self.token.isascii() and self.token.isprintable()):
            raise NeedsPerson("SLACK_BOT_TOKEN holds characters that no token has: copy it once more.")
        headers = {"Content-Type": kind, "Authorization": f"Bearer {self.token}", "User-Agent": "nightdesk"}
        try:
            answer = self._wire.post(method, body, headers)
        except Unsent as err:
            raise Later("Slack cannot be reached.") from err
        except Broken as err:
            raise Unsure("The connection to Slack broke.") from err
        data = _json(answer.body)
        if answer.status != 200 or data.get("ok") is not True:
            raise _refused(method, answer, data)
        return data, answer.headers

    def pages(self, method: str, field: str, limit: int = PAGE, **arguments: Any) -> Iterator[list[Json]]:
        """The pages of a listing, each a list of what stands under `field`."""
        cursor = None
        while True:
            answer = self.read(method, limit=limit, cursor=cursor, **arguments)
            yield answer.get(field) or []
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return

    def whoami(self) -> Json:
        """`auth.test`: team, team_id, url, user_id and bot_id of our bot; `scopes` is what the token was granted."""
        found, headers = self._read("auth.test", {})
        granted = headers.get("x-oauth-scopes", "")
        return found | {
            "scopes": [scope.strip() for scope in granted.split(",") if scope.strip()],
            "date": headers.get("date", ""),
        }


def _in_form(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


def _json(body: bytes) -> Json:
    """Nothing for what is no JSON object, such as the page of a proxy."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return cast(Json, found) if isinstance(found, dict) else {}


@contextmanager
def _counted(method: str) -> Iterator[None]:
    """The outcome is our error's name in small letters, else `done`."""
    outcome = "done"
    try:
        yield
    except NightdeskError as err:
        outcome = type(err).__name__.lower()
        raise
    finally:
        observe.count("slack_calls", method=method, outcome=outcome)


def _refused(method: str, answer: Answer, data: Json) -> Later | NeedsPerson | Denied:
    """What an answer that is no success means for the caller."""
    status, name = answer.status, str(data.get("error") or "")
    if status == 429 or name in ("ratelimited", "rate_limited"):
        return Later("Slack asks to wait.", _seconds(answer.headers))
    if not name.replace("_", "").isalnum() or name in _DOUBTFUL or (status >= 500 and name not in _BUSY):
        # Without a name it is no answer of Slack's, but the page of a proxy.
        return Unsure(f"Slack failed at {method}.")
    if name in _BUSY:
        return Later(f"Slack is busy: {name}.", DEFAULT_WAIT)
    if name in _DEAD:
        return NeedsPerson(f"Slack refuses our token ({name}): install the app again and set SLACK_BOT_TOKEN.")
    if name == "missing_scope":
        needed = data.get("needed") or "another scope"
        return NeedsPerson(
            f"The Slack app lacks the scope {needed}: add it from infra/slack-manifest.json and reinstall."
        )
    return Denied(f"Slack refuses {method}: {name or 'no reason given'}")


def refusal(error: Denied) -> str:
    """Slack's name for why it refused: `channel_not_found`, `not_in_channel` …"""
    return str(error).rsplit(" ", 1)[-1]


def _seconds(headers: Mapping[str, str]) -> float:
    text = headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdecimal() else DEFAULT_WAIT
