"""Nightdesk beside langmem, mem0 and a plain LangGraph agent: the same conversations, the same stand-in model, one run.

What each spends on learning a message, what it lays before the model for a question, what it answers with that, what it can
cite, and what a live answer takes without the model. A token is four characters of what the model's server saw.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.bench.measure import Row, say
from tests.bench.memory.questions import Question
from tests.bench.peers import ours, table
from tests.bench.peers.environment import python
from tests.bench.peers.grown import grow
from tests.bench.peers.measured import Calls, Tried
from tests.bench.peers.others import Other, server
from tests.bench.peers.world import World, line, threads, world
from tests.house.repo import ROOT

SIZES = (200, 1_000)
LONG = 5_000
MANY = 100_000
NIGHTS = (25, 50, 100)
BLOCK = 20
HANDED = 1_800
"""Characters of the context that the bare agent is handed: as much as one fact may take."""

Ask = Callable[[Question, str], Tried]


def main() -> None:
    asked = _parser().parse_args()
    interpreter = python(asked.env)
    rows: dict[str, list[Row]] = {}
    for size in (*asked.sizes, *((LONG,) if asked.long else ())):
        say(f"\n{size} messages")
        for name, found in _compared(world(size, asked.a_night, asked.seed), interpreter, asked).items():
            rows.setdefault(name, []).extend({"messages": size} | row for row in found)
    rows["nights"] = [_alone(many, asked.seed) for many in NIGHTS]
    table.write(rows, asked.out)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.bench peers", description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, help="folder for peers.md and peers.json")
    add("--data", type=Path, help="not needed: the conversations are made from a seed")
    add("--sizes", type=lambda said: [int(one) for one in said.split(",")], default=SIZES, help="messages: 200,1000")
    add("--long", action="store_true", help=f"{LONG} messages too; some minutes more")
    add("--many", action="store_true", help=f"asks again with {MANY:,} messages more in our store; some minutes more")
    add("--rounds", type=int, default=3, help="how often each question is asked, for medians")
    add("--a-night", type=int, default=50, help="messages of one channel in one night")
    add("--seed", type=int, default=7, help="of the conversations")
    add("--env", type=Path, default=ROOT / "out" / "peers", help="folder of the peers' own environment")
    return parser


# --- one size -------------------------------------------------------------------------------------


def _compared(made: World, interpreter: Path, asked: argparse.Namespace) -> dict[str, list[Row]]:
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True)))
        calls = Calls(held.enter_context(server(made.asked, folder)))
        others: list[Other] = []
        for name, module, said in _ways(made):
            home = folder / name.replace(" ", "-")
            home.mkdir()
            others.append(held.enter_context(Other.running(name, module, interpreter, calls.root, home)))
            others[-1].learn(said, calls)
            say(f"{name}: has learned")
        desk = held.enter_context(ours.desk(folder / "nightdesk", calls.root))
        held.enter_context(ours.client_timed())
        say(f"{ours.NAME}: learns")
        learned = [ours.learn(desk, made, folder / "export", calls), *(one.learned for one in others)]
        systems = {ours.NAME: ours.asked(desk, calls).ask} | {one.name: one.asker(calls) for one in others}
        tries = _asked(made, systems, asked.rounds)
        if asked.many and len(made.told) == asked.sizes[0]:
            say(f"{ours.NAME}: {MANY:,} messages more")
            grow(desk, MANY)
            tries |= _asked(made, {f"{ours.NAME}, {MANY:,} more": systems[ours.NAME]}, asked.rounds)
    return {
        "learning": [table.learning(one, made.told) for one in learned],
        "answering": [table.answering(name, found) for name, found in tries.items()],
        "overhead": [table.overhead(name, found) for name, found in tries.items()],
        "prompt": table.prompt(tries[ours.NAME]),
    }


def _alone(a_night: int, seed: int) -> Row:
    """What learning takes us where more or fewer messages of a channel come in a night: a block's instructions are shared."""
    made = world(min(SIZES), a_night, seed)
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="nd-", ignore_cleanup_errors=True)))
        calls = Calls(held.enter_context(server(made.asked, folder)))
        desk = held.enter_context(ours.desk(folder / "nightdesk", calls.root))
        row = table.learning(ours.learn(desk, made, folder / "export", calls), made.told)
    return {"messages of a channel in a night": a_night} | row


def _ways(made: World) -> Iterator[tuple[str, str, list[list[str]]]]:
    """Each system with the conversations as it is handed them; by thread only where that does not take for ever."""
    lines = [line(one) for one in made.told]
    blocks = [lines[n : n + BLOCK] for n in range(0, len(lines), BLOCK)]
    yield "LangGraph, full context", "with_nothing", [lines]
    yield f"langmem, blocks of {BLOCK}", "with_langmem", blocks
    yield f"mem0, blocks of {BLOCK}", "with_mem0", blocks
    if len(lines) <= min(SIZES):
        by_thread = [[line(one) for one in each] for _, said in made.nights() for each in threads(said)]
        yield "langmem, by thread", "with_langmem", by_thread
        yield "mem0, by thread", "with_mem0", by_thread


def _asked(made: World, asks: dict[str, Ask], rounds: int) -> dict[str, list[Tried]]:
    """Every system after the other for each question, so that what else the machine does falls on all of them alike."""
    tries: dict[str, list[Tried]] = {name: [] for name in asks}
    handed = "-" * HANDED
    for ask in asks.values():
        ask(made.asked[0], handed)  # warm
    for _ in range(rounds):
        for question in made.asked:
            for name, ask in asks.items():
                tries[name].append(ask(question, handed))
    return tries


if __name__ == "__main__":
    main()
