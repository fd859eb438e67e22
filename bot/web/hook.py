"""Where Slack posts its events when they do not come over a socket. One address, nothing to see for anybody else."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.slack import http
from bot.slack.events import MOST_BYTES, Json, Sort
from bot.slack.manifest import EVENTS_PATH
from graphs.errors import Later, NeedsPerson

PATIENCE = 10.0  # seconds a start or a stop may take

Accept = Callable[[Json, Sort], None]


def hook(secret: str, accept: Accept, now: Callable[[], datetime]) -> Starlette:
    """The application that takes signed requests of Slack and hands them to `accept` before it answers."""

    async def heard(request: Request) -> Response:
        body = await _body(request)
        said = await run_in_threadpool(http.hear, secret, request.headers, body, accept, now().timestamp())
        return PlainTextResponse(said.body, said.status, media_type=said.media_type)

    return Starlette(routes=[Route(EVENTS_PATH, heard, methods=["POST"])])


async def _body(request: Request) -> bytes:
    """What was sent, as far as it matters: more than enough is too much, whatever its length claims to be."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > MOST_BYTES:
            break
    return bytes(found)


@contextmanager
def serving(app: Starlette, where: str) -> Iterator[str]:
    """Serves `app` at HOST:PORT (port 0: a free one) from a thread until the block ends; the address it listens at."""
    host, _, port = where.rpartition(":")
    if not host or not port.isdecimal():
        raise NeedsPerson(f"--http takes HOST:PORT, as in 0.0.0.0:8080, not {where}.")
    try:
        listener = socket.create_server((host.strip("[]"), int(port)), family=_family(host))
    except (OSError, OverflowError) as err:
        raise Later(
            f"Nothing can listen at {where}: another program does, or this machine has no such address."
        ) from err
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=int(PATIENCE),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    try:
        yield "{}:{}".format(*listener.getsockname()[:2])
    finally:
        server.should_exit = True
        thread.join(2 * PATIENCE)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
