"""Between the bench and a system in an environment of its own: a process that takes requests and gives answers as JSON lines.

The process reaches this machine alone: whatever would connect elsewhere is refused before it is tried.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Answers = dict[str, Callable[..., Any]]
"""What a system can do, by name; the arguments are a request's."""

_LOCAL = ("127.0.0.1", "::1", "localhost")


def stay_here() -> None:
    """Refuses every connection that leaves this machine, for the rest of the process."""

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" and str(arguments[0]) not in _LOCAL:
            raise PermissionError(f"{arguments[0]} is not on this machine")
        if event == "socket.connect" and isinstance(arguments[1], tuple) and str(arguments[1][0]) not in _LOCAL:
            raise PermissionError(f"{arguments[1][0]} is not on this machine")

    sys.addaudithook(check)


def serve(answers: Answers) -> None:
    """Takes a request a line until there are no more. What a library prints goes to the errors, not among the answers."""
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        found = answers[request.pop("do")](**request)
        used = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        told.write(json.dumps({"found": found, **used}) + "\n")
        told.flush()
