"""One line of `nightdesk doctor`."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from graphs.errors import Denied, Later, NeedsPerson

Level = Literal["ok", "warn", "fail"]
Clock = Callable[[], float]
"""Now, in Unix seconds."""

SKEW_WARNED, SKEW_REFUSED = 5.0, 60.0  # seconds; Slack refuses signatures that are five minutes old


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it stands, and how to mend it. Holds no secret."""

    area: str
    level: Level
    what: str
    mend: str = ""


def ok(area: str, what: str) -> Finding:
    return Finding(area, "ok", what)


def warn(area: str, what: str, mend: str = "") -> Finding:
    return Finding(area, "warn", what, mend)


def fail(area: str, what: str, mend: str = "") -> Finding:
    return Finding(area, "fail", what, mend)


def told(area: str, check: Iterable[Finding]) -> Iterator[Finding]:
    """The findings of `check`; what it raises is one more. The sentence of an error says itself how to mend it."""
    try:
        yield from check
    except NeedsPerson as err:
        yield fail(area, str(err))
    except Later as err:
        wait = f" in {err.after:.0f} s" if err.after else " in a moment"
        yield fail(area, str(err), f"Run `nightdesk doctor` again{wait}; if it stays, look at the network in between.")
    except Denied as err:
        yield fail(area, str(err))


def skew(area: str, whose: str, theirs: float, clock: Clock = time.time) -> Finding:
    """How far a clock is from ours. Nights, leases and signatures hang on both."""
    apart = theirs - clock()
    if abs(apart) < SKEW_WARNED:
        return ok(area, f"Its clock and ours are less than {SKEW_WARNED:.0f} s apart.")
    what = f"{whose} clock is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} this machine's."
    mend = "Let this machine's clock follow a time server (timedatectl set-ntp true)."
    return fail(area, what, mend) if abs(apart) >= SKEW_REFUSED else warn(area, what, mend)
