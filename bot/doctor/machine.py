"""The settings, the home, the key ring, and what the machine must have."""

import re
import shutil
import stat
import sys
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

from bot import home, observe
from bot.doctor.finding import Finding, fail, ok, warn
from bot.settings import FILE, Settings
from graphs.errors import NeedsPerson

LOW, FULL = 2 << 30, 256 << 20  # bytes of free disk
SECRET = re.compile(r"^\s*\"?\w*(?:TOKEN|SECRET|KEY|URL)\"?\s*=", re.MULTILINE)
ZONES = 300  # names that a whole time zone database has at least


def settings(configured: Settings, place: Path) -> Iterator[Finding]:
    """What is set, as far as it can be judged without asking anybody."""
    area = "settings"
    file = place / FILE
    if file.exists() and SECRET.search(file.read_text(errors="replace")) and _others_may_read(file):
        yield fail(area, f"{file} holds secrets and others on this machine may read it.", f"chmod 600 {file}")
    else:
        yield ok(
            area, f"Every setting is known; {f'read from {file}' if file.exists() else 'all from the environment'}."
        )
    yield from _about_people(configured)
    yield from _about_serving(configured)


def _about_people(configured: Settings) -> Iterator[Finding]:
    area = "settings"
    if configured.domains:
        yield ok(area, f"Inside are people at {', '.join(sorted(configured.domains))}.")
    else:
        yield warn(
            area, "NIGHTDESK_DOMAINS is not set: only people of the Slack workspace count as inside.",
            f'Name your mail domains in {FILE}: NIGHTDESK_DOMAINS = "example.org".',
        )  # fmt: skip
    if configured.zone is None:
        yield warn(
            area, "NIGHTDESK_ZONE is not set: people whose zone neither Slack nor their mail tells live in UTC.",
            f'Set it in {FILE}: NIGHTDESK_ZONE = "Europe/Berlin".',
        )  # fmt: skip
    has_model = configured.live or configured.sleep
    if has_model and configured.cap_workspace_day is None:
        yield warn(
            area,
            f"No cap for a day of everybody: each person's night may cost {configured.cap_person_night} {configured.currency}.",
            "Set NIGHTDESK_CAP_WORKSPACE_DAY.",
        )
    if has_model and not configured.cap_person_night:
        yield warn(area, "NIGHTDESK_CAP_PERSON_NIGHT is 0: the night may not spend anything.", "Set it to 0.50, say.")


def _about_serving(configured: Settings) -> Iterator[Finding]:
    area = "settings"
    if configured.public_url and not configured.public_url.startswith("https://"):
        yield fail(area, "NIGHTDESK_PUBLIC_URL must begin with https://: Slack and mail providers take nothing else.")
    try:
        observe.log_settings(configured.log)
    except NeedsPerson as err:
        yield fail(area, str(err))
    if configured.metrics and not re.fullmatch(r"(?:[\w.:\[\]-]+:)?\d{1,5}", configured.metrics):
        yield fail(area, "NIGHTDESK_METRICS_PORT must be a port, or ADDRESS:PORT.", "Set it to 9464, say.")


def machine(place: Path) -> Iterator[Finding]:
    """Disk, time zones and Python."""
    area = "machine"
    yield ok(area, f"Python {sys.version_info.major}.{sys.version_info.minor}.")
    free = shutil.disk_usage(place).free
    told = f"{free / (1 << 30):.1f} GB are free where the home {place} lies."
    if free < FULL:
        yield fail(area, told, "Free some space: a full disk stops nights half way.")
    elif free < LOW:
        yield warn(area, told, "Free some space soon.")
    else:
        yield ok(area, told)
    names = len(zoneinfo.available_timezones())
    if names < ZONES:
        yield fail(area, f"Only {names} time zones are known here.", "Install tzdata (apt-get install tzdata).")
    else:
        yield ok(area, f"{names} time zones are known.")


def key_ring(configured: Settings, place: Path) -> Iterator[Finding]:
    """Raises `NeedsPerson` when it is damaged."""
    area = "keys"
    path = configured.keys or place / "keys.json"
    if not path.exists():
        mend = "Restore it from your backup; for a new database run `nightdesk migrate`, which makes one."
        yield fail(area, f"There is no key ring at {path}: nothing that was sealed can be opened.", mend)
        return
    ring = home.keys(path)
    if _others_may_read(path):
        yield fail(area, f"Others on this machine may read the key ring {path}.", f"chmod 600 {path}")
        return
    count = len(ring.seals)
    yield ok(
        area,
        f"The key ring {path} is whole ({count} key{'s' if count > 1 else ''}). Back it up apart from the database.",
    )


def _others_may_read(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
