"""Tells every open page that something changed, so that it draws itself again."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from queue import Empty, SimpleQueue

from bot.embedded.slack_values import Change

LOOK = 1.0  # seconds between two looks at what does not tell by itself
TICK = 20.0  # seconds after which the clock is drawn again
GATHER = 0.05  # seconds in which changes count as one


class Changes:
    """Listens to the workspace's queue, and looks at a state that nobody tells of: `look` gives what to compare."""

    def __init__(self, queue: "SimpleQueue[Change]", look: Callable[[], object]) -> None:
        self._queue, self._look = queue, look
        self._pages: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="page changes", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._queue.put(Change("user"))  # so that nobody waits for the next look
        self.tell()
        self._thread.join(2 * LOOK)

    def tell(self) -> None:
        """Every open page hears of it, from any thread."""
        with self._lock:
            for page, loop in self._pages.items():
                with contextlib.suppress(RuntimeError):  # its loop has just ended
                    loop.call_soon_threadsafe(page.set)

    async def stream(self) -> AsyncIterator[str]:
        """Server-sent events for one open page."""
        heard = asyncio.Event()
        with self._lock:
            self._pages[heard] = asyncio.get_running_loop()
        try:
            yield "retry: 1000\n\n"
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(heard.wait(), TICK)
                await asyncio.sleep(GATHER)
                heard.clear()
                yield "data: changed\n\n"
        finally:
            with self._lock:
                del self._pages[heard]

    def _listen(self) -> None:
        seen = self._look()
        while not self._over.is_set():
            with contextlib.suppress(Empty):
                self._queue.get(timeout=LOOK)
                while not self._queue.empty():
                    self._queue.get()
                self.tell()
                continue
            now = self._look()
            if now != seen:
                seen = now
                self.tell()
