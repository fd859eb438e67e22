"""What a graph holds of a model: two functions, `think` and `say`, each paid for before it is made.

request -> reserve -> chat (retried when busy) -> settle -> read into a frozen Value -> one repair turn -> Failure
A Failure is a value, not an exception: the rules take over for that item. `bot.models` builds the `Chat`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from graphs.domain import NotDrafted, Value
from graphs.errors import Later, NeedsPerson, NightdeskError
from graphs.reading import JsonSchema, Unfit, ValueT, clean, first_words, read, strict_schema, without_thoughts

LONGEST_SAYING = 12_000  # characters of one streamed answer: what Slack takes in a message
LONGEST_ECHO = 4_000  # characters of a wrong answer shown again in the repair turn


# --- what passes between a graph and the model -----------------------------------------------------


class Failure(Value):
    """No usable answer. `reason` is one sentence for the footer; it holds neither content nor secret."""

    kind: Literal["budget", "no_model", "busy", "setup", "refused", "invalid"]
    reason: str

    @property
    def not_drafted(self) -> NotDrafted:
        """The reason to write into not_drafted.json for an item that needed this answer."""
        return "budget" if self.kind == "budget" else "no_model"


@dataclass(frozen=True)
class Turn:
    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Request:
    """One call of a model. With a `schema` the answer has to be one JSON object that fits it."""

    step: str
    turns: tuple[Turn, ...]
    max_tokens: int
    schema: JsonSchema | None = None
    schema_name: str = ""
    temperature: float = 0


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `cached` is a part of `prompt`. `tier` is the service tier the server says it used."""

    prompt: int
    cached: int
    completion: int
    seconds: float
    tier: str = ""


@dataclass(frozen=True)
class Reply:
    """`usage` is None when the server counted nothing; `stopped` says why the text ends."""

    text: str
    usage: Usage | None
    stopped: Literal["end", "length", "refusal"] = "end"
    seconds: float = 0.0


class Busy(Later):
    """The endpoint cannot answer now. `after`: seconds it asks us to wait; `charged`: it may have done the work."""

    def __init__(self, sentence: str, after: float | None = None, charged: bool = False) -> None:
        super().__init__(sentence)
        self.after = after
        self.charged = charged


class Refused(NightdeskError):
    """The endpoint will not take this one request (too long, against its policy); others may pass. Not charged."""


@dataclass(frozen=True)
class Chat:
    """One model at one endpoint; `stream` also hands over each piece of text.

    Both raise `Busy`, `Refused` or `NeedsPerson` and nothing else.
    """

    complete: Callable[[Request], Reply]
    stream: Callable[[Request, Callable[[str], None]], Reply]
    close: Callable[[], None] = lambda: None


# --- what it costs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reservation:
    """Money set aside for one call. A crash leaves it reserved: it counts as spent."""

    id: int
    step: str


@dataclass(frozen=True)
class Ledger:
    """The budget of one person-night (or workspace-day) as three functions, safe to call from several threads."""

    reserve: Callable[[str, int, int], Reservation | None]  # step, tokens in, most tokens out; None: over the cap
    settle: Callable[[Reservation, Usage], None]
    release: Callable[[Reservation], None]


def tokens_at_most(request: Request) -> int:
    """An upper bound for the prompt: two bytes a token hold for prose in any language, and for most of base64."""
    said = sum(len(turn.text.encode()) for turn in request.turns)
    return (said + len(json.dumps(request.schema or ""))) // 2 + 16 * len(request.turns)


def tokens_about(text: str) -> int:
    """The usual guess where a server counts nothing."""
    return len(text) // 4 + 1


def _worst(request: Request) -> Usage:
    return Usage(prompt=tokens_at_most(request), cached=0, completion=request.max_tokens, seconds=0.0)


def _counted(request: Request, reply: Reply) -> Usage:
    if reply.usage is not None:
        return reply.usage
    prompt = sum(tokens_about(turn.text) for turn in request.turns)
    return Usage(prompt=prompt, cached=0, completion=tokens_about(reply.text), seconds=reply.seconds)


# --- the functions a graph gets --------------------------------------------------------------------


class Think(Protocol):
    def __call__(
        self, step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000
    ) -> ValueT | Failure:
        """One structured answer, or a Failure; never raises for anything a model or its server does."""


class Say(Protocol):
    def __call__(
        self, step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000
    ) -> str | Failure:
        """The text as a whole; `on_token` got it piece by piece. After a Failure show something else instead."""


@dataclass(frozen=True)
class Thinker:
    """All a graph may do with a model."""

    think: Think
    say: Say


@dataclass(frozen=True)
class Patience:
    """How long one call may be retried. A server that asks for more than `longest_wait` seconds is given up at once."""

    retries: int = 2
    longest_wait: float = 30.0
    in_a_row: int = 3  # calls given up before the endpoint is left alone
    left_alone: float = 120.0  # seconds


PATIENCE = Patience()
LIVE_PATIENCE = Patience(retries=1, longest_wait=2.0)  # somebody is looking at the thread


@dataclass
class _Endpoint:
    """What the calls of one thinker learned about their endpoint. Threads may race here: they lose one retry."""

    given_up: int = 0
    until: float = 0.0
    broken: Failure | None = None


@dataclass(frozen=True)
class _Means:
    chat: Chat
    ledger: Ledger
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    patience: Patience
    endpoint: _Endpoint = field(default_factory=_Endpoint)


