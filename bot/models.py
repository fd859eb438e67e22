"""The models' only adapter: an OpenAI-compatible endpoint as the `Chat` that graphs think with.

langchain_openai costs seconds of CPU to import; it is imported when a model is built, so that nights by rules stay quick.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from bot.settings import OPENAI, RoleSettings
from graphs.errors import NeedsPerson
from graphs.reading import LONGEST_ANSWER
from graphs.thinking import Busy, Chat, Refused, Reply, Request, Turn, Usage

if TYPE_CHECKING:
    import httpx
    import openai
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI

UNRECORDED = (
    "only recorded answers are played back here, and none was recorded for this "
    "(`nightdesk demo --live` asks your own model)"
)
CHARACTERS_A_TOKEN = 16  # more than any prose has; a server that writes on beyond it ignores our limit


@dataclass
class _Endpoint:
    """One client and the line under it, and the features its server was found to lack: learned once, not asked for again."""

    role: RoleSettings
    model: "ChatOpenAI"
    line: "httpx.Client"
    headers: dict[str, str]  # that openai would send
    lacks: set[str] = field(default_factory=set)


def chat(role: RoleSettings) -> Chat:
    """The model of `role`. Safe to call from several threads; imports langchain_openai."""
    no_tracing()
    line = line_to(role)
    model = _client(role, line)
    endpoint = _Endpoint(role, model, line, _headers(model))
    _quiet()

    def complete(request: Request) -> Reply:
        return _tried(endpoint, request, lambda extras: _complete(endpoint, request, extras))

    def stream(request: Request, on_token: Callable[[str], None]) -> Reply:
        return _tried(endpoint, request, lambda extras: _stream(endpoint, request, extras, on_token))

    return Chat(complete, stream, line.close)


def no_tracing() -> None:
    """Turn LangSmith off for the process, whatever LANGSMITH_TRACING says: it would send private text to a stranger."""
    from langsmith import configure

    configure(enabled=False)


def _quiet() -> None:
    """openai and httpcore log whole requests, content and key, at DEBUG. openai sets its level when imported."""
    for name in ("openai", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _client(role: RoleSettings, line: "httpx.Client") -> "ChatOpenAI":
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    return ChatOpenAI(
        model=role.model,
        base_url=role.base_url or OPENAI,
        api_key=SecretStr(role.api_key or "none"),
        timeout=line.timeout,
        max_retries=0,  # `graphs.thinking` retries, and reserves money for each try
        stream_usage=True,
        use_responses_api=False,
        openai_proxy=None,
        http_client=line,
    )


def line_to(role: RoleSettings) -> "httpx.Client":
    """Lines to the role's endpoint, kept open until closed."""
    import httpx

    _quiet()
    # A proxy in the environment is for the way out, not for a server on this machine.
    local = urlsplit(role.base_url or OPENAI).hostname in ("127.0.0.1", "::1", "localhost")
    return httpx.Client(timeout=httpx.Timeout(role.timeout, connect=min(role.timeout, 10.0)), trust_env=not local)


# --- one request -----------------------------------------------------------------------------------


def _complete(endpoint: _Endpoint, request: Request, extras: dict[str, Any]) -> Reply:
    begun = time.monotonic()
    message = endpoint.model.invoke(_messages(request, extras), extra_body=extras)
    seconds = time.monotonic() - begun
    if message.additional_kwargs.get("refusal"):
        return Reply("", _usage(message, seconds), "refusal", seconds)
    return Reply(message.text, _usage(message, seconds), _stopped(message), seconds)


def _stream(endpoint: _Endpoint, request: Request, extras: dict[str, Any], on_token: Callable[[str], None]) -> Reply:
    """Stops reading where the server ignores our limit or the time is up; raises `Busy` where it broke off."""
    begun = time.monotonic()
    heard = _Heard(most=min(LONGEST_ANSWER, CHARACTERS_A_TOKEN * request.max_tokens))
    with _streaming(endpoint, request, extras) as blocks:
        for event in _events(blocks):
            if text := heard.take(event):
                on_token(text)
            if heard.too_much or time.monotonic() - begun > endpoint.role.timeout:
                break
    seconds = time.monotonic() - begun
    if heard.too_much:
        return Reply(heard.text, None, "length", seconds)
    if not heard.finish:
        raise Busy("the model's answer broke off", charged=True)
    stopped = _STOPPED.get(heard.finish, "end")
    return Reply(heard.text, heard.usage(seconds), stopped, seconds)


@contextmanager
def _streaming(endpoint: _Endpoint, request: Request, extras: dict[str, Any]) -> Iterator[Iterator[bytes]]:
    """The body of a streamed answer as it comes. langchain would make three objects of each word in it, and openai holds each
    message that it sends against every form that one may have."""
    turns = [{"role": turn.role, "content": turn.text} for turn in _turns(request, extras)]
    counted: Any = {} if "stream_options" in endpoint.lacks else {"stream_options": {"include_usage": True}}
    body = {"model": endpoint.role.model, "messages": turns, "stream": True} | counted | extras
    url = f"{(endpoint.role.base_url or OPENAI).rstrip('/')}/chat/completions"
    with endpoint.line.stream("POST", url, json=body, headers=endpoint.headers) as response:
        if not response.is_success:
            raise _status_error(response)
        yield response.iter_bytes()


