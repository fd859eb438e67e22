"""A model that only remembers: recorded answers behind an OpenAI-compatible endpoint on 127.0.0.1, for the demo.

A request is known by what decides its answer (model, messages, tools, response_format); prompts are pure functions of
their inputs, so the demo company's night asks the same every time. An unknown request is refused, and rules take over.
"""

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Body = dict[str, Any]
"""A request or an answer of the chat completions API, as JSON."""

UNRECORDED = 410  # "gone": `bot.models` takes a 404 for an unknown model, and would ask no more
BIGGEST_REQUEST = 8_000_000  # bytes


def key_of(body: Body) -> str:
    """The name of a recording: 16 hex digits over all that decides an answer."""
    kept = {name: body.get(name) for name in ("model", "messages", "tools", "response_format")}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def read_recordings(path: Path) -> dict[str, str]:
    """Answers by key, from JSON lines `{"key", "content"}` (also gzipped) or a folder of KEY.txt and KEY.json."""
    if path.is_dir():
        return {file.stem: _recorded(file) for file in sorted(path.iterdir()) if file.suffix in (".txt", ".json")}
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return {row["key"]: row["content"] for row in rows}


def _recorded(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    return str(json.loads(text)["content"]) if file.suffix == ".json" else text.strip()


@contextmanager
def replaying(recordings: Mapping[str, str]) -> Iterator[str]:
    """The base URL of an endpoint that answers from `recordings` until the block ends."""

    def answer(body: Body) -> str | None:
        return recordings.get(key_of(body))

    with serving(_handler(answer)) as base_url:
        yield base_url


# --- the API's bodies ------------------------------------------------------------------------------


def tokens(text: str) -> int:
    """A stable guess in place of a tokenizer."""
    return max(1, len(text) // 4)


def usage(body: Body, content: str) -> dict[str, int]:
    prompt, completion = tokens(json.dumps(body.get("messages"))), tokens(content)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def completion(body: Body, content: str, finish: str = "stop") -> Body:
    """The answer to a request that does not stream."""
    message = {"role": "assistant", "content": content}
    return {
        **_head(body, "chat.completion"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage(body, content),
    }


def chunks(body: Body, content: str, finish: str = "stop") -> Iterator[Body]:
    """The answer to a request that streams, a word a chunk; usage last, and only where asked for."""
    head = _head(body, "chat.completion.chunk")
    for piece in re.findall(r"\s*\S+|\s+$", content):
        yield {**head, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": usage(body, content)}


def _head(body: Body, kind: str) -> Body:
    return {"id": f"chatcmpl-{key_of(body)}", "object": kind, "created": 0, "model": body.get("model", "")}


def error(message: str, code: str) -> Body:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


# --- the server ------------------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a client that hung up is no news, and a traceback would land in the demo's output."""


@contextmanager
def serving(handler: "type[Handler]") -> Iterator[str]:
    """The base URL of `handler` on a free port, until the block ends."""
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Reads requests and writes bodies; what is answered is up to `chat`."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # a client that keeps its line open for nothing

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the standard one writes to stderr."""

    def do_GET(self) -> None:
        self.send_json(200, {"object": "list", "data": []})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if not self.path.endswith("/chat/completions") or size > BIGGEST_REQUEST:
            self.close_connection = True
            return self.send_json(
                400, error("only chat completions of a sensible size are answered here", "bad_request")
            )
        self.chat(json.loads(self.rfile.read(size)))

    def chat(self, body: Body) -> None:
        raise NotImplementedError

    def send_json(self, status: int, payload: Body, headers: Mapping[str, str] | None = None) -> None:
        self.send_body(status, json.dumps(payload).encode(), "application/json", headers)

    def send_body(self, status: int, data: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def send_event(self, data: str) -> None:
        self.wfile.write(f"data: {data}\n\n".encode())

    def send_answer(self, body: Body, content: str, finish: str = "stop") -> None:
        if not body.get("stream"):
            return self.send_json(200, completion(body, content, finish))
        self.begin_stream()
        for chunk in chunks(body, content, finish):
            self.send_event(json.dumps(chunk))
        self.send_event("[DONE]")


def _handler(answer: Callable[[Body], str | None]) -> type[Handler]:
    class Replay(Handler):
        def chat(self, body: Body) -> None:
            content = answer(body)
            if content is None:
                return self.send_json(UNRECORDED, error("this request was not recorded", "no_recording"))
            self.send_answer(body, content)

    return Replay
