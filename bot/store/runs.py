"""Runs and their fences, and the money of a night."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.types.json import Jsonb

from bot import observe
from bot.settings import RoleSettings
from bot.store.db import Row, Tx
from graphs.errors import Later
from graphs.thinking import Ledger, Reservation, Usage

MILLION = Decimal(1_000_000)
FLEX = Decimal("0.5")
"""What the flex tier costs of the default one."""

MEMORY = ("embed", "remember", "reconcile", "conclude", "challenge", "context")
AHEAD = ("anticipate", "prepare", "rehearse")
"""Steps that wait when money is short: first what is owed to people, then memory, then questions nobody asked yet."""

PARTS = {MEMORY: Decimal("0.4"), AHEAD: Decimal("0.2")}
"""What those steps, and those that come after them, may take of a person's night before its digest is written."""

ASKED = "answer"
NIGHT = Decimal("0.8")
"""What a night may take of a person's share: the rest waits for what they ask by day."""


@dataclass(frozen=True)
class Run:
    """One run of a graph as its present worker holds it."""

    id: str
    scope: int
    fence: int


class Fenced(Later):
    """Another worker took this run over; nothing more of it may be written here."""


def take(tx: Tx, run_id: str, scope: int) -> Run:
    """Takes the run over: whoever had it can no longer write."""
    row = tx.one("take_run", id=run_id, scope=scope)
    assert row is not None
    return Run(run_id, scope, int(row["fence"]))


def hold(tx: Tx, run: Run) -> None:
    """Lets nobody take the run over until this transaction ends. Raises `Fenced` when somebody did."""
    row = tx.one("holds", id=run.id, fence=run.fence)
    if row is None or not row["ok"]:
        raise Fenced(f"Run {run.id} was taken over by another worker.")


def end(tx: Tx, run: Run, report: Row) -> None:
    """Marks the run done and drops its checkpoints: the result is saved in the same transaction."""
    tx.run("end_run", id=run.id, fence=run.fence, state="done", report=Jsonb(report))
    tx.run("drop_checkpoints", id=run.id)


def state_of(tx: Tx, run_id: str) -> str:
    """`new` when nobody has begun it."""
    row = tx.one("run_state", id=run_id)
    return "new" if row is None else str(row["state"])


Begin = Callable[[], AbstractContextManager[Tx]]
"""Opens a transaction that may write the scope which pays."""


def ledger(begin: Begin, scope: int, night: date, cap: Decimal, role: RoleSettings) -> Ledger:
    """The budget of one scope's night. A crash leaves money reserved: it counts as spent."""

    def reserve(step: str, tokens_in: int, tokens_out: int) -> Reservation | None:
        money = price(role, Usage(tokens_in, 0, tokens_out, 0.0))
        with begin() as tx:
            tx.all("spend_lock", scope=scope, night=night)
            if money > 0 and money > _left(tx, scope, night, cap, step):
                return None
            row = tx.one("reserve", scope=scope, night=night, step=step, model=role.model, money=money)
            assert row is not None
            return Reservation(row["id"], step)

    def settle(reservation: Reservation, usage: Usage) -> None:
        _close(reservation, "settled", usage)

    def release(reservation: Reservation) -> None:
        _close(reservation, "released", Usage(0, 0, 0, 0.0))

    def _close(reservation: Reservation, state: str, usage: Usage) -> None:
        with begin() as tx:
            tx.run(
                "settle", id=reservation.id, state=state, money=price(role, usage), prompt=usage.prompt,
                cached=usage.cached, completion=usage.completion, seconds=usage.seconds,
            )  # fmt: skip
        _count(reservation.step, state, usage, price(role, usage))

    return Ledger(reserve, settle, release)


def _left(tx: Tx, scope: int, night: date, cap: Decimal, step: str) -> Decimal:
    """Money that a step may still take: of the whole, of what a night may take of it, and of the step's part while a person's
    desk is still to be done."""
    steps = MEMORY + AHEAD if step in MEMORY else AHEAD
    part = PARTS[MEMORY if step in MEMORY else AHEAD]
    spent = tx.one("spent", scope=scope, night=night, steps=list(steps), asked=ASKED)
    assert spent is not None
    bounds: list[Decimal] = [cap - spent["money"]]
    if spent["is_person"] and step != ASKED:
        bounds.append(cap * NIGHT - spent["by_night"])
    if spent["owed"] and step in MEMORY + AHEAD:
        bounds.append(cap * part - spent["on_steps"])
    return min(bounds)


def share_out(tx: Tx, night: date, whole: Decimal, most: Decimal) -> None:
    """Fixes what everybody may spend on a date, before any of it is spent; once. `whole`: the workspace's day."""
    tx.all("share_out", night=night, whole=whole, most=most)


def share_of(tx: Tx, scope: int, night: date, whole: Decimal, most: Decimal) -> Decimal:
    """What one person or place may spend on a date, as it was shared out; never more than `most`."""
    row = tx.one("share_of", scope=scope, night=night, whole=whole, most=most)
    assert row is not None
    money: Decimal = row["money"]
    return money


def _count(step: str, outcome: str, usage: Usage, money: Decimal) -> None:
    """One model call, as the metrics know it."""
    observe.count("model_calls", step=step, outcome=outcome)
    observe.count("model_money", float(money), step=step)
    observe.observe("model_seconds", usage.seconds, step=step)
    for kind, tokens in (("prompt", usage.prompt), ("cached", usage.cached), ("completion", usage.completion)):
        observe.count("model_tokens", tokens, step=step, kind=kind)


def price(role: RoleSettings, usage: Usage) -> Decimal:
    """Money for a call, in the currency of the settings."""
    full = Decimal(str(role.price_in)) * usage.prompt + Decimal(str(role.price_out)) * usage.completion
    return full / MILLION * (FLEX if usage.tier == "flex" else 1)


def spent_by_step(tx: Tx, scopes: Sequence[int], night: date) -> list[Row]:
    """Settled calls of a night: `{scope_id, step, calls, prompt, cached, completion, money}`."""
    return tx.all("spend_by_step", scopes=list(scopes), night=night)


def left(tx: Tx, scopes: Sequence[int], night: date) -> list[str]:
    """Why questions in some of these places were not all answered ahead in a night."""
    return [row["reason"] for row in tx.all("left_ahead", scopes=list(scopes), runs=f"%/{night}/anticipate")]


def fell_back(tx: Tx, scopes: Sequence[int], night: date) -> list[str]:
    """Why rules had to note what some of these places learned in a night."""
    return [row["reason"] for row in tx.all("fell_back", scopes=list(scopes), runs=f"%/{night}/consolidate")]


def left_unread(tx: Tx, scopes: Sequence[int], night: date) -> int:
    """Messages of these places that a night did not get to read for memories."""
    row = tx.one("left_unread", scopes=list(scopes), runs=f"%/{night}/consolidate")
    return int(row["count"]) if row else 0
