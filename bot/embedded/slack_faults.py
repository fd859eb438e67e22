"""What may go wrong with a call of the Web API, planned by method and count."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Fault:
    """What happens to one call. `before` it is carried out, or after."""

    kind: Literal["status", "error", "cut", "wait", "garbage"]
    before: bool = True
    status: int = 500
    retry_after: int = 0
    error: str = ""
    seconds: float | None = None  # of `wait`; None means until `release`

    @property
    def name(self) -> str:
        return self.error if self.kind == "error" else f"{self.kind} {'before' if self.before else 'after'}"


def ratelimited(seconds: int = 1) -> Fault:
    return Fault("status", status=429, retry_after=seconds)


def broken(status: int = 500) -> Fault:
    return Fault("status", status=status)


def refused(error: str) -> Fault:
    return Fault("error", error=error)


def cut_before() -> Fault:
    """The line is cut, and nothing was done."""
    return Fault("cut")


def cut_after() -> Fault:
    """It was done, and the line is cut before the answer."""
    return Fault("cut", before=False)


def late(seconds: float | None = None) -> Fault:
    """It is done after a while, whoever has hung up by then."""
    return Fault("wait", seconds=seconds)


def slow(seconds: float | None = None) -> Fault:
    """It is done at once, and the answer comes after a while."""
    return Fault("wait", before=False, seconds=seconds)


def garbage() -> Fault:
    """It is done, and the answer is no JSON."""
    return Fault("garbage", before=False)


@dataclass
class _Planned:
    method: str
    fault: Fault
    skip: int
    times: int


@dataclass
class Faults:
    """The oldest plan that still has a call to spoil decides, and lets through what it is to let through first."""

    _plans: list[_Planned] = field(default_factory=list)

    def plan(self, method: str, fault: Fault, times: int = 1, after: int = 0) -> None:
        """`fault` for `times` calls of `method` ("*": any), once `after` of them went well."""
        self._plans.append(_Planned(method, fault, after, times))

    def clear(self) -> None:
        self._plans.clear()

    def next(self, method: str) -> Fault | None:
        for plan in self._plans:
            if plan.method not in {"*", method} or plan.times < 1:
                continue
            if plan.skip:
                plan.skip -= 1
                return None
            plan.times -= 1
            return plan.fault
        return None
