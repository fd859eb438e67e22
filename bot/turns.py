"""Whose turn it is among many questions that come at once: first those whose askers see no words yet, as they came."""

import heapq
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count


@dataclass(order=True)
class _Wait:
    behind: bool
    number: int
    come: threading.Event = field(default_factory=threading.Event, compare=False)


class Turns:
    """`width` are at work side by side; who waited for `patience` seconds goes on beside them."""

    def __init__(self, width: int, patience: float) -> None:
        self.free, self._patience = width, patience
        self._lock = threading.Lock()
        self.waiting: list[_Wait] = []  # a heap: the next first
        self._numbers = count()

    @contextmanager
    def take(self, behind: bool = False) -> Iterator[ExitStack]:
        """A turn until the block ends, or until what it gives is closed. `behind`: after all who are not."""
        turn = ExitStack()
        if self._comes(_Wait(behind, next(self._numbers))):
            turn.callback(self._pass_on)
        with turn:
            yield turn

    def _comes(self, wait: _Wait) -> bool:
        with self._lock:
            if self.free:
                self.free -= 1
                return True
            heapq.heappush(self.waiting, wait)
        if wait.come.wait(self._patience):
            return True
        with self._lock:
            if wait in self.waiting:
                self.waiting.remove(wait)
                heapq.heapify(self.waiting)
            return wait.come.is_set()

    def _pass_on(self) -> None:
        with self._lock:
            if self.waiting:
                heapq.heappop(self.waiting).come.set()
            else:
                self.free += 1
