"""HTTP to one server over lines that stay open: a call costs neither a new connection nor a new handshake.

Nothing is sent twice. A line is used again only while it is young and its far end has not hung up, so that one that went
stale is not taken for an answer that got lost.
"""

import http.client
import select
import ssl
import time
import urllib.parse
import urllib.request
import weakref
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

IDLE_SECONDS = 15.0
"""So long a line may lie unused; servers keep theirs for longer than that."""

MOST_IDLE = 24


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in small letters
    body: bytes


class Unsent(Exception):
    """Nothing was sent: there was no line to send it on."""


class Broken(Exception):
    """It was sent, or may have been, and no whole answer came."""


class Wire:
    """Lines to the server of `base_url`. Safe to use from several threads."""

    def __init__(self, base_url: str, timeout: float) -> None:
        self._url = urllib.parse.urlsplit(base_url)
        self._timeout = timeout
        self._idle: deque[tuple[float, http.client.HTTPConnection]] = deque()
        weakref.finalize(self, _hang_up, self._idle)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """`path` is below the base URL. Raises `Unsent` or `Broken`."""
        line = self._line()
        try:
            line.request("POST", self._target(path), body, dict(headers) | self._proxy_headers)
            response = line.getresponse()
            answer = Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        except (OSError, http.client.HTTPException) as err:
            line.close()
            raise Broken("The connection broke.") from err
        if response.will_close or len(self._idle) >= MOST_IDLE:
            line.close()
        else:
            self._idle.append((time.monotonic(), line))
        return answer

    def _line(self) -> http.client.HTTPConnection:
        while self._idle:
            try:
                used, line = self._idle.pop()
            except IndexError:
                break
            if time.monotonic() - used < IDLE_SECONDS and _is_quiet(line):
                return line
            line.close()
        line = self._new()
        try:
            line.connect()
        except (OSError, http.client.HTTPException) as err:
            line.close()
            raise Unsent("There is no connection.") from err
        return line

    def _new(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme != "https":
            at = self._proxy or self._url
            return http.client.HTTPConnection(at.hostname or "", at.port, timeout=self._timeout)
        if self._proxy is None:
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        line = http.client.HTTPSConnection(
            self._proxy.hostname or "", self._proxy.port, timeout=self._timeout, context=self._tls
        )
        line.set_tunnel(host, port, _credentials(self._proxy))
        return line

    def _target(self, path: str) -> str:
        """A proxy without a tunnel is told the whole address."""
        begin = f"{self._url.scheme}://{self._url.netloc}" if self._proxy and self._url.scheme != "https" else ""
        return f"{begin}{self._url.path}{path}"

    @property
    def _proxy_headers(self) -> dict[str, str]:
        return _credentials(self._proxy) if self._proxy and self._url.scheme != "https" else {}

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    @cached_property
    def _proxy(self) -> urllib.parse.SplitResult | None:
        """As the environment has it, for this server."""
        found = urllib.request.getproxies().get(self._url.scheme)
        if not found or urllib.request.proxy_bypass(self._url.hostname or ""):
            return None
        return urllib.parse.urlsplit(found if "://" in found else f"http://{found}")


def _credentials(proxy: urllib.parse.SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    said = f"{urllib.parse.unquote(proxy.username)}:{urllib.parse.unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(said.encode()).decode()}"}


def _is_quiet(line: http.client.HTTPConnection) -> bool:
    """False when the far end hung up, or said something that nobody asked for."""
    if line.sock is None:
        return False
    watch = select.poll()
    watch.register(line.sock, select.POLLIN)
    return not watch.poll(0)


def _hang_up(idle: "deque[tuple[float, http.client.HTTPConnection]]") -> None:
    while idle:
        idle.pop()[1].close()
