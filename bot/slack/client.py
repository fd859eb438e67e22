"""One Slack workspace as our bot sees it: calls of the Web API, with what went wrong sorted by what to do."""

import http.client
import socket
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import observe
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
        # The SDK's own handler repeats a post whose connection broke, which posts twice: nobody repeats here.
        self._web = WebClient(token=token, base_url=base_url, timeout=TIMEOUT, retry_handlers=[])
        self.token = token

    def call(self, method: str, **arguments: Any) -> Json:
        """One call; arguments that are None are left out.

        Raises `Later` (nothing happened, also when rate limited), `Unsure` (it may have happened), `NeedsPerson` (token or
        scope), `Denied` (this channel, user or message refuses; the error's name is its message's last word).
        """
        said = {name: value for name, value in arguments.items() if value is not None}
        with _counted(method):
            try:
                return cast(Json, self._web.api_call(method, json=said).data)
            except SlackApiError as err:
                raise _refused(method, err) from err
            except (ConnectionRefusedError, socket.gaierror) as err:
                raise Later("Slack cannot be reached.") from err
            except urllib.error.URLError as err:
                if isinstance(err.reason, ConnectionRefusedError | socket.gaierror):
                    raise Later("Slack cannot be reached.") from err
                raise Unsure("The connection to Slack broke.") from err
            except (OSError, http.client.HTTPException, SlackClientError, ValueError) as err:
                raise Unsure("The connection to Slack broke.") from err

    def read(self, method: str, **arguments: Any) -> Json:
        """As `call`, for methods that Slack takes as a form and that change nothing: what may have happened is `Later`."""
        said = {name: value for name, value in arguments.items() if value is not None}
        with _counted(method):
            try:
                return cast(Json, self._web.api_call(method, params=said).data)
            except SlackApiError as err:
                found = _refused(method, err)
                raise (Later(str(found), found.after) if isinstance(found, Unsure) else found) from err
            except (OSError, http.client.HTTPException, SlackClientError, ValueError) as err:
                raise Later("Slack cannot be reached.") from err

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
        try:
            found = self._web.api_call("auth.test")
        except SlackApiError as err:
            raise _refused("auth.test", err) from err
        except (OSError, http.client.HTTPException, SlackClientError, ValueError) as err:
            raise Later("Slack cannot be reached.") from err
        headers = {name.casefold(): value for name, value in found.headers.items()}
        granted = headers.get("x-oauth-scopes", "")
        return cast(Json, found.data) | {
            "scopes": [scope.strip() for scope in str(granted).split(",") if scope.strip()],
            "date": headers.get("date", ""),
        }


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


def _refused(method: str, err: SlackApiError) -> Later | NeedsPerson | Denied:
    """What an answer that is no success means for the caller."""
    answer = err.response
    status = getattr(answer, "status_code", 0)
    data = answer.data if isinstance(getattr(answer, "data", None), dict) else {}
    name = str(data.get("error") or "")
    if status == 429 or name in ("ratelimited", "rate_limited"):
        return Later("Slack asks to wait.", _seconds(answer))
    if not name.replace("_", "").isalnum() or name in _DOUBTFUL or (status >= 500 and name not in _BUSY):
        # Without a name it is no answer of Slack's: the SDK puts a sentence there when it got the page of a proxy.
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


def _seconds(answer: Any) -> float:
    headers = {name.casefold(): value for name, value in (getattr(answer, "headers", None) or {}).items()}
    value = headers.get("retry-after", "")
    text = str(value[0] if isinstance(value, list) and value else value)
    return float(text) if text.replace(".", "", 1).isdecimal() else DEFAULT_WAIT