def _headers(model: "ChatOpenAI") -> dict[str, str]:
    """The key, whose account it is, and who asks."""
    sent: dict[str, Any] = model.root_client.default_headers | model.root_client.auth_headers
    return {name: value for name, value in sent.items() if isinstance(value, str)}


def _status_error(response: "httpx.Response") -> "openai.APIStatusError":
    """As openai raises it."""
    import openai

    response.read()
    said: Any = response.text
    with suppress(ValueError):
        said = response.json()
    body = said.get("error", said) if isinstance(said, dict) else said
    answered: Any = response  # openai names the type of a fork
    return openai.APIStatusError(f"Error code: {response.status_code}", response=answered, body=body)


def _events(blocks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """What server-sent events say. Raises ValueError for what is no JSON."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (json.loads(data) for line in lines if (data := _data(line)))
    if data := _data(rest):
        yield json.loads(data)


def _data(line: bytes) -> bytes:
    said = line.strip().removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
    return b"" if said == b"[DONE]" else said


@dataclass
class _Heard:
    """What a stream brought so far."""

    most: int
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    finish: str = ""
    tier: str = ""
    counted: dict[str, Any] = field(default_factory=dict)

    def take(self, event: dict[str, Any]) -> str:
        """The text in one event."""
        if event.get("error"):
            raise Busy("the model's answer broke off", charged=True)
        self.tier = event.get("service_tier") or self.tier
        self.counted = event.get("usage") or self.counted
        choice: dict[str, Any] = next(iter(event.get("choices") or []), {})
        self.finish = choice.get("finish_reason") or self.finish
        text = _spoken((choice.get("delta") or {}).get("content"))
        self.pieces.append(text)
        self.length += len(text)
        return text

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def too_much(self) -> bool:
        return self.length > self.most

    def usage(self, seconds: float) -> Usage | None:
        details = self.counted.get("prompt_tokens_details") or {}
        return _counted(
            self.counted.get("prompt_tokens") or 0,
            self.counted.get("completion_tokens") or 0,
            details.get("cached_tokens") or 0,
            seconds,
            self.tier,
        )


def _spoken(content: str | list[dict[str, Any]] | None) -> str:
    """Text, or the texts among the parts that some servers send."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    return content or ""


_STOPPED: dict[str, Literal["end", "length", "refusal"]] = {"length": "length", "content_filter": "refusal"}


def _stopped(message: "AIMessage") -> Literal["end", "length", "refusal"]:
    return _STOPPED.get(str(message.response_metadata.get("finish_reason")), "end")


def _usage(message: "AIMessage", seconds: float) -> Usage | None:
    """None where the server counted nothing, or only zeros."""
    counted = message.usage_metadata
    if not counted:
        return None
    details = counted.get("input_token_details") or {}
    # With a flex or priority tier langchain writes the details as "flex_cache_read".
    cached = sum(count for name, count in details.items() if name.endswith("cache_read") and isinstance(count, int))
    tier = str(message.response_metadata.get("service_tier") or "")
    return _counted(counted["input_tokens"], counted["output_tokens"], cached, seconds, tier)


def _counted(prompt: int, completion: int, cached: int, seconds: float, tier: str) -> Usage | None:
    """None where the server counted nothing, or only zeros."""
    if not prompt + completion:
        return None
    prompt = max(0, prompt)
    return Usage(prompt, min(max(0, cached), prompt), max(0, completion), seconds, tier)


def _messages(request: Request, extras: dict[str, Any]) -> "list[BaseMessage]":
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    kinds: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[turn.role](content=turn.text) for turn in _turns(request, extras)]


def _turns(request: Request, extras: dict[str, Any]) -> list[Turn]:
    """With the shape of the answer told in words where the server cannot be given it."""
    turns = list(request.turns)
    if request.schema and extras.get("response_format", {}).get("type") != "json_schema":
        shape = json.dumps(request.schema, ensure_ascii=False)
        said = f"{turns[0].text}\n\nAnswer with one JSON object and nothing else. Its JSON Schema:\n{shape}"
        turns[0] = replace(turns[0], text=said)
    return turns


# --- what a server lacks ---------------------------------------------------------------------------

Extras = dict[str, Any]


def _extras(role: RoleSettings, request: Request, lacks: set[str]) -> Extras:
    """All that some servers refuse, as an extra body: `response_format` given to langchain instead would raise on a
    length stop and lose what was said and counted."""
    official = "max_completion_tokens" if _is_openai(role) else "max_tokens"
    other = "max_tokens" if _is_openai(role) else "max_completion_tokens"
    extras: Extras = {other if official in lacks else official: request.max_tokens}
    if "temperature" not in lacks:
        extras["temperature"] = request.temperature
    if role.service_tier and "service_tier" not in lacks:
        extras["service_tier"] = role.service_tier
    if request.schema and "json_schema" not in lacks:
        form = {"name": request.schema_name, "schema": request.schema, "strict": True}
        extras["response_format"] = {"type": "json_schema", "json_schema": form}
    elif request.schema and "json_object" not in lacks:
        extras["response_format"] = {"type": "json_object"}
    return extras


