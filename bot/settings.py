"""Every setting, read once from the environment and `nightdesk.toml`. The only reader of os.environ."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graphs.errors import NeedsPerson

OPENAI = "https://api.openai.com/v1"
SLACK = "https://slack.com/api/"
DEFAULT_HOME = Path("~/.nightdesk")
FILE = "nightdesk.toml"
ROLES = ("LIVE", "SLEEP", "EMBED")
_OF_ROLE = ("MODEL", "BASE_URL", "API_KEY", "PRICE_IN", "PRICE_OUT", "SERVICE_TIER")
_PLAIN = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "SLACK_API_BASE_URL",
    "DATABASE_URL", "DATABASE_OWNER_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL",
    "NIGHTDESK_HOME", "NIGHTDESK_KEYS", "NIGHTDESK_DOMAINS", "NIGHTDESK_ZONE", "NIGHTDESK_CURRENCY",
    "NIGHTDESK_CAP_PERSON_NIGHT", "NIGHTDESK_CAP_WORKSPACE_DAY", "NIGHTDESK_QUARANTINE_SECONDS", "NIGHTDESK_RETENTION_DAYS",
    "NIGHTDESK_PASSES",
    "NIGHTDESK_WEBMAIL_URL",
    "NIGHTDESK_PUBLIC_URL", "NIGHTDESK_GOOGLE_CLIENT_ID", "NIGHTDESK_GOOGLE_CLIENT_SECRET",
    "NIGHTDESK_MICROSOFT_CLIENT_ID", "NIGHTDESK_MICROSOFT_CLIENT_SECRET", "NIGHTDESK_PG_BIN", "NIGHTDESK_MAIL_CA", "NIGHTDESK_CI",
    "NIGHTDESK_LOG", "NIGHTDESK_METRICS_PORT",
)  # fmt: skip
KNOWN = frozenset(_PLAIN) | {f"NIGHTDESK_{role}_{name}" for role in ROLES for name in _OF_ROLE}
_SECRET = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "DATABASE_OWNER_URL", "OPENAI_API_KEY",
    "NIGHTDESK_GOOGLE_CLIENT_SECRET", "NIGHTDESK_MICROSOFT_CLIENT_SECRET", *(f"NIGHTDESK_{role}_API_KEY" for role in ROLES),
)  # fmt: skip
DEFAULT_CAP_PERSON_NIGHT = Decimal("0.50")


@dataclass(frozen=True)
class RoleSettings:
    """One role's model. Prices are of a million tokens at the default service tier; `timeout` is in seconds."""

    model: str
    base_url: str = OPENAI
    api_key: str = field(default="", repr=False)
    price_in: float = 0.0
    price_out: float = 0.0
    service_tier: str = ""
    timeout: float = 120.0


@dataclass(frozen=True)
class Settings:
    """What an operator may decide. Secrets stay out of its repr."""

    home: Path | None
    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    keys: Path | None
    live: RoleSettings | None
    sleep: RoleSettings | None
    embed: RoleSettings | None
    cap_person_night: Decimal
    cap_workspace_day: Decimal | None
    currency: str
    domains: frozenset[str]
    zone: str | None
    quarantine_seconds: int
    retention_days: int  # 0: text is kept for ever
    postgres_binaries: Path | None
    passes: int = 1  # tries of each answer that is made ahead; at least one
    slack_bot_token: str = field(default="", repr=False)
    slack_app_token: str = field(default="", repr=False)
    slack_signing_secret: str = field(default="", repr=False)
    slack_api_base_url: str = SLACK
    public_url: str = ""
    webmail_url: str = ""  # where a mail is found in a browser, with {message_id} in it
    mail_ca: Path | None = None
    log: str = ""  # NIGHTDESK_LOG: a level, a form, or both; bot.observe reads it
    metrics: str = ""  # NIGHTDESK_METRICS_PORT: a port or ADDRESS:PORT; '' for none