def thinker(
    chat: Chat,
    ledger: Ledger,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    patience: Patience = PATIENCE,
) -> Thinker:
    """Thinks with `chat` on the account of `ledger`. `sleep` and `clock` (monotonic) are in seconds."""
    means = _Means(chat, ledger, sleep, clock, patience)

    def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
        turns = (Turn("system", clean(system)), Turn("user", clean(user)))
        request = Request(step, turns, max_tokens, strict_schema(schema), schema.__name__)
        return _think(means, request, schema)

    def say(
        step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000
    ) -> str | Failure:
        turns = (Turn("system", clean(system)), Turn("user", clean(user)))
        return _say(means, Request(step, turns, max_tokens), on_token)

    return Thinker(think, say)


def without_model(reason: str = "no model is set up") -> Thinker:
    """A thinker that always fails, so that graphs need no second path for a night by rules."""
    failure = Failure(kind="no_model", reason=reason)

    def think(step: str, system: str, user: str, schema: type[ValueT], max_tokens: int = 2_000) -> ValueT | Failure:
        return failure

    def say(
        step: str, system: str, user: str, on_token: Callable[[str], None], max_tokens: int = 1_000
    ) -> str | Failure:
        return failure

    return Thinker(think, say)


def _think(means: _Means, request: Request, schema: type[ValueT]) -> ValueT | Failure:
    reply = _ask(means, request, means.chat.complete)
    if isinstance(reply, Failure):
        return reply
    try:
        return _read(reply, schema)
    except Unfit as unfit:
        again = _repair(request, reply, str(unfit))
    reply = _ask(means, again, means.chat.complete)
    if isinstance(reply, Failure):
        return reply
    try:
        return _read(reply, schema)
    except Unfit:
        return Failure(kind="invalid", reason="the model's answer did not fit, twice")


def _say(means: _Means, request: Request, on_token: Callable[[str], None]) -> str | Failure:
    held = ""  # what came before the first word that is not a thought
    spoken = False

    def hear(piece: str) -> None:
        nonlocal held, spoken
        if not spoken:
            held += piece
            piece = first_words(held)
            spoken = bool(piece)
        if piece := clean(piece):
            on_token(piece)

    def stream(request: Request) -> Reply:
        try:
            return means.chat.stream(request, hear)
        except Busy as busy:
            if spoken:  # a second try would say the beginning twice
                raise _Interrupted(str(busy), charged=True) from busy
            raise

    reply = _ask(means, request, stream)
    if isinstance(reply, Failure):
        return reply
    said = clean(without_thoughts(reply.text))[:LONGEST_SAYING].strip()
    return said or Failure(kind="invalid", reason="the model said nothing")


# --- one call: reserved, retried, settled ----------------------------------------------------------


class _Interrupted(Busy):
    """Busy, and not to be tried again."""


def _ask(means: _Means, request: Request, call: Callable[[Request], Reply]) -> Reply | Failure:
    for attempt in range(means.patience.retries + 1):
        if (shut := _shut(means)) is not None:
            return shut
        try:
            reply = _paid(means.ledger, request, call)
        except NeedsPerson as error:
            means.endpoint.broken = Failure(kind="setup", reason=str(error))
            return means.endpoint.broken
        except Refused as error:
            return Failure(kind="refused", reason=str(error))
        except Busy as busy:
            wait = busy.after if busy.after is not None else 2.0**attempt
            last = attempt == means.patience.retries or wait > means.patience.longest_wait
            if last or isinstance(busy, _Interrupted):
                return _gave_up(means, busy)
            means.sleep(wait)
            continue
        if reply is None:
            return Failure(kind="budget", reason="the budget of this night is spent")
        means.endpoint.given_up = 0
        if reply.stopped == "refusal":
            return Failure(kind="refused", reason="the model refused to answer")
        return reply
    raise AssertionError("the last attempt returns")


def _paid(ledger: Ledger, request: Request, call: Callable[[Request], Reply]) -> Reply | None:
    """None when the budget does not allow the call. Work that may have been done is settled at its worst."""
    reservation = ledger.reserve(request.step, tokens_at_most(request), request.max_tokens)
    if reservation is None:
        return None
    try:
        reply = call(request)
    except Busy as busy:
        if busy.charged:
            ledger.settle(reservation, _worst(request))
        else:
            ledger.release(reservation)
        raise
    except (NeedsPerson, Refused):
        ledger.release(reservation)
        raise
    ledger.settle(reservation, _counted(request, reply))
    return reply


def _shut(means: _Means) -> Failure | None:
    """Why the endpoint is not even asked: it refused our settings, or gave up several times in a row just now."""
    if means.endpoint.broken is not None:
        return means.endpoint.broken
    if means.clock() < means.endpoint.until:
        return Failure(kind="busy", reason="the model's server does not answer")
    return None


def _gave_up(means: _Means, busy: Busy) -> Failure:
    means.endpoint.given_up += 1
    if means.endpoint.given_up >= means.patience.in_a_row:
        means.endpoint.until = means.clock() + means.patience.left_alone
    return Failure(kind="busy", reason=str(busy))


def _read(reply: Reply, schema: type[ValueT]) -> ValueT:
    """Raises `Unfit`."""
    if reply.stopped == "length":
        raise Unfit("the answer was cut off at the length limit; answer again, much shorter")
    return read(reply.text, schema)


def _repair(request: Request, reply: Reply, fault: str) -> Request:
    echo = clean(reply.text)[:LONGEST_ECHO] or "(empty)"
    ask = f"That did not fit: {clean(fault)[:1_000]}. Answer again with the corrected JSON object and nothing else."
    turns = (*request.turns, Turn("assistant", echo), Turn("user", ask))
    return Request(request.step, turns, request.max_tokens, request.schema, request.schema_name)