def _is_openai(role: RoleSettings) -> bool:
    return urlsplit(role.base_url or OPENAI).hostname == "api.openai.com"


def _tried(endpoint: _Endpoint, request: Request, call: Callable[[Extras], Reply]) -> Reply:
    """The answer, asked for again without whatever the server says it lacks; a refusal costs nothing."""
    import openai

    lacks = set(endpoint.lacks)
    with errors_sorted(endpoint.role):
        while True:
            extras = _extras(endpoint.role, request, lacks)
            try:
                reply = call(extras)
            except openai.APIStatusError as err:
                feature = _lacking(err, extras)
                if feature is None or feature in lacks:
                    raise
                lacks.add(feature)
                if feature == "stream_options":  # no part of the extras, so the endpoint has to be told
                    endpoint.lacks.add(feature)
            else:
                # No room in the flex tier now says nothing about the next call.
                endpoint.lacks |= lacks - {"service_tier"}
                return reply


_NAMED = {
    "temperature": "temperature",
    "stream_options": "stream_options",
    "max_completion_tokens": "max_completion_tokens",
    "max_tokens": "max_tokens",
}
_TOO_LONG = ("context length", "context_length", "context window", "too long", "maximum context", "too many tokens")


def _lacking(err: "openai.APIStatusError", extras: Extras) -> str | None:
    """The feature of `extras` that the server refused with `err`; None when leaving something out would not help."""
    said = f"{err.message} {err.body}".lower()
    if err.status_code == 429:
        return "service_tier" if "service_tier" in extras and err.code != "insufficient_quota" else None
    if err.status_code not in (400, 404, 415, 422, 501) or any(sign in said for sign in _TOO_LONG):
        return None
    if "service_tier" in extras and ("service_tier" in said or "flex" in said):
        return "service_tier"
    form = str(extras.get("response_format", {}).get("type", ""))
    if form and any(
        sign in said for sign in ("response_format", "json_schema", "json_object", "structured", "grammar")
    ):
        return form
    for sign, feature in _NAMED.items():
        if sign in said and (sign in extras or sign == "stream_options"):
            return feature
    # A server that does not say what it dislikes most often dislikes the schema.
    return form or None if err.status_code != 404 else None


# --- errors, sorted --------------------------------------------------------------------------------


@contextmanager
def errors_sorted(role: RoleSettings) -> Iterator[None]:
    """Into Busy, Refused and NeedsPerson. The servers' own words stay out: they quote keys and prompts."""
    import httpx
    import openai

    try:
        yield
    except openai.APIStatusError as err:
        raise _of_status(err, role) from err
    except (openai.APITimeoutError, httpx.TimeoutException) as err:
        raise Busy("the model did not answer in time", charged=not _unsent(err)) from err
    except (openai.APIConnectionError, httpx.ConnectError) as err:
        raise Busy("the model's server cannot be reached", charged=not _unsent(err)) from err
    except (openai.OpenAIError, httpx.HTTPError) as err:
        raise Busy("the model's answer broke off", charged=True) from err
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as err:
        # langchain and openai raise these on a body that is no chat completion.
        raise Busy("the model's server answered with something else", charged=True) from err


def _unsent(err: BaseException | None) -> bool:
    """True when the line was never open: the cause is the error itself, or lies one or two `from` below."""
    import httpx

    while err is not None and not isinstance(err, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        err = err.__cause__
    return err is not None


def _of_status(err: "openai.APIStatusError", role: RoleSettings) -> Exception:
    status = err.status_code
    host = urlsplit(role.base_url or OPENAI).netloc.rpartition("@")[2]
    if status in (401, 403):
        return NeedsPerson(f"{host} refuses the key for the model {role.model}: check the API key of this role")
    if status == 402 or err.code == "insufficient_quota":
        return NeedsPerson(f"the account at {host} has no credit left: top it up")
    if status == 404:
        return NeedsPerson(f"{host} does not know the model {role.model}: check the role's model and base URL")
    if status in (408, 409, 425, 429) or status >= 500:
        busy = "asks us to slow down" if status == 429 else f"failed with {status}"
        return Busy(f"the model's server {busy}", after=_retry_after(err), charged=status == 504)
    if err.code == "no_recording":  # our own server of recorded answers (`bot.embedded.model`)
        return Refused(UNRECORDED)
    return Refused(f"the model's server will not take this request ({status})")


def _retry_after(err: "openai.APIStatusError") -> float | None:
    """Seconds; None when absent or told as a date."""
    headers = err.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, min(float(headers.get(name, "")) * unit, 86_400.0))
        except ValueError:
            continue
    return None
