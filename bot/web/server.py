"""The page's server: on 127.0.0.1, for whoever has the address with its token, and for no other site.

A page of another site can neither read (the cookie is strict, the Host must be ours) nor act (the Origin must be ours);
what is shown can run no script but ours (the policy), and nothing is loaded from anywhere else.
"""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.embedded.slack_values import NotShown
from bot.page_style import MOON, PALETTE
from bot.web import pages
from bot.web.acts import ACTS, Form
from bot.web.changes import Changes
from bot.web.pages import Asked
from bot.web.seen import Viewer, people
from bot.web.stage import Stage
from graphs.errors import Denied, Later, NeedsPerson

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY = 64 * 1024
PATIENCE = 10.0  # seconds a start or a stop may take
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@contextmanager
def running(stage: Stage, port: int = 0) -> Iterator[str]:
    """Serves the page until the block ends. Gives its address, which holds the token: who has it may look and act."""
    listener = socket.create_server(("127.0.0.1", port))
    at = f"127.0.0.1:{listener.getsockname()[1]}"
    token = secrets.token_hex(16)
    changes = Changes(stage.slack.subscribe(), lambda: _drafts(stage))
    stage.night.changed = changes.tell
    config = uvicorn.Config(
        Guard(application(stage, changes, token), at, token),
        lifespan="off", log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="page", daemon=True)
    thread.start()
    try:
        yield f"http://{at}/?token={token}"
    finally:
        changes.stop()
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def _drafts(stage: Stage) -> object:
    """What lies in Drafts: the desk puts things there, and its mail server tells nobody."""
    return {address: [kept.uid for kept in stage.mail.mails(address, "Drafts")] for address in stage.mailboxes.values()}


class Guard:
    """Lets nobody in but the browser that was given the token, and no request that another site makes it send."""

    def __init__(self, app: "ASGIApp", at: str, token: str) -> None:
        port = at.rpartition(":")[2]
        self._app, self._token, self._cookie = app, token, cookie_name(at)
        self._hosts = {at, f"localhost:{port}"}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)

        async def safely(message: "Message") -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await (self._refused(request) or self._app)(scope, receive, safely)

    def _refused(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if host not in self._hosts:
            return PlainTextResponse("This page answers on this machine alone.", 421)
        if request.method not in ("GET", "HEAD") and request.headers.get("origin") != f"http://{host}":
            return PlainTextResponse("Another site may not act here.", 403)
        if request.url.path == "/" and "token" in request.query_params:
            return None
        held = request.cookies.get(self._cookie, "")
        if not secrets.compare_digest(held.encode(), self._token.encode()):
            return PlainTextResponse("Open the address that `nightdesk demo` printed: it holds a token.", 401)
        return None


def cookie_name(at: str) -> str:
    """Cookies do not tell ports apart, so the name does."""
    return f"nightdesk-{at.rpartition(':')[2]}"


def application(stage: Stage, changes: Changes, token: str) -> Starlette:
    async def enter(request: Request) -> Response:
        """With the token for the first time; afterwards by the cookie."""
        given = request.query_params.get("token")
        if given is None:
            return RedirectResponse(f"/{_first(stage).handle}", 303)
        if not secrets.compare_digest(given.encode(), token.encode()):
            return PlainTextResponse(
                "That token is of another run: open the address that `nightdesk demo` printed.", 401
            )
        answer = RedirectResponse("/", 303)
        host = request.headers["host"]
        answer.set_cookie(cookie_name(host), token, httponly=True, samesite="strict", path="/")
        return answer

    async def look(request: Request) -> Response:
        return await run_in_threadpool(_look, stage, request)

    async def act(request: Request) -> Response:
        body = await _body(request)
        return (
            PlainTextResponse("That is too long.", 413)
            if body is None
            else await run_in_threadpool(_act, stage, request, body)
        )

    async def night(request: Request) -> Response:
        stage.night.begin()
        changes.tell()
        return RedirectResponse(_back(request), 303)

    async def changed(request: Request) -> Response:
        return StreamingResponse(changes.stream(), media_type="text/event-stream")

    routes = [
        Route("/", enter),
        Route("/changes", changed),
        Route("/static/{name}", _static),
        Route("/night", night, methods=["POST"]),
        Route("/{who}", look),
        Route("/{who}/c/{channel}", look),
        Route("/{who}/mail/{folder}", look),
        Route("/{who}/{what:str}", look, methods=["GET"]),
        Route("/{who}/{what:str}", act, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[])


def _first(stage: Stage) -> Viewer:
    handle = next(iter(stage.mailboxes), "")
    return stage.viewer(handle) or people(stage.slack.company)[0]


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ("page.css", "page.js", "moon.svg"):
        return PlainTextResponse("There is no such file.", 404)
    text = files("bot.web").joinpath("static", name).read_text("utf-8")
    own = PALETTE + MOON if name == "page.css" else ""
    return Response(own + text, media_type=_KINDS[name.rpartition(".")[2]])


def _look(stage: Stage, request: Request) -> Response:
    viewer = stage.viewer(request.path_params["who"])
    if viewer is None:
        return PlainTextResponse("Nobody here is called that.", 404)
    try:
        shown = _shown(stage, viewer, request)
    except (NotShown, NeedsPerson) as err:
        return PlainTextResponse(str(err.args[0]), 404)
    if shown is None:
        return RedirectResponse(f"/{viewer.handle}/c/{stage.slack.dm(viewer.id)}", 303)
    return HTMLResponse(shown)


def _shown(stage: Stage, viewer: Viewer, request: Request) -> str | None:
    path, query = request.path_params, request.query_params
    uid = query.get("uid", "")
    asked = Asked(query.get("thread", ""), int(uid) if uid.isdecimal() else 0, "write" in query)
    if "channel" in path:
        return pages.channel(stage, viewer, path["channel"], asked)
    if "folder" in path:
        return pages.mail(stage, viewer, path["folder"], asked)
    match path.get("what"):
        case "home":
            if request.headers.get("sec-fetch-mode") == "navigate":
                stage.slack.open_home(viewer.id)
            return pages.home(stage, viewer)
        case "night":
            return pages.night(stage, viewer)
        case None:
            return None
    raise NotShown("There is no such page.")


def _act(stage: Stage, request: Request, body: bytes) -> Response:
    viewer, act = stage.viewer(request.path_params["who"]), ACTS.get(request.path_params["what"])
    if viewer is None or act is None:
        return PlainTextResponse("There is no such thing to do.", 404)
    form = Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=500))
    try:
        there = act(stage, viewer, form)
    except NotShown as err:
        return PlainTextResponse(f"That cannot be done any more: {err.args[0]}.", 409)
    except (NeedsPerson, Later, Denied) as err:
        return PlainTextResponse(str(err), 409)
    return RedirectResponse(there or _back(request), 303)


def _back(request: Request) -> str:
    """The page that the form stood on."""
    parts = urlsplit(request.headers.get("referer", ""))
    if parts.netloc != request.headers.get("host") or parts.path.startswith("//"):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query and "token=" not in parts.query else "")


async def _body(request: Request) -> bytes | None:
    """None for one that is too long, without reading it all."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            return None
    return body
