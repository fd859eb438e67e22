"""The sandbox's Slack over HTTP: the Web API with its tokens, scopes, limits and planned faults; files; response URLs."""

import asyncio
import json
import threading
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any, Literal

from aiohttp import web

from bot.embedded.slack_call import Call, Limits, Method, read_arguments
from bot.embedded.slack_delivery import Delivery
from bot.embedded.slack_faults import Fault, Faults
from bot.embedded.slack_posting import POSTING, checked_blocks
from bot.embedded.slack_reading import READING
from bot.embedded.slack_values import Called, Json, Refused
from bot.embedded.slack_views import VIEWS
from bot.embedded.slack_workspace import Workspace

BOT_TOKEN = "xoxb-sandbox-bot"  # noqa: S105 -- opens nothing but this
APP_TOKEN = "xapp-1-sandbox-app"  # noqa: S105 -- likewise
BIGGEST = 32 * 1024 * 1024


class WebApi:
    """Answers for `company`. Whatever is done is done at once, under the workspace's lock."""

    def __init__(self, company: Workspace, delivery: Delivery) -> None:
        self.company, self.delivery = company, delivery
        self.faults, self.limits = Faults(), Limits()
        self.log: list[Called] = []
        self.standing: Literal["ok", "revoked", "uninstalled"] = "ok"
        self.down = False
        self.ws_url = ""
        self._waiting: set[asyncio.Event] = set()
        self._held = threading.Condition()
        self._methods: Mapping[str, Method] = {
            **READING,
            **POSTING,
            **VIEWS,
            "auth.revoke": Method(self._revoke),
            "apps.connections.open": Method(self._open_connection, app_token=True),
        }

    def application(self) -> web.Application:
        app = web.Application(client_max_size=BIGGEST)
        app.router.add_route("*", "/api/{method}", self.handle)
        app.router.add_get("/link/", self.delivery.link)
        app.router.add_get("/files/{file}/{name}", self.download)
        app.router.add_post("/response/{key}", self.respond)
        return app

    # --- one call -----------------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            given, token = await _read(request)
        except (TypeError, ValueError):
            return web.json_response({"ok": False, "error": "invalid_json"})
        if self.down:
            return self._played(method, given, Fault("status", status=503))
        fault = self.faults.next(method)
        if fault is not None and fault.before:
            if fault.kind != "wait":
                return self._played(method, given, fault, request)
            await self._wait(fault)
        answer, status, headers = self._carry_out(method, given, token)
        if fault is not None and not fault.before:
            if fault.kind != "wait":
                return self._played(method, given, fault, request)
            await self._wait(fault)
        return web.json_response(answer, status=status, headers=self._headers(method) | headers)

    def _carry_out(self, method: str, given: Json, token: str) -> tuple[Json, int, dict[str, str]]:
        with self.company.lock:
            now = self.company.clock()
            seconds = self.limits.wait(method, given, now)
            if seconds:
                self._note(method, given, "ratelimited", {})
                return {"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)}
            try:
                answer = {"ok": True, **self._run(method, read_arguments(given), token)}
            except Refused as refused:
                answer = refused.answer()
            self._note(method, given, str(answer.get("error", "ok")), answer)
            return answer, 200, {}

    def _run(self, method: str, given: Json, token: str) -> Json:
        wanted = self._methods.get(method)
        if wanted is None:
            raise Refused("unknown_method", req_method=method)
        self._check_token(token, wanted)
        call = Call(self.company, method, given, self.limits)
        for scope in wanted.scopes:
            call.needs(scope)
        return wanted.run(call)

    def _check_token(self, token: str, wanted: Method) -> None:
        if not token:
            raise Refused("not_authed")
        if token not in {BOT_TOKEN, APP_TOKEN}:
            raise Refused("invalid_auth")
        if token != (APP_TOKEN if wanted.app_token else BOT_TOKEN):
            raise Refused("not_allowed_token_type")
        if self.standing != "ok":
            raise Refused("token_revoked" if self.standing == "revoked" else "account_inactive")

    def _note(self, method: str, given: Json, outcome: str, answer: Json) -> None:
        self.log.append(Called(method, given, self.company.clock(), outcome, answer))

    def _headers(self, method: str = "") -> dict[str, str]:
        """What the token may do; and the time, which is the workspace's, so that a wrong clock shows."""
        wanted = self._methods.get(method)
        scopes = self.company.app_scopes if wanted and wanted.app_token else self.company.scopes
        return {"x-oauth-scopes": ",".join(sorted(scopes)), "Date": formatdate(self.company.clock(), usegmt=True)}

    # --- faults -------------------------------------------------------------------------------------

    def _played(self, method: str, given: Json, fault: Fault, request: web.Request | None = None) -> web.StreamResponse:
        with self.company.lock:
            if fault.before:
                self._note(method, given, fault.name, {})
        if fault.kind == "error":
            return web.json_response({"ok": False, "error": fault.error}, headers=self._headers())
        if fault.kind == "garbage":
            return web.Response(text="<html>Slack is down</html>", content_type="text/html")
        if fault.kind == "cut":
            if request is not None and request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault.status == 429:
            body, headers = {"ok": False, "error": "ratelimited"}, {"Retry-After": str(fault.retry_after)}
            return web.json_response(body, status=429, headers=self._headers() | headers)
        return web.Response(status=fault.status, text="", headers={"Date": self._headers()["Date"]})

    async def _wait(self, fault: Fault) -> None:
        free = asyncio.Event()
        with self._held:
            self._waiting.add(free)
            self._held.notify_all()
        try:
            await asyncio.wait_for(free.wait(), fault.seconds)
        except TimeoutError:
            pass
        finally:
            with self._held:
                self._waiting.discard(free)
                self._held.notify_all()

    def wait_held(self, count: int, timeout: float) -> bool:
        """From any thread: whether `count` calls wait for `release`."""
        with self._held:
            return self._held.wait_for(lambda: len(self._waiting) >= count, timeout)

    def release(self) -> None:
        for free in list(self._waiting):
            free.set()

    # --- what belongs to the connection and the token -----------------------------------------------

    def _open_connection(self, call: Call) -> Json:
        if "connections:write" not in call.company.app_scopes:
            raise Refused("missing_scope", needed="connections:write", provided=",".join(call.company.app_scopes))
        ticket = call.company.new_uuid("ticket")
        self.delivery.tickets.add(ticket)
        return {"url": f"{self.ws_url}/link/?ticket={ticket}&app_id={call.company.app_id}"}

    def _revoke(self, call: Call) -> Json:
        self.standing = "revoked"
        return {"revoked": True}

    # --- files and response URLs --------------------------------------------------------------------

    async def download(self, request: web.Request) -> web.Response:
        """Without the right token Slack shows its login page, and calls that a success."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        held = self.company.files.get(request.match_info["file"])
        if held is None:
            return web.Response(status=404)
        if token != BOT_TOKEN or "files:read" not in self.company.scopes or self.standing != "ok":
            return web.Response(text="<!DOCTYPE html><title>Sign in to Slack</title>", content_type="text/html")
        return web.Response(body=held[1], content_type=str(held[0]["mimetype"]))

    async def respond(self, request: web.Request) -> web.Response:
        """What an app posts to the `response_url` of an interaction."""
        said: Json = await request.json()
        with self.company.lock:
            held = self.company.response_urls.get(request.match_info["key"])
            if held is None:
                return web.json_response({"ok": False, "error": "expired_url"}, status=404)
            self._note("response_url", said, "ok", {})
            try:
                self._respond(held, said)
            except Refused as refused:
                return web.json_response(refused.answer(), status=400)
        return web.Response(text="ok")

    def _respond(self, held: Json, said: Json) -> None:
        """Puts in the place of the message, takes it away, or says something beside it."""
        company, channel, user, ts = self.company, held["channel"], held["user"], held["ts"]
        shown: Json = {"text": str(said.get("text", ""))}
        if said.get("blocks"):
            shown["blocks"] = checked_blocks(company, said["blocks"])
        replaces = said.get("replace_original") or said.get("delete_original")
        if replaces and held["whispered"]:
            whispers = company.whispers[user]
            left = [{**one, **shown} if one["ts"] == ts else one for one in whispers]
            company.whispers[user] = [one for one in left if not (said.get("delete_original") and one["ts"] == ts)]
            company.changed("ephemeral", channel=channel, user=user, ts=ts)
        elif said.get("delete_original"):
            company.remove(channel, ts)
        elif replaces:
            company.change(channel, ts, **shown)
        else:
            self._say_beside(channel, user, shown, openly=said.get("response_type") == "in_channel")

    def _say_beside(self, channel: str, user: str, shown: Json, openly: bool) -> None:
        bot, ts = self.company.bot, self.company.now_ts()
        message = {"type": "message", "user": bot.id, "bot_id": bot.bot_id, "ts": ts, "team": self.company.team} | shown
        if openly:
            self.company.put(channel, message)
        else:
            whisper = message | {"channel": channel, "is_ephemeral": True}
            self.company.whispers.setdefault(user, []).append(whisper)
            self.company.changed("ephemeral", channel=channel, user=user, ts=ts)


async def _read(request: web.Request) -> tuple[Json, str]:
    """Arguments and token. Raises ValueError or TypeError for a body that is no JSON object."""
    given: dict[str, Any] = dict(request.query)
    if request.method == "POST" and request.content_type == "application/json":
        given |= json.loads(await request.text() or "{}")
    elif request.method == "POST":
        given |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(given.get("token", ""))
    given.pop("token", None)
    return given, token