def load(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `nightdesk.toml` (in the home; without one in the working directory, else in ~/.nightdesk), overruled by
    the environment.

    Raises `NeedsPerson` naming the setting that is unknown or wrong.
    """
    usual = DEFAULT_HOME.expanduser() if environ is None else None
    environ = _own_environment() if environ is None else environ
    home = home or _path(environ.get("NIGHTDESK_HOME", ""))
    values = _from_file(settings_file(home or Path.cwd(), usual if home is None else None)) | _from_environment(environ)
    cap = _money("NIGHTDESK_CAP_PERSON_NIGHT", values)
    return Settings(
        home=home or _path(values.get("NIGHTDESK_HOME", "")),
        database_url=values.get("DATABASE_URL", ""),
        database_owner_url=values.get("DATABASE_OWNER_URL", ""),
        keys=_path(values.get("NIGHTDESK_KEYS", "")),
        live=_role("LIVE", values),
        sleep=_role("SLEEP", values),
        embed=_role("EMBED", values),
        cap_person_night=DEFAULT_CAP_PERSON_NIGHT if cap is None else cap,
        cap_workspace_day=_money("NIGHTDESK_CAP_WORKSPACE_DAY", values),
        currency=values.get("NIGHTDESK_CURRENCY", "USD"),
        domains=frozenset(_words(values.get("NIGHTDESK_DOMAINS", ""))),
        zone=_zone(values.get("NIGHTDESK_ZONE", "")),
        quarantine_seconds=_whole("NIGHTDESK_QUARANTINE_SECONDS", values, 120, "seconds"),
        retention_days=_retention(values),
        passes=max(1, _whole("NIGHTDESK_PASSES", values, 1, "tries")),
        postgres_binaries=_path(values.get("NIGHTDESK_PG_BIN", "")),
        slack_bot_token=values.get("SLACK_BOT_TOKEN", ""),
        slack_app_token=values.get("SLACK_APP_TOKEN", ""),
        slack_signing_secret=values.get("SLACK_SIGNING_SECRET", ""),
        slack_api_base_url=values.get("SLACK_API_BASE_URL", SLACK).rstrip("/") + "/",
        public_url=values.get("NIGHTDESK_PUBLIC_URL", "").rstrip("/"),
        webmail_url=_webmail(values.get("NIGHTDESK_WEBMAIL_URL", "")),
        mail_ca=_path(values.get("NIGHTDESK_MAIL_CA", "")),
        log=values.get("NIGHTDESK_LOG", ""),
        metrics=values.get("NIGHTDESK_METRICS_PORT", ""),
    )


def held(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What stands in this file, and what the environment sets, which goes before it. Raises `NeedsPerson`."""
    return _from_file(path), _from_environment(_own_environment())


_taken: dict[str, str] = {}


def take_secrets() -> None:
    """Takes the secrets out of the environment of this process, which still knows them: libraries start programs that they
    find on the path (`uname -p`, `file`), and those would inherit them.
    """
    _taken.update({name: os.environ.pop(name) for name in _SECRET if name in os.environ})


def _own_environment() -> Mapping[str, str]:
    return {**_taken, **os.environ}


def settings_file(place: Path, usual: Path | None = None) -> Path:
    """`nightdesk.toml` in `place`, else in `usual` where only there one is."""
    here = place / FILE
    return usual / FILE if usual is not None and not here.exists() and (usual / FILE).exists() else here


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(name for name in environ if name.startswith("NIGHTDESK_") and name not in KNOWN)
    if unknown:
        raise NeedsPerson(f"Unknown setting {unknown[0]} in the environment: {_meant(unknown[0])}")
    return {name: environ[name].strip() for name in KNOWN if environ.get(name, "").strip()}


def _from_file(path: Path) -> dict[str, str]:
    try:
        found = tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise NeedsPerson(f"{path} cannot be read as TOML: {err}") from err
    for name, value in found.items():
        if name not in KNOWN:
            raise NeedsPerson(f"Unknown setting {name} in {path}: {_meant(name)}")
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise NeedsPerson(f"{name} in {path} must be one text or number.")
    return {name: str(value).strip() for name, value in found.items()}


def _meant(name: str) -> str:
    import difflib  # only ever needed to say what was wrong

    close = difflib.get_close_matches(name, KNOWN, n=1)
    return f"did you mean {close[0]}?" if close else "remove it, or see the README for the settings there are."


def _role(role: str, values: Mapping[str, str]) -> RoleSettings | None:
    """None unless the role's model is named: a key alone switches nothing on."""
    model = values.get(f"NIGHTDESK_{role}_MODEL", "")
    if not model:
        return None
    own = f"NIGHTDESK_{role}_BASE_URL"
    base_url = values.get(own) or values.get("OPENAI_BASE_URL") or OPENAI
    if not base_url.startswith(("http://", "https://")):
        name = own if own in values else "OPENAI_BASE_URL"
        raise NeedsPerson(f"{name} must begin with http:// or https://.")
    return RoleSettings(
        model=model,
        base_url=base_url.rstrip("/"),
        api_key=values.get(f"NIGHTDESK_{role}_API_KEY") or values.get("OPENAI_API_KEY", ""),
        price_in=float(_money(f"NIGHTDESK_{role}_PRICE_IN", values) or 0),
        price_out=float(_money(f"NIGHTDESK_{role}_PRICE_OUT", values) or 0),
        service_tier=values.get(f"NIGHTDESK_{role}_SERVICE_TIER", ""),
        # Flex capacity answers late by design.
        timeout=900.0 if values.get(f"NIGHTDESK_{role}_SERVICE_TIER") == "flex" else 120.0,
    )


def _webmail(value: str) -> str:
    if value and not (value.startswith("https://") and "{message_id}" in value):
        raise NeedsPerson("NIGHTDESK_WEBMAIL_URL must begin with https:// and name the mail by {message_id}.")
    return value


def _path(value: str) -> Path | None:
    return Path(value).expanduser() if value else None


def _words(value: str) -> list[str]:
    return [word.casefold().lstrip("@") for word in value.replace(",", " ").split()]


def _money(name: str, values: Mapping[str, str]) -> Decimal | None:
    if name not in values:
        return None
    try:
        found = Decimal(values[name])
    except InvalidOperation as err:
        raise NeedsPerson(f"{name} must be a number such as 0.50.") from err
    if not found.is_finite() or found < 0:
        raise NeedsPerson(f"{name} must be zero or more.")
    return found


def _whole(name: str, values: Mapping[str, str], default: int, unit: str) -> int:
    value = values.get(name, str(default))
    if not value.isdecimal():
        raise NeedsPerson(f"{name} must be a whole number of {unit}.")
    return int(value)


SHORTEST_RETENTION = 15
"""Days: what a first night reads must still be there for the next."""


def _retention(values: Mapping[str, str]) -> int:
    days = _whole("NIGHTDESK_RETENTION_DAYS", values, 90, "days")
    if 0 < days < SHORTEST_RETENTION:
        raise NeedsPerson(f"NIGHTDESK_RETENTION_DAYS must be {SHORTEST_RETENTION} or more, or 0 to keep text for ever.")
    return min(days, 36_500)


def _zone(value: str) -> str | None:
    if not value:
        return None
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise NeedsPerson(f"NIGHTDESK_ZONE must be a zone such as Europe/Berlin, not {value}.") from err
    return value
